// SPDX-License-Identifier: MIT
/* media_type.h - a Content-Type taken apart (RFC 9110 section 8.3.1). */
#ifndef API_MEDIA_TYPE_H
#define API_MEDIA_TYPE_H

#include "base/str.h"

enum { CHARSET_NAME_MAX = 40 };

struct media_type {
    str name;                         /* "application/json", in the case it was sent */
    str charset;                      /* its last charset parameter, unquoted; empty: none */
    char unquoted[CHARSET_NAME_MAX];  /* where `charset` lies */
};

/* False for what is no media type: also when only a parameter is malformed. */
bool media_type_read(str text, struct media_type *out);

#endif
