// SPDX-License-Identifier: MIT
/* jwt_pairs_test.c - tokens that others verify: each algorithm, one key one algorithm, an
 * issuer. */
#include "../tests/test.h"
#include "base/base64.h"
#include "base/json.h"
#include "crypto/jwt.h"

#define SECRET "a secret that nobody else has, of 40 byte"

enum { NOW = 1700000000 };

static struct arena mem;
static struct keyring keys;

static const struct claims zoe = {7, NOW, NOW + 60, true, .session_id = 5};

static struct keypair *pair_of(enum alg alg, int which)
{
    static struct keypair *made[ALGS][2];

    if (!made[alg][which])
        CHECK_ERR(keypair_new(alg, &made[alg][which]), OK);
    return made[alg][which];
}

static void begin(enum alg alg)
{
    arena_end(&mem);
    arena_init(&mem, 1 << 20);
    keyring_init(&keys, STR(SECRET));
    if (alg != ALG_HS256)
        CHECK_ERR(keyring_add_pair(&keys, pair_of(alg, 0), INT64_MAX, true), OK);
}

static str sign(void)
{
    str token = {0};

    CHECK_ERR(jwt_sign(&mem, &keys, &zoe, &token), OK);
    return token;
}

static err verify_at(str token, int64_t now)
{
    struct claims c = {0};
    err e = jwt_verify(&mem, &keys, token, now, &c);

    CHECK(e != OK || (c.user_id == 7 && c.session_id == 5 && c.issued_at == NOW));
    return e;
}

static err verify(str token)
{
    return verify_at(token, NOW);
}

static struct json *part(str token, int which)
{
    const struct json_rules rules = {.depth_max = 2, .values_max = 32, .unique = true};
    unsigned char *bytes = arena_alloc(&mem, 4096, 1);
    struct json *json = NULL;
    str rest = token, one;
    size_t n;

    for (int i = 0; i <= which; i++)
        (void)str_cut(rest, '.', &one, &rest);
    CHECK(base64url_read(one, bytes, &n));
    CHECK_ERR(json_parse(&mem, (str){(char *)bytes, n}, &rules, &json), OK);
    return json;
}

static str text_in(const struct json *object, const char *name)
{
    const struct json *v = json_member(object, str_of(name));

    return v && v->kind == JSON_TEXT ? v->text : (str){0};
}

TEST(each_algorithm_signs_and_verifies)
{
    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        str token;

        begin(alg);
        token = sign();
        CHECK_ERR(verify(token), OK);
        CHECK_ERR(verify_at(token, NOW + 60), ERR_TOKEN_INVALID);
        CHECK_STR(text_in(part(token, 0), "alg"), str_of(alg_name(alg)));
        CHECK_STR(text_in(part(token, 0), "typ"), STR("JWT"));
        CHECK_STR(text_in(part(token, 0), "kid"), keypair_kid(pair_of(alg, 0)));
    }
}

TEST(s3_3_no_bit_of_them_may_change)
{
    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        str token;
        char *p;

        begin(alg);
        token = sign();
        p = (char *)token.p;
        for (size_t bit = 0; bit < token.n * 8; bit += 3) {
            p[bit / 8] ^= (char)(1 << bit % 8);
            CHECK_ERR(verify(token), ERR_TOKEN_INVALID);
            p[bit / 8] ^= (char)(1 << bit % 8);
        }
        CHECK_ERR(verify(token), OK);
        for (size_t n = 0; n < token.n; n++)
            CHECK_ERR(verify(str_head(token, n)), ERR_TOKEN_INVALID);
    }
}

/* Header and payload under the MAC of whatever secret. */
static str mac_token(str header, str payload, str secret)
{
    unsigned char mac[SHA256_BYTES];
    struct mac_key key;
    struct buf b;

    mac_init(&key, secret);
    buf_init(&b, &mem, 1 << 16);
    base64url_put(&b, header);
    buf_byte(&b, '.');
    base64url_put(&b, payload);
    mac_sha256(&key, buf_str(&b), mac);
    buf_byte(&b, '.');
    base64url_put(&b, (str){(char *)mac, sizeof mac});
    return buf_str(&b);
}

