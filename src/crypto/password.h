// SPDX-License-Identifier: MIT
/* password.h - hash and check passwords. The one door to whatever hashes: callers name no
 * algorithm. */
#ifndef CRYPTO_PASSWORD_H
#define CRYPTO_PASSWORD_H

#include "crypto/argon2.h"
#include "crypto/engine.h"

/* Costs above COST_MOST are not spent: at 20 one check takes most of a minute, so a row that asks
 * for more is a broken one, or an attack through the database. For all that is not bcrypt the bound
 * is PASSWORD_US_MAX, microseconds of a core. */
enum {
    PASSWORD_BYTES_MAX = 72,
    PASSWORD_HASH_MAX = 256,
    PASSWORD_COST_LEAST = 4,
    PASSWORD_COST_MOST = 20,
    PASSWORD_ARGON2_BYTES_MAX = 1024,
    PASSWORD_US_MAX = 2000000,
};

enum password_scheme { SCHEME_BCRYPT, SCHEME_ARGON2ID };

/* How new hashes are made. */
struct password_policy {
    enum password_scheme scheme;
    int cost;                      /* of bcrypt, as above */
    struct argon2_cost argon2;     /* lanes: 1 */
};

/* Who hashes, and for whom. One a thread; room and engine are shared by all.
 *
 * With an engine every hash waits for its turn in the engine's queue, whatever its kind, and the
 * functions below may also return ERR_TOO_MANY or ERR_BUSY, with client.retry_after_ms, and
 * ERR_CLIENT_GONE: then nothing was hashed, whether or not the password is right. Without one, and
 * where NULL stands for a hasher, the calling thread hashes at once. */
struct hasher {
    struct room *room;             /* bounds the memory of memory-hard hashes; NULL: nothing does */
    struct engine *engine;
    struct hash_client client;     /* of the request at hand */
};

/* Hash a new password by the policy, salt from the kernel; the text lies in `mem`: `$2b$...`, 60
 * bytes, or
 * `$argon2id$...`. A NUL is a byte like any other. ERR_NOT_UNICODE for malformed UTF-8;
 * ERR_PASSWORD_POLICY over 72 bytes for bcrypt, over 1024 for Argon2id (nothing is ever cut);
 * ERR_BUG for a policy out of bounds; ERR_NO_MEMORY at the arena's limit, or the system's. */
err password_hash(struct hasher *hasher, struct arena *mem, str password,
                  const struct password_policy *policy, str *out);

/* Whether `password` is the one behind `hash`: `$2a$`, `$2b$` or `$2y$`, which mean the same here,
 * Argon2, or what import.h reads. Of a bcrypt password the first 72 bytes count, as for every
 * bcrypt. ERR_PASSWORD_WRONG when not; ERR_NOT_UNICODE as above; ERR_HASH_UNKNOWN, at once, for a
 * stored hash of no known kind (NULL, `$2$`, `$2x$`, cut off, too costly) and for a password that
 * its kind cannot take (a NUL, or over 511 bytes, in an import): who hides that spends
 * password_waste; ERR_NO_MEMORY. Takes as long as the hash costs: never on a loop's thread. */
err password_check(struct hasher *hasher, str password, str hash);

/* Spend the time of a check by the policy for nothing, so that an unknown name takes as long as a
 * wrong password. OK, or what else a check may return: ERR_NOT_UNICODE, ERR_NO_MEMORY, and the
 * engine's. */
err password_waste(struct hasher *hasher, str password, const struct password_policy *policy);

/* The cost of a bcrypt hash, or -1 when it is none. */
int password_cost(str hash);

/* What a check takes, in microseconds of a core, roughly; -1 for what password_check would not
 * check. */
int64_t password_cost_us(str hash);

/* Whether a hash should be made anew to reach the policy: it is weaker, or of another scheme, or
 * none. */
bool password_is_weak(str hash, const struct password_policy *policy);

/* Whether every byte of `password` counted when `hash` was checked: what was cut is not to be
 * hashed anew, for it may be more than its owner chose. */
bool password_is_read_whole(str password, str hash);

#endif
