// SPDX-License-Identifier: MIT
/* attempt_test.c - how often one may fail, by which door and under which spelling. */
#include "auth.h"
#include "auth/attempt.h"
#include "auth/device.h"
#include "crypto/password.h"

#include <pthread.h>

enum { RACERS = 40 };

static const struct throttle_rules usual = {
    .on = true,
    .address = { 1000, 1, BUCKET_FAILURES },
    .signups = { 1000, 1, BUCKET_SIGNUPS },
    .account_free = 5,
    .account_wait = 30000,
    .account_wait_most = 900000,
    .account_most = 100,
    .device_ttl = 86400,
};

/* A domain that counts, and one account in it. */
static int64_t throttled_make(struct domain *d)
{
    int64_t id = 0;

    domain_make(d);
    d->rules.throttle = usual;
    d->rules.strict_time = true;
    d->auth.throttle = throttle_new(64);
    memcpy(d->auth.hasher.client.address, (unsigned char[16]){ [10] = 0xff, 0xff, 1 }, 16);
    CHECK_ERR(sign_up(d, "zoe", "zoe@example.org", &id), OK);
    return id;
}

static void throttled_end(struct domain *d)
{
    throttle_free(d->auth.throttle);
    domain_end(d);
}

static err try_as(struct domain *d, const char *name, const char *password)
{
    struct session s;

    return session_open(&d->auth, &d->mem, str_of(name), str_of(password), &s);
}

static err fail_at(struct domain *d, const char *name)
{
    return try_as(d, name, "wrong");
}

static struct failure_row row_of(struct domain *d, int64_t id)
{
    struct user user;
    struct failure_key key;
    struct failure_row row;

    CHECK_ERR(user_by_id(d->auth.db, &d->mem, id, &user), OK);
    key = failure_key_of_account(id, user.created_at);
    CHECK_ERR(failure_read(d->auth.db, &key, &row), OK);
    return row;
}

/* Is one told the rest of a wait of `whole` ms, of which `passed` at most are over? The machine may
 * be slow; a wait goes by the clock that `passed` is read from. */
static bool is_rest(int64_t told, int64_t whole, int64_t passed)
{
    return told <= whole && told >= whole - passed;
}

/* As if every wait had come to its end. */
static void let_time_pass(struct domain *d)
{
    beside(d, "UPDATE latchkey_failures SET wait_until = 1");
}

TEST(waits_double_from_the_first_to_the_longest)
{
    static const int64_t want[] = { 0, 0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900 };

    for (int i = 0; i < 12; i++)
        CHECK(failures_wait(&usual, i) == want[i] * 1000);
    CHECK(failures_wait(&usual, INT64_MAX) == 900000);
}

TEST(after_its_free_failures_an_account_waits_and_the_right_password_waits_too)
{
    struct domain d;
    int64_t id = throttled_make(&d), since = clock_ms();

    for (int i = 0; i < 5; i++)
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    CHECK_ERR(fail_at(&d, "zoe"), ERR_TOO_MANY);
    CHECK(d.auth.limit.by == LIMIT_ACCOUNT);
    CHECK(is_rest(d.auth.limit.retry_ms, 30000, clock_ms() - since));
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK(row_of(&d, id).failures == 5);
    let_time_pass(&d);
    since = clock_ms();
    CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK(is_rest(d.auth.limit.retry_ms, 60000, clock_ms() - since));
    let_time_pass(&d);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), OK);
    CHECK(!row_of(&d, id).there);
    for (int i = 0; i < 5; i++)
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    throttled_end(&d);
}

TEST(a_wait_longer_than_any_was_written_by_another_clock)
{
    static const char day_ahead[] =
        "UPDATE latchkey_failures SET wait_until = wait_until + 86400000";
    struct domain d;
    int64_t id = throttled_make(&d), since;

    for (int i = 0; i < 5; i++)
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    beside(&d, day_ahead);
    since = clock_ms();
    CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    CHECK(row_of(&d, id).failures == 6);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK(is_rest(d.auth.limit.retry_ms, 60000, clock_ms() - since));
    beside(&d, day_ahead);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), OK);
    throttled_end(&d);
}

