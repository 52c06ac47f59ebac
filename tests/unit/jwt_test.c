// SPDX-License-Identifier: MIT
/* jwt_test.c - tokens: what is signed, what verifies, and all that must not.
 *
 * Names follow RFC 8725 and its successor draft, section by section. */
#include "../tests/test.h"
#include "base/base64.h"
#include "crypto/jwt.h"
#include "crypto/key.h"

#define SECRET "a secret that nobody else has, of 40 byte"
#define OURS "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"

enum { NOW = 1700000000 };

static struct arena mem;
static struct keyring keys;

static void begin(void)
{
    arena_end(&mem);
    arena_init(&mem, 1 << 20);
    keyring_init(&keys, STR(SECRET));
}

/* Any header and payload with the signature that belongs to them. */
static str signed_by(const struct keyring *by, str header, str payload)
{
    unsigned char mac[SHA256_BYTES];
    struct buf b;

    buf_init(&b, &mem, 1 << 17);
    base64url_put(&b, header);
    buf_byte(&b, '.');
    base64url_put(&b, payload);
    mac_sha256(&by->hs256, buf_str(&b), mac);
    buf_byte(&b, '.');
    base64url_put(&b, (str){(char *)mac, sizeof mac});
    return buf_str(&b);
}

static str token_of(const char *header, const char *payload)
{
    return signed_by(&keys, str_of(header), str_of(payload));
}

static err verify(str token)
{
    struct claims c = {.user_id = 7777};
    err e = jwt_verify(&mem, &keys, token, NOW, &c);

    CHECK(e == OK || c.user_id == 7777); /* written only on OK */
    return e;
}

static err payload(const char *text)
{
    return verify(token_of(OURS, text));
}

/* As an issuer's access tokens are. */
static err issued(const char *text)
{
    return verify(token_of("{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", text));
}

static err header(const char *text)
{
    return verify(token_of(text, "{\"id\":1,\"iat\":1700000000,\"exp\":1700000001}"));
}

static err verify_text(const char *token)
{
    return verify(str_of(token));
}

static str good(void)
{
    return token_of(OURS, "{\"id\":1,\"iat\":1700000000,\"exp\":1700086400}");
}

#define ALL(check, want, ...)                                                                      \
    do {                                                                                           \
        static const char *const all[] = {__VA_ARGS__};                                            \
        for (size_t i = 0; i < sizeof all / sizeof *all; i++) {                                    \
            err got = check(all[i]);                                                               \
            if (got != (want))                                                                     \
                failures++, printf("  %s: got %s\n", all[i], err_name(got));                       \
        }                                                                                          \
    } while (0)

TEST(what_is_signed_is_exactly_the_tutorials_token)
{
    static const struct claims in = {3, 1600000000, 4102444800, true};
    struct claims back;
    str token;

    begin();
    CHECK_ERR(jwt_sign(&mem, &keys, &in, &token), OK);
    CHECK_STR(token, token_of(OURS, "{\"id\":3,\"iat\":1600000000,\"exp\":4102444800}"));
    CHECK_ERR(jwt_verify(&mem, &keys, token, NOW, &back), OK);
    CHECK(back.user_id == 3 && back.issued_at == 1600000000 && back.expires_at == 4102444800);
    CHECK(back.has_issued_at);
}

/* A token that the tutorial's server gave, and its secret. */
TEST(a_token_of_the_tutorials_server_verifies)
{
    static const struct claims in = {3, 1600000000, 4102444800, true};
    str token;

    begin();
    keyring_init(&keys, STR("bezkoder-secret-key"));
    CHECK_ERR(jwt_sign(&mem, &keys, &in, &token), OK);
    CHECK_STR(token, STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
                         "eyJpZCI6MywiaWF0IjoxNjAwMDAwMDAwLCJleHAiOjQxMDI0NDQ4"
                         "MDB9.J1M2WQLIWXTlD9WhMhWjph3L8UBZcUIdLVAe-B5EAU8"));
    CHECK_ERR(verify(token), OK);
}

