// SPDX-License-Identifier: MIT
/* access_test.c - who is calling: with and without the cache, and while others change the rows. */
#include "../tests/fault.h"
#include "auth.h"

#include "base/base64.h"

#include <sys/wait.h>

/* Every test runs with the cache and without: both must say the same. */
static void domain_make_cached(struct domain *d, bool cached)
{
    domain_make(d);
    if (!cached)
        return;
    d->auth.accesses = access_cache_new();
    d->auth.tokens = jwt_cache_new();
    CHECK(d->auth.accesses && d->auth.tokens);
}

/* With one account; its id. */
static int64_t zoe_make_cached(struct domain *d, bool cached)
{
    int64_t id = 0;

    domain_make_cached(d, cached);
    CHECK_ERR(sign_up(d, "zoe", "z@x", &id), OK);
    return id;
}

static void domain_end_cached(struct domain *d)
{
    if (d->auth.tokens)
        jwt_cache_free(d->auth.tokens);
    domain_end(d);
}

static err access_now(struct domain *d, str token)
{
    struct caller caller;

    return access_by_token(&d->auth, &d->mem, token, clock_ms() / 1000, &caller);
}

static str token_of(struct domain *d, int64_t id, int64_t issued_at, bool says_when)
{
    struct claims claims = { .user_id = id, .issued_at = issued_at, .has_issued_at = says_when };
    str token = {0};

    claims.expires_at = clock_ms() / 1000 + 3600;
    CHECK_ERR(jwt_sign(&d->mem, &d->keys, &claims, &token), OK);
    return token;
}

/* A token that does not say when it was issued, as the tutorial's readers forge and forget them. */
static str token_undated(struct domain *d)
{
    unsigned char mac[SHA256_BYTES];
    struct buf b;

    buf_init(&b, &d->mem, 4096);
    base64url_put(&b, STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
    buf_byte(&b, '.');
    base64url_put(&b, STR("{\"id\":1,\"exp\":4000000000}"));
    mac_sha256(&d->keys.hs256, buf_str(&b), mac);
    buf_byte(&b, '.');
    base64url_put(&b, (str){ (char *)mac, sizeof mac });
    return buf_str(&b);
}

static str token_signed_in(struct domain *d, const char *name)
{
    struct session s = {0};

    CHECK_ERR(sign_in(d, name, &s), OK);
    return s.access_token;
}

/* The program itself in another process, on the same file. */
static void beside_elsewhere(struct domain *d, const char *sql)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        struct db *db;
        err e = db_open(&d->store.config, &db);

        _exit(e != OK || db_script(db, str_of(sql)) != OK);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST(a_token_opens_until_its_account_is_disabled_or_deleted)
{
    for (int cached = 0; cached < 2; cached++) {
        struct domain d;
        int64_t id;

        id = zoe_make_cached(&d, cached);
        str token = token_signed_in(&d, "zoe");

        for (int i = 0; i < 3; i++)
            CHECK_ERR(access_now(&d, token), OK);
        CHECK_ERR(account_disable(&d.auth, id), OK);
        CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
        CHECK_ERR(account_enable(&d.auth, id), OK);
        CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
        token = token_signed_in(&d, "zoe");
        CHECK_ERR(access_now(&d, token), OK);
        CHECK_ERR(account_delete(&d.auth, id), OK);
        CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
        domain_end_cached(&d);
    }
}

/* A cut-off that lies ahead of the clock, as each does within its own second, dates the next tokens
 * ahead as well: a further one must lie behind them. */
static void ahead(struct domain *d)
{
    beside(d, "UPDATE latchkey_accounts SET tokens_from = tokens_from + 2");
}

TEST(what_is_dated_behind_a_cut_off_is_cut_off_by_the_next)
{
    for (int cached = 0; cached < 2; cached++) {
        struct domain d;
        int64_t id;
        str token;

        id = zoe_make_cached(&d, cached);
        CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("12345678")), OK);
        ahead(&d);
        token = token_signed_in(&d, "zoe");
        CHECK_ERR(access_now(&d, token), OK);
        CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("12345678")), OK);
        CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
        token = token_signed_in(&d, "zoe");
        CHECK_ERR(access_now(&d, token), OK);
        CHECK_ERR(account_disable(&d.auth, id), OK);
        CHECK_ERR(account_enable(&d.auth, id), OK);
        CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
        CHECK_ERR(access_now(&d, token_signed_in(&d, "zoe")), OK);
        domain_end_cached(&d);
    }
}

