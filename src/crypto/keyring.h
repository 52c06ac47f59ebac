// SPDX-License-Identifier: MIT
/* keyring.h - what signs and verifies tokens: a secret (HS256), and any number of pairs whose
 * public halves others verify with. One algorithm a key. */
#ifndef CRYPTO_KEYRING_H
#define CRYPTO_KEYRING_H

#include "crypto/digest.h"
#include "crypto/keypair.h"

enum { KEYRING_PAIRS = 16, TOKEN_HEADER_MAX = 160 };

struct keyring_pair {
    const struct keypair *pair;
    int64_t until; /* seconds since 1970: what it signed is good before */
    size_t header_n;
    char header[TOKEN_HEADER_MAX]; /* of all tokens that it signs, in base64url */
};

/* Read-only once set up: threads may share it. */
struct keyring {
    struct mac_key hs256;  /* the secret: signs where no pair does; refresh tokens always */
    int64_t secret_until;  /* seconds since 1970: tokens that it signed are good before */
    struct mac_key legacy; /* verifies what another program signed before; never signs */
    int64_t legacy_until;  /* seconds since 1970: good before; 0: there is none */
    bool legacy_forgeable; /* others know that secret */
    struct keyring_pair pairs[KEYRING_PAIRS];
    size_t pairs_n, signer; /* 1 + the place of the pair that signs; 0: the secret does */
    uint64_t generation; /* random, set by keyring_init: caches forget what an older key verified */
    str issuer,
        audience; /* `iss` and `aud`: signed, and asked for, when not empty; owned elsewhere */
    bool jti;     /* tokens have an id of their own */
    bool mute;    /* a pair should sign, and there is none: jwt_sign says ERR_KEY_SEALED */
    bool lax;     /* as the tutorial's verifier where that is safe: repeated names (the last wins),
                     no iat, no leeway; dev's setting */
};

void keyring_init(struct keyring *keys, str secret); /* not lax, no issuer, no audience */
void keyring_end(struct keyring *keys);              /* wipes; the pairs are others' */

/* A second key, for tokens that the server before this one signed: tried where the first says no.
 * They need not name issuer or audience. `until` is in seconds since 1970, INT64_MAX for as long as
 * they last; `forgeable` is handed on in the claims. Before threads share the keyring. */
void keyring_add_legacy(struct keyring *keys, str secret, int64_t until, bool forgeable);

/* `to` becomes a keyring like `base`, but without its pairs. What verified under `base` is verified
 * anew. */
void keyring_copy(struct keyring *to, const struct keyring *base);

/* Another pair, which stays with the caller; once issuer is what it is. The one that `signs`, if
 * any, signs from now on. ERR_NO_MEMORY when there are KEYRING_PAIRS already. */
err keyring_add_pair(struct keyring *keys, const struct keypair *pair, int64_t until, bool signs);

/* What signs now; NULL: the secret does. */
static inline const struct keyring_pair *keyring_signer(const struct keyring *keys)
{
    return keys->signer ? &keys->pairs[keys->signer - 1] : NULL;
}

/* The pair whose tokens begin with this header segment, letter for letter; NULL when there is
 * none. */
const struct keyring_pair *keyring_by_header(const struct keyring *keys, str segment);

/* The keys that others may verify with (RFC 7517 section 5): public members only. `now` in
 * seconds. */
void keyring_jwks_put(const struct keyring *keys, int64_t now, struct buf *b);

#endif
