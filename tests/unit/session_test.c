// SPDX-License-Identifier: MIT
/* session_test.c - sign in: on a real database, with real hashes. */
#include "auth.h"

#include "auth/sequel.h"
#include "crypto/password.h"

/* Give an account this hash, as whoever writes the table by hand may. */
static void hash_becomes(struct domain *d, int64_t id, str hash)
{
    CHECK_ERR(user_update_password(d->auth.db, id, hash, 1), OK);
}

TEST(a_sign_in_gives_the_row_its_roles_and_a_token)
{
    struct domain d;
    struct session s;
    struct claims claims;
    int64_t id, before = clock_ms() / 1000;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "Zoe", "zoe@x", &id), OK);
    CHECK_ERR(account_give_role(&d.auth, &d.mem, id, STR("admin")), OK);
    CHECK_ERR(sign_in(&d, "ZOË ", &s), OK);
    CHECK(s.user.id == id);
    CHECK_STR(s.user.username, STR("Zoe"));
    CHECK(s.roles.n == 2 && str_is(s.roles.at[0], STR("user")) &&
          str_is(s.roles.at[1], STR("admin")));
    CHECK_ERR(jwt_verify(&d.mem, &d.keys, s.access_token, clock_ms() / 1000, &claims), OK);
    CHECK(claims.user_id == id && claims.has_issued_at);
    CHECK(claims.issued_at >= before && claims.issued_at <= clock_ms() / 1000);
    CHECK(claims.expires_at == claims.issued_at + 86400);
    domain_end(&d);
}

TEST(who_may_not_enter_is_told_unknown_or_wrong)
{
    struct domain d;
    struct session s;
    int64_t id;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "zoe@x", &id), OK);
    for (int strict = 0; strict < 2; strict++) {
        d.rules.strict_time = strict;
        CHECK_ERR(sign_in(&d, "nobody", &s), ERR_USER_UNKNOWN);
        CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR("1234567"), &s),
                  ERR_PASSWORD_WRONG);
        CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR(""), &s), ERR_PASSWORD_WRONG);
        CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR("12345678\xff"), &s),
                  ERR_NOT_UNICODE);
        CHECK_ERR(session_open(&d.auth, &d.mem, STR("nobody"), STR("\xff"), &s), ERR_NOT_UNICODE);
        CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR("12345678\0"), &s),
                  ERR_PASSWORD_WRONG);
        CHECK_ERR(session_open(&d.auth, &d.mem, STR("nobody"), STR("12345678\0"), &s),
                  ERR_USER_UNKNOWN);
    }
    CHECK_ERR(account_disable(&d.auth, id), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), ERR_PASSWORD_WRONG);
    CHECK_ERR(account_enable(&d.auth, id), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    domain_end(&d);
}

TEST(a_hash_that_nobody_can_read_opens_nothing)
{
    static const char *const hashes[] = {
        "", "x", "not a bcrypt hash", "12345678",
        "$2a$99$j.8Q5Z34h7/CqIjrqUNC0eL6/A1tJNXOMmEY72Cw/FfVX4ZDM0.eG",
        "$2a$08$j.8Q5Z34h7/CqIjrqUNC0eL6/A1tJNXOMmEY72Cw/FfVX4ZDM0.e",
    };
    struct domain d;
    struct session s;
    int64_t id;

    domain_make(&d);
    d.rules.strict_time = true;
    CHECK_ERR(sign_up(&d, "zoe", "zoe@x", &id), OK);
    for (size_t i = 0; i < sizeof hashes / sizeof *hashes; i++) {
        hash_becomes(&d, id, str_of(hashes[i]));
        CHECK_ERR(sign_in(&d, "zoe", &s), ERR_PASSWORD_WRONG);
    }
    hash_becomes(&d, id, (str){0});
    CHECK_ERR(sign_in(&d, "zoe", &s), ERR_PASSWORD_WRONG);
    domain_end(&d);
}

TEST(the_tutorials_own_hashes_open)
{
    static const char *const names[] = { "$2a", "$2b", "$2y" };
    char hash[] = "$2a$08$j.8Q5Z34h7/CqIjrqUNC0eL6/A1tJNXOMmEY72Cw/FfVX4ZDM0.eG";
    struct domain d;
    struct session s;
    int64_t id;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "admin", "a@x", &id), OK);
    for (size_t i = 0; i < 3; i++) {
        memcpy(hash, names[i], 3);
        hash_becomes(&d, id, str_of(hash));
        CHECK_ERR(sign_in(&d, "admin", &s), OK);
    }
    domain_end(&d);
}

