// SPDX-License-Identifier: MIT
/* sequel_test.c - refresh tokens as the tutorial's sequel has them, on its own table. */
#include "auth.h"
#include "auth/sequel.h"

/* A domain whose sign-ins leave the sequel's tokens, and one account in it. */
static int64_t sequel_make(struct domain *d)
{
    int64_t id = 0;

    domain_make(d);
    CHECK_ERR(migrate_sequel(&d->store.config, OWNER_DEV), OK);
    d->rules.sessions = SESSIONS_SEQUEL;
    d->rules.refresh_ttl = 3600;
    CHECK_ERR(sign_up(d, "zoe", "zoe@example.org", &id), OK);
    return id;
}

static err refresh(struct domain *d, str token, struct session *s)
{
    return session_refresh(&d->auth, &d->mem, token, s);
}

TEST(a_uuid_is_of_version_4_and_never_the_same)
{
    char a[UUID_CHARS], b[UUID_CHARS];

    uuid_write(a);
    uuid_write(b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    for (size_t i = 0; i < sizeof a; i++)
        CHECK(i == 8 || i == 13 || i == 18 || i == 23 ? a[i] == '-'
                                                      : strchr("0123456789abcdef", a[i]) != NULL);
    CHECK(a[14] == '4' && strchr("89ab", a[19]) != NULL);
}

TEST(a_refresh_token_is_good_again_and_again)
{
    struct domain d;
    struct session in, s;
    int64_t id = sequel_make(&d);

    CHECK_ERR(sign_in(&d, "zoe", &in), OK);
    CHECK(in.refresh_token.n == UUID_CHARS);
    for (int i = 0; i < 3; i++) {
        struct caller user;

        CHECK_ERR(refresh(&d, in.refresh_token, &s), OK);
        CHECK(s.user.id == id);
        CHECK_STR(s.refresh_token, in.refresh_token);
        CHECK_ERR(access_by_token(&d.auth, &d.mem, s.access_token, clock_ms() / 1000, &user), OK);
        CHECK(user.user_id == id);
    }
    domain_end(&d);
}

TEST(two_sign_ins_have_two_refresh_tokens)
{
    struct domain d;
    struct session a, b, s;

    (void)sequel_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &a), OK);
    CHECK_ERR(sign_in(&d, "zoe", &b), OK);
    CHECK(!str_is(a.refresh_token, b.refresh_token));
    CHECK_ERR(refresh(&d, a.refresh_token, &s), OK);
    CHECK_ERR(refresh(&d, b.refresh_token, &s), OK);
    domain_end(&d);
}

TEST(what_is_not_that_token_byte_by_byte_is_unknown)
{
    static const char *const others[] = {
        "",
        "0",
        "nope",
        "6B1D3F0E-8F5A-4A44-9D6C-0C1E2D3F4A5B",
        "6b1d3f0e-8f5a-4a44-9d6c-0c1e2d3f4a5b ",
        "6b1d3f0e-8f5a-4a44-9d6c-0c1e2d3f4a5",
        "6b1d3f0e%",
        "\xed\xa0\x80",
    };
    struct domain d;
    struct session s;
    char long_one[300];

    (void)sequel_make(&d);
    beside(&d,
           "INSERT INTO \"refreshTokens\" (token, \"expiryDate\", \"createdAt\", \"updatedAt\", "
           "\"userId\") VALUES"
           " ('6b1d3f0e-8f5a-4a44-9d6c-0c1e2d3f4a5b', '2099-01-01 00:00:00', '2090-01-01 00:00:00',"
           " '2090-01-01 00:00:00', 1)");
    CHECK_ERR(refresh(&d, STR("6b1d3f0e-8f5a-4a44-9d6c-0c1e2d3f4a5b"), &s), OK);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK_ERR(refresh(&d, str_of(others[i]), &s), ERR_REFRESH_UNKNOWN);
    memset(long_one, 'a', sizeof long_one);
    CHECK_ERR(refresh(&d, (str){ long_one, sizeof long_one }, &s), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(refresh(&d, (str){ "a\0b", 3 }, &s), ERR_REFRESH_UNKNOWN);
    domain_end(&d);
}

TEST(an_expired_token_is_told_once_and_then_gone)
{
    struct domain d;
    struct session in, s;

    (void)sequel_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &in), OK);
    beside(&d, "UPDATE \"refreshTokens\" SET \"expiryDate\" = '2020-01-01 00:00:00'");
    CHECK_ERR(refresh(&d, in.refresh_token, &s), ERR_REFRESH_EXPIRED);
    CHECK_ERR(refresh(&d, in.refresh_token, &s), ERR_REFRESH_UNKNOWN);
    domain_end(&d);
}

TEST(a_token_ends_with_its_account_and_with_a_new_password)
{
    struct domain d;
    struct session in, s;
    int64_t id = sequel_make(&d);

    CHECK_ERR(sign_in(&d, "zoe", &in), OK);
    CHECK_ERR(account_disable(&d.auth, id), OK);
    CHECK_ERR(account_enable(&d.auth, id), OK);
    CHECK_ERR(refresh(&d, in.refresh_token, &s), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(sign_in(&d, "zoe", &in), OK);
    CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("another one")), OK);
    CHECK_ERR(refresh(&d, in.refresh_token, &s), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("12345678")), OK);
    CHECK_ERR(sign_in(&d, "zoe", &in), OK);
    CHECK_ERR(account_delete(&d.auth, id), OK);
    CHECK_ERR(refresh(&d, in.refresh_token, &s), ERR_REFRESH_UNKNOWN);
    domain_end(&d);
}

TEST(an_access_token_that_expired_is_told_from_a_forged_one)
{
    struct domain d;
    struct session in;
    int64_t now = clock_ms() / 1000;
    struct caller user;

    (void)sequel_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &in), OK);
    CHECK_ERR(access_by_token(&d.auth, &d.mem, in.access_token, now + 86400 * 2, &user),
              ERR_TOKEN_EXPIRED);
    CHECK_ERR(access_by_token(&d.auth, &d.mem, STR("garbage"), now, &user), ERR_TOKEN_INVALID);
    d.rules.sessions = SESSIONS_NONE;
    CHECK_ERR(access_by_token(&d.auth, &d.mem, in.access_token, now + 86400 * 2, &user),
              ERR_TOKEN_INVALID);
    domain_end(&d);
}

TEST(where_there_are_no_sessions_there_is_nothing_to_refresh)
{
    struct domain d;
    struct session s;
    int64_t id;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "zoe@example.org", &id), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK(s.refresh_token.p == NULL);
    CHECK_ERR(refresh(&d, STR("x"), &s), ERR_BUG);
    CHECK_ERR(account_disable(&d.auth, id), OK);      /* without the sequel's table */
    domain_end(&d);
}
