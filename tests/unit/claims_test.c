// SPDX-License-Identifier: MIT
/* claims_test.c - tokens that are spelled unlike ours, byte by byte; those of the legacy key; what
 * others sign with pairs; and all of it while memory runs out. */
#include "../tests/fault.h"
#include "../tests/test.h"
#include "base/base64.h"
#include "crypto/claims.h"
#include "crypto/key.h"
#include "crypto/seal.h"

#define SECRET "a secret that nobody else has, of 40 byte"
#define LEGACY "the secret of the server before this one"
#define OURS "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define ISSUED "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}"
#define BASE "{\"id\":7,\"iat\":1700000000,\"exp\":1700000060"
#define ISSUER "https://auth.example.org"
#define NAMES ",\"sub\":\"7\",\"client_id\":\"latchkey\",\"iss\":\"" ISSUER "\""

enum { NOW = 1700000000 };

static struct arena mem;
static struct keyring keys;

static void begin(void)
{
    arena_end(&mem);
    arena_init(&mem, 1 << 20);
    keyring_init(&keys, STR(SECRET));
}

static str signed_by(const char *secret, const char *header, const char *payload)
{
    unsigned char mac[SHA256_BYTES];
    struct mac_key key;
    struct buf b;

    buf_init(&b, &mem, 1 << 14);
    base64url_put(&b, str_of(header));
    buf_byte(&b, '.');
    base64url_put(&b, str_of(payload));
    mac_init(&key, str_of(secret));
    mac_sha256(&key, buf_str(&b), mac);
    mac_end(&key);
    buf_byte(&b, '.');
    base64url_put(&b, (str){(char *)mac, sizeof mac});
    return buf_str(&b);
}

/* What a token with these members behind the times is: the session that it names, or -1. Members in
 * our own order are read as bytes, with a blank at the end as JSON: both must say the same. */
static int64_t session_of(const char *header, const char *tail)
{
    int64_t said[2];

    for (int blank = 0; blank < 2; blank++) {
        struct claims c = {0};
        str text = arena_printf(&mem, BASE "%s%s}", tail, blank ? " " : "");

        said[blank] = -1;
        if (jwt_verify(&mem, &keys, signed_by(SECRET, header, text.p), NOW, &c) == OK) {
            CHECK(c.user_id == 7 && c.expires_at == NOW + 60);
            said[blank] = c.session_id;
        }
    }
    CHECK(said[0] == said[1]);
    return said[0];
}

TEST(a_session_is_named_by_a_text_of_digits)
{
    static const struct {
        const char *tail;
        int64_t session;
    } cases[] = {
        {"", 0},
        {",\"sid\":\"5\"", 5},
        {",\"sid\":\"999999999999999\"", 999999999999999},
        {",\"sid\":\"1000000000000000\"", -1},
        {",\"sid\":\"9223372036854775808\"", -1},
        {",\"sid\":\"0\"", -1},
        {",\"sid\":\"-1\"", -1},
        {",\"sid\":\"x\"", -1},
        {",\"sid\":\"\"", -1},
        {",\"sid\":\"5", -1},
        {",\"sid\":\"5x\"", -1},
        {",\"sid\":5", -1},
        {",\"sid\":[\"5\"]", -1},
        {",\"sid\":null", -1},
        {",\"sid\":\"5\",\"sid\":\"6\"", -1},
        {",\"sid\":\"5\",\"jti\":\"abcdefghijklmnop\"", 5},
        {",\"jti\":\"abcdefghijklmnop\"", 0},
        {",\"jti\":\"short\"", 0},
        {",\"jti\":\"abcdefghijklmnopq\"", 0},
        {",\"jti\":\"abcdefghijklmno\\n\"", 0},
        {",\"jti\":\"abcdefghijklmno", -1},
        {",\"jti\":\"abcdefghijklmn\\\"", -1},
        {",\"jti\":\"abc\td\"", -1},
        {",\"jti\":7", 0},
        {",\"aud\":\"us\"", -1},
    };

    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t got = session_of(OURS, cases[i].tail);

        if (got != cases[i].session)
            failures++, printf("  %s: %lld\n", cases[i].tail, (long long)got);
    }
}