TEST(a_password_opens_as_it_came_or_composed)
{
    const str typed = STR("passwo\xcc\x88rd"), composed = STR("passw\xc3\xb6rd");
    struct new_account want = { STR("zoe"), STR("z@x"), typed, { NULL, 0 } };
    struct domain d;
    struct session s;
    int64_t id;
    str hash;

    domain_make(&d);
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), OK);
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), typed, &s), OK);
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), composed, &s), OK);
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR("password"), &s), ERR_PASSWORD_WRONG);
    CHECK_ERR(password_hash(NULL, &d.mem, typed, &d.rules.password, &hash),
              OK); /* as the tutorial's server would */
    hash_becomes(&d, id, hash);
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), typed, &s), OK);
    domain_end(&d);
}

TEST(a_new_password_dates_later_tokens_behind_the_cut)
{
    struct domain d;
    struct session s;
    struct claims claims;
    struct caller user = {0};
    int64_t id;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    str old = s.access_token;
    CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("another one")), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), ERR_PASSWORD_WRONG);
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR("another one"), &s), OK);
    int64_t now = clock_ms() / 1000;

    CHECK_ERR(jwt_verify(&d.mem, &d.keys, s.access_token, now, &claims), OK);
    CHECK_ERR(access_by_token(&d.auth, &d.mem, old, now, &user), ERR_TOKEN_INVALID);
    CHECK_ERR(access_by_token(&d.auth, &d.mem, s.access_token, now, &user), OK);
    CHECK(user.user_id == id);
    domain_end(&d);
}

TEST(an_account_dated_ahead_of_our_clock_gets_a_token_that_opens)
{
    struct domain d;
    struct session s;
    struct caller user;
    int64_t id;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    beside(&d, "UPDATE users SET createdAt = datetime('now', '+30 seconds');");
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(access_by_token(&d.auth, &d.mem, s.access_token, clock_ms() / 1000, &user), OK);
    domain_end(&d);
}

#define STATE_BECOMES(disabled_at, tokens_from)                                                    \
    "INSERT OR REPLACE INTO latchkey_accounts (user_id, created_at, disabled_at, tokens_from)"     \
    " SELECT id, CAST(strftime('%s', createdAt) AS INTEGER), " disabled_at ", " tokens_from        \
    " FROM users;"

/* Signs in with a hash that is made anew, and with it, behind the check of the old one, somebody
 * does `sql`. */
static err sign_in_while(enum session_mode mode, const char *sql)
{
    struct domain d;
    struct session s;
    char trigger[1024];
    int64_t id;
    err e;

    domain_make(&d);
    CHECK_ERR(migrate_sequel(&d.store.config, OWNER_DEV), OK);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    d.rules.sessions = mode;
    d.rules.session_idle = d.rules.session_absolute = 3600000;
    d.rules.refresh_ttl = 3600;
    d.rules.password.cost = 5;
    d.rules.rehash = true;
    (void)snprintf(trigger, sizeof trigger,
                   "CREATE TRIGGER meanwhile AFTER UPDATE OF password ON users BEGIN %s END", sql);
    beside(&d, trigger);
    e = sign_in(&d, "zoe", &s);
    domain_end(&d);
    return e;
}

TEST(a_sign_in_under_way_does_not_outlive_what_ends_the_others)
{
    static const enum session_mode modes[] = { SESSIONS_NONE, SESSIONS_SEQUEL, SESSIONS_OWN };

    for (size_t i = 0; i < 3; i++) {
        CHECK_ERR(sign_in_while(modes[i], "SELECT 1;"), OK);
        CHECK_ERR(sign_in_while(modes[i], STATE_BECOMES("1", "0")), ERR_PASSWORD_WRONG);
        CHECK_ERR(sign_in_while(modes[i], STATE_BECOMES("0", "1")), ERR_PASSWORD_WRONG);
        CHECK_ERR(sign_in_while(modes[i], "DELETE FROM users;"), ERR_USER_UNKNOWN);
        CHECK_ERR(sign_in_while(modes[i], "UPDATE users SET password = 'x';"), ERR_PASSWORD_WRONG);
        CHECK_ERR(sign_in_while(modes[i], "UPDATE users SET password = NULL;"),
                  ERR_PASSWORD_WRONG);
    }
}

/* Two sign-ins make it anew at once. */
TEST(another_hash_of_the_same_password_opens_still)
{
    static const enum session_mode modes[] = { SESSIONS_NONE, SESSIONS_SEQUEL, SESSIONS_OWN };
    struct arena mem;
    char sql[256];
    str hash;

    arena_init(&mem, 1 << 20);
    CHECK_ERR(password_hash(NULL, &mem, STR("12345678"), &plain_rules.password, &hash), OK);
    (void)snprintf(sql, sizeof sql, "UPDATE users SET password = '%.*s';", (int)hash.n, hash.p);
    for (size_t i = 0; i < 3; i++)
        CHECK_ERR(sign_in_while(modes[i], sql), OK);
    arena_end(&mem);
}
