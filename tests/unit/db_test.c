// SPDX-License-Identifier: MIT
/* db_test.c - what every engine promises, and group commit. */
#include "store.h"

#include <pthread.h>
#include <stdatomic.h>

enum { NOW = 1700000000 };

TEST(no_query_holds_a_question_mark_in_quotes)
{
    for (enum query q = 0; q < Q_COUNT; q++) {
        const char *texts[] = {queries[q].any, queries[q].sqlite, queries[q].mysql,
                               queries[q].pgsql};

        CHECK(queries[q].any || (queries[q].sqlite && queries[q].mysql && queries[q].pgsql));
        for (size_t i = 0; i < 4; i++) {
            char inside = 0;

            for (const char *p = texts[i] ? texts[i] : ""; *p; p++) {
                if (*p == '\'' || *p == '"' || *p == '`')
                    inside = inside == 0 ? *p : inside == *p ? 0 : inside;
                CHECK(!(inside && *p == '?'));
            }
            CHECK(inside == 0);
        }
    }
}

static size_t marks(const char *sql)
{
    size_t n = 0;

    for (; *sql; sql++)
        n += *sql == '?';
    return n;
}

/* A migration may have words for one engine alone. */
TEST(a_script_of_nothing_is_run)
{
    struct store s;
    struct db *db;

    store_make(&s);
    db = store_open(&s);
    CHECK_ERR(db_script(db, STR("")), OK);
    CHECK_ERR(db_script(db, STR("-- nothing here\n\n\n")), OK);
    CHECK_ERR(db_script(db, STR(";")), OK);
    db_close(db);
    store_remove(&s);
}

TEST(an_engines_own_text_takes_the_same_values)
{
    for (enum query q = 0; q < Q_COUNT; q++) {
        const char *texts[] = { queries[q].sqlite, queries[q].mysql, queries[q].pgsql };

        for (size_t i = 0; i < 3; i++)
            if (queries[q].any && texts[i])
                CHECK(marks(texts[i]) == marks(queries[q].any));
    }
}

TEST(every_query_prepares)
{
    struct store s;

    store_make(&s);
    db_close(store_open(&s));
    store_remove(&s);
}

TEST(an_unknown_engine_is_refused)
{
    static const char *const urls[] = { "", "sqlite", "oracle:x", "/file.db", "SQLITE:x", ":" };
    struct db *db;

    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
        CHECK_ERR(db_open_raw(&(struct db_config){ .url = str_of(urls[i]) }, &db), ERR_BAD_SETTING);
}

TEST(lists_that_do_not_fit_a_query_are_a_bug)
{
    struct store s;
    struct arena mem;
    int64_t a, b;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(db_one(db, &mem, Q_ROLE_NEXT_ID, IN(integer(1)), OUT(int_at(&a))), ERR_BUG);
    CHECK_ERR(db_one(db, &mem, Q_ROLE_NEXT_ID, IN_NONE, OUT(int_at(&a), int_at(&b))), ERR_BUG);
    CHECK_ERR(db_exec(db, Q_ROLE_DELETE, IN_NONE, NULL), ERR_BUG);
    CHECK_ERR(db_exec(db, Q_COUNT, IN_NONE, NULL), ERR_BUG);
    CHECK_ERR(db_one(db, &mem, Q_ROLE_NEXT_ID, IN_NONE, OUT(int_at(&a))), OK);
    CHECK(a == 4);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(an_arena_at_its_limit_is_said)
{
    struct store s;
    struct arena mem;
    struct user u = { .username = STR("zoe") };

    store_make(&s);
    arena_init(&mem, 0);
    struct db *db = store_open(&s);
    CHECK_ERR(user_insert(db, &u, NOW), OK);
    CHECK_ERR(user_by_id(db, &mem, u.id, &u), ERR_NO_MEMORY);
    db_close(db);
    store_remove(&s);
}

struct nested { struct db *db; struct arena *mem; int64_t id, next; err same, other; };

static err ask_inside(void *arg)
{
    struct nested *n = arg;

    n->same =
        db_one(n->db, n->mem, Q_ROLES_ALL, IN(integer(1)), OUT(int_at(&n->next), int_at(&n->next)));
    n->other = db_one(n->db, n->mem, Q_ROLE_NEXT_ID, IN_NONE, OUT(int_at(&n->next)));
    return OK;
}

TEST(inside_a_row_other_queries_run_and_the_same_does_not)
{
    struct store s;
    struct arena mem;
    struct nested n = { .mem = &mem };
    str name;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    n.db = store_open(&s);
    CHECK_ERR(db_each(n.db, &mem, Q_ROLES_ALL, IN(integer(9)), OUT(int_at(&n.id), text_at(&name)),
                      ask_inside, &n), OK);
    CHECK_ERR(n.same, ERR_BUG);
    CHECK_ERR(n.other, OK);
    CHECK(n.id == 3 && n.next == 4);
    arena_end(&mem);
    db_close(n.db);
    store_remove(&s);
}

static err insert_then(struct db *db, void *arg)
{
    struct user u = { .username = STR("zoe") };
    err e;

    if ((e = user_insert(db, &u, NOW)) != OK)
        return e;
    return *(err *)arg;
}

static err write_inside(struct db *db, void *arg)
{
    return db_write(db, insert_then, arg);
}

TEST(a_work_that_fails_stores_nothing)
{
    struct store s;
    struct arena mem;
    struct user u;
    err fails = ERR_ROLE_UNKNOWN, succeeds = OK;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(db_write(db, insert_then, &fails), ERR_ROLE_UNKNOWN);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), ERR_NOT_FOUND);
    CHECK_ERR(db_write(db, write_inside, &succeeds), ERR_BUG);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), ERR_NOT_FOUND);
    CHECK_ERR(db_write(db, insert_then, &succeeds), OK);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), OK);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

