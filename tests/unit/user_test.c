// SPDX-License-Identifier: MIT
/* user_test.c - accounts, the names they claim, and what is kept about them. */
#include "store.h"

#include <pthread.h>
#include <stdatomic.h>

enum { NOW = 1700000000 };

static const char key_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
static const char key_b[] = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

static struct user user_of(const char *name)
{
    return (struct user){
        .username = str_of(name), .email = STR("a@b.example"), .password = STR("$2a$")};
}

TEST(a_user_is_found_as_it_was_stored)
{
    struct store s;
    struct arena mem;
    struct user u = user_of("Zo\xc3\xab \xf0\x9f\x98\x80"), found;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(user_insert(db, &u, NOW), OK);
    CHECK(u.id == 1 && u.created_at == NOW);
    CHECK_ERR(user_by_id(db, &mem, 1, &found), OK);
    CHECK_STR(found.username, u.username);
    CHECK_STR(found.email, u.email);
    CHECK_STR(found.password, u.password);
    CHECK(found.created_at == NOW && found.updated_at == NOW);
    CHECK_ERR(user_by_username(db, &mem, u.username, &found), OK);
    CHECK_ERR(user_by_email(db, &mem, u.email, &found), OK);
    CHECK_ERR(user_by_id(db, &mem, 2, &found), ERR_NOT_FOUND);
    CHECK_ERR(user_by_id(db, &mem, INT64_MAX, &found), ERR_NOT_FOUND);
    CHECK_ERR(user_by_id(db, &mem, INT64_MIN, &found), ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(an_exact_name_is_the_same_bytes)
{
    static const char *const others[] = { "Zoe", "ZOE", "zoe ", "zo\xc3\xab", " zoe", "zo", "" };
    struct store s;
    struct arena mem;
    struct user u = user_of("zoe"), found;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(user_insert(db, &u, NOW), OK);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        CHECK_ERR(user_by_username(db, &mem, str_of(others[i]), &found), ERR_NOT_FOUND);
    u = user_of("Zoe");
    CHECK_ERR(user_insert(db, &u, NOW), OK);
    CHECK_ERR(user_by_username(db, &mem, STR("Zoe"), &found), OK);
    CHECK(found.id == 2);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &found), OK);
    CHECK(found.id == 1);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(null_and_empty_texts_stay_apart)
{
    struct store s;
    struct arena mem;
    struct user u = { .username = STR(""), .password = {0} }, found;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(user_insert(db, &u, NOW), OK);
    CHECK_ERR(user_by_id(db, &mem, u.id, &found), OK);
    CHECK(found.username.p && found.username.n == 0);
    CHECK(!found.email.p && !found.password.p);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(a_deleted_user_leaves_nothing)
{
    struct store s;
    struct arena mem;
    struct user u = user_of("zoe"), found;
    struct account_state state = { 5, 6 };
    struct strs roles;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(user_insert(db, &u, NOW), OK);
    CHECK_ERR(name_claim(db, NAME_USERNAME, str_of(key_a), u.id, NOW), OK);
    CHECK_ERR(user_role_insert(db, u.id, 1, NOW), OK);
    CHECK_ERR(account_state_set(db, u.id, NOW, &state), OK);
    CHECK_ERR(user_delete(db, u.id), OK);
    CHECK_ERR(user_delete(db, u.id), ERR_NOT_FOUND);
    CHECK_ERR(user_by_name_key(db, &mem, NAME_USERNAME, str_of(key_a), &found), ERR_NOT_FOUND);
    CHECK_ERR(roles_of_user(db, &mem, u.id, &roles), OK);
    CHECK(roles.n == 0);
    CHECK_ERR(account_state_of(db, u.id, NOW, &state), OK);
    CHECK(state.disabled_at == 0 && state.tokens_from == 0);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(a_password_is_changed_with_its_time)
{
    struct store s;
    struct arena mem;
    struct user u = user_of("zoe"), found;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(user_insert(db, &u, NOW), OK);
    CHECK_ERR(user_update_password(db, u.id, STR("$2b$"), NOW + 7), OK);
    CHECK_ERR(user_by_id(db, &mem, u.id, &found), OK);
    CHECK_STR(found.password, STR("$2b$"));
    CHECK(found.created_at == NOW && found.updated_at == NOW + 7);
    CHECK_ERR(user_update_password(db, 99, STR("x"), NOW), ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(a_name_belongs_to_one_living_account)
{
    struct store s;
    struct arena mem;
    struct user a = user_of("a"), b = user_of("b"), found;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(user_insert(db, &a, NOW), OK);
    CHECK_ERR(user_insert(db, &b, NOW), OK);
    CHECK_ERR(name_claim(db, NAME_USERNAME, str_of(key_a), a.id, NOW), OK);
    CHECK_ERR(name_claim(db, NAME_USERNAME, str_of(key_a), a.id, NOW), OK);
    CHECK_ERR(name_claim(db, NAME_USERNAME, str_of(key_a), b.id, NOW), ERR_EXISTS);
    CHECK_ERR(name_claim(db, NAME_EMAIL, str_of(key_a), b.id, NOW), OK);
    CHECK_ERR(name_claim(db, NAME_USERNAME, str_of(key_b), b.id, NOW), OK);
    CHECK_ERR(user_by_name_key(db, &mem, NAME_USERNAME, str_of(key_a), &found), OK);
    CHECK(found.id == a.id);
    CHECK_ERR(user_by_name_key(db, &mem, NAME_EMAIL, str_of(key_a), &found), OK);
    CHECK(found.id == b.id);
    CHECK_ERR(user_by_name_key(db, &mem, NAME_EMAIL, str_of(key_b), &found), ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

/* What the tutorial's server does beside us: rows go, and their ids come back as someone else. */
TEST(a_claim_whose_account_is_gone_or_another_is_taken_over)
{
    struct store s;
    struct arena mem;
    struct user found;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(db_script(db, STR("INSERT INTO users VALUES (1, 'a', 'a', 'x', '2020-01-13 09:05:39',"
                                " '2020-01-13 09:05:39')")), OK);
    CHECK_ERR(user_by_id(db, &mem, 1, &found), OK);
    CHECK_ERR(name_claim(db, NAME_USERNAME, str_of(key_a), 1, found.created_at), OK);
    CHECK_ERR(db_script(db, STR("DELETE FROM users; INSERT INTO users VALUES (1, 'b', 'b', 'x',"
                                " '2021-02-03 04:05:06', '2021-02-03 04:05:06')")), OK);
    CHECK_ERR(user_by_name_key(db, &mem, NAME_USERNAME, str_of(key_a), &found), ERR_NOT_FOUND);
    CHECK_ERR(user_by_id(db, &mem, 1, &found), OK);
    CHECK_ERR(name_claim(db, NAME_USERNAME, str_of(key_a), 1, found.created_at), OK);
    CHECK_ERR(user_by_name_key(db, &mem, NAME_USERNAME, str_of(key_a), &found), OK);
    CHECK_ERR(db_script(db, STR("DELETE FROM users")), OK);
    CHECK_ERR(name_claim(db, NAME_USERNAME, str_of(key_a), 7, NOW), OK);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

/* 200 sign-ups of one name, as the domain makes them: the row, then the claim, in one db_write. */
struct signups { const struct store *s; atomic_int started, won, refused, other; };

static err sign_up(struct db *db, void *arg)
{
    struct user u = user_of("zoe");
    err e;

    (void)arg;
    if ((e = user_insert(db, &u, NOW)) != OK)
        return e;
    if ((e = user_role_insert(db, u.id, 1, NOW)) != OK)
        return e;
    return name_claim(db, NAME_USERNAME, str_of(key_a), u.id, NOW);
}

static void *sign_ups(void *arg)
{
    struct signups *all = arg;
    struct db *db = NULL;

    if (db_open(&all->s->config, &db) != OK) {
        all->other++;
        return NULL;
    }
    while (all->started++ < 200) {
        err e = db_write(db, sign_up, NULL);

        if (e == OK)
            all->won++;
        else if (e == ERR_EXISTS)
            all->refused++;
        else
            all->other++;
    }
    db_close(db);
    return NULL;
}

TEST(of_200_simultaneous_signups_of_a_name_one_succeeds)
{
    struct store s;
    struct signups all = { .s = &s };
    pthread_t threads[16];
    struct arena mem;
    struct user found;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    for (size_t i = 0; i < 16; i++)
        CHECK(pthread_create(&threads[i], NULL, sign_ups, &all) == 0);
    for (size_t i = 0; i < 16; i++)
        pthread_join(threads[i], NULL);
    CHECK(all.won == 1 && all.refused == 199 && all.other == 0);

    struct db *db = store_open(&s);
    CHECK_ERR(user_by_name_key(db, &mem, NAME_USERNAME, str_of(key_a), &found), OK);
    CHECK_ERR(user_delete(db, found.id), OK);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &found), ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

/* Rows that another program wrote, whose names two servers claim at the same time, each with more
 * to do in the same db_write when a name is another's. */
struct claims { const struct store *s; pthread_barrier_t start; atomic_int other; };

struct claim { int round; int64_t id; };

static err claim_on(struct db *db, void *arg)
{
    const struct claim *c = arg;
    char key[2][65];
    err e;

    (void)snprintf(key[0], sizeof key[0], "%064d", c->round);
    (void)snprintf(key[1], sizeof key[1], "%032d%032d", (int)c->id, c->round);
    e = name_claim(db, NAME_USERNAME, str_of(key[0]), c->id, NOW);
    return e == OK || e == ERR_EXISTS ? name_claim(db, NAME_EMAIL, str_of(key[1]), c->id, NOW) : e;
}

static void *claim_all(void *arg)
{
    struct claims *all = arg;
    struct user u = user_of("ada");
    struct db *db = NULL;

    if (db_open(&all->s->config, &db) != OK || user_insert(db, &u, NOW) != OK)
        all->other++;
    for (int round = 0; round < 50; round++) {
        (void)pthread_barrier_wait(&all->start);
        if (!db || db_write(db, claim_on, &(struct claim){ round, u.id }) != OK)
            all->other++;
    }
    if (db)
        db_close(db);
    return NULL;
}

TEST(who_loses_a_name_to_another_goes_on)
{
    struct store s;
    struct claims all = { .s = &s };
    pthread_t threads[4];

    store_make(&s);
    CHECK(pthread_barrier_init(&all.start, NULL, 4) == 0);
    for (size_t i = 0; i < 4; i++)
        CHECK(pthread_create(&threads[i], NULL, claim_all, &all) == 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    CHECK(all.other == 0);
    (void)pthread_barrier_destroy(&all.start);
    store_remove(&s);
}

static err count_up(void *arg, const struct user *u)
{
    int64_t *sum = arg;

    *sum = *sum * 10 + u->id;
    return u->id == 8 ? ERR_BUSY : OK;
}

TEST(users_come_by_id_from_a_mark_on)
{
    struct store s;
    struct arena mem;
    int64_t seen = 0, mark = -1;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    for (int i = 0; i < 9; i++) {
        struct user u = user_of("u");
        CHECK_ERR(user_insert(db, &u, NOW), OK);
    }
    CHECK_ERR(users_after(db, &mem, 3, 3, count_up, &seen), OK);
    CHECK(seen == 456);
    seen = 0;
    CHECK_ERR(users_after(db, &mem, 6, 100, count_up, &seen), ERR_BUSY);
    CHECK(seen == 78);
    CHECK_ERR(watermark_read(db, &mark), OK);
    CHECK(mark == 0);
    CHECK_ERR(watermark_write(db, 9), OK);
    CHECK_ERR(watermark_read(db, &mark), OK);
    CHECK(mark == 9);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(an_accounts_state_is_bound_to_when_it_was_made)
{
    struct store s;
    struct account_state state = { 1700000000123, 1700000001 }, other = { 9, 9 };

    store_make(&s);
    struct db *db = store_open(&s);
    CHECK_ERR(account_state_of(db, 1, NOW, &other), OK);
    CHECK(other.disabled_at == 0 && other.tokens_from == 0);
    CHECK_ERR(account_state_set(db, 1, NOW, &state), OK);
    CHECK_ERR(account_state_of(db, 1, NOW, &other), OK);
    CHECK(other.disabled_at == 1700000000123 && other.tokens_from == 1700000001);
    CHECK_ERR(account_state_of(db, 1, NOW + 1, &other), OK);
    CHECK(other.disabled_at == 0 && other.tokens_from == 0);
    CHECK_ERR(account_state_set(db, 1, NOW + 1, &(struct account_state){ 0, 3 }), OK);
    CHECK_ERR(account_state_of(db, 1, NOW + 1, &other), OK);
    CHECK(other.disabled_at == 0 && other.tokens_from == 3);
    db_close(db);
    store_remove(&s);
}

TEST(a_fact_is_kept_and_replaced)
{
    struct store s;
    struct arena mem;
    str value;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(meta_read(db, &mem, STR("nothing"), &value), ERR_NOT_FOUND);
    CHECK_ERR(meta_write(db, STR("a"), STR("one")), OK);
    CHECK_ERR(meta_write(db, STR("a"), STR("two")), OK);
    CHECK_ERR(meta_read(db, &mem, STR("a"), &value), OK);
    CHECK_STR(value, STR("two"));
    CHECK_ERR(meta_write(
                  db, str_of("a key that is longer than the sixty-four bytes of its own column is"),
                  STR("x")),
              ERR_BUG);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}
