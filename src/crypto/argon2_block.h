// SPDX-License-Identifier: MIT
/* argon2_block.h - Argon2's compression function G, in the widths that processors have.
 * RFC 9106 sections 3.5 and 3.6. */
#ifndef CRYPTO_ARGON2_BLOCK_H
#define CRYPTO_ARGON2_BLOCK_H

#include "base/str.h"

enum { ARGON2_BLOCK_BYTES = 1024, ARGON2_WORDS = 128 };

struct argon2_block { _Alignas(64) uint64_t v[ARGON2_WORDS]; };

/* *out = G(a, b), or *out ^= G(a, b) when `adds`. The three may be the same. */
typedef void argon2_block_fn(const struct argon2_block *a, const struct argon2_block *b,
                             struct argon2_block *out, bool adds);

/* A version and whether this processor has what it needs. */
struct argon2_version { const char *name; argon2_block_fn *block; bool (*runs)(void); };

/* The best first, plain C last; ended by a row of zeros. */
extern const struct argon2_version argon2_versions[];

/* The best that runs here. */
argon2_block_fn *argon2_block_best(void);

#endif
