// SPDX-License-Identifier: MIT
/* bcrypt.h - bcrypt hashes as text, and the whole of bcrypt for one password.
 *
 *   $2b$08$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC
 *    kind, cost, 22 characters of salt, 31 of sum
 *
 * $2a$, $2b$ and $2y$ are read and mean the same; $2b$ is written. A password is any bytes, NUL
 * among them: it counts with the NUL after it, repeated, and what follows its 72nd byte does not
 * count. That is what bcryptjs does; crypt(3) differs where a password holds a NUL.
 *
 * Any thread may call any of these. */
#ifndef CRYPTO_BCRYPT_H
#define CRYPTO_BCRYPT_H

#include "crypto/bcrypt_lanes.h"

enum { BCRYPT_SETTING_CHARS = 29, BCRYPT_SUM_CHARS = 31, BCRYPT_CHARS = 60 };

/* Read cost and salt. `setting` is a hash (60 characters) or the first 29 of one. The 22nd
 * character of a salt has room for four bits that mean nothing: any are taken. ERR_HASH_UNKNOWN for
 * everything else; `cost` and `salt` are then as they were. */
err bcrypt_parse(str setting, int *cost, unsigned char salt[static BCRYPT_SALT_BYTES]);

/* Write a hash: BCRYPT_CHARS characters, no NUL. */
void bcrypt_write(int cost, const unsigned char salt[static BCRYPT_SALT_BYTES],
                  const unsigned char sum[static BCRYPT_SUM_BYTES], char out[static BCRYPT_CHARS]);

/* Read the sum of a whole hash. ERR_HASH_UNKNOWN for anything else. */
err bcrypt_sum_parse(str hash, unsigned char sum[static BCRYPT_SUM_BYTES]);

/* Hash under the cost and salt of `setting`; `out` gets BCRYPT_CHARS characters, no NUL.
 * ERR_HASH_UNKNOWN as bcrypt_parse. Takes 2^cost times some 50 microseconds of the calling
 * thread. */
err bcrypt_hash(str password, str setting, char out[static BCRYPT_CHARS]);

/* Whether `password` is the one behind `hash`, which is whole (60 characters): OK,
 * ERR_PASSWORD_WRONG, or ERR_HASH_UNKNOWN. Sums are compared in constant time. */
err bcrypt_check(str password, str hash);

/* Whether the sum in `hash` is `sum`, in constant time: OK or ERR_PASSWORD_WRONG; ERR_HASH_UNKNOWN
 * for a hash that is not whole. For who hashed elsewhere. */
err bcrypt_sum_check(const unsigned char sum[static BCRYPT_SUM_BYTES], str hash);

#endif