TEST(a_payload_that_ends_in_the_middle_says_nothing)
{
    const str whole = STR(BASE ",\"sid\":\"5\",\"jti\":\"abcdefghijklmnop\"}");
    char part[sizeof BASE + 64];
    struct claims c;

    begin();
    for (size_t n = 0; n <= whole.n; n++) {
        (void)snprintf(part, sizeof part, STR_FMT, STR_ARG(str_head(whole, n)));
        CHECK_ERR(jwt_verify(&mem, &keys, signed_by(SECRET, OURS, part), NOW, &c),
                  n == whole.n ? OK : ERR_TOKEN_INVALID);
    }
}

TEST(an_issuer_and_an_audience_are_read_to_their_last_letter)
{
    static const struct {
        const char *tail;
        int64_t session;
    } cases[] = {
        {NAMES ",\"aud\":\"us\"", 0},
        {",\"sid\":\"5\"" NAMES ",\"aud\":\"us\"", 5},
        {NAMES ",\"aud\":[\"them\",\"us\"]", 0},
        {NAMES ",\"aud\":[\"them\",7]", -1},
        {NAMES ",\"aud\":[]", -1},
        {NAMES ",\"aud\":\"use\"", -1},
        {NAMES ",\"aud\":\"u\"", -1},
        {NAMES ",\"aud\":7", -1},
        {NAMES, -1},
        {",\"aud\":\"us\"", -1},
        {",\"iss\":\"" ISSUER "\",\"aud\":\"us\"", 0},
        {",\"sub\":\"8\",\"client_id\":\"latchkey\",\"iss\":\"" ISSUER "\",\"aud\":\"us\"", 0},
        {",\"iss\":\"" ISSUER "/\",\"aud\":\"us\"", -1},
        {",\"iss\":[\"" ISSUER "\"],\"aud\":\"us\"", -1},
        {",\"sub\":\"x\",\"client_id\":\"latchkey\",\"iss\":\"" ISSUER "\",\"aud\":\"us\"", 0},
        {",\"sub\":\"7\",\"client_id\":\"latch\",\"iss\":\"" ISSUER "\",\"aud\":\"us\"", 0},
        {",\"sub\":\"7\",\"client_id\":\"latchkey\",\"iss\":\"https://auth.example\"", -1},
        {",\"sub\":\"7\",\"client_id\":\"latchkey\",\"iss\":\"" ISSUER "x\",\"aud\":\"us\"", -1},
    };

    begin();
    keys.issuer = STR(ISSUER);
    keys.audience = STR("us");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t got = session_of(ISSUED, cases[i].tail);

        if (got != cases[i].session)
            failures++, printf("  %s: %lld\n", cases[i].tail, (long long)got);
    }
}

static err header(const char *text)
{
    struct claims c;

    return jwt_verify(&mem, &keys, signed_by(SECRET, text, BASE NAMES "}"), NOW, &c);
}

/* RFC 9068 section 4: "at+jwt", or spelled as a media type; and nothing is taken for that. */
TEST(rfc_9068_an_issuers_tokens_say_what_they_are)
{
    begin();
    keys.issuer = STR(ISSUER);
    CHECK_ERR(header(ISSUED), OK);
    CHECK_ERR(header("{\"typ\":\"at+jwt\",\"alg\":\"HS256\"}"), OK);
    CHECK_ERR(header("{\"typ\":\"application/AT+JWT\",\"alg\":\"HS256\"}"), OK);
    CHECK_ERR(header("{\"typ\":\"JWT\",\"alg\":\"HS256\"}"), ERR_TOKEN_INVALID);
    CHECK_ERR(header("{\"typ\":7,\"alg\":\"HS256\"}"), ERR_TOKEN_INVALID);
    CHECK_ERR(header("{\"alg\":\"HS256\"}"), ERR_TOKEN_INVALID);
    CHECK_ERR(header(OURS), ERR_TOKEN_INVALID);
}

static err expires(const char *exp)
{
    struct claims c;
    str text = arena_printf(&mem, "{\"id\":7,\"iat\":1,\"exp\":%s}", exp);

    return jwt_verify(&mem, &keys, signed_by(SECRET, OURS, text.p), NOW, &c);
}