static err again_twice(struct db *db, void *arg)
{
    int *left = arg;

    (void)db;
    return (*left)-- > 0 ? ERR_DB_AGAIN : OK;
}

TEST(a_transaction_that_was_broken_off_is_repeated_a_few_times)
{
    struct store s;
    int left = 2;

    store_make(&s);
    struct db *db = store_open(&s);
    CHECK_ERR(db_write(db, again_twice, &left), OK);
    CHECK(left == -1);
    left = 100;
    CHECK_ERR(db_write(db, again_twice, &left), ERR_DB_AGAIN);
    CHECK(left == 95);
    db_close(db);
    store_remove(&s);
}

/* Every third work fails after it has written; the others must all be there, exactly once. */
struct crowd { const struct store *s; atomic_int next, wrong; };

static err numbered(struct db *db, void *arg)
{
    char name[16];
    int n = *(const int *)arg, length = snprintf(name, sizeof name, "n%d", n);
    struct user u = { .username = { name, (size_t)length } };
    err e;

    if ((e = user_insert(db, &u, NOW)) != OK)
        return e;
    return n % 3 == 0 ? ERR_ROLE_REFUSED : OK;
}

static void *crowd_member(void *arg)
{
    struct crowd *c = arg;
    struct db *db = NULL;
    int n;

    if (db_open(&c->s->config, &db) != OK) {
        c->wrong++;
        return NULL;
    }
    while ((n = c->next++) < 150)
        c->wrong += db_write(db, numbered, &n) != (n % 3 == 0 ? ERR_ROLE_REFUSED : OK);
    db_close(db);
    return NULL;
}

TEST(works_that_share_a_commit_fail_alone)
{
    struct store s;
    struct crowd c = { .s = &s };
    pthread_t threads[12];
    struct arena mem;
    struct user u;
    char name[16];

    store_make(&s);
    arena_init(&mem, 1 << 20);
    for (size_t i = 0; i < 12; i++)
        CHECK(pthread_create(&threads[i], NULL, crowd_member, &c) == 0);
    for (size_t i = 0; i < 12; i++)
        pthread_join(threads[i], NULL);
    CHECK(c.wrong == 0);

    struct db *db = store_open(&s);
    for (int n = 0; n < 150; n++) {
        (void)snprintf(name, sizeof name, "n%d", n);
        CHECK_ERR(user_by_username(db, &mem, str_of(name), &u), n % 3 == 0 ? ERR_NOT_FOUND : OK);
    }
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

static err nul_insert(struct db *db, void *arg)
{
    struct user u = { .username = STR("a\0b") };

    (void)arg;
    return user_insert(db, &u, NOW);
}

/* PostgreSQL has no such texts, the others do: none takes it for the text before the NUL. */
TEST(a_text_with_a_nul_is_not_its_beginning)
{
    struct store s;
    struct arena mem;
    struct user u;
    err stored;

    store_make(&s);
    arena_init(&mem, 1 << 16);
    struct db *db = store_open(&s);
    CHECK_ERR(user_by_username(db, &mem, STR("a\0b"), &u), ERR_NOT_FOUND);
    stored = db_write(db, nul_insert, NULL);
    CHECK(stored == (strcmp(db_engine(db), "pgsql") == 0 ? ERR_NOT_UNICODE : OK));
    CHECK_ERR(user_by_username(db, &mem, STR("a"), &u), ERR_NOT_FOUND);
    CHECK_ERR(user_by_username(db, &mem, STR("a\0b"), &u), stored == OK ? OK : ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

/* A work that goes on over a failure: PostgreSQL has given the transaction up by then. */
static err failure_swallowed(struct db *db, void *arg)
{
    (void)arg;
    CHECK_ERR(role_insert(db, 1, STR("user"), NOW), ERR_EXISTS);
    return OK;
}

TEST(a_work_may_not_go_on_over_a_failure_where_the_engine_cannot)
{
    struct store s;

    store_make(&s);
    struct db *db = store_open(&s);
    CHECK_ERR(db_write(db, failure_swallowed, NULL),
              strcmp(db_engine(db), "pgsql") == 0 ? ERR_BUG : OK);
    CHECK_ERR(db_check(db), OK);
    CHECK((db_version(db) >= 0) == db_reads_at_once(db));
    CHECK_ERR(db_insert(db, Q_COUNT, IN_NONE, &(int64_t){0}), ERR_BUG);
    db_close(db);
    store_remove(&s);
}

TEST(two_databases_are_closed_in_any_order)
{
    struct store a, b;
    struct db *at[4] = {0};

    store_make_file(&a);
    store_make_file(&b);
    for (size_t i = 0; i < 2; i++) {
        struct db_config *config = i ? &b.config : &a.config;

        CHECK_ERR(migrate(config, MIGRATE_KEEP, OWNER_DEV), OK);
        CHECK_ERR(db_open(config, &at[i]), OK);
        config->pool_embedded = true;
        config->pool_max = 1;
        config->wait_ms = 500;
        config->acquire_ms = 10000;
        config->idle_ms = 60000;
        CHECK_ERR(db_open(config, &at[i + 2]), OK);
        CHECK_ERR(db_check(at[i + 2]), OK);
    }
    for (size_t i = 0; i < 4; i++)
        db_close(at[i]);
    db_close(NULL);
    store_remove(&a);
    store_remove(&b);
    CHECK_ERR(db_open(&(struct db_config){ .url = STR("oracle:x") }, at), ERR_BAD_SETTING);
}
