// SPDX-License-Identifier: MIT
/* jwt.h - compact signed tokens (RFC 7515 JWS, RFC 7519 JWT; RFC 8725 for what to refuse).
 *
 * What is refused, besides a wrong signature: anything but three segments of canonical base64url;
 * over 8 KiB; a header that is not, letter for letter, the one that a pair of the keyring writes,
 * unless it is the secret's: there an `alg` that is not exactly HS256 (the key decides, the token
 * only agrees); any
 * `crit` (none is understood here, RFC 7515 section 4.1.11) and any `zip`; a header or payload that
 * is not a JSON object in well-formed UTF-8; no `id` or one that is not a whole number from 1,
 * spelled in digits; no `exp`, or one that is not a number or not after now; `nbf` that is not a
 * number or is to come. A time is a finite number from 0 to the end of the year 9999. Other header
 * fields and claims are not looked at: no key is ever taken from `jku`, `jwk`, `x5u` or `x5c`.
 *
 * A keyring that is not lax also refuses names given twice, a missing or coming `iat`, a `kid` (its
 * key has none), a `typ` of another kind of token (at+jwt is asked for where there is an issuer,
 * JWT or none elsewhere), and an `aud` that does not name us (RFC 7519 section 4.1.3). `nbf` and
 * `iat` may be 60 s ahead of our clock there; `exp` has no leeway anywhere. */
#ifndef CRYPTO_JWT_H
#define CRYPTO_JWT_H

#include "base/arena.h"
#include "base/err.h"
#include "crypto/keyring.h"

enum { JWT_BYTES_MAX = 8192, JWT_LEEWAY = 60 };

/* The `client_id` of tokens that a sign-in here gave: no client of OAuth was in between. */
#define TOKEN_CLIENT "latchkey"

/* What a token says. A claim that is not there is 0, and its has_ flag false. */
struct claims {
    int64_t user_id;
    int64_t issued_at, expires_at;      /* seconds since 1970; rounded down */
    bool has_issued_at;
    bool forgeable;                     /* only a legacy secret that others know vouches for it */
    int64_t session_id; /* `sid`: a text of digits, from 1 to SESSION_ID_MAX; 0: none */
};

/* 15 digits: exact as a number of JavaScript too. */
static const int64_t SESSION_ID_MAX = 999999999999999;

/* Sign {"id":N,"iat":N,"exp":N} with header {"alg":"HS256","typ":"JWT"}, members in this order;
 * "sid":"N" follows for a session, "jti" where the keyring asks for one, "aud" where it has one.
 * A keyring with an issuer makes it an access token of RFC 9068: typ at+jwt, and "jti", "sub" (the
 * id as a text), "client_id" (TOKEN_CLIENT) and "iss". Where a pair signs, the header has its alg
 * and kid. The token lies in `mem`. ERR_NO_MEMORY at its limit, ERR_BUG for a user_id below 1,
 * ERR_KEY_SEALED where the keyring is mute. */
err jwt_sign(struct arena *mem, const struct keyring *keys, const struct claims *claims, str *out);

/* Sign any payload with the pair that signs now (RFC 7515 section 7.1), as a token of type `typ`.
 * Of `max` bytes at most, in `mem`. ERR_KEY_NONE where no pair signs. */
struct jws { str typ, payload; size_t max; };
err jws_sign(struct arena *mem, const struct keyring *keys, const struct jws *jws, str *out);

/* Verify a compact token and read its claims.  RFC 7515 section 5.2, RFC 7519 section 7.2.
 *
 * token   as it came in: any bytes, any length.
 * now     seconds since 1970-01-01 UTC.
 * out     written only on OK.
 *
 * Returns OK, or ERR_TOKEN_INVALID for whatever is wrong with it (shape, algorithm, signature,
 * time): the caller must not tell a client which; ERR_NO_MEMORY at the arena's limit, which only a
 * token we signed can reach (no JSON is read before the signature is found right). Takes the same
 * time wherever a signature differs. `mem` is scratch. */
err jwt_verify(struct arena *mem, const struct keyring *keys, str token, int64_t now,
               struct claims *out);

/* Tokens that verified already, so that a second sight costs a look-up. Direct-mapped by a keyed
 * hash of 128 bits, which is all that is kept of a token; one a thread. Time is asked again on each
 * hit. Tokens above 1024 bytes are verified each time. It holds 0.1 MB; until a place is used the
 * system lends it no memory. */
struct jwt_cache;

struct jwt_cache *jwt_cache_new(void);                 /* NULL without memory */
void jwt_cache_free(struct jwt_cache *cache);          /* wipes; NULL is fine */
void jwt_cache_clear(struct jwt_cache *cache);         /* forgets and wipes all tokens */

/* As jwt_verify, through the cache, which may be NULL. It clears itself when `keys` is another
 * keyring than the one it was filled under, or was initialised anew. */
err jwt_verify_cached(struct jwt_cache *cache, struct arena *mem, const struct keyring *keys,
                      str token, int64_t now, struct claims *out);

/* How jwt_check looks at a token. */
struct jwt_trial {
    const struct keyring *keys;
    bool signature_only;    /* header and signature count, the payload may be anything (RFC 7515) */
    int64_t now;            /* seconds since 1970 */
};

/* As jwt_verify, for the command line: says why. *reason becomes one short word of a fixed list
 * ("shape", "base64", "header", "algorithm", "critical", "signature", "payload", "claim",
 * "expired", "early" ...), "ok" on OK; then *payload is the payload as it was signed, in `mem`. */
err jwt_check(struct arena *mem, const struct jwt_trial *trial, str token, const char **reason,
              str *payload);

#endif