TEST(a_success_costs_nothing_and_writes_nothing)
{
    struct domain d;
    int64_t id = throttled_make(&d);

    d.rules.throttle.address.burst = 1;
    d.rules.throttle.account_free = 1;
    for (int i = 0; i < 20; i++)
        CHECK_ERR(try_as(&d, "zoe", "12345678"), OK);
    CHECK(!row_of(&d, id).there);
    CHECK(d.auth.limit.quota == 0);
    throttled_end(&d);
}

TEST(all_spellings_share_one_count)
{
    static const char *const spelled[] = { "zoe", "ZOE", "Zo\u00eb", "zoe ", "zoe\u0308" };
    struct domain d;

    (void)throttled_make(&d);
    for (int i = 0; i < 5; i++)
        CHECK_ERR(fail_at(&d, spelled[i]), ERR_PASSWORD_WRONG);
    for (int i = 0; i < 5; i++)
        CHECK_ERR(try_as(&d, spelled[i], "12345678"), ERR_TOO_MANY);
    throttled_end(&d);
}

TEST(a_name_that_nobody_has_is_refused_just_so)
{
    static const char *const spelled[] = { "nobody", "NOBODY", "n\u00f6body", "nobody ", "Nobody" };
    struct domain d;
    int64_t n, since;

    (void)throttled_make(&d);
    since = clock_ms();
    for (int i = 0; i < 5; i++)
        CHECK_ERR(fail_at(&d, spelled[i]), ERR_USER_UNKNOWN);
    CHECK_ERR(fail_at(&d, "nobody"), ERR_TOO_MANY);
    CHECK(d.auth.limit.by == LIMIT_ACCOUNT);
    CHECK(is_rest(d.auth.limit.retry_ms, 30000, clock_ms() - since));
    CHECK_ERR(failures_count(d.auth.db, FAILURE_NAME, &n), OK);
    CHECK(n == 1);
    CHECK_ERR(fail_at(&d, "another"), ERR_USER_UNKNOWN);
    let_time_pass(&d);
    since = clock_ms();
    CHECK_ERR(fail_at(&d, "nobody"), ERR_USER_UNKNOWN);
    CHECK_ERR(fail_at(&d, "nobody"), ERR_TOO_MANY);
    CHECK(is_rest(d.auth.limit.retry_ms, 60000, clock_ms() - since));
    throttled_end(&d);
}

TEST(a_hundred_in_a_row_and_only_a_new_password_or_an_operator_helps)
{
    struct domain d;
    int64_t id = throttled_make(&d);

    d.rules.throttle.account_most = 7;
    for (int i = 0; i < 7; i++) {
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
        let_time_pass(&d);
    }
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK(d.auth.limit.retry_ms == 900000);
    CHECK_ERR(account_unlock(&d.auth, id), OK);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), OK);
    for (int i = 0; i < 7; i++) {
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
        let_time_pass(&d);
    }
    CHECK_ERR(account_set_password(&d.auth, &d.mem, id, STR("another one")), OK);
    CHECK_ERR(try_as(&d, "zoe", "another one"), OK);
    throttled_end(&d);
}

static err change(struct domain *d, int64_t id, str current)
{
    struct password_change want = { .user_id = id, .current = current,
                                          .next = STR("a new one") };

    return session_change_password(&d->auth, &d->mem, &want);
}

/* Somebody else's new one is stored behind the check of the old one. */
TEST(a_change_of_password_gives_way_to_a_newer_one)
{
    struct domain d;
    struct user user;
    int64_t id = throttled_make(&d);

    CHECK_ERR(change(&d, id, STR("wrong")), ERR_CURRENT_WRONG);
    let_time_pass(&d);
    beside(&d, "CREATE TRIGGER meanwhile AFTER DELETE ON latchkey_failures BEGIN"
               " UPDATE users SET password = 'theirs'; END");
    CHECK_ERR(change(&d, id, STR("12345678")), ERR_CURRENT_WRONG);
    CHECK_ERR(user_by_id(d.auth.db, &d.mem, id, &user), OK);
    CHECK_STR(user.password, STR("theirs"));
    throttled_end(&d);
}