TEST(rfc_7519_a_date_is_any_number_that_is_one)
{
    begin();
    CHECK_ERR(expires("1.7e9"), ERR_TOKEN_INVALID); /* now */
    CHECK_ERR(expires("1.70000006E+9"), OK);
    CHECK_ERR(expires("1700000060.9"), OK);
    CHECK_ERR(expires("-1.5"), ERR_TOKEN_INVALID);
    CHECK_ERR(expires("-1e9"), ERR_TOKEN_INVALID);
    CHECK_ERR(expires("253402300799.9"), OK);
    CHECK_ERR(expires("2.534023008e11"), ERR_TOKEN_INVALID);
    CHECK_ERR(expires("1e999"), ERR_TOKEN_INVALID);
    CHECK_ERR(expires("1700000060.0000000000000000000000000000000000000000000000000000"), OK);
    CHECK_ERR(expires("1700000060.00000000000000000000000000000000000000000000000000000"),
              ERR_TOKEN_INVALID); /* 64 characters */
}

static err by_legacy(const char *secret, const char *head, const char *payload)
{
    struct claims c = {0};
    err e = jwt_verify(&mem, &keys, signed_by(secret, head, payload), NOW, &c);

    CHECK(e != OK || c.forgeable == (strcmp(secret, LEGACY) == 0));
    return e;
}

/* The legacy key vouches for tokens of the server before, which named neither issuer nor audience;
 * it opens no other way in. */
TEST(the_legacy_key_is_asked_second_and_for_its_own_kind)
{
    begin();
    CHECK_ERR(by_legacy(LEGACY, OURS, BASE "}"), ERR_TOKEN_INVALID);
    keyring_add_legacy(&keys, STR(LEGACY), NOW + 10, true);
    for (int issuer = 0; issuer < 2; issuer++) {
        if (issuer)
            keys.issuer = STR(ISSUER), keys.audience = STR("us");
        CHECK_ERR(by_legacy(LEGACY, OURS, BASE "}"), OK);
        CHECK_ERR(by_legacy(LEGACY, "{\"typ\":\"JWT\",\"alg\":\"HS256\"}", BASE " }"), OK);
        CHECK_ERR(by_legacy(LEGACY, "{\"alg\":\"HS256\"}", BASE ",\"sid\":\"5\"}"), OK);
        CHECK_ERR(by_legacy(LEGACY, ISSUED, BASE "}"), ERR_TOKEN_INVALID);
        CHECK_ERR(by_legacy(LEGACY, OURS, "{\"id\":0}"), ERR_TOKEN_INVALID);
        CHECK_ERR(by_legacy(LEGACY "!", OURS, BASE "}"), ERR_TOKEN_INVALID);
    }
    CHECK_ERR(by_legacy(SECRET, OURS, BASE "}"), ERR_TOKEN_INVALID);
    CHECK_ERR(by_legacy(SECRET, ISSUED, BASE NAMES ",\"aud\":\"us\"}"), OK);
    keys.legacy_until = NOW;
    CHECK_ERR(by_legacy(LEGACY, OURS, BASE "}"), ERR_TOKEN_INVALID);
}

/* ------------------------------------------------------------------------------------ pairs */

static struct keypair *pair_of(enum alg alg)
{
    static struct keypair *made[ALGS];

    if (!made[alg])
        CHECK_ERR(keypair_new(alg, &made[alg]), OK);
    return made[alg];
}

static const char *reason_of(str token, bool signature_only)
{
    const struct jwt_trial trial = {&keys, signature_only, NOW};
    const char *reason = "none";
    str payload;
    err e = jwt_check(&mem, &trial, token, &reason, &payload);

    CHECK((e == OK) == (strcmp(reason, "ok") == 0));
    return reason;
}

static str token_of_pair(void)
{
    str token = {0};

    CHECK_ERR(jwt_sign(&mem, &keys, &(struct claims){7, NOW, NOW + 60, true}, &token), OK);
    return token;
}

TEST(the_command_line_hears_why_of_pairs_too)
{
    begin();
    CHECK_ERR(keyring_add_pair(&keys, pair_of(ALG_ES256), NOW + 100, true), OK);
    str token = token_of_pair(), head, rest;
    str longer = arena_printf(&mem, STR_FMT "%0900d", STR_ARG(token), 0);
    str bad = arena_printf(&mem, STR_FMT "!", STR_ARG(str_head(token, token.n - 1)));

    CHECK_STR(str_of(reason_of(token, false)), STR("ok"));
    CHECK_STR(str_of(reason_of(token, true)), STR("ok"));
    CHECK_STR(str_of(reason_of(longer, false)), STR("signature"));
    CHECK_STR(str_of(reason_of(bad, false)), STR("base64"));
    CHECK_STR(str_of(reason_of(str_head(token, token.n - 2), true)), STR("signature"));
    (void)str_cut(token, '.', &head, &rest);
    CHECK_STR(str_of(reason_of(arena_printf(&mem, STR_FMT ".!.x", STR_ARG(head)), false)),
              STR("base64"));
    CHECK_STR(str_of(reason_of(signed_by(SECRET, OURS, "no claims"), true)), STR("ok"));
    CHECK_STR(str_of(reason_of(signed_by(LEGACY, OURS, "no claims"), true)), STR("signature"));
    CHECK_STR(str_of(reason_of(signed_by(SECRET, OURS, "no claims"), false)), STR("payload"));
}