/* By a row that a clock ahead of ours dated, and by the cut-off for all. */
TEST(what_is_dated_behind_its_account_or_behind_all_is_cut_off_too)
{
    struct domain d;
    int64_t id;
    str token;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    beside(&d, "UPDATE users SET createdAt = datetime('now', '+30 seconds')");
    token = token_signed_in(&d, "zoe");
    CHECK_ERR(access_now(&d, token), OK);
    CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("12345678")), OK);
    CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
    CHECK_ERR(meta_write(d.auth.db, STR("tokens_from"),
                         arena_printf(&d.mem, "%lld", (long long)clock_ms() / 1000 + 40)),
              OK);
    token = token_signed_in(&d, "zoe");
    CHECK_ERR(access_now(&d, token), OK);
    CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("12345678")), OK);
    CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
    domain_end(&d);
}

TEST(a_change_by_others_holds_at_the_next_check)
{
    for (int cached = 0; cached < 2; cached++) {
        struct domain d;
        int64_t id;

        id = zoe_make_cached(&d, cached);
        str token = token_signed_in(&d, "zoe");

        CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("admin")),
                  ERR_ROLE_MISSING);
        for (int i = 0; i < 20; i++) {
            CHECK_ERR(access_now(&d, token), OK);
            CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("user")),
                      OK);
            beside(&d, "INSERT INTO user_roles VALUES (datetime('now'), datetime('now'), 3, 1);");
            CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id},
                                      STR("moderator|admin")),
                      OK);
            CHECK_ERR(access_now(&d, token), OK);
            CHECK_ERR(
                access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("admin")), OK);
            beside(&d, "DELETE FROM user_roles WHERE roleId = 3;");
            CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id},
                                      STR("moderator|admin")),
                      ERR_ROLE_MISSING);
        }
        beside(&d, "DELETE FROM users;");
        CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("user")),
                  ERR_ROLE_MISSING);
        domain_end_cached(&d);
    }
}

TEST(so_does_one_by_another_process)
{
    struct domain d;
    int64_t id;

    domain_make_cached(&d, true);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    str token = token_signed_in(&d, "zoe");

    CHECK_ERR(access_now(&d, token), OK);
    CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){ .user_id = id }, STR("user")), OK);
    beside_elsewhere(&d, "DELETE FROM user_roles;");
    CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("user")),
              ERR_ROLE_MISSING);
    CHECK_ERR(access_now(&d, token), OK);
    beside_elsewhere(&d, "DELETE FROM users;");
    CHECK_ERR(access_now(&d, token), ERR_TOKEN_INVALID);
    domain_end_cached(&d);
}

TEST(an_id_that_is_used_again_does_not_revive_a_token)
{
    for (int cached = 0; cached < 2; cached++) {
        struct domain d;
        int64_t id, now;

        id = zoe_make_cached(&d, cached);
        now = clock_ms() / 1000;                /* not before the account, however long that took */
        str old = token_of(&d, id, now - 100, true), fresh = token_of(&d, id, now + 5, true);

        CHECK_ERR(access_now(&d, old), ERR_TOKEN_INVALID);
        CHECK_ERR(access_now(&d, fresh), OK);
        beside(&d, "UPDATE users SET createdAt = datetime('now', '-1 hour');");
        CHECK_ERR(access_now(&d, old), OK);
        beside(&d, "DELETE FROM users; INSERT INTO users SELECT 1, 'yan', 'y@x', NULL, "
                   "datetime('now'), datetime('now');");
        CHECK_ERR(access_now(&d, old), ERR_TOKEN_INVALID);
        domain_end_cached(&d);
    }
}

