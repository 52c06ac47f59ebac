// SPDX-License-Identifier: MIT
/* password.h - hash and check passwords. The one door to whatever hashes: callers name no algorithm. */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "base/arena.h"
#include "base/err.h"

enum { PASSWORD_BYTES_MAX = 72, PASSWORD_HASH_MAX = 256 };

/* Hash a new password with bcrypt, `cost` 4 to 31, salt from the kernel; `$2b$...`, 60 bytes, in `mem`.
 * ERR_NOT_UNICODE for malformed UTF-8, ERR_PASSWORD_POLICY over 72 bytes (nothing is ever cut). */
err password_hash(struct arena *mem, str password, int cost, str *out);

/* Whether `password` is the one behind `hash`. ERR_PASSWORD_WRONG when not; ERR_NOT_UNICODE for
 * malformed UTF-8; ERR_HASH_UNKNOWN for a stored hash of no known kind. Takes as long as the hash
 * costs: never on a loop's thread. */
err password_check(str password, str hash);

/* Spend the time of a check at `cost` for nothing, so that an unknown name takes as long as a wrong
 * password. */
void password_waste(str password, int cost);

/* The cost of a bcrypt hash, or -1 when it is none. */
int password_cost(str hash);

/* Whether a hash should be made anew at the next sign-in to reach `cost`. */
bool password_is_weak(str hash, int cost);

#endif
