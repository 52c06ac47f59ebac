// SPDX-License-Identifier: MIT
/* key.c - secrets as people bring them: which are too weak, and how a JWK spells one. */
#include "crypto/key.h"
#include "base/base64.h"
#include "base/json.h"

/* Out of tutorials, tools and standards. Whoever guesses secrets begins with these. */
static const char *const published[] = {
    "secret",
    "secret-key",
    "secretkey",
    "secret_key",
    "my-secret",
    "mysecret",
    "my-secret-key",
    "mysecretkey",
    "my_secret_key",
    "your-secret",
    "your-secret-key",
    "your_secret_key",
    "yoursecretkey",
    "supersecret",
    "super-secret",
    "super_secret",
    "supersecretkey",
    "super-secret-key",
    "topsecret",
    "jwt",
    "jwtsecret",
    "jwt-secret",
    "jwt_secret",
    "jwtsecretkey",
    "jwt-secret-key",
    "jwt_secret_key",
    "changeme",
    "change-me",
    "change_me",
    "changeit",
    "replaceme",
    "default",
    "example",
    "test",
    "key",
    "token",
    "admin",
    "password",
    "12345678",
    "keyboard cat",
    "shhhhh",
    "shhhhhhared-secret",
    "s3cr3t",
    "bezkoder-secret-key",
    "bezkodersecretkey",
    "bezkoder",
    "======================bezkoder=spring===========================",
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "your-256-bit-secret-key",
    "your-256-bit-secret-here",
    "a-string-secret-at-least-256-bits-long",
    "a-valid-string-secret-that-is-at-least-384-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    "404e635266556a586e3272357538782f413f4428472b4b6250645367566b5970",
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
};

static bool is_published(str secret)
{
    for (size_t i = 0; i < sizeof published / sizeof *published; i++)
        if (str_is_nocase(secret, str_of(published[i])))
            return true;
    return false;
}

/* Whether a text no longer than half of `s` is written again and again: "secretsecretsecret...". */
static bool repeats_itself(str s)
{
    for (size_t period = 1; period <= s.n / 2; period++)
        if (memcmp(s.p, s.p + period, s.n - period) == 0)
            return true;
    return false;
}

err secret_check(str secret, const char **reason)
{
    if (is_published(str_trim(secret)))
        *reason = "is one that everyone knows";
    else if (secret.n < SECRET_BYTES_MIN)
        *reason = "is shorter than 32 bytes";
    else if (repeats_itself(secret))
        *reason = "is a short text over and over";
    else
        return OK;
    return ERR_BAD_SETTING;
}

/* A member that must have one value when it is there. */
static bool allows(const struct json *key, str name, str value)
{
    const struct json *m = json_member(key, name);

    return !m || (m->kind == JSON_TEXT && str_is(m->text, value));
}

static bool may_verify(const struct json *key)
{
    const struct json *ops = json_member(key, STR("key_ops"));

    if (!ops)
        return true;
    if (ops->kind != JSON_LIST)
        return false;
    for (const struct json *v = ops->first; v; v = v->next)
        if (v->kind == JSON_TEXT && str_is(v->text, STR("verify")))
            return true;
    return false;
}

static const char *refusal(const struct json *key)
{
    if (key->kind != JSON_OBJECT)
        return "json";
    if (!json_member(key, STR("kty")) || !allows(key, STR("kty"), STR("oct")))
        return "key-type";
    if (!allows(key, STR("alg"), STR("HS256")))
        return "algorithm";
    if (!allows(key, STR("use"), STR("sig")))
        return "key-use";
    return may_verify(key) ? NULL : "key-ops";
}

err jwk_parse(struct arena *mem, str text, str *secret, const char **reason)
{
    const struct json_rules rules = { .depth_max = 8, .values_max = 256, .unique = true };
    struct json *key, *k;
    unsigned char *bytes;
    size_t n;
    err e = json_parse(mem, text, &rules, &key);

    if (e != OK) {
        *reason = e == ERR_NO_MEMORY ? "memory" : "json";
        return e == ERR_NO_MEMORY ? e : ERR_BAD_SETTING;
    }
    if ((*reason = refusal(key)) != NULL)
        return ERR_BAD_SETTING;
    *reason = "key";
    if ((k = json_member(key, STR("k"))) == NULL || k->kind != JSON_TEXT)
        return ERR_BAD_SETTING;
    if ((bytes = arena_alloc(mem, BASE64_BYTES(k->text.n), 1)) == NULL) {
        *reason = "memory";
        return ERR_NO_MEMORY;
    }
    if (!base64url_read(k->text, bytes, &n) || n == 0)
        return ERR_BAD_SETTING;
    *secret = (str){ (const char *)bytes, n };
    *reason = "ok";
    return OK;
}