TEST(a_cut_off_for_all_refuses_what_was_issued_before)
{
    struct domain d;
    int64_t id, now = clock_ms() / 1000;

    domain_make_cached(&d, true);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    beside(&d, "UPDATE users SET createdAt = '2020-01-13 09:21:51';");
    str before = token_of(&d, id, now - 20, true), behind = token_of(&d, id, now - 10, true);

    CHECK_ERR(access_now(&d, before), OK);
    CHECK_ERR(meta_write(d.auth.db, STR("tokens_from"),
                         arena_printf(&d.mem, "%lld", (long long)now - 10)),
              OK);
    CHECK_ERR(access_now(&d, before), ERR_TOKEN_INVALID);
    CHECK_ERR(access_now(&d, behind), OK);
    CHECK_ERR(meta_write(d.auth.db, STR("tokens_from"), STR("soon")), OK);
    CHECK_ERR(access_now(&d, before), OK);
    domain_end_cached(&d);
}

TEST(a_forged_token_and_one_of_nobody_are_refused)
{
    struct domain d;
    struct keyring other;
    struct claims claims;
    int64_t id, now;
    str forged;

    domain_make_cached(&d, true);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    now = clock_ms() / 1000;
    claims = (struct claims){ 1, now, now + 100, true };
    keyring_init(&other, STR("somebody else's secret"));
    CHECK_ERR(jwt_sign(&d.mem, &other, &claims, &forged), OK);
    CHECK_ERR(access_now(&d, forged), ERR_TOKEN_INVALID);
    CHECK_ERR(access_now(&d, STR("")), ERR_TOKEN_INVALID);
    CHECK_ERR(access_now(&d, token_of(&d, 2, now, true)), ERR_TOKEN_INVALID);
    CHECK_ERR(access_now(&d, token_of(&d, 1 + 256, now, true)), ERR_TOKEN_INVALID);
    CHECK_ERR(access_now(&d, token_of(&d, INT64_MAX >> 16, now, true)), ERR_TOKEN_INVALID);
    CHECK_ERR(access_now(&d, token_of(&d, 1, now + 1, true)), OK);
    keyring_end(&other);
    domain_end_cached(&d);
}

TEST(a_token_without_a_date_opens_unless_the_rules_or_a_cut_off_say_no)
{
    for (int cached = 0; cached < 2; cached++) {
        struct domain d;
        int64_t id;

        domain_make_cached(&d, cached);
        d.keys.lax = true;
        CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
        CHECK_ERR(access_now(&d, token_undated(&d)), OK);
        d.rules.iat_required = true;
        CHECK_ERR(access_now(&d, token_undated(&d)), ERR_TOKEN_INVALID);
        d.rules.iat_required = false;
        CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("another one")), OK);
        CHECK_ERR(access_now(&d, token_undated(&d)), ERR_TOKEN_INVALID);
        domain_end_cached(&d);
    }
}

TEST(ids_that_share_a_place_in_the_cache_do_not_mix)
{
    struct domain d;
    int64_t now = clock_ms() / 1000;

    domain_make_cached(&d, true);
    beside(
        &d,
        "INSERT INTO users SELECT value, 'n' || value, 'e' || value, NULL, '2020-01-13 09:21:51',"
        " '2020-01-13 09:21:51' FROM json_each('[1, 257, 513]');"
        "INSERT INTO user_roles VALUES (datetime('now'), datetime('now'), 3, 257);");
    for (int i = 0; i < 3; i++)
        for (int64_t id = 1; id <= 513; id += 256) {
            CHECK_ERR(access_now(&d, token_of(&d, id, now, true)), OK);
            CHECK_ERR(
                access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("admin")),
                id == 257 ? OK : ERR_ROLE_MISSING);
            CHECK_ERR(
                access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("admin")),
                id == 257 ? OK : ERR_ROLE_MISSING);
        }
    domain_end_cached(&d);
}