TEST(s3_1_a_public_key_is_no_secret)
{
    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        const str payload = STR("{\"id\":7,\"iat\":1700000000,\"exp\":1700000060,\"sid\":\"5\"}");
        str secrets[3], kid = keypair_kid(pair_of(alg, 0));
        struct buf jwk, pem;

        begin(alg);
        buf_init(&jwk, &mem, 4096);
        buf_init(&pem, &mem, 4096);
        keypair_jwk_put(pair_of(alg, 0), &jwk);
        CHECK_ERR(keypair_public(pair_of(alg, 0), &mem, &secrets[0]), OK);
        secrets[1] = buf_str(&jwk);
        buf_put(&pem, STR("-----BEGIN PUBLIC KEY-----\n"));
        base64_put(&pem, secrets[0]);
        buf_put(&pem, STR("\n-----END PUBLIC KEY-----\n"));
        secrets[2] = buf_str(&pem);
        for (int i = 0; i < 3; i++) {
            str with = arena_printf(
                &mem, "{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"" STR_FMT "\"}", STR_ARG(kid));

            CHECK_ERR(verify(mac_token(with, payload, secrets[i])), ERR_TOKEN_INVALID);
            CHECK_ERR(
                verify(mac_token(STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), payload, secrets[i])),
                ERR_TOKEN_INVALID);
        }
        /* The secret is right there, but it is HS256's alone. */
        CHECK_ERR(
            verify(mac_token(STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), payload, STR(SECRET))),
            OK);
        CHECK_ERR(verify(mac_token(
                      arena_printf(&mem, "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"" STR_FMT "\"}",
                                   alg_name(alg), STR_ARG(kid)),
                      payload, STR(SECRET))),
                  ERR_TOKEN_INVALID);
    }
}

/* One pair's signature under another one's header. */
TEST(s3_1_one_key_one_algorithm)
{
    for (enum alg alg = ALG_ES256; alg < ALGS; alg++)
        for (enum alg other = ALG_ES256; other < ALGS; other++) {
            str ours, theirs, header, none, rest;

            if (alg == other)
                continue;
            begin(alg);
            CHECK_ERR(keyring_add_pair(&keys, pair_of(other, 0), INT64_MAX, false), OK);
            ours = sign();
            keys.signer = 2;
            theirs = sign();
            CHECK_ERR(verify(ours), OK);
            CHECK_ERR(verify(theirs), OK);
            (void)str_cut(ours, '.', &header, &none);
            (void)str_cut(theirs, '.', &none, &rest);
            CHECK_ERR(
                verify(arena_printf(&mem, STR_FMT "." STR_FMT, STR_ARG(header), STR_ARG(rest))),
                ERR_TOKEN_INVALID);
        }
}

TEST(a_pair_that_is_not_in_the_ring_is_refused)
{
    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        str token;

        begin(alg);
        token = arena_dup(&mem, sign());
        keyring_copy(&keys, &keys);
        CHECK_ERR(verify(token), ERR_TOKEN_INVALID);
        if (alg == ALG_RS256)
            continue;
        CHECK_ERR(keyring_add_pair(&keys, pair_of(alg, 1), INT64_MAX, true), OK);
        CHECK_ERR(verify(token), ERR_TOKEN_INVALID);
        CHECK_ERR(verify(sign()), OK);
        CHECK_ERR(keyring_add_pair(&keys, pair_of(alg, 0), INT64_MAX, false), OK);
        CHECK_ERR(verify(token), OK);
        CHECK_STR(text_in(part(sign(), 0), "kid"), keypair_kid(pair_of(alg, 1)));
    }
}

TEST(a_keys_word_ends)
{
    struct jwt_cache *cache = jwt_cache_new();
    struct claims c;
    str token;

    begin(ALG_EDDSA);
    token = sign();
    keys.pairs[0].until = NOW + 10;
    CHECK_ERR(verify_at(token, NOW + 9), OK);
    CHECK_ERR(verify_at(token, NOW + 10), ERR_TOKEN_INVALID);
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, token, NOW + 9, &c), OK);
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, token, NOW + 10, &c), ERR_TOKEN_INVALID);
    begin(ALG_HS256);
    token = sign();
    keys.secret_until = NOW + 10;
    CHECK_ERR(verify_at(token, NOW + 9), OK);
    CHECK_ERR(verify_at(token, NOW + 10), ERR_TOKEN_INVALID);
    jwt_cache_free(cache);
}

