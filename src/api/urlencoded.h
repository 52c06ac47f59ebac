// SPDX-License-Identifier: MIT
/* urlencoded.h - application/x-www-form-urlencoded with nested names, as qs 6.7 reads it.
 *
 * `a=1&a=2`, `a[]=1`, `a[0]=1` make lists, `a[b]=1` objects, at most FORM_NESTING levels (what is
 * deeper is put there); an index above FORM_INDEX_MAX is a name too. `+` is a blank; a part with a
 * broken % or one that is not UTF-8 stays as it is. A parameter that goes through `__proto__` is
 * dropped, where qs lets it in. */
#ifndef API_URLENCODED_H
#define API_URLENCODED_H

#include "base/json.h"

enum { FORM_PARAMETERS_MAX = 1000, FORM_NESTING = 32, FORM_INDEX_MAX = 100 };

/* Read `text`, well-formed UTF-8, into an object of texts, lists and objects. ERR_BODY_PARAMETERS
 * for more than FORM_PARAMETERS_MAX; ERR_NO_MEMORY. */
err urlencoded_read(struct arena *mem, str text, struct json **out);

#endif
