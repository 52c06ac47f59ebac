// SPDX-License-Identifier: MIT
/* revocations_test.c - what is told to those who verify by themselves, and for how long. */
#include "auth.h"
#include "auth/revocations.h"
#include "auth/sessions.h"
#include "base/json.h"

static int64_t house_make(struct domain *d)
{
    int64_t id = 0;

    domain_make(d);
    d->rules.sessions = SESSIONS_OWN;
    d->rules.session_idle = 1000 * 3600;
    d->rules.session_absolute = 1000 * 86400;
    d->rules.access_ttl = 60; /* shorter than it was: what is told goes by token_life */
    d->rules.token_life = 900000;
    CHECK_ERR(sign_up(d, "zoe", "zoe@example.org", &id), OK);
    return id;
}

struct told {
    struct json *all, *sessions, *users;
    int64_t next;
    uint64_t digest;
    bool more;
};

static struct told told_since(struct domain *d, int64_t since)
{
    const struct json_rules rules = {.depth_max = 3, .values_max = 1 << 16, .unique = true};
    struct revocations_asked asked = {since, clock_ms()};
    struct json *json;
    struct told t = {0};
    str payload;

    CHECK_ERR(revocations_write(&d->auth, &d->mem, &asked, &payload, &t.digest), OK);
    CHECK_ERR(json_parse(&d->mem, payload, &rules, &json), OK);
    t.all = json_member(json, STR("all"));
    t.sessions = json_member(json, STR("sessions"));
    t.users = json_member(json, STR("users"));
    t.more = json_member(json, STR("more"))->kind == JSON_TRUE;
    CHECK(json_int_of(json_member(json, STR("next")), &t.next));
    return t;
}

static struct told told(struct domain *d)
{
    return told_since(d, 0);
}

static str id_text(struct domain *d, int64_t id)
{
    return arena_printf(&d->mem, "%lld", (long long)id);
}

TEST(nothing_ended_nothing_is_told)
{
    struct domain d;
    struct told t;

    (void)house_make(&d);
    t = told(&d);
    CHECK(t.sessions->n == 0 && t.users->n == 0 && !t.more);
    CHECK(t.next <= clock_ms() - REVOCATIONS_OVERLAP);
    CHECK(t.digest == told(&d).digest);
    domain_end(&d);
}

TEST(a_session_that_ends_is_told_by_its_id)
{
    struct domain d;
    struct session s;
    struct told t;
    int64_t id = house_make(&d);
    uint64_t before = told(&d).digest;

    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK(told(&d).sessions->n == 0);
    CHECK_ERR(sessions_end_one(&d.auth, id, s.id), OK);
    CHECK_ERR(sessions_end_one(&d.auth, id, s.id), ERR_NOT_FOUND);
    t = told(&d);
    CHECK(t.sessions->n == 1 && t.users->n == 0 && t.digest != before);
    CHECK_STR(t.sessions->first->text, id_text(&d, s.id));
    domain_end(&d);
}

TEST(a_session_that_a_stolen_token_ends_is_told)
{
    struct domain d;
    struct session s, next, last;

    (void)house_make(&d);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(session_refresh(&d.auth, &d.mem, s.refresh_token, &next), OK);
    CHECK_ERR(session_refresh(&d.auth, &d.mem, next.refresh_token, &last), OK);
    CHECK_ERR(session_refresh(&d.auth, &d.mem, s.refresh_token, &last), ERR_REFRESH_UNKNOWN);
    CHECK(told(&d).sessions->n == 1);
    domain_end(&d);
}

/* Rows of one millisecond come in any order. */
static void user_is(struct domain *d, int64_t id, int64_t from_least, str keep)
{
    struct json *row = told(d).users->first;
    int64_t user, from;

    while (row && row->next && !str_is(row->last->text, keep))
        row = row->next;
    CHECK(row && row->n == 3);
    if (!row)
        return;
    CHECK(json_int_of(row->first, &user) && user == id);
    CHECK(json_int_of(row->first->next, &from) && from >= from_least);
    CHECK_STR(row->last->text, keep);
}

TEST(what_ends_all_of_an_accounts_tokens_is_told_with_its_time)
{
    struct domain d;
    struct session s;
    int64_t id = house_make(&d), now = clock_ms() / 1000 + 1;

    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(account_sign_out(&d.auth, id, s.id), OK);
    user_is(&d, id, now, id_text(&d, s.id));
    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    user_is(&d, id, now, STR(""));
    CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("another one")), OK);
    CHECK_ERR(account_disable(&d.auth, id), OK);
    CHECK_ERR(account_enable(&d.auth, id), OK);
    CHECK_ERR(account_delete(&d.auth, id), OK);
    user_is(&d, id, now, STR(""));
    CHECK(told(&d).users->n == 2);
    domain_end(&d);
}