TEST(a_pair_signs_other_payloads_as_their_type)
{
    const struct jws list = {STR("x+jwt"), STR("{\"a\":[]}"), 4096};
    str token = {0}, header, payload, signature = {0}, text;

    begin();
    CHECK_ERR(jws_sign(&mem, &keys, &list, &token), ERR_KEY_NONE);
    CHECK_ERR(keyring_add_pair(&keys, pair_of(ALG_EDDSA), INT64_MAX, true), OK);
    CHECK_ERR(jws_sign(&mem, &keys, &(struct jws){list.typ, list.payload, 200}, &token),
              ERR_NO_MEMORY);
    CHECK(!token.p);
    CHECK_ERR(jws_sign(&mem, &keys, &list, &token), OK);
    CHECK(str_cut(token, '.', &header, &payload) && str_cut(payload, '.', &payload, &signature));
    CHECK(segment_decode(&mem, header, &text) == FINE);
    CHECK_STR(text, arena_printf(&mem, "{\"alg\":\"EdDSA\",\"typ\":\"x+jwt\",\"kid\":\"%.43s\"}",
                                 keypair_kid(pair_of(ALG_EDDSA)).p));
    CHECK(segment_decode(&mem, payload, &text) == FINE);
    CHECK_STR(text, list.payload);
    CHECK(segment_decode(&mem, signature, &text) == FINE);
    CHECK(keypair_verify(pair_of(ALG_EDDSA), str_head(token, token.n - signature.n - 1), text));
    CHECK_STR(str_of(reason_of(token, false)), STR("algorithm")); /* no door opens to it */
}

TEST(a_pair_that_can_only_verify_signs_nothing)
{
    struct keypair *half = NULL;
    str der, token = {0};

    begin();
    CHECK_ERR(keypair_public(pair_of(ALG_ES256), &mem, &der), OK);
    CHECK_ERR(keypair_by_public(der, &half), OK);
    CHECK_ERR(keyring_add_pair(&keys, half, INT64_MAX, true), OK);
    CHECK_ERR(jwt_sign(&mem, &keys, &(struct claims){7, NOW, NOW + 60, true}, &token), ERR_BUG);
    CHECK_ERR(jws_sign(&mem, &keys, &(struct jws){STR("x"), STR("{}"), 999}, &token), ERR_BUG);
    CHECK(!token.p);
    keypair_free(half);
}

TEST(claims_beyond_what_a_token_can_say_are_not_signed)
{
    static const struct claims none[] = {
        {.user_id = 0},
        {.user_id = -1},
        {.user_id = 1, .session_id = -1},
        {.user_id = 1, .session_id = 1000000000000000},
    };
    str token = {0};

    begin();
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK_ERR(jwt_sign(&mem, &keys, &none[i], &token), ERR_BUG);
    CHECK(!token.p);
}

/* ----------------------------------------------------------------------- while memory runs out */

static const enum fault_kind memory_kinds[] = {FAULT_ARENA, FAULT_ALLOC, FAULT_OPENSSL};

#define EACH_MEMORY_FAULT(r)                                                                       \
    for (size_t k_ = 0; k_ < sizeof memory_kinds / sizeof *memory_kinds; k_++)                     \
        for (struct round r = {memory_kinds[k_]}; round_next(&r);)

/* A shortage is told from a bad token, whoever signed it, and never lets one in. */
TEST(a_shortage_is_no_bad_token_and_lets_none_in)
{
    for (enum alg alg = ALG_HS256; alg < ALGS; alg++) {
        str good, bad;
        struct claims c;

        begin();
        if (alg != ALG_HS256)
            CHECK_ERR(keyring_add_pair(&keys, pair_of(alg), INT64_MAX, true), OK);
        good = alg == ALG_HS256 ? signed_by(SECRET, "{\"alg\":\"HS256\"}", BASE " }")
                                : token_of_pair();
        bad = arena_printf(&mem, STR_FMT "AAAAA", STR_ARG(str_head(good, good.n - 5)));
        EACH_MEMORY_FAULT(r) {
            err e = jwt_verify(&mem, &keys, good, NOW, &c);

            if (!round_met(&r))
                CHECK_ERR(e, OK);
            else
                CHECK(e == OK || e == ERR_NO_MEMORY || r.kind == FAULT_OPENSSL);
        }
        EACH_MEMORY_FAULT(r) {
            CHECK(jwt_verify(&mem, &keys, bad, NOW, &c) != OK);
            (void)round_met(&r);
        }
    }
}

