// SPDX-License-Identifier: MIT
/* sessions_test.c - sessions of our own: how one begins, goes on, and ends. */
#include "auth.h"
#include "auth/sessions.h"

#include <pthread.h>

enum { RACERS = 50 };

/* A domain with sessions, and one account in it. */
static int64_t sessions_make(struct domain *d)
{
    int64_t id = 0;

    domain_make(d);
    d->rules.sessions = SESSIONS_OWN;
    d->rules.session_idle = 1000 * 3600;
    d->rules.session_absolute = 1000 * 86400;
    d->rules.session_grace = 600000;         /* longer than any machine takes for a test */
    d->auth.accesses = access_cache_new();
    CHECK_ERR(sign_up(d, "zoe", "zoe@example.org", &id), OK);
    return id;
}

static err refresh(struct domain *d, str token, struct session *s)
{
    return session_refresh(&d->auth, &d->mem, token, s);
}

static err passes(struct domain *d, str token)
{
    struct caller caller;

    return access_by_token(&d->auth, &d->mem, token, clock_ms() / 1000, &caller);
}

TEST(a_refresh_token_is_replaced_at_each_use)
{
    struct domain d;
    struct session s, next;
    int64_t id = sessions_make(&d);

    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK(s.refresh_token.n == SESSION_TOKEN_CHARS);
    for (int i = 0; i < 5; i++) {
        CHECK_ERR(refresh(&d, s.refresh_token, &next), OK);
        CHECK(!str_is(next.refresh_token, s.refresh_token));
        CHECK(next.user.id == id && next.id == s.id);
        CHECK_ERR(passes(&d, next.access_token), OK);
        s = next;
    }
    domain_end(&d);
}

TEST(the_one_before_is_answered_with_the_same_next_one_within_the_grace)
{
    struct domain d;
    struct session s, a, b;

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(refresh(&d, s.refresh_token, &a), OK);
    CHECK_ERR(refresh(&d, s.refresh_token, &b), OK);
    CHECK_STR(b.refresh_token, a.refresh_token);
    CHECK_ERR(refresh(&d, a.refresh_token, &b), OK);
    domain_end(&d);
}

