// SPDX-License-Identifier: MIT
/* key_test.c - weak secrets, JSON Web Keys, and the published HS256 examples under their keys. */
#include "../tests/test.h"
#include "crypto/jwt.h"
#include "crypto/key.h"

static bool is_weak(const char *secret)
{
    const char *reason = NULL;

    return secret_check(str_of(secret), &reason) == ERR_BAD_SETTING && reason != NULL;
}

TEST(a_published_secret_is_refused_however_long)
{
    CHECK(is_weak("secret"));
    CHECK(is_weak("bezkoder-secret-key"));
    CHECK(is_weak("your-256-bit-secret"));
    CHECK(is_weak("a-string-secret-at-least-256-bits-long"));
    CHECK(is_weak(" A-String-Secret-At-Least-256-Bits-Long "));
    CHECK(is_weak("======================BezKoder=Spring==========================="));
    CHECK(is_weak(
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"));
}

TEST(a_secret_has_32_bytes_that_do_not_repeat)
{
    CHECK(is_weak(""));
    CHECK(is_weak("9f86d081884c7d659a2feaa0c55ad01"));
    CHECK(!is_weak("9f86d081884c7d659a2feaa0c55ad015"));
    CHECK(is_weak("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
    CHECK(is_weak("secretsecretsecretsecretsecretsecret"));
    CHECK(is_weak("0123456789abcdef0123456789abcdef"));
}

static const char *jwk_reason(const char *text)
{
    static struct arena mem;
    const char *reason = NULL;
    str secret;

    arena_end(&mem);
    arena_init(&mem, 64 << 10);
    CHECK((jwk_parse(&mem, str_of(text), &secret, &reason) == OK) == (strcmp(reason, "ok") == 0));
    return reason;
}

TEST(only_a_jwk_that_verifies_hs256_is_read)
{
    static const struct { const char *jwk, *reason;
    } cases[] = {
        {"{\"kty\":\"oct\",\"k\":\"AAEC\"}", "ok"},
        {"{\"kty\":\"oct\",\"k\":\"AAEC\",\"alg\":\"HS256\",\"use\":\"sig\",\"key_ops\":[\"sign\","
         "\"verify\"]}",
         "ok"},
        {"{\"kty\":\"oct\",\"k\":\"AAEC\",\"alg\":\"HS512\"}", "algorithm"},
        {"{\"kty\":\"RSA\",\"n\":\"AAEC\",\"e\":\"AQAB\"}", "key-type"},
        {"{\"k\":\"AAEC\"}", "key-type"},
        {"{\"kty\":\"oct\",\"k\":\"AAEC\",\"use\":\"enc\"}", "key-use"},
        {"{\"kty\":\"oct\",\"k\":\"AAEC\",\"key_ops\":[\"sign\"]}", "key-ops"},
        {"{\"kty\":\"oct\",\"k\":\"AAEC\",\"key_ops\":\"verify\"}", "key-ops"},
        {"{\"kty\":\"oct\",\"k\":\"AAE=\"}", "key"},
        {"{\"kty\":\"oct\",\"k\":\"\"}", "key"},
        {"{\"kty\":\"oct\"}", "key"},
        {"{\"kty\":\"oct\",\"kty\":\"oct\",\"k\":\"AAEC\"}", "json"},
        {"[]", "json"},
        {"", "json"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(str_of(jwk_reason(cases[i].jwk)), str_of(cases[i].reason));
}

/* What a token says under a JWK, by its signature alone; the reason where it is refused. */
static str said(struct arena *mem, const char *jwk, const char *token)
{
    struct keyring keys;
    struct jwt_trial trial = { &keys, true, 0 };
    const char *reason = NULL;
    str secret, text;

    if (jwk_parse(mem, str_of(jwk), &secret, &reason) != OK)
        return str_of(reason);
    keyring_init(&keys, secret);
    if (jwt_check(mem, &trial, str_of(token), &reason, &text) != OK)
        text = str_of(reason);
    keyring_end(&keys);
    return text;
}

TEST(the_example_of_rfc_7515_appendix_a1_verifies)
{
    static const char jwk[] =
        "{\"kty\":\"oct\",\"k\":\"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75"
        "aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow\"}";
    struct arena mem;

    arena_init(&mem, 64 << 10);
    CHECK_STR(
        said(&mem, jwk,
             "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4M"
             "TkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27"
             "uhbUJU1p1r_wW1gFWFOEjXk"),
        STR("{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"));
    CHECK_STR(said(&mem, jwk,
                   "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4M"
                   "TkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27"
                   "uhbUJU1p1r_wW1gFWFOEjXg"),
              STR("signature"));
    arena_end(&mem);
}

TEST(the_example_of_rfc_7520_section_4_4_verifies)
{
    static const char jwk[] =
        "{\"kty\":\"oct\",\"kid\":\"018c0ae5-4d9b-471b-bfd6-eef314bc7037\",\"use\":\"sig\","
        "\"alg\":\"HS256\",\"k\":\"hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg\"}";
    struct arena mem;
    str text;

    arena_init(&mem, 64 << 10);
    text =
        said(&mem, jwk,
             "eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxOGMwYWU1LTRkOWItNDcxYi1iZmQ2LWVlZjMxNGJjNzAzNyJ9."
             "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0Z"
             "XAgb250"
             "byB0aGUgcm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpb"
             "mcgd2hl"
             "cmUgeW91IG1pZ2h0IGJlIHN3ZXB0IG9mZiB0by4.s0h6KThzkfBBBkLspW1h84VsJZFTsPPqMDA7g1Md7p0");
    CHECK(str_starts(text, STR("It\xe2\x80\x99s a dangerous business, Frodo")));
    arena_end(&mem);
}

TEST(a_member_of_another_kind_is_not_what_it_must_be)
{
    static const struct { const char *jwk, *reason; } cases[] = {
        {"{\"kty\":[\"oct\"],\"k\":\"c2VjcmV0\"}", "key-type"},
        {"{\"kty\":\"oct\",\"alg\":256,\"k\":\"c2VjcmV0\"}", "algorithm"},
        {"{\"kty\":\"oct\",\"use\":null,\"k\":\"c2VjcmV0\"}", "key-use"},
        {"{\"kty\":\"oct\",\"key_ops\":\"verify\",\"k\":\"c2VjcmV0\"}", "key-ops"},
        {"{\"kty\":\"oct\",\"key_ops\":[7,[\"verify\"]],\"k\":\"c2VjcmV0\"}", "key-ops"},
        {"{\"kty\":\"oct\",\"key_ops\":[7,\"verify\"],\"k\":\"c2VjcmV0\"}", "ok"},
        {"{\"kty\":\"oct\",\"k\":7}", "key"},
        {"{\"kty\":\"oct\",\"k\":\"\"}", "key"},
        {"{\"kty\":\"oct\"}", "key"},
    };
    struct arena mem;

    arena_init(&mem, 64 << 10);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *reason = "none";
        str secret;
        err e = jwk_parse(&mem, str_of(cases[i].jwk), &secret, &reason);

        CHECK_STR(str_of(reason), str_of(cases[i].reason));
        CHECK((e == OK) == (strcmp(reason, "ok") == 0));
    }
    arena_end(&mem);
}