TEST(s3_1_only_hs256_by_its_exact_name)
{
    begin();
    CHECK_ERR(header("{\"alg\":\"HS256\"}"), OK);
    CHECK_ERR(header(" { \"alg\" : \"HS256\" , \"typ\":\"jwt\"} "), OK);
    ALL(header, ERR_TOKEN_INVALID, "{\"alg\":\"HS384\"}", "{\"alg\":\"HS512\"}",
        "{\"alg\":\"RS256\"}", "{\"alg\":\"ES256\"}", "{\"alg\":\"PS256\"}", "{\"alg\":\"EdDSA\"}",
        "{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"nOnE\"}", "{\"alg\":\"\"}",
        "{\"alg\":\"hs256\"}", "{\"alg\":\"HS256 \"}", "{\"alg\":\"HS256\\u0000\"}",
        "{\"alg\":null}", "{\"alg\":[\"HS256\"]}", "{\"alg\":256}", "{}", "{\"typ\":\"JWT\"}",
        "{\"ALG\":\"HS256\"}", "{\"alg\":\"PBES2-HS256+A128KW\",\"p2c\":2147483647}",
        "{\"alg\":\"dir\",\"enc\":\"A128GCM\"}");
}

TEST(s3_1_a_token_without_signature_is_none)
{
    str t;

    begin();
    t = good();
    CHECK_ERR(verify(str_head(t, t.n - 43)), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(str_head(t, t.n - 44)), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(STR("eyJhbGciOiJub25lIn0.eyJpZCI6MSwiZXhwIjo0MTAyNDQ0ODAwfQ.")),
              ERR_TOKEN_INVALID);
}

TEST(s3_1_another_key_does_not_open)
{
    struct keyring other;

    begin();
    keyring_init(&other, STR(SECRET "."));
    CHECK_ERR(verify(signed_by(&other, STR(OURS),
                               STR("{\"id\":1,\"iat\":1700000000,\"exp\":1700086400}"))),
              ERR_TOKEN_INVALID);
    keyring_end(&other);
}

TEST(s3_3_no_flipped_bit_of_a_token_is_accepted)
{
    char copy[256];
    size_t accepted = 0;
    str t;

    begin();
    t = good();
    CHECK(t.n < sizeof copy);
    CHECK_ERR(verify(t), OK);
    for (size_t bit = 0; bit < 8 * t.n; bit++) {
        memcpy(copy, t.p, t.n);
        copy[bit / 8] = (char)(copy[bit / 8] ^ (1 << bit % 8));
        accepted += verify((str){copy, t.n}) == OK;
    }
    CHECK(accepted == 0);
}

TEST(s3_3_no_head_and_no_longer_form_of_a_token_is_accepted)
{
    str t;

    begin();
    t = good();
    for (size_t n = 0; n < t.n; n++)
        CHECK_ERR(verify(str_head(t, n)), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(arena_printf(&mem, STR_FMT "A", STR_ARG(t))), ERR_TOKEN_INVALID);
    CHECK_ERR(verify((str){0}), ERR_TOKEN_INVALID);
}

TEST(s3_6_a_compressed_token_is_refused)
{
    begin();
    CHECK_ERR(header("{\"alg\":\"HS256\",\"zip\":\"DEF\"}"), ERR_TOKEN_INVALID);
}

TEST(s3_7_header_and_payload_are_utf8)
{
    begin();
    ALL(header, ERR_TOKEN_INVALID, "\xef\xbb\xbf" OURS, "{\"alg\":\"HS256\",\"x\":\"\xff\"}",
        "{\"alg\":\"HS256\",\"x\":\"\xc0\xaf\"}", "{\"alg\":\"HS256\",\"x\":\"\\ud800\"}",
        "{\"alg\":\"HS256\",\"\\udc00\":1}", "{\"alg\":\"HS256\",\"x\":[[\"\\ud800\"]]}");
    ALL(payload, ERR_TOKEN_INVALID, "\xef\xbb\xbf{\"id\":1,\"iat\":1,\"exp\":1700000001}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"n\":\"\xff\"}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"n\":\"\xed\xa0\x80\"}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"n\":\"\\ud800\"}");
    CHECK_ERR(verify(signed_by(&keys, STR(OURS),
                               STR("{\0\"\0i\0d\0\"\0:\0"
                                   "1\0}\0"))),
              ERR_TOKEN_INVALID);
}