/* A sign-in makes the hash anew behind the check of the old one. */
TEST(a_hash_made_anew_does_not_stop_a_change_of_password)
{
    struct domain d;
    char sql[256];
    int64_t id = throttled_make(&d);
    str hash;

    CHECK_ERR(change(&d, id, STR("wrong")), ERR_CURRENT_WRONG);
    let_time_pass(&d);
    CHECK_ERR(password_hash(NULL, &d.mem, STR("12345678"), &d.rules.password, &hash), OK);
    (void)snprintf(sql, sizeof sql,
                   "CREATE TRIGGER meanwhile AFTER DELETE ON latchkey_failures BEGIN"
                   " UPDATE users SET password = '%.*s'; END", (int)hash.n, hash.p);
    beside(&d, sql);
    CHECK_ERR(change(&d, id, STR("12345678")), OK);
    CHECK_ERR(try_as(&d, "zoe", "a new one"), OK);
    throttled_end(&d);
}

TEST(a_change_of_password_is_a_door_like_any_other)
{
    struct domain d;
    int64_t id = throttled_make(&d);

    for (int i = 0; i < 3; i++)
        CHECK_ERR(change(&d, id, STR("wrong")), ERR_CURRENT_WRONG);
    for (int i = 0; i < 2; i++)
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    CHECK_ERR(change(&d, id, STR("12345678")), ERR_TOO_MANY);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    let_time_pass(&d);
    CHECK_ERR(change(&d, id, STR("12345678")), OK);
    CHECK(!row_of(&d, id).there);
    throttled_end(&d);
}

TEST(an_address_that_failed_too_often_is_refused_whomever_it_asks_for)
{
    struct domain d;
    int64_t id = throttled_make(&d), since = clock_mono_ms();

    d.rules.throttle.address.burst = 3;
    CHECK_ERR(fail_at(&d, "a"), ERR_USER_UNKNOWN);
    CHECK_ERR(fail_at(&d, "b"), ERR_USER_UNKNOWN);
    CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK(d.auth.limit.by == LIMIT_ADDRESS && d.auth.limit.quota == 3 &&
          d.auth.limit.window == 180 && d.auth.limit.left == 0);
    CHECK(is_rest(d.auth.limit.retry_ms, 60000, clock_mono_ms() - since));
    CHECK(d.auth.limit.retry_ms == d.auth.limit.wait_ms);
    CHECK(row_of(&d, id).failures == 1);
    d.auth.hasher.client.address[12] = 2;
    CHECK_ERR(try_as(&d, "zoe", "12345678"), OK);
    CHECK_ERR(fail_at(&d, "c"), ERR_USER_UNKNOWN);
    memset(d.auth.hasher.client.address, 0, ADDRESS_BYTES);
    for (int i = 0; i < 4; i++)
        CHECK_ERR(fail_at(&d, (const char *[]){ "d", "e", "f", "g" }[i]), ERR_USER_UNKNOWN);
    throttled_end(&d);
}

TEST(who_is_refused_by_his_address_costs_the_database_nothing)
{
    struct domain d;
    struct db *other;
    int64_t since;

    (void)throttled_make(&d);
    other = store_open(&d.store);
    since = clock_mono_ms();
    d.rules.throttle.address.burst = 1;
    CHECK_ERR(fail_at(&d, "nobody"), ERR_USER_UNKNOWN);
    CHECK_ERR(db_script(other, STR("ALTER TABLE users RENAME TO gone")), OK);
    CHECK_ERR(fail_at(&d, "nobody"), ERR_TOO_MANY);
    CHECK(d.auth.limit.by == LIMIT_ADDRESS);
    CHECK(is_rest(d.auth.limit.retry_ms, 60000, clock_mono_ms() - since));
    d.auth.hasher.client.address[12] = 2;
    CHECK(fail_at(&d, "nobody") != ERR_TOO_MANY);
    db_close(other);
    throttled_end(&d);
}

/* Whether a refused sign-in, by a client that shows `kept`, looked for rows that others put in, as one for a name that
 * nobody has does. */
