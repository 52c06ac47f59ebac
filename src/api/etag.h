// SPDX-License-Identifier: MIT
/* etag.h - entity tags as Express makes them, and requests conditional on them (RFC 9110 section
 * 13). */
#ifndef API_ETAG_H
#define API_ETAG_H

#include "http/http.h"

enum { ETAG_MAX = 48, ETAGS = 16, ETAG_BODY_MAX = 64 };

/* Tags of short bodies, so that an answer said before costs a comparison and no SHA-1. One a
 * thread. */
struct etags {
    struct { size_t n; char body[ETAG_BODY_MAX]; size_t tag_n; char tag[ETAG_MAX]; } at[ETAGS];
};

/* The weak tag of a body: its length in hex, and 27 characters of the base64 of its SHA-1. In
 * `mem`; .p is NULL at its limit. `etags` may be NULL. */
str etag_of(struct etags *etags, struct arena *mem, str body);

/* Has the client this answer already?  If-None-Match by weak comparison, lists and `*` (section
 * 13.1.2); as in Express not when the request says no-cache or If-Modified-Since. */
bool etag_is_known(struct exchange *x, str tag);

#endif