TEST(s3_8_an_issuer_that_is_asked_for_must_be_there)
{
    static const struct claims in = {1, NOW, NOW + 60, true};
    str token;

    begin();
    CHECK_ERR(payload("{\"id\":1,\"iat\":1,\"exp\":1700000001,\"iss\":\"anyone\"}"), OK);
    keys.issuer = STR("https://us.example");
    ALL(issued, ERR_TOKEN_INVALID, "{\"id\":1,\"iat\":1,\"exp\":1700000001}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"iss\":\"https://us.example/\"}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"iss\":[\"https://us.example\"]}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"iss\":1}");
    CHECK_ERR(issued("{\"id\":1,\"iat\":1,\"exp\":1700000001,\"iss\":\"https://us.example\"}"),
              OK);
    CHECK_ERR(payload("{\"id\":1,\"iat\":1,\"exp\":1700000001,\"iss\":\"https://us.example\"}"),
              ERR_TOKEN_INVALID);
    CHECK_ERR(jwt_sign(&mem, &keys, &in, &token), OK);
    CHECK_ERR(verify(token), OK);
}

TEST(s3_9_an_audience_must_name_us)
{
    static const struct claims in = {1, NOW, NOW + 60, true};
    str token;

    begin();
    CHECK_ERR(payload("{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":\"them\"}"),
              ERR_TOKEN_INVALID);
    keys.audience = STR("us");
    ALL(payload, OK, "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":\"us\"}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":[\"them\",\"us\"]}");
    ALL(payload, ERR_TOKEN_INVALID, "{\"id\":1,\"iat\":1,\"exp\":1700000001}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":\"u\"}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":\"US\"}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":\"usa\"}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":[]}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":{\"us\":1}}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"aud\":[[\"us\"]]}");
    CHECK_ERR(jwt_sign(&mem, &keys, &in, &token), OK);
    CHECK_ERR(verify(token), OK);
}

TEST(s3_10_a_key_id_names_no_key_of_ours_and_no_key_comes_along)
{
    begin();
    ALL(header, ERR_TOKEN_INVALID, "{\"alg\":\"HS256\",\"kid\":\"../../../dev/null\"}",
        "{\"alg\":\"HS256\",\"kid\":\"' OR 1=1--\"}", "{\"alg\":\"HS256\",\"kid\":\"\\u0000\"}",
        "{\"alg\":\"HS256\",\"kid\":[]}", "{\"alg\":\"HS256\",\"kid\":{}}");
    CHECK_ERR(header("{\"alg\":\"HS256\",\"jku\":\"http://x/\",\"x5u\":\"http://x/"
                     "\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"},"
                     "\"x5c\":[\"AAAA\"]}"),
              OK);
    keys.lax = true;
    CHECK_ERR(header("{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"../../"
                     "x\",\"jwk\":{},\"jku\":\"http://x/\"}"),
              OK);
}

TEST(s3_14_three_segments_and_no_other_form)
{
    str t, jws;

    begin();
    t = good();
    jws = arena_printf(&mem, "{\"payload\":\"x\",\"signatures\":[\"" STR_FMT "\"]}", STR_ARG(t));
    CHECK_ERR(verify(jws), ERR_TOKEN_INVALID);
    ALL(verify_text, ERR_TOKEN_INVALID, "", ".", "..", "...", "....", ".....", "a", "a.b", "a.b.c",
        "a.b.c.d.e", "null", "undefined");
    CHECK_ERR(verify(arena_printf(&mem, "." STR_FMT, STR_ARG(t))), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(arena_printf(&mem, STR_FMT ".", STR_ARG(t))), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(arena_printf(&mem, STR_FMT "..", STR_ARG(t))), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(arena_printf(&mem, " " STR_FMT, STR_ARG(t))), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(arena_printf(&mem, STR_FMT "\n", STR_ARG(t))), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(arena_printf(&mem, "Bearer " STR_FMT, STR_ARG(t))), ERR_TOKEN_INVALID);
    CHECK_ERR(verify(arena_printf(&mem, "\"" STR_FMT "\"", STR_ARG(t))), ERR_TOKEN_INVALID);
}

/* RFC 7515 section 2. The MAC is over the text as it stands, so these are signed and refused all
 * the same. */