static bool looks_on(struct domain *d, const char *name, str kept)
{
    static int64_t id = 1000;
    char sql[160];
    err e;

    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO users (id, username, email, password, createdAt, updatedAt)"
                   " VALUES (%d, 'f%d', 'f%d@x', 'x', '2020-01-01 00:00:00', '2020-01-01 00:00:00')",
                   (int)id, (int)id, (int)id);
    beside(d, sql);
    d->auth.proofs = kept;
    e = try_as(d, name, "wrong");
    d->auth.proofs = (str){0};
    CHECK_ERR(e, ERR_TOO_MANY);
    return d->auth.look.seen >= id++;
}

TEST(who_is_refused_has_asked_for_as_much_as_for_a_name_that_nobody_has)
{
    struct domain d;
    struct session s = {0};
    int64_t id;

    (void)throttled_make(&d);
    CHECK_ERR(sign_up(&d, "max", "max@x", &id), OK);
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("max"), STR("12345678"), &s), OK);
    for (int i = 0; i < 5; i++) {
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
        CHECK_ERR(fail_at(&d, "nobody"), ERR_USER_UNKNOWN);
    }
    CHECK(looks_on(&d, "nobody", (str){0}) && looks_on(&d, "zoe", (str){0}));
    d.rules.throttle.address.burst = 1;
    CHECK(!looks_on(&d, "nobody", (str){0}) && !looks_on(&d, "zoe", (str){0}));
    CHECK(!looks_on(&d, "nobody", STR("x")) && !looks_on(&d, "zoe", STR("x")));
    CHECK(looks_on(&d, "nobody", s.device_proofs) && looks_on(&d, "zoe", s.device_proofs));
    throttled_end(&d);
}

TEST(what_the_account_refuses_costs_its_address_nothing)
{
    struct domain d;

    (void)throttled_make(&d);
    d.rules.throttle.address.burst = 6;
    for (int i = 0; i < 5; i++)
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    for (int i = 0; i < 50; i++)
        CHECK_ERR(fail_at(&d, "zoe"), ERR_TOO_MANY);
    CHECK_ERR(fail_at(&d, "nobody"), ERR_USER_UNKNOWN);
    throttled_end(&d);
}

TEST(what_was_no_attempt_counts_nowhere_but_who_leaves_has_cost_a_hash)
{
    struct domain d;
    struct attempt t;
    struct user user;
    int64_t id = throttled_make(&d);

    d.rules.throttle.address.burst = 2;
    CHECK_ERR(user_by_id(d.auth.db, &d.mem, id, &user), OK);
    for (int i = 0; i < 20; i++) {
        CHECK_ERR(attempt_begin(&d.auth, &d.mem, &user, user.username, &t), OK);
        CHECK_ERR(attempt_end(&d.auth, &t, ERR_BUSY), ERR_BUSY);
    }
    CHECK(!row_of(&d, id).there);
    CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    CHECK(row_of(&d, id).failures == 1);
    CHECK_ERR(attempt_begin(&d.auth, &d.mem, &user, user.username, &t), OK);
    CHECK(row_of(&d, id).failures == 2);
    CHECK_ERR(attempt_end(&d.auth, &t, ERR_DB_DOWN), ERR_DB_DOWN);
    CHECK(row_of(&d, id).failures == 1);
    CHECK_ERR(attempt_begin(&d.auth, &d.mem, &user, user.username, &t), OK);
    CHECK_ERR(attempt_end(&d.auth, &t, ERR_CLIENT_GONE), ERR_CLIENT_GONE);
    CHECK(row_of(&d, id).failures == 1);
    CHECK_ERR(attempt_begin(&d.auth, &d.mem, &user, user.username, &t), ERR_TOO_MANY);
    throttled_end(&d);
}