TEST(roles_that_do_not_fit_the_cache_are_read_each_time)
{
    struct domain d;
    int64_t id;

    domain_make_cached(&d, true);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    beside(&d, "INSERT INTO roles SELECT value, 'a long name of a role, number ' || value, 0, 0"
               " FROM json_each('[11, 12, 13, 14, 15, 16, 17, 18]');"
               "INSERT INTO roles VALUES (20, NULL, 0, 0), (21, '', 0, 0);"
               "INSERT INTO user_roles SELECT 0, 0, id, 1 FROM roles WHERE id > 10;");
    str token = token_signed_in(&d, "zoe");

    for (int i = 0; i < 3; i++) {
        CHECK_ERR(access_now(&d, token), OK);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id},
                                  STR("x|a long name of a role, number 18")),
                  OK);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id},
                                  STR("a long name of a role, number 1")),
                  ERR_ROLE_MISSING);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("")),
                  ERR_ROLE_MISSING);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, (struct caller){.user_id = id}, STR("||")),
                  ERR_ROLE_MISSING);
    }
    domain_end_cached(&d);
}

/* A token as the server before this one signed it. */
static str legacy_token(struct domain *d, str secret, int64_t id)
{
    struct claims claims = { .user_id = id, .issued_at = clock_ms() / 1000, .has_issued_at = true };
    struct keyring other;
    str token = {0};

    claims.expires_at = claims.issued_at + 3600;
    keyring_init(&other, secret);
    CHECK_ERR(jwt_sign(&d->mem, &other, &claims, &token), OK);
    keyring_end(&other);
    return token;
}

static err caller_of(struct domain *d, str token, int64_t after, struct caller *out)
{
    return access_by_token(&d->auth, &d->mem, token, clock_ms() / 1000 + after, out);
}

TEST(a_token_by_the_legacy_key_opens_what_its_account_may_until_it_expires)
{
    str secret = STR("the secret of the server before this one");
    struct caller caller;
    struct domain d;
    int64_t id;
    str token;

    domain_make_cached(&d, true);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    CHECK_ERR(account_give_role(&d.auth, &d.mem, id, STR("admin")), OK);
    token = legacy_token(&d, secret, id);
    CHECK_ERR(caller_of(&d, token, 0, &caller), ERR_TOKEN_INVALID);
    keyring_init(&d.keys, STR("a secret for the tests, long enough"));
    keyring_add_legacy(&d.keys, secret, INT64_MAX, false);
    for (int again = 0; again < 2; again++) {
        CHECK_ERR(caller_of(&d, token, 0, &caller), OK);
        CHECK(caller.user_id == id && !caller.forgeable);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, caller, STR("admin")), OK);
    }
    CHECK_ERR(caller_of(&d, token, 3601, &caller), ERR_TOKEN_INVALID);
    CHECK_ERR(caller_of(&d, legacy_token(&d, secret, id + 1), 0, &caller), ERR_TOKEN_INVALID);
    CHECK_ERR(account_disable(&d.auth, id), OK);
    CHECK_ERR(caller_of(&d, token, 0, &caller), ERR_TOKEN_INVALID);
    domain_end_cached(&d);
}

TEST(a_forgeable_token_is_a_user_at_most_and_ends_with_its_day)
{
    str secret = STR("bezkoder-secret-key");
    struct caller caller;
    struct domain d;
    int64_t id;
    str token;

    domain_make_cached(&d, true);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    CHECK_ERR(account_give_role(&d.auth, &d.mem, id, STR("admin")), OK);
    keyring_add_legacy(&d.keys, secret, clock_ms() / 1000 + 600, true);
    token = legacy_token(&d, secret, id);
    for (int again = 0; again < 2; again++) {
        CHECK_ERR(caller_of(&d, token, 0, &caller), OK);
        CHECK(caller.user_id == id && caller.forgeable);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, caller, STR("admin")), ERR_ROLE_MISSING);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, caller, STR("moderator|admin")),
                  ERR_ROLE_MISSING);
        CHECK_ERR(access_has_role(&d.auth, &d.mem, caller, STR("admin|user")), OK);
    }
    CHECK_ERR(account_take_role(&d.auth, &d.mem, id, STR("user")), OK);
    CHECK_ERR(access_has_role(&d.auth, &d.mem, caller, STR("admin|user")), ERR_ROLE_MISSING);
    CHECK_ERR(caller_of(&d, token, 601, &caller), ERR_TOKEN_INVALID);
    domain_end_cached(&d);
}

