// SPDX-License-Identifier: MIT
/* keypair.c - keys that sign so that others can verify.
 *
 * OpenSSL makes, reads and writes all of them, and signs but with Ed25519, which libsodium does in
 * about half the time. */
#include "crypto/keypair.h"
#include "base/base64.h"
#include "base/json.h"
#include "crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <sodium.h>
#include <stdatomic.h>

enum { SHELF = 32, COORDINATE = 32, ES256_BYTES = 2 * COORDINATE, ES256_DER_MAX = 80 };

enum { BLINDING_USES = 32 }; /* OpenSSL draws the numbers that it blinds RSA with anew after that */

static const int64_t EXPONENT_MIN = 65537;

/* Contexts that nobody uses at the moment. */
struct shelf {
    _Atomic(EVP_PKEY_CTX *) at[SHELF];
};

struct keypair {
    enum alg alg;
    bool is_private;
    EVP_PKEY *key;
    unsigned char ed_public[crypto_sign_PUBLICKEYBYTES], ed_secret[crypto_sign_SECRETKEYBYTES];
    char kid[KID_CHARS + 1];
    struct shelf *signs, *verifies;
};

const char *alg_name(enum alg alg)
{
    static const char *const names[ALGS] = {"HS256", "ES256", "EdDSA", "RS256"};

    return names[alg];
}

bool alg_parse(str name, enum alg *out)
{
    for (enum alg a = 0; a < ALGS; a++)
        if (str_is(name, str_of(alg_name(a)))) {
            *out = a;
            return true;
        }
    return false;
}

/* ------------------------------------------------------------------------- contexts, kept ready */

/* Where this thread looks first: a number of its own, more or less. */
static unsigned own_place(void)
{
    static _Thread_local char here;

    return (unsigned)(((uint64_t)(uintptr_t)&here * 0x9E3779B97F4A7C15u) >> 59) % SHELF;
}

static EVP_PKEY_CTX *context_new(const struct keypair *pair, bool signs)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair->key, NULL);

    if (ctx && (signs ? EVP_PKEY_sign_init(ctx) : EVP_PKEY_verify_init(ctx)) > 0 &&
        (pair->alg != ALG_RS256 || EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) > 0) &&
        EVP_PKEY_CTX_set_signature_md(ctx, EVP_sha256()) > 0)
        return ctx;
    EVP_PKEY_CTX_free(ctx);
    return NULL;
}

static EVP_PKEY_CTX *context_take(const struct keypair *pair, bool signs)
{
    struct shelf *shelf = signs ? pair->signs : pair->verifies;
    unsigned from = own_place();
    EVP_PKEY_CTX *ctx;

    for (unsigned i = 0; i < SHELF; i++)
        if ((ctx = atomic_exchange_explicit(&shelf->at[(from + i) % SHELF], NULL,
                                            memory_order_acquire)) != NULL)
            return ctx;
    return context_new(pair, signs);
}

static void context_give(const struct keypair *pair, bool signs, EVP_PKEY_CTX *ctx)
{
    struct shelf *shelf = signs ? pair->signs : pair->verifies;
    unsigned from = own_place();

    for (unsigned i = 0; i < SHELF; i++) {
        EVP_PKEY_CTX *none = NULL;

        if (atomic_compare_exchange_strong_explicit(&shelf->at[(from + i) % SHELF], &none, ctx,
                                                    memory_order_release, memory_order_relaxed))
            return;
    }
    EVP_PKEY_CTX_free(ctx);
}

static void shelf_free(struct shelf *shelf)
{
    for (unsigned i = 0; shelf && i < SHELF; i++)
        EVP_PKEY_CTX_free(atomic_load(&shelf->at[i]));
    free(shelf);
}

/* ------------------------------------------------------------------------- what may be trusted */

static bool ec_is_fine(EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    char curve[32];
    bool fine = ctx && EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL) == 1 &&
                str_is(str_of(curve), STR("prime256v1")) && EVP_PKEY_public_check(ctx) == 1;

    EVP_PKEY_CTX_free(ctx);
    return fine;
}

static bool rsa_is_fine(EVP_PKEY *key)
{
    int bits = EVP_PKEY_get_bits(key);
    BIGNUM *e = NULL;
    bool fine = bits >= RSA_BITS && bits <= RSA_BITS_MAX &&
                EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) &&
                BN_num_bits(e) <= 64 && BN_get_word(e) >= (BN_ULONG)EXPONENT_MIN;

    BN_free(e);
    return fine;
}