TEST(the_cache_holds_tokens_of_all_algorithms_and_forgets_them_with_the_keyring)
{
    for (enum alg alg = ALG_HS256; alg < ALGS; alg++) {
        struct jwt_cache *cache = jwt_cache_new();
        struct keyring without;
        struct claims c;
        str token;

        begin(alg);
        keys.issuer = keys.audience = STR("https://auth.example.org");
        keys.jti = true;
        if (alg != ALG_HS256) {
            keyring_copy(&keys, &keys);
            CHECK_ERR(keyring_add_pair(&keys, pair_of(alg, 0), INT64_MAX, true), OK);
        }
        token = sign();
        CHECK(token.n <= 1024);
        CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, token, NOW, &c), OK);
        /* A hit asks no key: one that says no to all is not asked. */
        if (alg != ALG_HS256) {
            const struct keypair *was = keys.pairs[0].pair;

            keys.pairs[0].pair = pair_of(alg == ALG_ES256 ? ALG_EDDSA : ALG_ES256, 0);
            CHECK_ERR(jwt_verify(&mem, &keys, token, NOW, &c), ERR_TOKEN_INVALID);
            CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, token, NOW, &c), OK);
            keys.pairs[0].pair = was;
            keyring_copy(&without, &keys);
            CHECK_ERR(jwt_verify_cached(cache, &mem, &without, token, NOW, &c), ERR_TOKEN_INVALID);
        }
        jwt_cache_free(cache);
    }
}

TEST(rfc_9068_an_issuers_access_token)
{
    for (enum alg alg = ALG_HS256; alg < ALGS; alg++) {
        str token, plain, first;
        struct json *payload;

        begin(alg);
        plain = arena_dup(&mem, sign());
        keys.issuer = STR("https://auth.example.org");
        keys.audience = STR("https://api.example.org");
        if (alg != ALG_HS256) {
            keyring_copy(&keys, &keys);
            CHECK_ERR(keyring_add_pair(&keys, pair_of(alg, 0), INT64_MAX, true), OK);
        }
        token = sign();
        CHECK_ERR(verify(token), OK);
        CHECK_ERR(verify(plain), ERR_TOKEN_INVALID);
        CHECK_STR(text_in(part(token, 0), "typ"), STR("at+jwt"));
        payload = part(token, 1);
        CHECK_STR(text_in(payload, "iss"), keys.issuer);
        CHECK_STR(text_in(payload, "aud"), keys.audience);
        CHECK_STR(text_in(payload, "sub"), STR("7"));
        CHECK_STR(text_in(payload, "client_id"), STR("latchkey"));
        CHECK_STR(text_in(payload, "sid"), STR("5"));
        first = text_in(payload, "jti");
        CHECK(first.n == 16);
        CHECK(!str_is(first, text_in(part(sign(), 1), "jti")));
        keys.audience = STR("https://other.example.org");
        CHECK_ERR(verify(token), ERR_TOKEN_INVALID);
        keys.audience = STR("https://api.example.org");
        keys.issuer = STR("https://auth.example.com");
        CHECK_ERR(verify(token), ERR_TOKEN_INVALID);
    }
}

/* What is written for speed's sake is read like what the JSON reader reads. */
TEST(an_issuer_that_json_escapes_is_read_all_the_same)
{
    begin(ALG_HS256);
    keys.issuer = STR("https://auth.example.org/\"q\"\\");
    CHECK_ERR(verify(sign()), OK);
}