TEST(a_shortage_is_named_on_the_command_line)
{
    const str token = (begin(), signed_by(SECRET, "{\"alg\":\"HS256\"}", BASE " }"));

    for (struct round r = {FAULT_ARENA}; round_next(&r);) {
        const char *reason = reason_of(token, false);

        CHECK_STR(str_of(reason), round_met(&r) ? STR("memory") : STR("ok"));
    }
}

TEST(what_is_signed_in_a_shortage_is_whole_or_not_there)
{
    for (enum alg alg = ALG_HS256; alg < ALGS; alg++) {
        begin();
        keys.issuer = STR(ISSUER);
        if (alg != ALG_HS256)
            CHECK_ERR(keyring_add_pair(&keys, pair_of(alg), INT64_MAX, true), OK);
        EACH_MEMORY_FAULT(r) {
            struct claims back;
            str token = {0};
            err e = jwt_sign(&mem, &keys, &(struct claims){7, NOW, NOW + 60, true}, &token);
            bool met = round_met(&r);

            CHECK(e == OK || (met && e == ERR_NO_MEMORY && !token.p));
            CHECK(e != OK || jwt_verify(&mem, &keys, token, NOW, &back) == OK);
        }
        EACH_MEMORY_FAULT(r) {
            str token = {0};
            err e = jws_sign(&mem, &keys, &(struct jws){STR("x"), STR("{}"), 999}, &token);
            bool met = round_met(&r);

            CHECK(e == (alg == ALG_HS256 ? ERR_KEY_NONE : OK) || (met && e == ERR_NO_MEMORY));
        }
    }
}

TEST(a_ring_takes_a_pair_whole_or_not)
{
    begin();
    EACH_MEMORY_FAULT(r) {
        struct keyring ring;
        err e;

        keyring_copy(&ring, &keys);
        e = keyring_add_pair(&ring, pair_of(ALG_ES256), INT64_MAX, true);
        CHECK_ERR(e, round_met(&r) ? ERR_NO_MEMORY : OK);
        CHECK(ring.pairs_n == (e == OK) && (keyring_signer(&ring) != NULL) == (e == OK));
    }
}

TEST(a_cache_is_there_or_not)
{
    for (struct round r = {FAULT_ALLOC}; round_next(&r);) {
        struct jwt_cache *cache = jwt_cache_new();

        CHECK((cache == NULL) == round_met(&r));
        jwt_cache_free(cache);
    }
}

TEST(a_jwk_and_a_sealed_secret_are_read_or_memory_is_named)
{
    struct seal_key key;
    str sealed = {0}, plain = {0};
    const str text = STR("{\"kty\":\"oct\",\"k\":\"c2VjcmV0\"}");

    begin();
    seal_key_init(&key, STR(SECRET));
    for (struct round r = {FAULT_ARENA}; round_next(&r);) {
        const char *reason;
        str secret;
        err e = jwk_parse(&mem, text, &secret, &reason);
        bool met = round_met(&r);

        CHECK_ERR(e, met ? ERR_NO_MEMORY : OK);
        CHECK_STR(str_of(reason), met ? STR("memory") : STR("ok"));
        CHECK(met || str_is(secret, STR("secret")));
    }
    for (struct round r = {FAULT_ARENA}; round_next(&r);)
        CHECK_ERR(seal_close(&key, &mem, STR("plain"), STR("here"), &sealed),
                  round_met(&r) ? ERR_NO_MEMORY : OK);
    CHECK_ERR(seal_close(&key, &mem, STR("plain"), STR("here"), &sealed), OK);
    for (struct round r = {FAULT_ARENA}; round_next(&r);)
        CHECK_ERR(seal_open(&key, &mem, sealed, STR("here"), &plain),
                  round_met(&r) ? ERR_NO_MEMORY : OK);
    CHECK_STR(plain, STR("plain"));
    seal_key_end(&key);
}
