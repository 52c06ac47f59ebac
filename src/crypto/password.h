// SPDX-License-Identifier: MIT
/* password.h - hash and check passwords. The one door to whatever hashes: callers name no algorithm. */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/arena.h"
#include "base/err.h"

/* Costs above COST_MOST are not spent: at 20 one check takes most of a minute, so a row that asks for
 * more is a broken one, or an attack through the database. */
enum { PASSWORD_BYTES_MAX = 72, PASSWORD_HASH_MAX = 256, PASSWORD_COST_LEAST = 4, PASSWORD_COST_MOST = 20 };

/* Hash a new password with bcrypt, `cost` as above, salt from the kernel; `$2b$...`, 60 bytes, in `mem`.
 * A NUL is a byte like any other. ERR_NOT_UNICODE for malformed UTF-8; ERR_PASSWORD_POLICY over 72 bytes
 * (nothing is ever cut); ERR_BUG for another cost; ERR_NO_MEMORY at the arena's limit. */
err password_hash(struct arena *mem, str password, int cost, str *out);

/* Whether `password` is the one behind `hash`: `$2a$`, `$2b$` or `$2y$`, which mean the same here. Its
 * first 72 bytes count, as for every bcrypt. ERR_PASSWORD_WRONG when not; ERR_NOT_UNICODE as above;
 * ERR_HASH_UNKNOWN for a stored hash of no known kind (NULL, `$2$`, `$2x$`, cut off, too costly), at once:
 * who hides that spends password_waste. Takes as long as the hash costs: never on a loop's thread. */
err password_check(str password, str hash);

/* Spend the time of a check at `cost` for nothing, so that an unknown name takes as long as a wrong
 * password. Returns at once where password_check does: for what is not Unicode. */
void password_waste(str password, int cost);

/* The cost of a bcrypt hash, or -1 when it is none. */
int password_cost(str hash);

/* Whether a hash should be made anew at the next sign-in to reach `cost`; also true of what is none. */
bool password_is_weak(str hash, int cost);

#endif
