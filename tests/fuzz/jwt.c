// SPDX-License-Identifier: MIT
/* jwt.c - no token crashes the verifier, none verifies that we did not sign, and the cache agrees.
 *
 * The input is taken twice: as a token, and as header and payload (split at the first NUL) that are
 * signed here, for what lies behind the signature is out of a fuzzer's reach otherwise. */
#include "base/base64.h"
#include "crypto/jwt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { NOW = 1700000000 };

static str sign(struct arena *mem, const struct keyring *keys, str header, str payload)
{
    unsigned char mac[SHA256_BYTES];
    struct buf b;

    buf_init(&b, mem, 64 << 10);
    base64url_put(&b, header);
    buf_byte(&b, '.');
    base64url_put(&b, payload);
    mac_sha256(&keys->hs256, buf_str(&b), mac);
    buf_byte(&b, '.');
    base64url_put(&b, (str){ (const char *)mac, sizeof mac });
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
    str all = { (const char *)data, n }, header, payload;
    struct keyring keys;
    struct arena mem;
    struct claims c;

    if (n > 16 << 10)
        return 0;
    arena_init(&mem, 4 << 20);
    keyring_init(&keys, STR("a key that the fuzzer does not find"));
    if (jwt_verify(&mem, &keys, all, NOW, &c) == OK)
        abort();
    if (!str_cut(all, '\0', &header, &payload)) {
        header = STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
        payload = all;
    }
    for (int lax = 0; lax < 2; lax++) {
        keys.lax = lax;
        look(&mem, &keys, sign(&mem, &keys, header, payload));
    }
    keyring_end(&keys);
    arena_end(&mem);
    return 0;
}