/* What was told of `keep` refuses the token of `s`. */
static bool is_told_of(struct domain *d, const struct session *s, str keep)
{
    struct json *row = told(d).users->first;
    struct claims c = {0};
    int64_t from = 0;

    while (row && !str_is(row->last->text, keep))
        row = row->next;
    CHECK(row && json_int_of(row->first->next, &from));
    CHECK_ERR(jwt_verify(&d->mem, &d->keys, s->access_token, clock_ms() / 1000, &c), OK);
    return c.issued_at < from;
}

/* Within the second of a cut tokens are dated behind it. */
TEST(a_second_cut_is_told_with_a_time_behind_what_was_signed_in_since_the_first)
{
    struct domain d;
    struct session s, other;
    int64_t id = house_make(&d);

    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    beside(&d, "UPDATE latchkey_accounts SET tokens_from = tokens_from + 2");
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    CHECK(is_told_of(&d, &s, STR("")));
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK(!is_told_of(&d, &s, STR("")));
    CHECK_ERR(sign_in(&d, "zoe", &other), OK);
    CHECK_ERR(account_sign_out(&d.auth, id, s.id), OK);
    CHECK(is_told_of(&d, &other, id_text(&d, s.id)));
    CHECK_ERR(sign_in(&d, "zoe", &other), OK);
    CHECK_ERR(account_delete(&d.auth, id), OK);
    CHECK(is_told_of(&d, &other, STR("")));
    domain_end(&d);
}

/* By a node whose clock is ahead of the one that ends it, a little or beyond what is believed. */
TEST(a_cut_is_told_with_a_time_behind_what_another_clock_dated)
{
    static const char *const used[] = {
        "UPDATE latchkey_sessions SET used_at = used_at + 5000",
        "UPDATE latchkey_sessions SET used_at = used_at + 500000",
    };
    struct domain d;
    struct session s;
    struct claims c;
    int64_t id = house_make(&d);

    for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
        CHECK_ERR(sign_in(&d, "zoe", &s), OK);
        CHECK_ERR(jwt_verify(&d.mem, &d.keys, s.access_token, clock_ms() / 1000, &c), OK);
        c.issued_at += 5;
        CHECK_ERR(jwt_sign(&d.mem, &d.keys, &c, &s.access_token), OK);
        beside(&d, used[i]);
        CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
        CHECK(is_told_of(&d, &s, STR("")));
    }
    domain_end(&d);
}

/* Tokens dated further ahead than clocks may differ would open nothing for as long. An operator is
 * not stopped by what others did. */
TEST(who_signs_in_and_out_faster_than_seconds_go_by_waits)
{
    struct domain d;
    struct session s;
    int64_t id = house_make(&d);
    err e = OK;

    for (int i = 0; i < 100 && e == OK; i++) {
        CHECK_ERR(sign_in(&d, "zoe", &s), OK);
        CHECK_ERR(access_by_token(&d.auth, &d.mem, s.access_token, clock_ms() / 1000,
                                  &(struct caller){0}),
                  OK);
        e = account_sign_out(&d.auth, id, 0);
    }
    CHECK_ERR(e, ERR_BUSY);
    CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("another one")), OK);
    CHECK(is_told_of(&d, &s, STR("")));
    CHECK_ERR(account_disable(&d.auth, id), OK);
    CHECK_ERR(account_delete(&d.auth, id), OK);
    domain_end(&d);
}

/* Who signs in again at once is not refused for what was before. */
TEST(a_later_sign_in_is_dated_behind_the_cut)
{
    struct domain d;
    struct session s;
    struct claims c;
    int64_t id = house_make(&d), from;

    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK(json_int_of(told(&d).users->last->first->next, &from));
    CHECK_ERR(jwt_verify(&d.mem, &d.keys, s.access_token, clock_ms() / 1000, &c), OK);
    CHECK(c.issued_at >= from);
    domain_end(&d);
}

TEST(it_is_told_as_long_as_a_token_may_live)
{
    struct domain d;
    int64_t id = house_make(&d);

    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    beside(&d, "UPDATE latchkey_revocations SET at = at - 900000");
    CHECK(told(&d).users->n == 1);
    beside(&d, "UPDATE latchkey_revocations SET at = at - 61000");
    CHECK(told(&d).users->n == 0);
    CHECK_ERR(revocations_forget(d.auth.db, 2000000), OK);
    d.rules.token_life = 2000000;
    CHECK(told(&d).users->n == 1);
    CHECK_ERR(revocations_forget(d.auth.db, 900000), OK);
    CHECK(told(&d).users->n == 0);
    domain_end(&d);
}