static bool ed_is_fine(struct keypair *pair)
{
    unsigned char seed[crypto_sign_SEEDBYTES], same[crypto_sign_PUBLICKEYBYTES];
    size_t n = sizeof pair->ed_public, m = sizeof seed;
    bool fine = EVP_PKEY_get_raw_public_key(pair->key, pair->ed_public, &n) == 1 &&
                n == sizeof pair->ed_public &&
                crypto_core_ed25519_is_valid_point(pair->ed_public) == 1;

    if (fine && pair->is_private)
        fine = EVP_PKEY_get_raw_private_key(pair->key, seed, &m) == 1 && m == sizeof seed &&
               crypto_sign_seed_keypair(same, pair->ed_secret, seed) == 0 &&
               memcmp(same, pair->ed_public, sizeof same) == 0;
    explicit_bzero(seed, sizeof seed);
    return fine;
}

static bool is_fine(struct keypair *pair)
{
    if (EVP_PKEY_is_a(pair->key, "EC")) {
        pair->alg = ALG_ES256;
        return ec_is_fine(pair->key);
    }
    if (EVP_PKEY_is_a(pair->key, "RSA")) {
        pair->alg = ALG_RS256;
        return rsa_is_fine(pair->key);
    }
    pair->alg = ALG_EDDSA;
    return EVP_PKEY_is_a(pair->key, "ED25519") && ed_is_fine(pair);
}

/* --------------------------------------------------------------------------- its public members */

/* A number of the key, in base64url; of `width` bytes, or, with 0, as many as it has. */
static void number_put(const struct keypair *pair, const char *param, size_t width, struct buf *b)
{
    unsigned char bytes[SIGNATURE_BYTES_MAX];
    BIGNUM *n = NULL;
    int size;

    if (EVP_PKEY_get_bn_param(pair->key, param, &n) == 1) {
        size = width ? (int)width : BN_num_bytes(n);
        if ((size_t)size <= sizeof bytes && BN_bn2binpad(n, bytes, size) == size)
            base64url_put(b, (str){(const char *)bytes, (size_t)size});
        else
            b->failed = true;
    } else {
        b->failed = true;
    }
    BN_free(n);
}

/* The members that RFC 7638 section 3.2 asks for, in its order, without the braces. */
static void members_put(const struct keypair *pair, struct buf *b)
{
    if (pair->alg == ALG_ES256) {
        buf_put(b, STR("\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\""));
        number_put(pair, OSSL_PKEY_PARAM_EC_PUB_X, COORDINATE, b);
        buf_put(b, STR("\",\"y\":\""));
        number_put(pair, OSSL_PKEY_PARAM_EC_PUB_Y, COORDINATE, b);
    } else if (pair->alg == ALG_RS256) {
        buf_put(b, STR("\"e\":\""));
        number_put(pair, OSSL_PKEY_PARAM_RSA_E, 0, b);
        buf_put(b, STR("\",\"kty\":\"RSA\",\"n\":\""));
        number_put(pair, OSSL_PKEY_PARAM_RSA_N, 0, b);
    } else {
        buf_put(b, STR("\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\""));
        base64url_put(b, (str){(const char *)pair->ed_public, sizeof pair->ed_public});
    }
    buf_byte(b, '"');
}

static err kid_find(struct keypair *pair)
{
    unsigned char digest[SHA256_BYTES];
    struct buf b, kid;
    err e;

    buf_init(&b, NULL, 2048);
    buf_init(&kid, NULL, sizeof pair->kid);
    buf_byte(&b, '{');
    members_put(pair, &b);
    buf_byte(&b, '}');
    if ((e = buf_ok(&b)) == OK) {
        digest_sha256(buf_str(&b), digest);
        base64url_put(&kid, (str){(const char *)digest, sizeof digest});
        if ((e = buf_ok(&kid)) == OK && kid.n == KID_CHARS)
            memcpy(pair->kid, kid.p, KID_CHARS);
    }
    buf_end(&b);
    buf_end(&kid);
    return e;
}