TEST(rfc_7515_segments_are_canonical_base64url)
{
    static const char *const bad[][2] = {
        {"eyJhbGciOiJIUzI1NiJ9=", "eyJpZCI6MSwiaWF0IjoxLCJleHAiOjE3MDAwMDAwMDF9"},
        {"eyJhbGciOiJIUzI1NiJ9", "eyJpZCI6MSwiaWF0IjoxLCJleHAiOjE3MDAwMDAwMDF9="},
        {"eyJhbGciOiJIUzI1NiJ9", "eyJpZCI6MSwiaWF0IjoxLCJleHAiOjE3MDAwMDAwMDF9\n"},
        {"eyJhbGciOiJIUzI1NiJ9", "eyJpZCI6MSwiaWF0IjoxLCJleHAiOjE3MDAwMDAwMDF+"},
        {"eyJhbGciOiJIUzI1NiJ9", "eyJpZCI6MSwiaWF0IjoxLCJleHAiOjE3MDAwMDAwMDEgfR"},
        {"eyJhbGciOiJIUzI1NiJ9", ""},
        {"", "eyJpZCI6MSwiaWF0IjoxLCJleHAiOjE3MDAwMDAwMDF9"},
    };
    unsigned char mac[SHA256_BYTES];
    struct buf b;

    begin();
    CHECK_ERR(verify(token_of("{\"alg\":\"HS256\"}", "{\"id\":1,\"iat\":1,\"exp\":1700000001}")),
              OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        buf_init(&b, &mem, 1024);
        buf_printf(&b, "%s.%s", bad[i][0], bad[i][1]);
        mac_sha256(&keys.hs256, buf_str(&b), mac);
        buf_byte(&b, '.');
        base64url_put(&b, (str){(char *)mac, sizeof mac});
        CHECK_ERR(verify(buf_str(&b)), ERR_TOKEN_INVALID);
    }
}

TEST(rfc_7515_names_come_once)
{
    begin();
    ALL(header, ERR_TOKEN_INVALID, "{\"alg\":\"none\",\"alg\":\"HS256\"}",
        "{\"alg\":\"HS256\",\"\\u0061lg\":\"HS256\"}");
    ALL(payload, ERR_TOKEN_INVALID, "{\"id\":3,\"id\":1,\"iat\":1,\"exp\":1700000001}",
        "{\"id\":1,\"iat\":1,\"exp\":1,\"exp\":1700000001}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"x\":{\"a\":1,\"a\":1}}");
}

TEST(rfc_7515_crit_is_always_refused)
{
    for (int lax = 0; lax < 2; lax++) {
        begin();
        keys.lax = lax;
        ALL(header, ERR_TOKEN_INVALID, "{\"alg\":\"HS256\",\"crit\":[\"x\"],\"x\":1}",
            "{\"alg\":\"HS256\",\"crit\":[]}", "{\"alg\":\"HS256\",\"crit\":null}",
            "{\"alg\":\"HS256\",\"crit\":\"exp\"}", "{\"alg\":\"HS256\",\"crit\":[\"alg\"]}",
            "{\"alg\":\"HS256\",\"b64\":false,\"crit\":[\"b64\"]}");
    }
}

TEST(rfc_7519_exp_is_a_number_after_now)
{
    begin();
    ALL(payload, OK, "{\"id\":1,\"iat\":1,\"exp\":1700000001}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000001.5}", "{\"id\":1,\"iat\":1,\"exp\":17000000010e-1}",
        "{\"id\":1,\"iat\":1,\"exp\":253402300799}");
    ALL(payload, ERR_TOKEN_INVALID, "{\"id\":1,\"iat\":1,\"exp\":1700000000}",
        "{\"id\":1,\"iat\":1,\"exp\":1700000000.9}", "{\"id\":1,\"iat\":1,\"exp\":1699999940}",
        "{\"id\":1,\"iat\":1}", "{\"id\":1,\"iat\":1,\"exp\":\"1700000001\"}",
        "{\"id\":1,\"iat\":1,\"exp\":1e400}", "{\"id\":1,\"iat\":1,\"exp\":-1}",
        "{\"id\":1,\"iat\":1,\"exp\":9007199254740992}",
        "{\"id\":1,\"iat\":1,\"exp\":9223372036854775808}",
        "{\"id\":1,\"iat\":1,\"exp\":18446744073709551616}",
        "{\"id\":1,\"iat\":1,\"exp\":253402300800}", "{\"id\":1,\"iat\":1,\"exp\":NaN}",
        "{\"id\":1,\"iat\":1,\"exp\":null}", "{\"id\":1,\"iat\":1,\"exp\":true}",
        "{\"id\":1,\"iat\":1,\"exp\":[1700000001]}", "{\"id\":1,\"iat\":1,\"exp\":01700000001}");
}