TEST(s3_11_another_kind_of_token_is_refused)
{
    static const char *const types[] = {"rt+jwt", "dev+jwt", "latchkey-revocations+jwt",
                                        "JOSE",   "id+jwt",  ""};
    const str payload = STR("{\"id\":7,\"iat\":1700000000,\"exp\":1700000060,\"sid\":\"5\"}");

    begin(ALG_HS256);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        CHECK_ERR(
            verify(mac_token(arena_printf(&mem, "{\"alg\":\"HS256\",\"typ\":\"%s\"}", types[i]),
                             payload, STR(SECRET))),
            ERR_TOKEN_INVALID);
    CHECK_ERR(
        verify(mac_token(STR("{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}"), payload, STR(SECRET))),
        ERR_TOKEN_INVALID);
    CHECK_ERR(verify(mac_token(STR("{\"alg\":\"HS256\",\"typ\":7}"), payload, STR(SECRET))),
              ERR_TOKEN_INVALID);
    CHECK_ERR(verify(mac_token(STR("{\"alg\":\"HS256\"}"), payload, STR(SECRET))), OK);
}

static int by_text(const void *a, const void *b)
{
    return memcmp(a, b, 16);
}

TEST(a_hundred_thousand_tokens_have_as_many_ids)
{
    enum { MANY = 100000 };
    char(*ids)[16] = calloc(MANY, sizeof *ids);
    struct arena scratch;
    size_t same = 0;

    begin(ALG_HS256);
    keys.jti = true;
    arena_init(&scratch, 1 << 16);
    for (size_t i = 0; ids && i < MANY; i++) {
        unsigned char bytes[512];
        str token, rest, payload;
        ptrdiff_t at;
        size_t n;

        arena_reset(&scratch);
        CHECK_ERR(jwt_sign(&scratch, &keys, &zoe, &token), OK);
        (void)str_cut(token, '.', &payload, &rest);
        (void)str_cut(rest, '.', &payload, &rest);
        CHECK(base64url_read(payload, bytes, &n));
        at = str_find((str){(char *)bytes, n}, STR("\"jti\":\""));
        CHECK(at > 0);
        memcpy(ids[i], bytes + at + 7, 16);
    }
    qsort(ids, MANY, sizeof *ids, by_text);
    for (size_t i = 1; i < MANY; i++)
        same += memcmp(ids[i - 1], ids[i], 16) == 0;
    CHECK(same == 0);
    arena_end(&scratch);
    free(ids);
}

TEST(a_mute_ring_signs_nothing)
{
    str token;

    begin(ALG_HS256);
    token = sign();
    keys.mute = true;
    CHECK_ERR(jwt_sign(&mem, &keys, &zoe, &(str){0}), ERR_KEY_SEALED);
    CHECK_ERR(verify(token), OK);
}

TEST(published_keys_have_no_secret_and_end_with_their_word)
{
    struct buf b;

    begin(ALG_HS256);
    buf_init(&b, &mem, 1 << 16);
    keyring_jwks_put(&keys, NOW, &b);
    CHECK_STR(buf_str(&b), STR("{\"keys\":[]}"));
    CHECK_ERR(keyring_add_pair(&keys, pair_of(ALG_ES256, 0), NOW + 1, false), OK);
    CHECK_ERR(keyring_add_pair(&keys, pair_of(ALG_EDDSA, 0), INT64_MAX, true), OK);
    buf_clear(&b);
    keyring_jwks_put(&keys, NOW, &b);
    CHECK(str_find(buf_str(&b), keypair_kid(pair_of(ALG_ES256, 0))) > 0);
    CHECK(str_find(buf_str(&b), keypair_kid(pair_of(ALG_EDDSA, 0))) > 0);
    buf_clear(&b);
    keyring_jwks_put(&keys, NOW + 1, &b);
    CHECK(str_find(buf_str(&b), keypair_kid(pair_of(ALG_ES256, 0))) < 0);
    CHECK(str_find(buf_str(&b), keypair_kid(pair_of(ALG_EDDSA, 0))) > 0);
}

TEST(a_ring_is_full_at_its_limit)
{
    begin(ALG_HS256);
    for (int i = 0; i < KEYRING_PAIRS; i++)
        CHECK_ERR(keyring_add_pair(&keys, pair_of(ALG_EDDSA, 0), INT64_MAX, false), OK);
    CHECK_ERR(keyring_add_pair(&keys, pair_of(ALG_EDDSA, 0), INT64_MAX, false), ERR_NO_MEMORY);
}
