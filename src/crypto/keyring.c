// SPDX-License-Identifier: MIT
/* keyring.c - what signs and verifies tokens. */
#include "crypto/keyring.h"
#include "base/base64.h"
#include "crypto/random.h"

void keyring_init(struct keyring *keys, str secret)
{
    *keys = (struct keyring){.secret_until = INT64_MAX};
    mac_init(&keys->hs256, secret);
    random_bytes(&keys->generation, sizeof keys->generation);
}

void keyring_add_legacy(struct keyring *keys, str secret, int64_t until, bool forgeable)
{
    mac_init(&keys->legacy, secret);
    keys->legacy_until = until;
    keys->legacy_forgeable = forgeable;
}

void keyring_end(struct keyring *keys)
{
    mac_end(&keys->hs256);
    mac_end(&keys->legacy);
    *keys = (struct keyring){0};
}

void keyring_copy(struct keyring *to, const struct keyring *base)
{
    *to = *base;
    to->pairs_n = to->signer = 0;
    to->mute = false;
    random_bytes(&to->generation, sizeof to->generation);
}

/* {"alg":"ES256","typ":"JWT","kid":"..."}; an issuer's access tokens say what they are (RFC 9068
 * section 2.1). */
static err header_write(struct keyring_pair *p, bool issuer)
{
    struct buf json, segment;
    err e;

    buf_init(&json, NULL, TOKEN_HEADER_MAX);
    buf_init(&segment, NULL, TOKEN_HEADER_MAX);
    buf_printf(&json, "{\"alg\":\"%s\",\"typ\":\"%s\",\"kid\":\"" STR_FMT "\"}",
               alg_name(keypair_alg(p->pair)), issuer ? "at+jwt" : "JWT",
               STR_ARG(keypair_kid(p->pair)));
    base64url_put(&segment, buf_str(&json));
    if ((e = buf_ok(&json)) == OK && (e = buf_ok(&segment)) == OK) {
        memcpy(p->header, segment.p, segment.n);
        p->header_n = segment.n;
    }
    buf_end(&json);
    buf_end(&segment);
    return e;
}

err keyring_add_pair(struct keyring *keys, const struct keypair *pair, int64_t until, bool signs)
{
    struct keyring_pair *p = &keys->pairs[keys->pairs_n];
    err e;

    if (keys->pairs_n == KEYRING_PAIRS)
        return ERR_NO_MEMORY;
    *p = (struct keyring_pair){.pair = pair, .until = until};
    if ((e = header_write(p, keys->issuer.n > 0)) != OK)
        return e;
    keys->pairs_n++;
    if (signs)
        keys->signer = keys->pairs_n;
    return OK;
}

const struct keyring_pair *keyring_by_header(const struct keyring *keys, str segment)
{
    for (size_t i = 0; i < keys->pairs_n; i++)
        if (str_is(segment, (str){keys->pairs[i].header, keys->pairs[i].header_n}))
            return &keys->pairs[i];
    return NULL;
}

void keyring_jwks_put(const struct keyring *keys, int64_t now, struct buf *b)
{
    bool more = false;

    buf_put(b, STR("{\"keys\":["));
    for (size_t i = 0; i < keys->pairs_n; i++) {
        if (keys->pairs[i].until <= now)
            continue;
        if (more)
            buf_byte(b, ',');
        keypair_jwk_put(keys->pairs[i].pair, b);
        more = true;
    }
    buf_put(b, STR("]}"));
}