/* Takes `key` over, whatever comes of it. */
static err keypair_of(EVP_PKEY *key, bool is_private, struct keypair **out)
{
    struct keypair *pair = OPENSSL_secure_zalloc(sizeof *pair);
    err e = ERR_NO_MEMORY;

    if (!pair) {
        EVP_PKEY_free(key);
        return e;
    }
    pair->key = key;
    pair->is_private = is_private;
    pair->signs = calloc(1, sizeof *pair->signs);
    pair->verifies = calloc(1, sizeof *pair->verifies);
    if (pair->signs && pair->verifies)
        e = is_fine(pair) ? kid_find(pair) : ERR_BAD_SETTING;
    if (e == OK)
        *out = pair;
    else
        keypair_free(pair);
    return e;
}

static err keypair_make(enum alg alg, struct keypair **out)
{
    EVP_PKEY *key = alg == ALG_ES256   ? EVP_EC_gen("P-256")
                    : alg == ALG_RS256 ? EVP_RSA_gen(RSA_BITS)
                    : alg == ALG_EDDSA ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                       : NULL;

    if (!key)
        return alg == ALG_HS256 ? ERR_BUG : ERR_NO_MEMORY;
    return keypair_of(key, true, out);
}

err keypair_new(enum alg alg, struct keypair **out)
{
    err e;

    while ((e = keypair_make(alg, out)) == OK && (*out)->kid[0] == '-')
        keypair_free(*out);
    return e;
}

err keypair_by_public(str der, struct keypair **out)
{
    const unsigned char *at = (const unsigned char *)der.p;
    EVP_PKEY *key = der.n <= 4096 ? d2i_PUBKEY(NULL, &at, (long)der.n) : NULL;

    if (key && (size_t)(at - (const unsigned char *)der.p) == der.n)
        return keypair_of(key, false, out);
    EVP_PKEY_free(key);
    return ERR_BAD_SETTING;
}

err keypair_by_private(str der, struct keypair **out)
{
    const unsigned char *at = (const unsigned char *)der.p;
    EVP_PKEY *key = der.n <= 4096 ? d2i_AutoPrivateKey(NULL, &at, (long)der.n) : NULL;

    return key ? keypair_of(key, true, out) : ERR_BAD_SETTING;
}

void keypair_free(struct keypair *pair)
{
    if (!pair)
        return;
    shelf_free(pair->signs);
    shelf_free(pair->verifies);
    EVP_PKEY_free(pair->key);
    OPENSSL_secure_clear_free(pair, sizeof *pair);
}

enum alg keypair_alg(const struct keypair *pair)
{
    return pair->alg;
}

str keypair_kid(const struct keypair *pair)
{
    return (str){pair->kid, KID_CHARS};
}

bool keypair_is_private(const struct keypair *pair)
{
    return pair->is_private;
}

/* What an i2d function wrote, moved into `mem` and wiped where it was. */
static err der_keep(struct arena *mem, unsigned char *bytes, int n, str *der)
{
    if (n <= 0)
        return ERR_NO_MEMORY;
    *der = arena_dup(mem, (str){(const char *)bytes, (size_t)n});
    OPENSSL_clear_free(bytes, (size_t)n);
    return der->p ? OK : ERR_NO_MEMORY;
}

err keypair_public(const struct keypair *pair, struct arena *mem, str *der)
{
    unsigned char *bytes = NULL;
    int n = i2d_PUBKEY(pair->key, &bytes);

    return der_keep(mem, bytes, n, der);
}

err keypair_private(const struct keypair *pair, struct arena *mem, str *der)
{
    unsigned char *bytes = NULL;
    int n;

    if (!pair->is_private)
        return ERR_BUG;
    n = i2d_PrivateKey(pair->key, &bytes);
    return der_keep(mem, bytes, n, der);
}

void keypair_jwk_put(const struct keypair *pair, struct buf *b)
{
    buf_byte(b, '{');
    members_put(pair, b);
    buf_printf(b, ",\"kid\":\"%s\",\"alg\":\"%s\",\"use\":\"sig\"}", pair->kid,
               alg_name(pair->alg));
}

/* --------------------------------------------------------------------------- signing, verifying */

/* DER's SEQUENCE of two INTEGERs as two numbers of a fixed width, and back (RFC 7518 3.4). */
static bool ecdsa_from_der(const unsigned char *der, size_t n,
                           unsigned char out[static ES256_BYTES])
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    bool fine = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, COORDINATE) == COORDINATE &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + COORDINATE, COORDINATE) == COORDINATE;

    ECDSA_SIG_free(sig);
    return fine;
}

