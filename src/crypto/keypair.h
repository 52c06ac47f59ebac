// SPDX-License-Identifier: MIT
/* keypair.h - keys that sign so that others can verify: ES256, EdDSA (Ed25519), RS256.
 *
 * RFC 7518 sections 3.3 and 3.4, RFC 8037. A pair has one algorithm and is known by its thumbprint
 * (RFC 7638). Read-only once made: any number of threads may sign and verify with one at a time;
 * OpenSSL's contexts are kept in it, about one a thread, for a fresh one costs a fetch. */
#ifndef CRYPTO_KEYPAIR_H
#define CRYPTO_KEYPAIR_H

#include "base/buf.h"

/* What signs tokens. The first is a secret, which has no pair. */
enum alg { ALG_HS256, ALG_ES256, ALG_EDDSA, ALG_RS256, ALGS };

enum { KID_CHARS = 43, SIGNATURE_BYTES_MAX = 512, RSA_BITS = 2048, RSA_BITS_MAX = 4096 };

const char *alg_name(enum alg alg); /* as a token's header spells it */
bool alg_parse(str name, enum alg *out);

struct keypair;

/* Make one; RSA has RSA_BITS and takes a tenth of a second. Its id, which is typed on command lines,
 * does not begin with '-'. ERR_NO_MEMORY; ERR_BUG for HS256. */
err keypair_new(enum alg alg, struct keypair **out);

/* Read one: a SubjectPublicKeyInfo, which can only verify, or a private key (PKCS #1, SEC 1 or
 * PKCS #8), all DER. Its algorithm follows from its kind. ERR_BAD_SETTING for what is no key, or
 * none to trust (RFC 8725 section 3.5): another curve, a point that is not on it, RSA under
 * RSA_BITS or over RSA_BITS_MAX, or with an exponent that is even or small. */
err keypair_by_public(str der, struct keypair **out);
err keypair_by_private(str der, struct keypair **out);

void keypair_free(struct keypair *pair); /* wipes; NULL is fine */

enum alg keypair_alg(const struct keypair *pair);
str keypair_kid(const struct keypair *pair); /* RFC 7638, KID_CHARS; as long as the pair */
bool keypair_is_private(const struct keypair *pair);

/* The two that keypair_by_... read, into `mem`. ERR_BUG for the private half where it is not. */
err keypair_public(const struct keypair *pair, struct arena *mem, str *der);
err keypair_private(const struct keypair *pair, struct arena *mem, str *der);

/* Its JWK: public members, kid, alg, use (RFC 7517 section 4). */
void keypair_jwk_put(const struct keypair *pair, struct buf *b);

/* Sign as JWS has it (RFC 7515 section 5.1): ES256 as R and S of 32 bytes each. *n bytes lie in
 * `out`. ERR_BUG without the private half, ERR_NO_MEMORY. */
err keypair_sign(const struct keypair *pair, str input,
                 unsigned char out[static SIGNATURE_BYTES_MAX], size_t *n);

bool keypair_verify(const struct keypair *pair, str input, str signature);

#endif
