// SPDX-License-Identifier: MIT
/* pi.h - the fraction of pi, which Blowfish fills its boxes with. Computed by tools/pi.c in the
 * build. */
#ifndef CRYPTO_PI_H
#define CRYPTO_PI_H

#include <stdint.h>

enum { PI_WORDS = 18 + 4 * 256 };

extern const uint32_t pi_fraction[PI_WORDS];     /* most significant word first: 0x243f6a88, ... */

#endif