TEST(rfc_7519_nbf_and_iat_may_be_60_s_ahead_and_no_more)
{
    begin();
    ALL(payload, OK, "{\"id\":1,\"iat\":1700000060,\"exp\":1800000000}",
        "{\"id\":1,\"iat\":1,\"nbf\":1700000060,\"exp\":1800000000}",
        "{\"id\":1,\"iat\":1700000060,\"nbf\":1700000060,\"exp\":1800000000}");
    ALL(payload, ERR_TOKEN_INVALID, "{\"id\":1,\"iat\":1700000061,\"exp\":1800000000}",
        "{\"id\":1,\"iat\":1,\"nbf\":1700000061,\"exp\":1800000000}",
        "{\"id\":1,\"iat\":1,\"nbf\":\"1\",\"exp\":1800000000}",
        "{\"id\":1,\"iat\":1,\"nbf\":null,\"exp\":1800000000}",
        "{\"id\":1,\"iat\":\"1\",\"exp\":1800000000}", "{\"id\":1,\"exp\":1800000000}");
}

TEST(rfc_7519_id_is_a_whole_number_from_1_in_digits)
{
    begin();
    ALL(payload, ERR_TOKEN_INVALID, "{\"iat\":1,\"exp\":1700000001}",
        "{\"id\":0,\"iat\":1,\"exp\":1700000001}", "{\"id\":-1,\"iat\":1,\"exp\":1700000001}",
        "{\"id\":1.0,\"iat\":1,\"exp\":1700000001}", "{\"id\":1e0,\"iat\":1,\"exp\":1700000001}",
        "{\"id\":\"1\",\"iat\":1,\"exp\":1700000001}",
        "{\"id\":\"1abc\",\"iat\":1,\"exp\":1700000001}",
        "{\"id\":true,\"iat\":1,\"exp\":1700000001}", "{\"id\":[1],\"iat\":1,\"exp\":1700000001}",
        "{\"id\":{},\"iat\":1,\"exp\":1700000001}", "{\"id\":null,\"iat\":1,\"exp\":1700000001}",
        "{\"id\":9223372036854775808,\"iat\":1,\"exp\":1700000001}",
        "{\"sub\":1,\"iat\":1,\"exp\":1700000001}", "{\"ID\":1,\"iat\":1,\"exp\":1700000001}",
        "\"hello\"", "null", "true", "[]", "{bad", "{}", "7");
    CHECK_ERR(payload("{\"id\":9223372036854775807,\"iat\":1,\"exp\":1700000001}"), OK);
}

/* What the tutorial's verifier lets pass, and does no harm. */
TEST(lax_takes_what_the_tutorials_verifier_takes)
{
    begin();
    keys.lax = true;
    ALL(payload, OK, "{\"id\":1,\"exp\":4102444800}", "{\"id\":1,\"exp\":4102444800.5}",
        "{\"id\":3,\"id\":1,\"exp\":1,\"exp\":4102444800}",
        "{\"id\":1,\"iat\":4102444795,\"exp\":4102444800}",
        "{\"id\":1,\"iat\":\"x\",\"exp\":4102444800,\"aud\":\"them\"}");
    ALL(header, OK, "{\"alg\":\"none\",\"alg\":\"HS256\"}", "{\"alg\":\"HS256\"}",
        " { \"alg\" : \"HS256\" } ");
    ALL(payload, ERR_TOKEN_INVALID, "{\"id\":1,\"exp\":4102444800,\"nbf\":4102444799}",
        "{\"id\":1,\"exp\":4102444800,\"nbf\":1700000001}",
        "{\"id\":1,\"exp\":4102444800,\"nbf\":\"1\"}", "{\"id\":1,\"exp\":1600086400}",
        "{\"id\":1.0,\"exp\":4102444800}", "{\"id\":1}");
}

