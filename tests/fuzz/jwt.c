// SPDX-License-Identifier: MIT
/* jwt.c - no token crashes the verifier, none verifies that we did not sign, and the cache agrees.
 *
 * The input is taken twice: as a token, and as header, payload and a byte of enum how (split at
 * NULs) that are signed here, for what lies behind the signature is out of a fuzzer's reach
 * otherwise. */
#include "base/base64.h"
#include "crypto/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { NOW = 1700000000 };

/* What the keyring has, and who signs. */
enum how { WITH_ISSUER = 1, BY_LEGACY = 2, BY_PAIR = 4, WITH_JTI = 8 };

static void keyring_make(struct keyring *keys, unsigned how)
{
    static struct keypair *pair;

    keyring_init(keys, STR("a key that the fuzzer does not find"));
    keys->issuer = how & WITH_ISSUER ? STR("i") : (str){0};
    keys->audience = how & WITH_ISSUER ? STR("a") : (str){0};
    keys->jti = how & WITH_JTI;
    if (how & BY_LEGACY)
        keyring_add_legacy(keys, STR("another"), NOW + 60, how & WITH_JTI);
    if (!(how & BY_PAIR))
        return;
    if (!pair && keypair_new(ALG_EDDSA, &pair) != OK)
        abort();
    if (keyring_add_pair(keys, pair, INT64_MAX, true) != OK)
        abort();
}

/* A pair takes its own header only, letter for letter: that stands for an empty one. */
static str sign(struct arena *mem, const struct keyring *keys, unsigned how, str header,
                str payload)
{
    const struct keyring_pair *by = keyring_signer(keys);
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t n = SHA256_BYTES;
    struct buf b;

    buf_init(&b, mem, 64 << 10);
    if (by && header.n == 0)
        buf_put(&b, (str){ by->header, by->header_n });
    else
        base64url_put(&b, header);
    buf_byte(&b, '.');
    base64url_put(&b, payload);
    if (!by)
        mac_sha256(how & BY_LEGACY ? &keys->legacy : &keys->hs256, buf_str(&b), signature);
    else if (keypair_sign(by->pair, buf_str(&b), signature, &n) != OK)
        abort();
    buf_byte(&b, '.');
    base64url_put(&b, (str){ (const char *)signature, n });
    return buf_ok(&b) == OK ? buf_str(&b) : (str){0};
}

static void look(struct arena *mem, const struct keyring *keys, str token)
{
    static struct jwt_cache *cache;          /* for the whole run: each keyring empties it */
    const struct jwt_trial trial = { keys, false, NOW };
    struct claims first, second = {0}, third = {0};
    const char *reason;
    str payload;
    err e = jwt_verify(mem, keys, token, NOW, &first);

    if (!cache && (cache = jwt_cache_new()) == NULL)
        abort();
    for (int twice = 0; twice < 2; twice++)
        if (jwt_verify_cached(cache, mem, keys, token, NOW, &second) != e)
            abort();
    if (jwt_check(mem, &trial, token, &reason, &payload) != e)
        abort();
    if (e == OK &&
        (first.user_id < 1 || first.expires_at <= NOW || first.user_id != second.user_id))
        abort();
    if (e == OK && (jwt_sign(mem, keys, &first, &token) != OK
                    || (keys->lax && jwt_verify(mem, keys, token, NOW, &third) != OK)))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str all = { (const char *)data, n }, header, payload, last;
    unsigned how = 0;
    struct keyring keys;
    struct arena mem;
    struct claims c;

    if (n > 16 << 10)
        return 0;
    if (!str_cut(all, '\0', &header, &payload)) {
        header = STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
        payload = all;
    } else if (str_cut(payload, '\0', &payload, &last) && last.n) {
        how = (unsigned char)last.p[0];
    }
    arena_init(&mem, 4 << 20);
    keyring_make(&keys, how);
    if (jwt_verify(&mem, &keys, all, NOW, &c) == OK)
        abort();
    for (int lax = 0; lax < 2; lax++) {
        keys.lax = lax;
        look(&mem, &keys, sign(&mem, &keys, how, header, payload));
    }
    keyring_end(&keys);
    arena_end(&mem);
    return 0;
}