/* ------------------------------------------------------------- what one does not meet every day */

TEST(names_of_roles_of_any_length_are_told_apart)
{
    char name[300], sql[900];
    struct caller caller;

    for (int cached = 0; cached < 2; cached++) {
        struct domain d;
        int64_t id;
        str token;

        id = zoe_make_cached(&d, cached);
        memset(name, 'r', sizeof name - 1);
        name[sizeof name - 1] = '\0';
        for (int longest = 0; longest < 2; longest++) {
            (void)snprintf(sql, sizeof sql,
                           "INSERT INTO roles (id, name, \"createdAt\", \"updatedAt\") "
                           "SELECT %d, '%s', \"createdAt\", \"updatedAt\" FROM roles WHERE id = 1;"
                           "INSERT INTO user_roles (\"userId\", \"roleId\", \"createdAt\", "
                           "\"updatedAt\") SELECT %d, %d, \"createdAt\", \"updatedAt\" "
                           "FROM roles WHERE id = 1",
                           70 + longest, longest ? name : "", (int)id, 70 + longest);
            beside(&d, sql);
            token = token_signed_in(&d, "zoe");
            for (int again = 0; again < 2; again++) {
                CHECK_ERR(access_by_token(&d.auth, &d.mem, token, clock_ms() / 1000, &caller), OK);
                CHECK_ERR(access_has_role(&d.auth, &d.mem, caller, STR("user")), OK);
                CHECK_ERR(access_has_role(&d.auth, &d.mem, caller, str_of(name)),
                          longest ? OK : ERR_ROLE_MISSING);
                CHECK_ERR(access_has_role(&d.auth, &d.mem, caller, STR("|admin|")),
                          ERR_ROLE_MISSING);
            }
        }
        domain_end_cached(&d);
    }
}

static err access_as(struct domain *d, const struct claims *claims)
{
    struct caller caller;
    str token = {0};

    CHECK_ERR(jwt_sign(&d->mem, &d->keys, claims, &token), OK);
    return access_by_token(&d->auth, &d->mem, token, clock_ms() / 1000, &caller);
}

/* Sessions 1 and 257 share a place in the cache, and so do accounts: none answers for another. */
TEST(who_shares_a_place_in_the_cache_shares_no_answer)
{
    struct domain d;
    struct session s;
    int64_t zoe, max;
    struct claims claims = { .has_issued_at = true };

    domain_make_cached(&d, true);
    d.rules.sessions = SESSIONS_OWN;
    d.rules.session_idle = d.rules.session_absolute = 3600000;
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &zoe), OK);
    CHECK_ERR(sign_up(&d, "max", "m@x", &max), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(sign_in(&d, "max", &s), OK);
    claims.issued_at = s.issued_at;         /* no token is older than its account */
    claims.expires_at = claims.issued_at + 3600;
    beside(&d, "UPDATE latchkey_sessions SET id = 1 WHERE user_id = 1;"
               "UPDATE latchkey_sessions SET id = 257 WHERE user_id = 2");
    for (int again = 0; again < 3; again++) {
        claims.user_id = zoe, claims.session_id = 1;
        CHECK_ERR(access_as(&d, &claims), OK);
        claims.user_id = max;
        CHECK_ERR(access_as(&d, &claims), ERR_TOKEN_INVALID);
        claims.session_id = 257;
        CHECK_ERR(access_as(&d, &claims), OK);
        claims.user_id = zoe;
        CHECK_ERR(access_as(&d, &claims), ERR_TOKEN_INVALID);
        CHECK_ERR(access_as(&d, &claims), ERR_TOKEN_INVALID);       /* and it is remembered */
    }
    domain_end_cached(&d);
}

TEST(the_cut_off_for_all_is_a_number_or_none)
{
    struct domain d;
    int64_t from = 7;

    domain_make(&d);
    CHECK_ERR(access_tokens_from(d.auth.db, &d.mem, &from), OK);
    CHECK(from == 0);
    beside(&d, "INSERT INTO latchkey_meta (meta_key, value) VALUES ('tokens_from', '1234')");
    CHECK_ERR(access_tokens_from(d.auth.db, &d.mem, &from), OK);
    CHECK(from == 1234);
    beside(&d, "UPDATE latchkey_meta SET value = 'soon' WHERE meta_key = 'tokens_from'");
    CHECK_ERR(access_tokens_from(d.auth.db, &d.mem, &from), OK);
    CHECK(from == 0);
    domain_end(&d);
}