TEST(what_is_recognised_as_bytes_means_what_the_reader_reads)
{
    static const char *const ids[] = {
        "0", "1", "-1", "01", "10", "999999999999999", "9999999999999999", "1.0", "", " 1"};
    static const char *const times[] = {
        "0",  "1699999999",   "1700000000",   "1700000001",      "1700000060", "1700000061",
        "01", "253402300799", "253402300800", "999999999999999", "-1",         ""};
    enum { IDS = sizeof ids / sizeof *ids, TIMES = sizeof times / sizeof *times };
    size_t accepted = 0;

    for (size_t k = 0; k < 2 * IDS * TIMES * TIMES; k++) {
        const char *id = ids[k / 2 % IDS], *iat = times[k / 2 / IDS % TIMES],
                   *exp = times[k / 2 / IDS / TIMES];
        struct claims plain = {0}, read = {0};
        err e;

        begin();
        keys.lax = k & 1;
        e = jwt_verify(
            &mem, &keys,
            signed_by(&keys, STR(OURS),
                      arena_printf(&mem, "{\"id\":%s,\"iat\":%s,\"exp\":%s}", id, iat, exp)),
            NOW, &plain);
        CHECK_ERR(jwt_verify(&mem, &keys,
                             signed_by(&keys, STR(OURS),
                                       arena_printf(&mem, "{\"id\":%s,\"iat\":%s,\"exp\":%s }", id,
                                                    iat, exp)),
                             NOW, &read),
                  e);
        CHECK(plain.user_id == read.user_id && plain.issued_at == read.issued_at &&
              plain.expires_at == read.expires_at && plain.has_issued_at == read.has_issued_at);
        accepted += e == OK;
    }
    CHECK(accepted > 0);
}

TEST(a_token_over_8_kib_is_refused_and_one_just_below_is_read)
{
    static char pad[6050];
    str big, huge;

    begin();
    memset(pad, 'x', sizeof pad);
    big = signed_by(
        &keys, STR(OURS),
        arena_printf(&mem, "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"pad\":\"%.6000s\"}", pad));
    huge = signed_by(
        &keys, STR(OURS),
        arena_printf(&mem, "{\"id\":1,\"iat\":1,\"exp\":1700000001,\"pad\":\"%.6049s\"}", pad));
    CHECK(big.n > 8100 && big.n <= JWT_BYTES_MAX && huge.n > JWT_BYTES_MAX);
    CHECK_ERR(verify(big), OK);
    CHECK_ERR(verify(huge), ERR_TOKEN_INVALID);
}

TEST(an_arena_at_its_limit_is_no_bad_token)
{
    struct arena little;
    struct claims c;
    str token;

    begin();
    token = token_of(OURS, "{ \"id\":1,\"iat\":1700000000,\"exp\":1700086400}");
    arena_init(&little, 16);
    CHECK_ERR(jwt_verify(&little, &keys, token, NOW, &c), ERR_NO_MEMORY);
    CHECK_ERR(jwt_sign(&little, &keys, &(struct claims){1, 1, 2, true}, &token), ERR_NO_MEMORY);
    CHECK_ERR(jwt_sign(&mem, &keys, &(struct claims){0, 1, 2, true}, &token), ERR_BUG);
    arena_end(&little);
}

TEST(the_cache_answers_as_the_verifier_and_asks_the_time_again)
{
    struct jwt_cache *cache = jwt_cache_new();
    struct claims c = {0};
    str t;

    begin();
    t = token_of(OURS, "{\"id\":5,\"iat\":1700000000,\"exp\":1700000100}");
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW, &c), OK);
    c = (struct claims){0};
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW, &c), OK);
    CHECK(c.user_id == 5 && c.issued_at == NOW && c.expires_at == NOW + 100 && c.has_issued_at);
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW + 99, &c), OK);
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW + 100, &c), ERR_TOKEN_INVALID);
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW - 61, &c), ERR_TOKEN_INVALID);
    CHECK_ERR(jwt_verify_cached(NULL, &mem, &keys, t, NOW, &c), OK);
    jwt_cache_free(cache);
    jwt_cache_free(NULL);
}

