// SPDX-License-Identifier: MIT
/* keypair_test.c - pairs: published vectors, what is no key to trust, and what does not verify. */
#include "../tests/fault.h"
#include "../tests/test.h"
#include "base/base64.h"
#include "base/json.h"
#include "crypto/digest.h"
#include "crypto/keypair.h"

#include <pthread.h>

/* SubjectPublicKeyInfo up to the key's own bytes. */
#define SPKI_ED "302a300506032b6570032100"
#define SPKI_P256 "3059301306072a8648ce3d020106082a8648ce3d03010703420004"
#define SPKI_2048 "30820122300d06092a864886f70d01010105000382010f003082010a0282010100"
#define E_65537 "0203010001"

static struct arena mem;

static void begin(void)
{
    arena_end(&mem);
    arena_init(&mem, 1 << 20);
}

static void hex_put(struct buf *b, const char *hex)
{
    for (unsigned byte; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        buf_byte(b, (char)byte);
}

static void base64url_put_bytes(struct buf *b, const char *text)
{
    unsigned char bytes[1024];
    size_t n;

    CHECK(base64url_read(str_of(text), bytes, &n));
    buf_put(b, (str){(char *)bytes, n});
}

/* DER out of hex, base64url, base64url and hex again. */
static str der_of(const char *prefix, const char *a, const char *b, const char *suffix)
{
    struct buf out;

    buf_init(&out, &mem, 4096);
    hex_put(&out, prefix);
    base64url_put_bytes(&out, a);
    base64url_put_bytes(&out, b);
    hex_put(&out, suffix);
    return buf_str(&out);
}

static struct keypair *read_public(str der, enum alg alg)
{
    struct keypair *pair = NULL;

    CHECK_ERR(keypair_by_public(der, &pair), OK);
    CHECK(pair && keypair_alg(pair) == alg && !keypair_is_private(pair));
    return pair;
}

static bool verifies(const struct keypair *pair, const char *input, const char *signature)
{
    unsigned char bytes[1024];
    size_t n;

    CHECK(base64url_read(str_of(signature), bytes, &n));
    return keypair_verify(pair, str_of(input), (str){(char *)bytes, n});
}

TEST(rfc_8037_ed25519)
{
    struct keypair *pair;

    begin();
    pair = read_public(der_of(SPKI_ED, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "", ""),
                       ALG_EDDSA);
    CHECK_STR(keypair_kid(pair), STR("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
    CHECK(verifies(
        pair, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"));
    CHECK(!verifies(
        pair, "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd",
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"));
    keypair_free(pair);
}

TEST(rfc_7515_es256)
{
    struct keypair *pair;

    begin();
    pair = read_public(der_of(SPKI_P256, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                              "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", ""),
                       ALG_ES256);
    CHECK(verifies(
        pair,
        "eyJhbGciOiJFUzI1NiJ9."
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9"
        "pc19yb290Ijp0cnVlfQ",
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"));
    keypair_free(pair);
}

TEST(rfc_7638_thumbprint_of_an_rsa_key)
{
    struct keypair *pair;

    begin();
    pair = read_public(
        der_of(SPKI_2048,
               "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6t"
               "Soc_BJECPebWKRXjBZCiFV4n3okn"
               "jhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_"
               "FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQv"
               "RL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_"
               "xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnq"
               "DKgw",
               "", E_65537),
        ALG_RS256);
    CHECK_STR(keypair_kid(pair), STR("NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"));
    keypair_free(pair);
}

static err refused(str der)
{
    struct keypair *pair = NULL;
    err e = keypair_by_public(der, &pair);

    keypair_free(pair);
    return e;
}

#define P256_X "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"
#define P256_Y "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"

TEST(s3_4_what_is_no_key_to_trust_is_refused)
{
    str good;

    begin();
    CHECK_ERR(refused(STR("")), ERR_BAD_SETTING);
    CHECK_ERR(refused(STR("0")), ERR_BAD_SETTING);
    good = der_of(SPKI_P256, P256_X, P256_Y, "");
    CHECK_ERR(refused(good), OK);
    CHECK_ERR(refused(str_head(good, good.n - 1)), ERR_BAD_SETTING);
    CHECK_ERR(refused(der_of(SPKI_P256, P256_X, P256_Y, "00")), ERR_BAD_SETTING);
    CHECK_ERR(refused(der_of(SPKI_P256, P256_X, P256_X, "")), ERR_BAD_SETTING); /* off the curve */
    /* secp256k1 under its own name */
    CHECK_ERR(refused(der_of("3056301006072a8648ce3d020106052b8104000a034200"
                             "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
                             "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
                             "", "", "")),
              ERR_BAD_SETTING);
    CHECK_ERR(
        refused(der_of(SPKI_ED "0000000000000000000000000000000000000000000000000000000000000000",
                       "", "", "")),
        ERR_BAD_SETTING); /* small order */
    CHECK_ERR(
        refused(der_of(SPKI_ED "0100000000000000000000000000000000000000000000000000000000000000",
                       "", "", "")),
        ERR_BAD_SETTING);
    /* X25519 agrees on keys and signs nothing */
    CHECK_ERR(refused(der_of("302a300506032b656e032100",
                             "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "", "")),
              ERR_BAD_SETTING);
}

/* A modulus that is random but odd, of so many bytes: nobody looks for its factors. */
static str rsa_of(size_t bytes, const char *e)
{
    struct buf b, inner;

    buf_init(&inner, &mem, 4096);
    buf_printf(&inner, "%c%c%c%c%c", 2, 0x82, (int)((bytes + 1) >> 8), (int)((bytes + 1) & 255), 0);
    for (size_t i = 0; i < bytes; i++)
        buf_byte(&inner, i == 0 ? '\xff' : (char)(i * 37 + 1));
    ((char *)inner.p)[inner.n - 1] |= 1;
    hex_put(&inner, e);
    buf_init(&b, &mem, 8192);
    buf_printf(&b, "%c%c%c%c", 0x30, 0x82, (int)((inner.n + 24) >> 8), (int)((inner.n + 24) & 255));
    hex_put(&b, "300d06092a864886f70d0101010500");
    buf_printf(&b, "%c%c%c%c%c", 3, 0x82, (int)((inner.n + 5) >> 8), (int)((inner.n + 5) & 255), 0);
    buf_printf(&b, "%c%c%c%c", 0x30, 0x82, (int)(inner.n >> 8), (int)(inner.n & 255));
    buf_put(&b, buf_str(&inner));
    return buf_str(&b);
}

TEST(s3_4_rsa_has_2048_to_4096_bits_and_a_large_odd_exponent)
{
    begin();
    CHECK_ERR(refused(rsa_of(256, E_65537)), OK);
    CHECK_ERR(refused(rsa_of(512, E_65537)), OK);
    CHECK_ERR(refused(rsa_of(255, E_65537)), ERR_BAD_SETTING);
    CHECK_ERR(refused(rsa_of(128, E_65537)), ERR_BAD_SETTING);
    CHECK_ERR(refused(rsa_of(513, E_65537)), ERR_BAD_SETTING);
    CHECK_ERR(refused(rsa_of(256, "020101")), ERR_BAD_SETTING);
    CHECK_ERR(refused(rsa_of(256, "020103")), ERR_BAD_SETTING);
    CHECK_ERR(refused(rsa_of(256, "0203010000")), ERR_BAD_SETTING);
}

/* One of each, made once: RSA takes its time. */
static struct keypair *pair_of(enum alg alg)
{
    static struct keypair *made[ALGS];

    if (!made[alg])
        CHECK_ERR(keypair_new(alg, &made[alg]), OK);
    return made[alg];
}

TEST(what_is_signed_verifies_and_a_flipped_bit_does_not)
{
    unsigned char sig[SIGNATURE_BYTES_MAX];
    char input[] = "header.payload";
    size_t n = 0;

    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        struct keypair *pair = pair_of(alg);
        str text = {input, sizeof input - 1};

        CHECK_ERR(keypair_sign(pair, text, sig, &n), OK);
        CHECK(n == (alg == ALG_RS256 ? 256 : 64));
        CHECK(keypair_verify(pair, text, (str){(char *)sig, n}));
        for (size_t bit = 0; bit < n * 8; bit += alg == ALG_RS256 ? 97 : 1) {
            sig[bit / 8] ^= (unsigned char)(1 << bit % 8);
            CHECK(!keypair_verify(pair, text, (str){(char *)sig, n}));
            sig[bit / 8] ^= (unsigned char)(1 << bit % 8);
        }
        for (size_t bit = 0; bit < text.n * 8; bit += 7) {
            input[bit / 8] ^= (char)(1 << bit % 8);
            CHECK(!keypair_verify(pair, text, (str){(char *)sig, n}));
            input[bit / 8] ^= (char)(1 << bit % 8);
        }
        CHECK(!keypair_verify(pair, text, (str){(char *)sig, n - 1}));
        CHECK(!keypair_verify(pair, text, (str){(char *)sig, 0}));
        CHECK(!keypair_verify(pair, text, (str){(char *)sig, n + 1}));
        for (enum alg other = ALG_ES256; other < ALGS; other++)
            CHECK(other == alg || !keypair_verify(pair_of(other), text, (str){(char *)sig, n}));
    }
}

/* Nothing that begins or ends with zeros is lost between DER and the fixed width. */
TEST(many_es256_signatures_verify)
{
    unsigned char sig[SIGNATURE_BYTES_MAX];
    struct keypair *pair = pair_of(ALG_ES256);
    size_t n, short_ones = 0;

    for (int i = 0; i < 2000; i++) {
        str text = {(char *)&i, sizeof i};

        CHECK_ERR(keypair_sign(pair, text, sig, &n), OK);
        short_ones += sig[0] == 0 || sig[32] == 0;
        CHECK(keypair_verify(pair, text, (str){(char *)sig, n}));
    }
    CHECK(short_ones > 0);
    memset(sig, 0, sizeof sig);
    CHECK(!keypair_verify(pair, STR("x"), (str){(char *)sig, 64}));
    memset(sig, 0xff, sizeof sig);
    CHECK(!keypair_verify(pair, STR("x"), (str){(char *)sig, 64}));
}

TEST(both_halves_are_read_back)
{
    unsigned char sig[SIGNATURE_BYTES_MAX];
    size_t n;

    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        struct keypair *pair = pair_of(alg), *again = NULL, *other = NULL;
        str public, private, none;

        begin();
        CHECK_ERR(keypair_public(pair, &mem, &public), OK);
        CHECK_ERR(keypair_private(pair, &mem, &private), OK);
        CHECK_ERR(keypair_by_public(public, &again), OK);
        CHECK_ERR(keypair_by_private(private, &other), OK);
        CHECK_STR(keypair_kid(again), keypair_kid(pair));
        CHECK_STR(keypair_kid(other), keypair_kid(pair));
        CHECK(!keypair_is_private(again) && keypair_is_private(other));
        CHECK_ERR(keypair_sign(other, STR("x"), sig, &n), OK);
        CHECK(keypair_verify(again, STR("x"), (str){(char *)sig, n}));
        CHECK_ERR(keypair_sign(again, STR("x"), sig, &n), ERR_BUG);
        CHECK_ERR(keypair_private(again, &mem, &none), ERR_BUG);
        CHECK_ERR(keypair_by_private(public, &other), ERR_BAD_SETTING);
        keypair_free(again);
        keypair_free(other);
    }
}

/* One of 64 ids would: of so many keys some had one. */
TEST(no_id_of_a_new_key_looks_like_a_flag)
{
    for (int i = 0; i < 500; i++) {
        struct keypair *pair;

        CHECK_ERR(keypair_new(i % 2 ? ALG_ES256 : ALG_EDDSA, &pair), OK);
        CHECK(keypair_kid(pair).p[0] != '-');
        keypair_free(pair);
    }
}

TEST(a_jwk_has_public_members_only)
{
    static const char *const members[ALGS] = {NULL, "crv kty x y kid alg use ",
                                              "crv kty x kid alg use ", "e kty n kid alg use "};
    const struct json_rules rules = {.depth_max = 2, .values_max = 16, .unique = true};

    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        struct json *jwk;
        struct buf b, names;

        begin();
        buf_init(&b, &mem, 4096);
        buf_init(&names, &mem, 256);
        keypair_jwk_put(pair_of(alg), &b);
        CHECK_ERR(buf_ok(&b), OK);
        CHECK_ERR(json_parse(&mem, buf_str(&b), &rules, &jwk), OK);
        for (const struct json *m = jwk->first; m; m = m->next)
            buf_printf(&names, STR_FMT " ", STR_ARG(m->key));
        CHECK_STR(buf_str(&names), str_of(members[alg]));
        CHECK_STR(json_member(jwk, STR("kid"))->text, keypair_kid(pair_of(alg)));
        CHECK_STR(json_member(jwk, STR("alg"))->text, str_of(alg_name(alg)));
    }
}

static void *sign_and_verify(void *arg)
{
    unsigned char sig[SIGNATURE_BYTES_MAX];
    bool fine = true;
    size_t n;

    for (int i = 0; i < 50; i++)
        for (enum alg alg = ALG_ES256; alg < ALGS; alg++)
            fine &= keypair_sign(pair_of(alg), STR("x"), sig, &n) == OK &&
                    keypair_verify(pair_of(alg), STR("x"), (str){(char *)sig, n});
    *(bool *)arg = fine;
    return NULL;
}

TEST(threads_share_a_pair)
{
    pthread_t threads[8];
    bool fine[8] = {0};

    for (enum alg alg = ALG_ES256; alg < ALGS; alg++)
        (void)pair_of(alg);
    for (int i = 0; i < 8; i++)
        CHECK(pthread_create(&threads[i], NULL, sign_and_verify, &fine[i]) == 0);
    for (int i = 0; i < 8; i++) {
        pthread_join(threads[i], NULL);
        CHECK(fine[i]);
    }
}

TEST(hs256_is_no_pair)
{
    struct keypair *pair;
    enum alg alg;

    CHECK_ERR(keypair_new(ALG_HS256, &pair), ERR_BUG);
    for (enum alg a = 0; a < ALGS; a++)
        CHECK(alg_parse(str_of(alg_name(a)), &alg) && alg == a);
    CHECK(!alg_parse(STR("none"), &alg) && !alg_parse(STR(""), &alg) &&
          !alg_parse(STR("es256"), &alg));
}

/* Whatever call inside of OpenSSL finds no memory: a signature verifies or is refused, then and
 * later, when what went wrong may be left behind; and nothing false is ever taken for true. */
TEST(a_shortage_of_memory_bends_no_signature)
{
    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        struct keypair *pair = NULL, *other = NULL;
        unsigned char bytes[SIGNATURE_BYTES_MAX];
        str der, sig = {(char *)bytes, 0};

        begin();
        CHECK_ERR(keypair_new(alg, &pair), OK);
        CHECK_ERR(keypair_public(pair, &mem, &der), OK);
        CHECK_ERR(keypair_by_public(der, &other), OK);
        for (int turn = 0; turn < 3; turn++)
            for (struct round r = {FAULT_OPENSSL}; round_next(&r);) {
                err e = keypair_sign(pair, STR("input"), bytes, &sig.n);
                bool met = round_met(&r);

                CHECK(e == OK ? keypair_verify(other, STR("input"), sig)
                              : met && e == ERR_NO_MEMORY);
                for (int i = 0; i < 3; i++) {
                    CHECK_ERR(keypair_sign(pair, STR("input"), bytes, &sig.n), OK);
                    CHECK(keypair_verify(other, STR("input"), sig));
                }
            }
        for (struct round r = {FAULT_OPENSSL}; round_next(&r);) {
            bool fine = keypair_verify(other, STR("input"), sig);

            CHECK(round_met(&r) || fine);
            CHECK(keypair_verify(other, STR("input"), sig));
        }
        for (struct round r = {FAULT_OPENSSL}; round_next(&r); (void)round_met(&r))
            CHECK(!keypair_verify(other, STR("inputs"), sig));
        keypair_free(pair);
        keypair_free(other);
    }
}

/* Read whole, or not at all. */
static void read_amid_failures(enum fault_kind kind, err (*by)(str, struct keypair **), str text,
                               str kid)
{
    for (struct round r = {kind}; round_next(&r);) {
        struct keypair *read = NULL;
        err e = by(text, &read);

        CHECK(e == OK || round_met(&r));
        (void)round_met(&r);
        CHECK((e == OK) == (read != NULL));
        CHECK(!read || str_is(keypair_kid(read), kid));
        keypair_free(read);
    }
}

TEST(a_pair_is_read_and_written_whole_or_not)
{
    static const enum fault_kind kinds[] = {FAULT_OPENSSL, FAULT_ALLOC, FAULT_ARENA};

    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        struct keypair *pair = NULL;
        str private, public, got;

        begin();
        CHECK_ERR(keypair_new(alg, &pair), OK);
        CHECK_ERR(keypair_public(pair, &mem, &public), OK);
        CHECK_ERR(keypair_private(pair, &mem, &private), OK);
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            read_amid_failures(kinds[k], keypair_by_public, public, keypair_kid(pair));
            read_amid_failures(kinds[k], keypair_by_private, private, keypair_kid(pair));
            for (struct round r = {kinds[k]}; round_next(&r);) {
                struct keypair *read = NULL; /* in another form of DER, perhaps */
                err e = keypair_private(pair, &mem, &got);
                bool met = round_met(&r);

                CHECK(e == OK || (met && e == ERR_NO_MEMORY));
                CHECK(e != OK || keypair_by_private(got, &read) == OK);
                CHECK(!read || str_is(keypair_kid(read), keypair_kid(pair)));
                keypair_free(read);
            }
            for (struct round r = {kinds[k]}; round_next(&r);) {
                struct buf b;

                buf_init(&b, NULL, 4096);
                keypair_jwk_put(pair, &b);
                CHECK(round_met(&r) || !b.failed);
                CHECK(b.failed || str_find(buf_str(&b), keypair_kid(pair)) >= 0);
                buf_end(&b);
            }
        }
        keypair_free(pair);
    }
}

TEST(a_pair_is_made_or_not)
{
    for (enum alg alg = ALG_ES256; alg <= ALG_EDDSA; alg++) {
        struct keypair *first = NULL; /* what OpenSSL sets up once is set up */

        CHECK_ERR(keypair_new(alg, &first), OK);
        keypair_free(first);
        for (struct round r = {FAULT_OPENSSL}; round_next(&r);) {
            struct keypair *pair = NULL;
            err e = keypair_new(alg, &pair);
            bool met = round_met(&r);

            CHECK(e == OK || met);
            CHECK((e == OK) == (pair != NULL));
            keypair_free(pair);
        }
    }
}

TEST(what_is_longer_than_any_key_is_none)
{
    static char der[4097];
    struct keypair *pair = NULL;

    CHECK_ERR(keypair_by_public((str){der, sizeof der}, &pair), ERR_BAD_SETTING);
    CHECK_ERR(keypair_by_private((str){der, sizeof der}, &pair), ERR_BAD_SETTING);
    CHECK(!pair);
}