TEST(asking_for_names_that_are_taken_counts_for_the_address)
{
    struct domain d;
    struct attempt t;

    (void)throttled_make(&d);
    d.rules.throttle.address.burst = 2;
    for (int i = 0; i < 20; i++) {
        CHECK_ERR(attempt_begin_nameless(&d.auth, &t), OK);
        CHECK_ERR(attempt_end(&d.auth, &t, OK), OK);
    }
    for (int i = 0; i < 2; i++) {
        CHECK_ERR(attempt_begin_nameless(&d.auth, &t), OK);
        CHECK_ERR(attempt_end(&d.auth, &t, ERR_USERNAME_TAKEN), ERR_USERNAME_TAKEN);
    }
    CHECK_ERR(attempt_begin_nameless(&d.auth, &t), ERR_TOO_MANY);
    throttled_end(&d);
}

TEST(asking_for_names_that_are_free_ends_too_and_stops_no_sign_in)
{
    struct domain d;
    struct attempt t;
    int64_t since;

    (void)throttled_make(&d);
    since = clock_mono_ms();
    d.rules.throttle.signups.burst = 7;
    for (int i = 0; i < 7; i++) {
        CHECK_ERR(attempt_begin_nameless(&d.auth, &t), OK);
        CHECK_ERR(attempt_end(&d.auth, &t, OK), OK);
    }
    d.rules.throttle.address.burst = 1;
    for (int i = 0; i < 3; i++) {
        CHECK_ERR(attempt_begin_nameless(&d.auth, &t), ERR_TOO_MANY);
        CHECK(d.auth.limit.by == LIMIT_ADDRESS && d.auth.limit.quota == 0);
        CHECK(is_rest(d.auth.limit.retry_ms, 60000, clock_mono_ms() - since));
    }
    CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    d.auth.hasher.client.address[12] = 2;
    CHECK_ERR(attempt_begin_nameless(&d.auth, &t), OK);
    throttled_end(&d);
}

TEST(another_node_and_a_restart_know_the_count)
{
    struct domain d;
    struct auth other;

    (void)throttled_make(&d);
    other = d.auth;
    other.db = store_open(&d.store);
    other.throttle = throttle_new(64);
    for (int i = 0; i < 5; i++) {
        struct auth *node = i % 2 ? &other : &d.auth;
        struct session s;

        CHECK_ERR(session_open(node, &d.mem, STR("zoe"), STR("wrong"), &s), ERR_PASSWORD_WRONG);
        CHECK_ERR(session_open(node, &d.mem, STR("nobody"), STR("wrong"), &s), ERR_USER_UNKNOWN);
    }
    for (int i = 0; i < 2; i++) {
        struct auth *node = i % 2 ? &other : &d.auth;
        struct session s;

        CHECK_ERR(session_open(node, &d.mem, STR("zoe"), STR("12345678"), &s), ERR_TOO_MANY);
        CHECK_ERR(session_open(node, &d.mem, STR("nobody"), STR("wrong"), &s), ERR_TOO_MANY);
    }
    db_close(other.db);
    throttle_free(other.throttle);
    throttled_end(&d);
}

struct racer { struct domain *domain; const char *password; err got; };

static void *race(void *arg)
{
    struct racer *r = arg;
    struct auth a = r->domain->auth;
    struct session s;
    struct arena mem;

    arena_init(&mem, 1 << 20);
    a.db = store_open(&r->domain->store);
    r->got = session_open(&a, &mem, STR("zoe"), str_of(r->password), &s);
    db_close(a.db);
    arena_end(&mem);
    return NULL;
}

static int raced(struct domain *d, const char *password, err want)
{
    struct racer r[RACERS];
    pthread_t threads[RACERS];
    int n = 0;

    for (int i = 0; i < RACERS; i++) {
        r[i] = (struct racer){ .domain = d, .password = password };
        CHECK(pthread_create(&threads[i], NULL, race, &r[i]) == 0);
    }
    for (int i = 0; i < RACERS; i++) {
        (void)pthread_join(threads[i], NULL);
        CHECK(r[i].got == want || r[i].got == ERR_TOO_MANY);
        n += r[i].got == want;
    }
    return n;
}

TEST(many_at_once_get_no_further_than_many_in_a_row)
{
    struct domain d;
    int64_t id = throttled_make(&d);

    CHECK(raced(&d, "wrong", ERR_PASSWORD_WRONG) == 5);
    CHECK(row_of(&d, id).failures == 5);
    CHECK(raced(&d, "12345678", OK) == 0);
    let_time_pass(&d);
    CHECK(raced(&d, "wrong", ERR_PASSWORD_WRONG) == 1);
    CHECK(row_of(&d, id).failures == 6);
    throttled_end(&d);
}