TEST(behind_the_grace_it_ends_the_session)
{
    struct domain d;
    struct session s, a, b;

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(refresh(&d, s.refresh_token, &a), OK);
    CHECK_ERR(passes(&d, a.access_token), OK);
    beside(&d, "UPDATE latchkey_sessions SET used_at = used_at - 601000");
    CHECK_ERR(refresh(&d, s.refresh_token, &b), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(passes(&d, a.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(refresh(&d, a.refresh_token, &b), ERR_REFRESH_UNKNOWN);
    domain_end(&d);
}

TEST(an_older_one_ends_the_session_whenever_it_comes)
{
    struct domain d;
    struct session s, a, b, c;

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(refresh(&d, s.refresh_token, &a), OK);
    CHECK_ERR(refresh(&d, a.refresh_token, &b), OK);
    CHECK_ERR(refresh(&d, s.refresh_token, &c), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(refresh(&d, b.refresh_token, &c), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(passes(&d, b.access_token), ERR_TOKEN_INVALID);
    domain_end(&d);
}

TEST(a_token_with_any_character_changed_is_unknown_and_harms_nothing)
{
    struct domain d;
    struct session s, next;
    char other[SESSION_TOKEN_CHARS + 1];

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    for (size_t i = 0; i < SESSION_TOKEN_CHARS; i++) {
        memcpy(other, s.refresh_token.p, SESSION_TOKEN_CHARS);
        other[i] = other[i] == 'A' ? 'B' : 'A';
        CHECK_ERR(refresh(&d, (str){ other, SESSION_TOKEN_CHARS }, &next), ERR_REFRESH_UNKNOWN);
    }
    memcpy(other, s.refresh_token.p, SESSION_TOKEN_CHARS);
    other[SESSION_TOKEN_CHARS] = 'A';
    CHECK_ERR(refresh(&d, (str){ other, sizeof other }, &next), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(refresh(&d, (str){ other, SESSION_TOKEN_CHARS - 1 }, &next), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(refresh(&d, STR(""), &next), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(refresh(&d, s.refresh_token, &next), OK);
    domain_end(&d);
}

TEST(neither_the_key_nor_the_database_alone_makes_a_token)
{
    struct domain d;
    struct session s, next;
    struct keyring other;

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    keyring_init(&other, STR("a key that does not go with this database"));
    d.auth.keys = &other;
    CHECK_ERR(refresh(&d, s.refresh_token, &next), ERR_REFRESH_UNKNOWN);
    d.auth.keys = &d.keys;
    beside(&d, "UPDATE latchkey_sessions SET secret = '0123456789abcdef0123456789abcdef'");
    CHECK_ERR(refresh(&d, s.refresh_token, &next), ERR_REFRESH_UNKNOWN);
    keyring_end(&other);
    domain_end(&d);
}

struct racer {
    const struct domain *d;
    str token;
    pthread_barrier_t *line;
    err e;
    char next[SESSION_TOKEN_CHARS];
};

static void *race(void *arg)
{
    struct racer *r = arg;
    struct session s;
    struct arena mem;
    struct auth own = {.keys = &r->d->keys, .rules = &r->d->rules, .db = store_open(&r->d->store)};

    arena_init(&mem, 1 << 20);
    pthread_barrier_wait(r->line);
    if ((r->e = session_refresh(&own, &mem, r->token, &s)) == OK)
        memcpy(r->next, s.refresh_token.p, sizeof r->next);
    arena_end(&mem);
    db_close(own.db);
    return NULL;
}

TEST(fifty_uses_at_once_get_one_and_the_same_token)
{
    static struct racer racers[RACERS];
    pthread_t threads[RACERS];
    pthread_barrier_t line;
    struct domain d;
    struct session s, next;

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    pthread_barrier_init(&line, NULL, RACERS);
    for (size_t i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){ .d = &d, .token = s.refresh_token, .line = &line };
        CHECK(pthread_create(&threads[i], NULL, race, &racers[i]) == 0);
    }
    for (size_t i = 0; i < RACERS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (size_t i = 0; i < RACERS; i++) {
        CHECK_ERR(racers[i].e, OK);
        CHECK(memcmp(racers[i].next, racers[0].next, SESSION_TOKEN_CHARS) == 0);
    }
    CHECK_ERR(refresh(&d, (str){ racers[0].next, SESSION_TOKEN_CHARS }, &next), OK);
    pthread_barrier_destroy(&line);
    domain_end(&d);
}

TEST(fifty_uses_at_once_without_a_grace_let_one_through_at_most)
{
    static struct racer racers[RACERS];
    pthread_t threads[RACERS];
    pthread_barrier_t line;
    struct domain d;
    struct session s;
    int good = 0;

    (void)sessions_make(&d);
    d.rules.session_grace = -1;
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    pthread_barrier_init(&line, NULL, RACERS);
    for (size_t i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){ .d = &d, .token = s.refresh_token, .line = &line };
        CHECK(pthread_create(&threads[i], NULL, race, &racers[i]) == 0);
    }
    for (size_t i = 0; i < RACERS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        good += racers[i].e == OK;
        CHECK(racers[i].e == OK || racers[i].e == ERR_REFRESH_UNKNOWN);
    }
    CHECK(good == 1);
    pthread_barrier_destroy(&line);
    domain_end(&d);
}

TEST(a_session_that_was_ended_is_over_at_the_next_request)
{
    struct domain d;
    struct session a, b, s;
    int64_t id = sessions_make(&d);

    CHECK_ERR(sign_in(&d, "zoe", &a), OK);
    CHECK_ERR(sign_in(&d, "zoe", &b), OK);
    CHECK_ERR(passes(&d, a.access_token), OK);
    CHECK_ERR(passes(&d, a.access_token), OK);
    CHECK_ERR(sessions_end_one(&d.auth, id + 1, a.id), ERR_NOT_FOUND);
    CHECK_ERR(passes(&d, a.access_token), OK);
    CHECK_ERR(sessions_end_one(&d.auth, id, a.id), OK);
    CHECK_ERR(passes(&d, a.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(refresh(&d, a.refresh_token, &s), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(passes(&d, b.access_token), OK);
    CHECK_ERR(sessions_end_one(&d.auth, id, a.id), ERR_NOT_FOUND);
    domain_end(&d);
}

TEST(another_process_ends_a_session_as_well)
{
    struct domain d;
    struct session s;

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(passes(&d, s.access_token), OK);
    beside(&d, "DELETE FROM latchkey_sessions");
    CHECK_ERR(passes(&d, s.access_token), ERR_TOKEN_INVALID);
    domain_end(&d);
}

TEST(signing_out_elsewhere_keeps_this_session_and_ends_tokens_without_one)
{
    struct domain d;
    struct session here, there, before;
    int64_t id = sessions_make(&d);

    d.rules.sessions = SESSIONS_NONE;
    CHECK_ERR(sign_in(&d, "zoe", &before), OK);
    d.rules.sessions = SESSIONS_OWN;
    CHECK_ERR(sign_in(&d, "zoe", &here), OK);
    CHECK_ERR(sign_in(&d, "zoe", &there), OK);
    CHECK_ERR(passes(&d, before.access_token), OK);
    CHECK_ERR(account_sign_out(&d.auth, id, here.id), OK);
    CHECK_ERR(passes(&d, before.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(passes(&d, there.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(passes(&d, here.access_token), OK);
    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    CHECK_ERR(passes(&d, here.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(sign_in(&d, "zoe", &here), OK);
    CHECK_ERR(passes(&d, here.access_token), OK);
    domain_end(&d);
}

TEST(a_password_is_changed_by_who_knows_it_and_ends_the_other_sessions)
{
    struct domain d;
    struct session here, there, s;
    int64_t id = sessions_make(&d);
    struct password_change want;

    CHECK_ERR(sign_in(&d, "zoe", &here), OK);
    CHECK_ERR(sign_in(&d, "zoe", &there), OK);
    want = (struct password_change){ id, here.id, STR("87654321"), STR("a better one") };
    CHECK_ERR(session_change_password(&d.auth, &d.mem, &want), ERR_CURRENT_WRONG);
    CHECK_ERR(passes(&d, there.access_token), OK);
    want.current = STR("12345678");
    CHECK_ERR(session_change_password(&d.auth, &d.mem, &want), OK);
    CHECK_ERR(passes(&d, there.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(refresh(&d, there.refresh_token, &s), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(passes(&d, here.access_token), OK);
    CHECK_ERR(refresh(&d, here.refresh_token, &s), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), ERR_PASSWORD_WRONG);
    domain_end(&d);
}

TEST(a_password_is_not_changed_from_what_is_over)
{
    struct domain d;
    struct session here, s;
    struct password_change want;
    int64_t id = sessions_make(&d);

    CHECK_ERR(sign_in(&d, "zoe", &here), OK);
    CHECK_ERR(sessions_end_one(&d.auth, id, here.id), OK);
    want = (struct password_change){ id, here.id, STR("12345678"), STR("a better one"), {0} };
    CHECK_ERR(session_change_password(&d.auth, &d.mem, &want), ERR_TOKEN_INVALID);
    CHECK_ERR(sign_in(&d, "zoe", &here), OK);
    CHECK_ERR(account_disable(&d.auth, id), OK);
    want.session_id = 0;
    CHECK_ERR(session_change_password(&d.auth, &d.mem, &want), ERR_TOKEN_INVALID);
    CHECK_ERR(account_enable(&d.auth, id), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    domain_end(&d);
}

TEST(a_session_ends_idle_or_at_its_end)
{
    struct domain d;
    struct session s, next;

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(passes(&d, s.access_token), OK);
    beside(&d, "UPDATE latchkey_sessions SET used_at = used_at - 3601000");
    CHECK_ERR(passes(&d, s.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(refresh(&d, s.refresh_token, &next), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    beside(&d, "UPDATE latchkey_sessions SET expires_at = created_at - 1000");
    CHECK_ERR(passes(&d, s.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(refresh(&d, s.refresh_token, &next), ERR_REFRESH_UNKNOWN);
    domain_end(&d);
}

TEST(sessions_end_with_their_account)
{
    struct domain d;
    struct session s, next;
    int64_t id = sessions_make(&d);

    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(account_disable(&d.auth, id), OK);
    CHECK_ERR(refresh(&d, s.refresh_token, &next), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(account_enable(&d.auth, id), OK);
    CHECK_ERR(passes(&d, s.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    beside(
        &d,
        "UPDATE users SET \"createdAt\" = '2020-01-01 00:00:00'"); /* another account by that id */
    CHECK_ERR(passes(&d, s.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(refresh(&d, s.refresh_token, &next), ERR_REFRESH_UNKNOWN);
    domain_end(&d);
}

TEST(an_account_has_so_many_sessions_and_no_more)
{
    struct domain d;
    struct session_rows rows;
    struct session first, s;
    struct proven who = { .user = &first.user };
    int64_t id = sessions_make(&d);

    CHECK_ERR(sign_in(&d, "zoe", &first), OK);
    beside(&d, "UPDATE latchkey_sessions SET used_at = used_at - 1000");
    who.hash = first.user.password;
    d.auth.device = (struct device){ STR("192.0.2.1"), STR("curl/8"), STR("my phone") };
    for (int i = 0; i < SESSIONS_PER_USER; i++) {
        int64_t sid;
        str token;

        CHECK_ERR(sessions_begin(&d.auth, &d.mem, &who, &sid, &token), OK);
    }
    CHECK_ERR(sessions_of_user(&d.auth, &d.mem, id, &rows), OK);
    CHECK(rows.n == SESSIONS_PER_USER);
    CHECK_STR(rows.at[0].address, STR("192.0.2.1"));
    CHECK_STR(rows.at[0].agent, STR("curl/8"));
    CHECK_STR(rows.at[0].name, STR("my phone"));
    CHECK_ERR(refresh(&d, first.refresh_token, &s), ERR_REFRESH_UNKNOWN);
    CHECK_ERR(sessions_of_user(&d.auth, &d.mem, id + 1, &rows), OK);
    CHECK(rows.n == 0);
    domain_end(&d);
}

static struct claims claims_in(struct domain *d, str token)
{
    struct claims c = {0};

    CHECK_ERR(jwt_verify(&d->mem, &d->keys, token, clock_ms() / 1000, &c), OK);
    return c;
}

/* Another program deletes the account, and gives its id to somebody else. */
TEST(who_gets_an_id_that_was_somebody_elses_does_not_see_his_sessions)
{
    struct domain d;
    struct session_rows rows;
    struct session old, s;
    int64_t id = sessions_make(&d);

    d.auth.device = (struct device){ STR("192.0.2.1"), STR("curl"), STR("his phone") };
    CHECK_ERR(sign_in(&d, "zoe", &old), OK);
    beside(&d, "UPDATE users SET createdAt = '2030-01-01 00:00:00', username = 'yan'");
    CHECK_ERR(passes(&d, old.access_token), ERR_TOKEN_INVALID);
    CHECK_ERR(sessions_of_user(&d.auth, &d.mem, id, &rows), OK);
    CHECK(rows.n == 0);
    d.auth.device = (struct device){0};
    CHECK_ERR(sign_in(&d, "yan", &s), OK);
    CHECK_ERR(sessions_of_user(&d.auth, &d.mem, id, &rows), OK);
    CHECK(rows.n == 1 && rows.at[0].id == s.id);
    CHECK_ERR(sessions_end_one(&d.auth, id, old.id), OK);
    beside(&d, "DELETE FROM users");
    CHECK_ERR(sessions_of_user(&d.auth, &d.mem, id, &rows), OK);
    CHECK(rows.n == 0);
    domain_end(&d);
}

TEST(no_access_token_outlives_its_session)
{
    struct domain d;
    struct session s, next;
    struct claims c;

    (void)sessions_make(&d);
    d.rules.access_ttl = 900;
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    c = claims_in(&d, s.access_token);
    CHECK(c.expires_at - c.issued_at == 900);
    d.rules.session_idle = 300 * 1000;
    CHECK_ERR(refresh(&d, s.refresh_token, &next), OK);
    c = claims_in(&d, next.access_token);
    CHECK(c.expires_at - c.issued_at <= 300 && c.expires_at - c.issued_at >= 290);
    beside(&d, "UPDATE latchkey_sessions SET expires_at = used_at + 100000");
    CHECK_ERR(refresh(&d, next.refresh_token, &s), OK);
    c = claims_in(&d, s.access_token);
    CHECK(c.expires_at - c.issued_at <= 100 && c.expires_at - c.issued_at >= 90);
    d.rules.session_absolute = 200 * 1000;
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    c = claims_in(&d, s.access_token);
    CHECK(c.expires_at - c.issued_at <= 200 && c.expires_at - c.issued_at >= 190);
    domain_end(&d);
}

/* The feed says "all of hers from before T": what a session's end meets on its way lies before. */
TEST(a_token_refreshed_while_its_session_ends_is_not_dated_behind_that)
{
    struct domain d;
    struct session s, next;

    (void)sessions_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    beside(&d, "CREATE TRIGGER meanwhile AFTER UPDATE ON latchkey_sessions BEGIN"
               " INSERT OR REPLACE INTO latchkey_accounts"
               " (user_id, created_at, disabled_at, tokens_from)"
               " SELECT id, CAST(strftime('%s', createdAt) AS INTEGER), 0,"
               " CAST(strftime('%s', 'now') AS INTEGER) + 30 FROM users;"
               " DELETE FROM latchkey_sessions; END");
    CHECK_ERR(refresh(&d, s.refresh_token, &next), OK);
    CHECK(next.issued_at <= clock_ms() / 1000);
    CHECK_ERR(passes(&d, next.access_token), ERR_TOKEN_INVALID);
    domain_end(&d);
}