TEST(the_cache_holds_whole_tokens_and_only_those_that_verified)
{
    struct jwt_cache *cache = jwt_cache_new();
    struct claims c;
    char copy[256];
    str t;

    begin();
    t = good();
    memcpy(copy, t.p, t.n);
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW, &c), OK);
    for (size_t at = 0; at < t.n; at++) {
        copy[at] = (char)(copy[at] ^ 1);
        for (int twice = 0; twice < 2; twice++)
            CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, (str){copy, t.n}, NOW, &c),
                      ERR_TOKEN_INVALID);
        copy[at] = t.p[at];
    }
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, (str){0}, NOW, &c), ERR_TOKEN_INVALID);
    jwt_cache_free(cache);
}

TEST(the_cache_keeps_apart_more_tokens_than_it_has_room_for)
{
    struct jwt_cache *cache = jwt_cache_new();
    struct arena own;
    str tokens[1500];

    begin();
    arena_init(&own, 4 << 20);
    for (int i = 0; i < 1500; i++)
        CHECK_ERR(jwt_sign(&own, &keys, &(struct claims){i + 1, NOW, NOW + 60, true}, &tokens[i]),
                  OK);
    for (int round = 0; round < 3; round++)
        for (int i = 0; i < 1500; i++) {
            struct claims c = {0};

            CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, tokens[i], NOW, &c), OK);
            CHECK(c.user_id == i + 1);
        }
    arena_end(&own);
    jwt_cache_free(cache);
}

TEST(the_cache_forgets_with_the_key)
{
    struct jwt_cache *cache = jwt_cache_new();
    struct claims c;
    str t;

    begin();
    t = good();
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW, &c), OK);
    keyring_end(&keys);
    keyring_init(&keys, STR("another secret that nobody else has either"));
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW, &c), ERR_TOKEN_INVALID);
    keyring_init(&keys, STR(SECRET));
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW, &c), OK);
    jwt_cache_clear(cache);
    CHECK_ERR(jwt_verify_cached(cache, &mem, &keys, t, NOW, &c), OK);
    jwt_cache_free(cache);
}

static const char *reason_of(const struct keyring *by, str token, bool signature_only)
{
    const struct jwt_trial trial = {by, signature_only, NOW};
    const char *reason = NULL;
    str text = {0};
    err e = jwt_check(&mem, &trial, token, &reason, &text);

    CHECK((e == OK) == (strcmp(reason, "ok") == 0));
    return reason;
}

TEST(the_command_line_hears_why)
{
    static const struct {
        const char *header, *payload, *reason;
    } cases[] = {
        {OURS, "{\"id\":1,\"iat\":1,\"exp\":1700000001}", "ok"},
        {"{\"alg\":\"HS512\"}", "{}", "algorithm"},
        {"{\"alg\":\"HS256\",\"crit\":[]}", "{}", "critical"},
        {"{\"alg\":\"HS256\",\"kid\":\"x\"}", "{}", "key-id"},
        {"[]", "{}", "header"},
        {OURS, "x", "payload"},
        {OURS, "{\"id\":0}", "claim"},
        {OURS, "{\"id\":1,\"iat\":1,\"exp\":1}", "expired"},
        {OURS, "{\"id\":1,\"iat\":1,\"exp\":1800000000,\"nbf\":1790000000}", "early"},
        {OURS, "{\"id\":1,\"iat\":1,\"exp\":1800000000,\"aud\":\"x\"}", "audience"},
    };
    str t;

    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(str_of(reason_of(&keys, token_of(cases[i].header, cases[i].payload), false)),
                  str_of(cases[i].reason));
    t = good();
    CHECK_STR(str_of(reason_of(&keys, STR("a.b"), false)), STR("shape"));
    CHECK_STR(str_of(reason_of(&keys, STR("a.b.c"), false)), STR("base64"));
    CHECK_STR(str_of(reason_of(&keys, str_head(t, t.n - 1), false)), STR("signature"));
    CHECK_STR(str_of(reason_of(&keys, token_of(OURS, "any text"), true)), STR("ok"));
}