TEST(many_at_once_with_the_right_password_wait_for_each_other)
{
    struct domain d;
    int64_t id = throttled_make(&d);

    CHECK(raced(&d, "12345678", OK) > 5);
    CHECK(!row_of(&d, id).there);
    throttled_end(&d);
}

TEST(switched_off_nothing_is_counted)
{
    struct domain d;
    int64_t id = throttled_make(&d);

    d.rules.throttle.on = false;
    for (int i = 0; i < 30; i++)
        CHECK_ERR(fail_at(&d, "zoe"), ERR_PASSWORD_WRONG);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), OK);
    CHECK(!row_of(&d, id).there);
    throttled_end(&d);
}

TEST(a_failure_that_cannot_be_counted_is_told_to_nobody)
{
    struct domain d;
    struct session s;

    (void)throttled_make(&d);
    beside(&d, "DROP TABLE latchkey_failures");
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR("wrong"), &s), ERR_DB_SCHEMA);
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("nobody"), STR("wrong"), &s), ERR_DB_SCHEMA);
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR("12345678"), &s), ERR_DB_SCHEMA);
    throttled_end(&d);
}

static void row_fill(struct db *db, int64_t n)
{
    struct failure_key key = failure_key_of_device(0, 0, n);
    struct failure_row none = {0}, row = { 1, n, 0, true };
    bool won;

    key.kind = FAILURE_NAME;
    CHECK_ERR(failure_replace(db, &key, &none, &row, &won), OK);
}

TEST(names_that_nobody_has_do_not_fill_the_database)
{
    struct domain d;
    struct failure_row row;
    struct failure_key newest = {0};
    int64_t n;

    (void)throttled_make(&d);
    d.rules.throttle.address.burst = 1000000;
    row_fill(d.auth.db, 1);
    beside(&d,
           "INSERT INTO latchkey_failures WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL"
           " SELECT i + 1 FROM n WHERE i < 70000) SELECT 2, printf('%064x', i), 1, i, 0 FROM n");
    for (int i = 0; i < 1025; i++) {
        struct attempt t;
        char name[32];

        (void)snprintf(name, sizeof name, "nobody %d", i);
        CHECK_ERR(attempt_begin(&d.auth, &d.mem, NULL, str_of(name), &t), OK);
        newest = t.flight.key;
        CHECK_ERR(attempt_end(&d.auth, &t, ERR_USER_UNKNOWN), ERR_USER_UNKNOWN);
    }
    CHECK_ERR(failures_count(d.auth.db, FAILURE_NAME, &n), OK);
    CHECK(n <= FAILURE_NAMES_MAX + 1024);
    CHECK_ERR(failure_read(d.auth.db, &newest, &row), OK);
    CHECK(row.failures == 1);
    throttled_end(&d);
}

/* ---- known devices */

/* Sign in as `name`, showing what the client kept; what it keeps from then on. */
static str keep(struct domain *d, const char *name, const char *password, str kept)
{
    struct session s = {0};

    d->auth.proofs = kept;
    d->auth.known_device = 0;
    CHECK_ERR(session_open(&d->auth, &d->mem, str_of(name), str_of(password), &s), OK);
    CHECK(s.device_proofs.n >= DEVICE_PROOF_CHARS);
    d->auth.proofs = (str){0};
    return s.device_proofs;
}

static err try_on(struct domain *d, str kept, const char *name, const char *password)
{
    err e;

    d->auth.proofs = kept;
    e = try_as(d, name, password);
    d->auth.proofs = (str){0};
    return e;
}

static void hammer(struct domain *d, const char *name)
{
    while (fail_at(d, name) != ERR_TOO_MANY)
        ;
}

