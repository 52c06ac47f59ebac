// SPDX-License-Identifier: MIT
/* seal.c - secrets that lie in a database, closed with a key that does not. */
#include "crypto/seal.h"
#include "base/base64.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#include <sodium.h>

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    PLAIN_MAX = 64 << 10,
};

_Static_assert(sizeof((struct seal_key *)0)->bytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
               "the key has another size");

void seal_key_init(struct seal_key *key, str secret)
{
    struct mac_key mac;

    mac_init(&mac, secret);
    mac_sha256(&mac, STR("latchkey seal"), key->bytes);
    mac_end(&mac);
    key->is_there = true;
}

void seal_key_end(struct seal_key *key)
{
    explicit_bzero(key, sizeof *key);
}

err seal_close(const struct seal_key *key, struct arena *mem, str plain, str belongs, str *out)
{
    unsigned char *bytes = plain.n <= PLAIN_MAX ? arena_alloc(mem, NONCE + plain.n + TAG, 1) : NULL;
    struct buf b;

    if (!key->is_there)
        return ERR_BUG;
    if (!bytes)
        return ERR_NO_MEMORY;
    random_bytes(bytes, NONCE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(
        bytes + NONCE, NULL, (const unsigned char *)plain.p, plain.n,
        (const unsigned char *)belongs.p, belongs.n, NULL, bytes,
        key->bytes); /* fails for sizes beyond 2^32 blocks only */
    buf_init(&b, mem, (NONCE + plain.n + TAG) * 2);
    base64url_put(&b, (str){(const char *)bytes, NONCE + plain.n + TAG});
    *out = buf_str(&b);
    return buf_ok(&b);
}

err seal_open(const struct seal_key *key, struct arena *mem, str sealed, str belongs, str *plain)
{
    unsigned char *bytes = arena_alloc(mem, BASE64_BYTES(sealed.n), 1);
    unsigned char *out = arena_alloc(mem, BASE64_BYTES(sealed.n), 1);
    size_t n;

    if (!bytes || !out)
        return ERR_NO_MEMORY;
    if (!key->is_there || !base64url_read(sealed, bytes, &n) || n < NONCE + TAG)
        return ERR_BAD_SETTING;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(out, NULL, NULL, bytes + NONCE, n - NONCE,
                                                   (const unsigned char *)belongs.p, belongs.n,
                                                   bytes, key->bytes) != 0)
        return ERR_BAD_SETTING;
    *plain = (str){(const char *)out, n - NONCE - TAG};
    return OK;
}
