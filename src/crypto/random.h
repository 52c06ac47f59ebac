// SPDX-License-Identifier: MIT
/* random.h - randomness from the kernel (getrandom(2)), nothing kept in user space. */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/arena.h"
#include "base/err.h"

/* Fill `n` bytes, from any thread. Ends the process when the kernel has none to give: there is no
 * safe way on. */
void random_bytes(void *to, size_t n);

/* `n` random bytes as 2n lower-case hex digits. .p is NULL at the arena's limit. */
str random_hex(struct arena *mem, size_t n);

#endif