TEST(the_owner_on_a_known_device_gets_in_while_others_guess)
{
    struct domain d;
    int64_t id = throttled_make(&d);
    str kept = keep(&d, "zoe", "12345678", (str){0});

    d.rules.throttle.address.burst = 6;
    hammer(&d, "zoe");
    for (int i = 0; i < 20; i++)
        CHECK_ERR(fail_at(&d, "nobody"), i == 0 ? ERR_USER_UNKNOWN : ERR_TOO_MANY);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK_ERR(try_on(&d, kept, "ZOE", "12345678"), OK);
    CHECK(d.auth.hasher.client.known);
    CHECK(row_of(&d, id).failures == 0);
    d.auth.hasher.client.address[12] = 2;
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK(!d.auth.hasher.client.known);
    let_time_pass(&d);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), OK);
    CHECK(!row_of(&d, id).there);
    throttled_end(&d);
}

TEST(a_known_device_has_as_many_guesses_as_a_stranger_and_the_account_counts_them)
{
    struct domain d;
    int64_t id = throttled_make(&d);
    str kept = keep(&d, "zoe", "12345678", (str){0}), other = keep(&d, "zoe", "12345678", (str){0});

    for (int i = 0; i < 5; i++)
        CHECK_ERR(try_on(&d, kept, "zoe", "wrong"), ERR_PASSWORD_WRONG);
    CHECK_ERR(try_on(&d, kept, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK(row_of(&d, id).failures == 5);
    CHECK_ERR(try_as(&d, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK_ERR(try_on(&d, other, "zoe", "12345678"), OK);
    let_time_pass(&d);
    CHECK_ERR(try_on(&d, kept, "zoe", "12345678"), OK);
    for (int i = 0; i < 5; i++)
        CHECK_ERR(try_on(&d, kept, "zoe", "wrong"), ERR_PASSWORD_WRONG);
    throttled_end(&d);
}

TEST(a_device_that_failed_a_hundred_times_is_known_no_more)
{
    struct domain d;
    str kept;

    (void)throttled_make(&d);
    d.rules.throttle.account_most = 7;
    kept = keep(&d, "zoe", "12345678", (str){0});
    for (int i = 0; i < 7; i++) {
        CHECK_ERR(try_on(&d, kept, "zoe", "wrong"), ERR_PASSWORD_WRONG);
        let_time_pass(&d);
    }
    CHECK_ERR(try_on(&d, kept, "zoe", "12345678"), ERR_TOO_MANY);
    CHECK(!d.auth.hasher.client.known);
    beside(&d, "DELETE FROM latchkey_failures WHERE kind = 1");
    CHECK_ERR(try_on(&d, kept, "zoe", "12345678"), OK);
    throttled_end(&d);
}

TEST(a_proof_is_of_one_account_and_of_this_server)
{
    struct domain d;
    struct keyring other;
    char bent[DEVICE_PROOF_CHARS];
    str kept, mine;
    int64_t id;

    (void)throttled_make(&d);
    CHECK_ERR(sign_up(&d, "max", "max@x", &id), OK);
    kept = keep(&d, "zoe", "12345678", (str){0});
    CHECK(kept.n == DEVICE_PROOF_CHARS);
    mine = keep(&d, "max", "12345678", (str){0});
    hammer(&d, "zoe");
    CHECK_ERR(try_on(&d, mine, "zoe", "12345678"), ERR_TOO_MANY);
    for (size_t i = 0; i < kept.n; i++) {
        memcpy(bent, kept.p, kept.n);
        bent[i] = bent[i] == 'A' ? 'B' : 'A';
        CHECK_ERR(try_on(&d, (str){ bent, kept.n }, "zoe", "12345678"), ERR_TOO_MANY);
        CHECK_ERR(try_on(&d, str_head(kept, i), "zoe", "12345678"), ERR_TOO_MANY);
    }
    keyring_init(&other, STR("another secret for the tests, long enough"));
    d.auth.keys = &other;
    CHECK_ERR(try_on(&d, kept, "zoe", "12345678"), ERR_TOO_MANY);
    d.auth.keys = &d.keys;
    CHECK_ERR(try_on(&d, kept, "zoe", "12345678"), OK);
    keyring_end(&other);
    throttled_end(&d);
}

TEST(several_people_may_share_a_device)
{
    static const char *const names[] = { "a", "b", "c", "d", "e" };
    struct domain d;
    str kept = {0};
    int64_t id;

    (void)throttled_make(&d);
    for (int i = 0; i < 5; i++) {
        CHECK_ERR(sign_up(&d, names[i], names[i], &id), OK);
        kept = keep(&d, names[i], "12345678", kept);
        CHECK(kept.n <= DEVICE_PROOFS_CHARS);
    }
    for (int i = 0; i < 5; i++) {
        hammer(&d, names[i]);
        CHECK_ERR(try_on(&d, kept, names[i], "12345678"), i == 0 ? ERR_TOO_MANY : OK);
    }
    throttled_end(&d);
}

TEST(a_device_stays_the_same_one_as_long_as_it_is_known)
{
    struct domain d;
    str kept;

    (void)throttled_make(&d);
    kept = keep(&d, "zoe", "12345678", (str){0});
    for (int i = 0; i < 4; i++)
        CHECK_ERR(try_on(&d, kept, "zoe", "wrong"), ERR_PASSWORD_WRONG);
    CHECK(!str_is(kept, keep(&d, "zoe", "12345678", (str){0})));
    for (int i = 0; i < 2; i++)
        CHECK_ERR(try_on(&d, kept, "zoe", "wrong"), i == 0 ? ERR_PASSWORD_WRONG : ERR_TOO_MANY);
    let_time_pass(&d);
    kept = keep(&d, "zoe", "12345678", kept);
    for (int i = 0; i < 5; i++)
        CHECK_ERR(try_on(&d, kept, "zoe", "wrong"), ERR_PASSWORD_WRONG);
    throttled_end(&d);
}

TEST(a_change_of_password_a_sign_out_and_time_end_what_is_known)
{
    struct domain d;
    int64_t id = throttled_make(&d);
    struct password_change want = {
        .user_id = id, .current = STR("12345678"), .next = STR("another one")};
    str kept = keep(&d, "zoe", "12345678", (str){0});

    CHECK_ERR(session_change_password(&d.auth, &d.mem, &want), OK);
    hammer(&d, "zoe");
    CHECK_ERR(try_on(&d, kept, "zoe", "another one"), ERR_TOO_MANY);
    CHECK_ERR(try_on(&d, want.device_proofs, "zoe", "another one"), OK);
    CHECK_ERR(account_sign_out(&d.auth, id, 0), OK);
    beside(&d, "UPDATE latchkey_accounts SET tokens_from = tokens_from + 2");
    CHECK_ERR(try_on(&d, want.device_proofs, "zoe", "another one"), ERR_TOO_MANY);
    let_time_pass(&d);
    kept = keep(&d, "zoe", "another one", (str){0});
    hammer(&d, "zoe");
    CHECK_ERR(try_on(&d, kept, "zoe", "another one"), OK);
    hammer(&d, "zoe");
    d.rules.throttle.device_ttl = 0;
    CHECK_ERR(try_on(&d, kept, "zoe", "another one"), ERR_TOO_MANY);
    d.rules.throttle.device_ttl = -5;          /* as if that long had passed */
    CHECK_ERR(try_on(&d, kept, "zoe", "another one"), ERR_TOO_MANY);
    throttled_end(&d);
}

/* Each of two changes within a second dates its proof behind itself. */
TEST(a_device_stays_known_through_one_change_of_password_after_the_other)
{
    struct domain d;
    int64_t id = throttled_make(&d);
    struct password_change want = {
        .user_id = id, .current = STR("12345678"), .next = STR("another one")};
    str first;

    CHECK_ERR(session_change_password(&d.auth, &d.mem, &want), OK);
    first = want.device_proofs;
    beside(&d, "UPDATE latchkey_accounts SET tokens_from = tokens_from + 2");
    want.current = STR("another one");
    CHECK_ERR(session_change_password(&d.auth, &d.mem, &want), OK);
    hammer(&d, "zoe");
    CHECK_ERR(try_on(&d, first, "zoe", "another one"), ERR_TOO_MANY);
    CHECK_ERR(try_on(&d, want.device_proofs, "zoe", "another one"), OK);
    throttled_end(&d);
}