TEST(what_is_asked_for_since_a_time_leaves_out_what_was_before)
{
    struct domain d;
    int64_t id = house_make(&d), then;

    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    beside(&d, "UPDATE latchkey_revocations SET at = at - 300000");
    then = clock_ms() - 200000;
    CHECK(told_since(&d, then).users->n == 0);
    CHECK(told_since(&d, then - 200000).users->n == 1);
    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    CHECK(told_since(&d, then).users->n == 1);
    CHECK(told(&d).users->n == 1);
    /* Asking for what comes next again and again misses nothing that a slow commit adds. */
    CHECK(told_since(&d, told(&d).next).users->n == 1);
    domain_end(&d);
}

static err many_work(struct db *db, void *arg)
{
    const int64_t *at = arg;
    err e = OK;

    for (int i = 0; i < REVOCATIONS_PAGE && e == OK; i++)
        e = revocation_write(db, &(struct revocation){.id = *at * 10000 + i,
                                                       .at = *at + (at[1] ? i : 0),
                                                       .user_id = 1,
                                                       .session_id = i + 1});
    return e;
}

TEST(more_than_a_page_goes_on_in_the_next)
{
    struct domain d;
    struct told t;
    int64_t at[2] = {clock_ms() - 500000, 1}, seen = 0, pages = 0;

    (void)house_make(&d);
    CHECK_ERR(db_write(d.auth.db, many_work, at), OK);
    at[0] += 100000;
    at[1] = 0; /* a page within one ms */
    CHECK_ERR(db_write(d.auth.db, many_work, at), OK);
    for (t = told(&d); pages++ < 5; t = told_since(&d, t.next)) {
        seen += (int64_t)t.sessions->n;
        if (!t.more)
            break;
    }
    CHECK(!t.more && pages == 3 + 1);
    CHECK(seen >= 2 * REVOCATIONS_PAGE);
    domain_end(&d);
}

/* One session that signs the others out again and again says one thing. */
TEST(a_fact_that_is_told_again_takes_no_more_room)
{
    struct domain d;
    struct session s;
    struct told t;
    int64_t id = house_make(&d), then, from;

    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    for (int i = 0; i < 50; i++)
        CHECK_ERR(account_sign_out(&d.auth, id, s.id), OK);
    CHECK(told(&d).users->n == 1);
    beside(&d, "UPDATE latchkey_revocations SET at = at - 300000, issued_before = 1");
    then = clock_ms();
    CHECK_ERR(account_sign_out(&d.auth, id, s.id), OK);
    t = told_since(&d, then);
    CHECK(t.users->n == 1);
    CHECK(json_int_of(t.users->first->first->next, &from) && from > then / 1000);
    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    CHECK(told(&d).users->n == 2);
    domain_end(&d);
}

/* Of two nodes whose clocks differ the one behind takes nothing back. */
TEST(a_cut_never_moves_back)
{
    struct domain d;
    struct told t;
    int64_t id = house_make(&d), from, then = clock_ms() + 15000;

    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    beside(&d, "UPDATE latchkey_revocations SET at = at + 30000, issued_before = 99999999999");
    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    t = told_since(&d, then);
    CHECK(t.users->n == 1);
    CHECK(json_int_of(t.users->first->first->next, &from) && from == 99999999999);
    domain_end(&d);
}

struct slice {
    int64_t before, gone;
};

static err slice_work(struct db *db, void *arg)
{
    struct slice *s = arg;

    return revocations_over_delete(db, s->before, 1000, &s->gone);
}

TEST(what_is_over_goes_in_slices)
{
    struct domain d;
    int64_t at[2] = {clock_ms() - 2000000, 1};
    struct slice s = {.before = clock_ms() - 1000000};

    (void)house_make(&d);
    d.rules.token_life = 10000000;
    CHECK_ERR(db_write(d.auth.db, many_work, at), OK);
    CHECK(told(&d).more);
    CHECK_ERR(db_write(d.auth.db, slice_work, &s), OK);
    CHECK(s.gone == 1000);
    CHECK(told(&d).sessions->n == REVOCATIONS_PAGE - 1000);
    CHECK_ERR(revocations_forget(d.auth.db, 1000000), OK);
    CHECK(told(&d).sessions->n == 0);
    domain_end(&d);
}
