// SPDX-License-Identifier: MIT
/* charset.h - text in the charsets that body-parser takes, to UTF-8. */
#ifndef API_CHARSET_H
#define API_CHARSET_H

#include "base/arena.h"
#include "base/err.h"

enum charset {
    CHARSET_NONE,
    CHARSET_UTF8,
    CHARSET_UTF16,
    CHARSET_UTF16LE,
    CHARSET_UTF16BE,
    CHARSET_UTF7
};

/* The charset of that name, whatever its case; CHARSET_NONE for one that is not taken. */
enum charset charset_of(str name);

/* To well-formed UTF-8: a byte order mark at the start is dropped, what is ill-formed becomes
 * U+FFFD. `out` lies in `mem`, or is `text` itself. ERR_NO_MEMORY. */
err charset_decode(struct arena *mem, enum charset charset, str text, str *out);

#endif
