// SPDX-License-Identifier: MIT
/* digest.h - SHA-1, SHA-256, HMAC-SHA-256, keyed table hash, equal in constant time. */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/str.h"

enum { SHA1_BYTES = 20, SHA256_BYTES = 32, SIP_KEY_BYTES = 16, SIP_WIDE = 16 };

/* SHA-1 (FIPS 180-4): for ETags only. */
void digest_sha1(str s, unsigned char out[static SHA1_BYTES]);

/* SHA-256 (FIPS 180-4). */
void digest_sha256(str s, unsigned char out[static SHA256_BYTES]);

/* A key for HMAC-SHA-256 (RFC 2104) with its inner and outer states kept, so that a MAC costs two
 * or three blocks and no allocation. Read-only after mac_init: any number of threads may share
 * it. */
struct mac_key { _Alignas(8) unsigned char inner[128], outer[128]; };

/* Any length of secret; `secret` is not kept. */
void mac_init(struct mac_key *key, str secret);
void mac_end(struct mac_key *key);                     /* wipes */
void mac_sha256(const struct mac_key *key, str s, unsigned char out[static SHA256_BYTES]);

/* SipHash-2-4: where the keys of a table come from a stranger. The same on every machine of one
 * byte order; never stored. */
uint64_t digest_sip(const unsigned char key[static SIP_KEY_BYTES], str s);

/* The same, 128 bits wide: who has not the key can as little find two texts that meet as guess the
 * hash of one. */
void digest_sip_wide(const unsigned char key[static SIP_KEY_BYTES], str s,
                     unsigned char out[static SIP_WIDE]);

/* Whether `n` bytes are equal, in a time that does not tell where they differ. */
bool digest_equal(const void *a, const void *b, size_t n);

#endif