/* By hand: OpenSSL's way takes five allocations. */
static size_t integer_put(unsigned char *to, const unsigned char from[static COORDINATE])
{
    size_t zeros = 0, pad, n;

    while (zeros < COORDINATE - 1 && from[zeros] == 0)
        zeros++;
    pad = from[zeros] >> 7;
    n = COORDINATE - zeros + pad;
    to[0] = 2;
    to[1] = (unsigned char)n;
    to[2] = 0;
    memcpy(to + 2 + pad, from + zeros, COORDINATE - zeros);
    return 2 + n;
}

static size_t ecdsa_to_der(const unsigned char sig[static ES256_BYTES],
                           unsigned char der[static ES256_DER_MAX])
{
    size_t n = 2;

    n += integer_put(der + n, sig);
    n += integer_put(der + n, sig + COORDINATE);
    der[0] = 0x30;
    der[1] = (unsigned char)(n - 2);
    return n;
}

static err digest_sign(const struct keypair *pair, str input,
                       unsigned char out[static SIGNATURE_BYTES_MAX], size_t *n)
{
    unsigned char digest[SHA256_BYTES];
    EVP_PKEY_CTX *ctx = context_take(pair, true);
    bool fine;

    if (!ctx)
        return ERR_NO_MEMORY;
    digest_sha256(input, digest);
    *n = SIGNATURE_BYTES_MAX;
    fine = EVP_PKEY_sign(ctx, out, n, digest, sizeof digest) > 0;
    context_give(pair, true, ctx);
    return fine ? OK : ERR_NO_MEMORY;
}

static bool digest_verify(const struct keypair *pair, str input, const unsigned char *sig, size_t n)
{
    unsigned char digest[SHA256_BYTES];
    EVP_PKEY_CTX *ctx = context_take(pair, false);
    bool fine;

    if (!ctx)
        return false;
    digest_sha256(input, digest);
    fine = EVP_PKEY_verify(ctx, sig, n, digest, sizeof digest) == 1;
    context_give(pair, false, ctx);
    return fine;
}

/* No signature leaves that does not verify. Where memory ran out amid a signature, the numbers that
 * blind the next ones may not belong together any more: OpenSSL calls those signatures fine, and
 * they are wrong until it draws anew. It keeps one that a fault of the machine bent from telling
 * the key, too. */
static err rsa_sign(const struct keypair *pair, str input,
                    unsigned char out[static SIGNATURE_BYTES_MAX], size_t *n)
{
    err e;

    for (int i = 0; i <= BLINDING_USES; i++) {
        if ((e = digest_sign(pair, input, out, n)) != OK)
            return e;
        if (digest_verify(pair, input, out, *n))
            return OK;
    }
    return ERR_NO_MEMORY;
}

err keypair_sign(const struct keypair *pair, str input,
                 unsigned char out[static SIGNATURE_BYTES_MAX], size_t *n)
{
    unsigned char der[SIGNATURE_BYTES_MAX];
    err e;

    if (!pair->is_private)
        return ERR_BUG;
    if (pair->alg == ALG_RS256)
        return rsa_sign(pair, input, out, n);
    *n = ES256_BYTES; /* crypto_sign_BYTES as well */
    if (pair->alg == ALG_EDDSA)
        return crypto_sign_detached(out, NULL, (const unsigned char *)input.p, input.n,
                                    pair->ed_secret) == 0
                   ? OK
                   : ERR_BUG;
    if ((e = digest_sign(pair, input, der, n)) != OK)
        return e;
    if (!ecdsa_from_der(der, *n, out))
        return ERR_NO_MEMORY;
    *n = ES256_BYTES;
    return OK;
}

bool keypair_verify(const struct keypair *pair, str input, str signature)
{
    const unsigned char *sig = (const unsigned char *)signature.p;
    unsigned char der[ES256_DER_MAX];

    if (pair->alg == ALG_RS256)
        return signature.n == (size_t)EVP_PKEY_get_size(pair->key) &&
               digest_verify(pair, input, sig, signature.n);
    if (signature.n != ES256_BYTES)
        return false;
    if (pair->alg == ALG_EDDSA)
        return crypto_sign_verify_detached(sig, (const unsigned char *)input.p, input.n,
                                           pair->ed_public) == 0;
    return digest_verify(pair, input, der, ecdsa_to_der(sig, der));
}
