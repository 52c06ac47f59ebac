// SPDX-License-Identifier: MIT
/* body.h - the body of a request as a tree, whichever way it was written, as body-parser reads it.
 *
 * application/json and application/x-www-form-urlencoded, nothing else; gzip and deflate undone;
 * BODY_MAX bytes at most, as sent and as unfolded. */
#ifndef API_BODY_H
#define API_BODY_H

#include "base/json.h"
#include "http/http.h"

enum {
    BODY_MAX = 100 << 10, /* bytes, body-parser's limit of 100kb; that many still pass */
    BODY_DEPTH_MAX = 32,
    BODY_DEPTH_LAX = 64,
    BODY_VALUES_MAX = 4096, /* each costs about 100 bytes of the request's memory */
};

struct body_rules {
    bool lax; /* of repeated names the last counts, BODY_DEPTH_LAX, other types are passed over,
                 other charsets are read and what is ill-formed becomes U+FFFD */
    bool forms;                       /* urlencoded bodies are read */
    bool wanted; /* the route takes a body: one of another type is refused, unless lax */
};

/* Read it. *out is NULL where there is none of these two types, an empty object where it is empty.
 *
 * ERR_BODY_TYPE, ERR_BODY_CHARSET and ERR_BODY_ENCODING (415), ERR_BODY_TOO_LARGE,
 * ERR_BODY_PARAMETERS (413), ERR_NOT_UNICODE, ERR_BODY_BROKEN, ERR_JSON_REPEATED, ERR_JSON_SHAPE
 * (also for a JSON text that is no object or array), ERR_JSON_LIMIT (400), ERR_NO_MEMORY. */
err body_read(struct exchange *x, const struct body_rules *rules, const struct json **out);

#endif
