// SPDX-License-Identifier: MIT
/* digest.c - SHA-1, SHA-256, HMAC-SHA-256, keyed table hash, equal in constant time.
 *
 * OpenSSL calls its low-level SHA functions deprecated since 3.0, and still ships them. They are
 * used here, and only here, because nothing else keeps HMAC's two states as plain bytes that every
 * thread may copy: 0.1 us a MAC of 93 bytes, where a kept EVP_MAC_CTX takes 0.2 and has to be one a
 * thread, and where anything that fetches or duplicates a context takes 0.4 to 0.9 and does not
 * scale, for its reference counts are shared. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <sodium/crypto_shorthash.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(((struct mac_key *)0)->inner),
               "a state fits its place");
_Static_assert(SIP_KEY_BYTES == crypto_shorthash_KEYBYTES, "SipHash's key");

void digest_sha1(str s, unsigned char out[static SHA1_BYTES])
{
    SHA_CTX c;

    (void)SHA1_Init(&c);                 /* these cannot fail: they only compute */
    if (s.n)
        (void)SHA1_Update(&c, s.p, s.n);
    (void)SHA1_Final(out, &c);
}

void digest_sha256(str s, unsigned char out[static SHA256_BYTES])
{
    SHA256_CTX c;

    (void)SHA256_Init(&c);
    if (s.n)
        (void)SHA256_Update(&c, s.p, s.n);
    (void)SHA256_Final(out, &c);
    OPENSSL_cleanse(&c, sizeof c);
}

/* The state after one block of the secret, each byte turned by `pad`. */
static void keep_state(unsigned char *to, const unsigned char secret[static SHA256_CBLOCK],
                       unsigned char pad)
{
    unsigned char block[SHA256_CBLOCK];
    SHA256_CTX c;

    for (size_t i = 0; i < sizeof block; i++)
        block[i] = secret[i] ^ pad;
    (void)SHA256_Init(&c);
    (void)SHA256_Update(&c, block, sizeof block);
    memcpy(to, &c, sizeof c);
    OPENSSL_cleanse(&c, sizeof c);
    OPENSSL_cleanse(block, sizeof block);
}

void mac_init(struct mac_key *key, str secret)
{
    unsigned char block[SHA256_CBLOCK] = {0};

    if (secret.n > sizeof block)         /* RFC 2104 section 2: a longer key is its digest */
        digest_sha256(secret, block);
    else if (secret.n)
        memcpy(block, secret.p, secret.n);
    *key = (struct mac_key){0};
    keep_state(key->inner, block, 0x36);
    keep_state(key->outer, block, 0x5c);
    OPENSSL_cleanse(block, sizeof block);
}

void mac_end(struct mac_key *key)
{
    OPENSSL_cleanse(key, sizeof *key);
}

void mac_sha256(const struct mac_key *key, str s, unsigned char out[static SHA256_BYTES])
{
    SHA256_CTX c;

    memcpy(&c, key->inner, sizeof c);
    if (s.n)
        (void)SHA256_Update(&c, s.p, s.n);
    (void)SHA256_Final(out, &c);
    memcpy(&c, key->outer, sizeof c);
    (void)SHA256_Update(&c, out, SHA256_BYTES);
    (void)SHA256_Final(out, &c);
}

uint64_t digest_sip(const unsigned char key[static SIP_KEY_BYTES], str s)
{
    unsigned char hash[crypto_shorthash_BYTES];
    uint64_t out;

    crypto_shorthash(hash, (const unsigned char *)s.p, s.n, key);
    memcpy(&out, hash, sizeof out);
    return out;
}

void digest_sip_wide(const unsigned char key[static SIP_KEY_BYTES], str s,
                     unsigned char out[static SIP_WIDE])
{
    crypto_shorthash_siphashx24(out, (const unsigned char *)s.p, s.n, key);
}

bool digest_equal(const void *a, const void *b, size_t n)
{
    return n == 0 || CRYPTO_memcmp(a, b, n) == 0;
}