/* Signed with the key of ours, and yet not one that we gave: a token of a session says when. */
TEST(a_token_of_a_session_that_does_not_say_when_is_refused)
{
    unsigned char mac[SHA256_BYTES];
    struct domain d;
    struct buf b;
    int64_t id;

    for (int with = 0; with < 2; with++) {
        domain_make(&d);
        d.keys.lax = true;
        CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
        buf_init(&b, &d.mem, 4096);
        base64url_put(&b, STR("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"));
        buf_byte(&b, '.');
        base64url_put(&b, with ? STR("{\"id\":1,\"exp\":4000000000,\"sid\":\"5\"}")
                               : STR("{\"id\":1,\"exp\":4000000000}"));
        mac_sha256(&d.keys.hs256, buf_str(&b), mac);
        buf_byte(&b, '.');
        base64url_put(&b, (str){ (char *)mac, sizeof mac });
        CHECK_ERR(access_now(&d, buf_str(&b)), with ? ERR_TOKEN_INVALID : OK);
        domain_end(&d);
    }
}

/* Rules are another struct when they are another edition (house.h). */
TEST(what_is_kept_of_a_session_goes_by_the_rules_of_now)
{
    for (int cached = 0; cached < 2; cached++) {
        struct auth_rules shorter;
        struct session s;
        struct domain d;
        int64_t id;

        domain_make_cached(&d, cached);
        d.rules.sessions = SESSIONS_OWN;
        d.rules.session_idle = d.rules.session_absolute = 3600000;
        shorter = d.rules;
        shorter.session_idle = -1000; /* as if that long had passed */
        CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
        CHECK_ERR(sign_in(&d, "zoe", &s), OK);
        for (int i = 0; i < 2; i++) {
            CHECK_ERR(access_now(&d, s.access_token), OK);
            d.auth.rules = &shorter;
            CHECK_ERR(access_now(&d, s.access_token), ERR_TOKEN_INVALID);
            d.auth.rules = &d.rules;
        }
        domain_end_cached(&d);
    }
}

/* Of the account all is known already, of the session nothing. */
TEST(a_session_that_cannot_be_looked_up_is_no_verdict)
{
    struct session a, b;
    struct domain d;
    int64_t id;

    domain_make_cached(&d, true);
    d.rules.sessions = SESSIONS_OWN;
    d.rules.session_idle = d.rules.session_absolute = 3600000;
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    CHECK_ERR(sign_in(&d, "zoe", &a), OK);
    CHECK_ERR(sign_in(&d, "zoe", &b), OK);
    CHECK_ERR(access_now(&d, a.access_token), OK);
    for (struct round r = { FAULT_SQL }; round_next(&r);) {
        err e = access_now(&d, b.access_token);

        CHECK_ERR(e, round_met(&r) && e != OK ? ERR_DB_DOWN : OK);
    }
    domain_end_cached(&d);
}

TEST(a_token_that_finds_no_room_is_no_bad_token)
{
    struct domain d;
    int64_t id;

    for (enum session_mode mode = SESSIONS_NONE; mode <= SESSIONS_SEQUEL; mode++) {
        domain_make(&d);
        d.keys.lax = true;
        d.rules.sessions = mode;
        CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
        str token = token_undated(&d);

        for (struct round r = { FAULT_ARENA }; round_next(&r);) {
            err e = access_now(&d, token);

            CHECK_ERR(e, round_met(&r) ? ERR_NO_MEMORY : OK);
        }
        domain_end(&d);
    }
}

TEST(there_is_a_cache_or_none)
{
    for (struct round r = { FAULT_ALLOC }; round_next(&r);) {
        struct access_cache *cache = access_cache_new();

        CHECK((cache == NULL) == round_met(&r));
        access_cache_free(cache);
    }
}
