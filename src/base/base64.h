// SPDX-License-Identifier: MIT
/* base64.h - base64 and base64url, strict (RFC 4648 sections 3.5, 4 and 5). */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/buf.h"

/* Bytes that `n` characters without padding stand for, at most. */
#define BASE64_BYTES(n) ((n) / 4 * 3 + 2)

/* base64url without padding, as tokens have it. */
void base64url_put(struct buf *b, str bytes);

/* base64 with padding. */
void base64_put(struct buf *b, str bytes);

/* Read base64url without padding. False for any other character, an impossible length, or unused
 * bits that are not zero, so each run of bytes has exactly one spelling. `out` has room for
 * BASE64_BYTES(text.n); *n is how many were written. */
bool base64url_read(str text, unsigned char *out, size_t *n);

/* The same for base64 with or without its padding. */
bool base64_read(str text, unsigned char *out, size_t *n);

#endif
