// SPDX-License-Identifier: MIT
/* jwt.h - compact signed tokens (RFC 7515 JWS, RFC 7519 JWT; RFC 8725 for what to refuse). */
#ifndef CRYPTO_JWT_H
#define CRYPTO_JWT_H

#include "base/arena.h"
#include "base/err.h"
#include "crypto/digest.h"

enum { JWT_BYTES_MAX = 8192 };

/* What a token says. A claim that is not there is 0, and its has_ flag false. */
struct claims {
    int64_t user_id;
    int64_t issued_at, expires_at;      /* seconds since 1970; expires_at rounded down */
    bool has_issued_at;
};

/* What signs and verifies. One algorithm a key: HS256. */
struct keyring {
    struct mac_key hs256;
    bool lax;       /* as the tutorial's verifier where that is safe: repeated names (the last wins),
                       no iat, no leeway; dev's setting */
};

void keyring_init(struct keyring *keys, str secret);
void keyring_end(struct keyring *keys);

/* Sign {"id":N,"iat":N,"exp":N} with header {"alg":"HS256","typ":"JWT"}, members in this order.
 * The token lies in `mem`. ERR_NO_MEMORY at its limit. */
err jwt_sign(struct arena *mem, const struct keyring *keys, const struct claims *claims, str *out);

/* Verify a compact token and read its claims.  RFC 7515 section 5.2, RFC 7519 section 7.2.
 *
 * token   as it came in: any bytes, any length.
 * now     seconds since 1970-01-01 UTC.
 * out     written only on OK.
 *
 * Returns OK, or ERR_TOKEN_INVALID for whatever is wrong with it (shape, algorithm, signature, time):
 * the caller must not tell a client which. Takes the same time wherever a signature differs. `mem` is
 * scratch. */
err jwt_verify(struct arena *mem, const struct keyring *keys, str token, int64_t now, struct claims *out);

/* Tokens that verified already, so that a second sight costs a look-up. Direct-mapped by a seeded
 * hash, whole tokens compared; one a thread. Time is asked again on each hit. */
struct jwt_cache;

struct jwt_cache *jwt_cache_new(void);
void jwt_cache_free(struct jwt_cache *cache);          /* wipes */

/* As jwt_verify, through the cache. */
err jwt_verify_cached(struct jwt_cache *cache, struct arena *mem, const struct keyring *keys,
                      str token, int64_t now, struct claims *out);

#endif
