// SPDX-License-Identifier: MIT
/* utf8.h - well-formed Unicode in UTF-8 (RFC 3629, Unicode 15 section 3.9). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include "base/buf.h"

/* True when every byte belongs to a well-formed character: no overlong form, no surrogate, nothing
 * above U+10FFFF, nothing cut short. */
bool utf8_is_well_formed(str s);

/* `s` with each maximal ill-formed part replaced by U+FFFD, as browsers and Node do (WHATWG
 * Encoding, "utf-8 decode"). Well-formed text is returned as it is, without a copy. At the arena's
 * limit .p is NULL. */
str utf8_repair(struct arena *mem, str s);

/* Append a code point below 0x110000. A surrogate is written as its three bytes (WTF-8); the caller
 * decides whether that may be. */
void utf8_put(struct buf *b, uint32_t code);

#endif
