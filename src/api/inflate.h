// SPDX-License-Identifier: MIT
/* inflate.h - unfold a compressed body, never to more than was asked for. */
#ifndef API_INFLATE_H
#define API_INFLATE_H

#include "base/arena.h"
#include "base/err.h"

enum inflate_format {
    INFLATE_GZIP, /* Content-Encoding: gzip (RFC 1952) */
    INFLATE_ZLIB, /* Content-Encoding: deflate (RFC 9110 section 8.4.1.2: in zlib's wrapping) */
};

/* Unfold `folded` into `mem`; `max` bytes still pass. ERR_BODY_BROKEN for what is broken or cut
 * short, ERR_BODY_TOO_LARGE, ERR_NO_MEMORY. The memory it takes is bounded by `max` too. */
err inflate_read(struct arena *mem, enum inflate_format format, str folded, size_t max, str *out);

#endif
