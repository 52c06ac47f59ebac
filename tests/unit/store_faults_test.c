// SPDX-License-Identifier: MIT
/* store_faults_test.c - the store where the n-th step of SQLite, allocation or arena fails: a call says
 * so and has done nothing, or has done all. SQLite's own, in a file of its own. */
#include "../tests/fault.h"
#include "store.h"

#include "store/copy.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

enum { NOW = 1700000000, WRITERS = 6, EACH = 40 };

static const enum fault_kind kinds[] = { FAULT_SQL, FAULT_ALLOC, FAULT_ARENA };

static void file_make(struct store *s)
{
    store_make_file(s);
    CHECK_ERR(migrate(&s->config, MIGRATE_KEEP, OWNER_DEV), OK);
}

static err zoe_insert(struct db *db, void *arg)
{
    struct user u = { .username = STR("zoe"), .email = STR("zoe@x"), .password = STR("hash") };

    (void)arg;
    return user_insert(db, &u, NOW);
}

static bool zoe_is_there(const struct store *s)
{
    struct db *db = store_open(s);
    struct arena mem;
    struct user u;
    err e;

    arena_init(&mem, 1 << 16);
    e = user_by_username(db, &mem, STR("zoe"), &u);
    CHECK(e == OK || e == ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
    return e == OK;
}

static err fresh_start(const struct store *s)
{
    return migrate(&s->config, MIGRATE_FRESH, OWNER_DEV);
}

TEST(a_fresh_start_that_fails_leaves_every_account)
{
    struct store s;

    file_make(&s);
    CHECK_ERR(migrate_sequel(&s.config, OWNER_DEV), OK);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (struct round r = { kinds[k] }; round_next(&r);) {
            struct db *db;
            err e;
            bool met;

            e = fresh_start(&s);
            met = round_met(&r);
            CHECK(met || e == OK);
            db = store_open(&s);
            if (e == OK)
                CHECK_ERR(db_write(db, zoe_insert, NULL), OK);   /* it had gone with the rest */
            CHECK_ERR(db_write(db, zoe_insert, NULL), OK);
            db_close(db);
            CHECK(zoe_is_there(&s));
            CHECK_ERR(fresh_start(&s), OK);
            CHECK(!zoe_is_there(&s));
            CHECK_ERR(migrate_sequel(&s.config, OWNER_DEV), OK);
        }
    store_remove(&s);
}

TEST(a_migration_that_fails_is_finished_by_the_next)
{
    struct store s;
    enum owner owner;
    bool adopted;

    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (struct round r = { kinds[k] }; round_next(&r);) {
            err e;

            store_make_file(&s);
            e = migrate(&s.config, MIGRATE_KEEP, OWNER_SERVE);
            e = e == OK ? migrate_sequel(&s.config, OWNER_SERVE) : e;
            e = e == OK ? migrate_owner(&s.config, &owner) : e;
            e = e == OK ? migrate_adopted(&s.config, &adopted) : e;
            CHECK(round_met(&r) || e == OK);
            CHECK_ERR(migrate(&s.config, MIGRATE_KEEP, OWNER_SERVE), OK);
            CHECK_ERR(migrate_sequel(&s.config, OWNER_SERVE), OK);
            CHECK(migrate_owner(&s.config, &owner) == OK && owner == OWNER_SERVE);
            CHECK(migrate_adopted(&s.config, &adopted) == OK && !adopted);
            CHECK(!zoe_is_there(&s));
            store_remove(&s);
        }
}

TEST(a_write_that_fails_is_all_there_or_not_at_all)
{
    struct store s;

    file_make(&s);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (struct round r = { kinds[k] }; round_next(&r);) {
            struct db *db = NULL;
            err e;
            bool met;

            e = db_open(&s.config, &db);
            e = e == OK ? db_write(db, zoe_insert, NULL) : e;
            met = round_met(&r);
            CHECK(met || e == OK);
            CHECK(zoe_is_there(&s) == (e == OK));
            if (e == OK)
                CHECK_ERR(db_script(db, STR("DELETE FROM users")), OK);
            db_close(db);
        }
    store_remove(&s);
}

/* Each counts who was told that his row is stored; those rows are there, and no others. */
struct crowd { const struct store *s; atomic_int fails_from, stored, met; };
struct place { int writer, n; };

static err numbered(struct db *db, void *arg)
{
    const struct place *p = arg;
    char name[24];
    int n = snprintf(name, sizeof name, "w%dn%d", p->writer, p->n);
    struct user u = { .username = { name, (size_t)n } };

    return user_insert(db, &u, NOW);
}

static void row_check(const struct crowd *c, struct place p, err told)
{
    struct db *db = store_open(c->s);
    struct arena mem;
    struct user u;
    char name[24];
    int n = snprintf(name, sizeof name, "w%dn%d", p.writer, p.n);

    arena_init(&mem, 1 << 16);
    CHECK_ERR(user_by_username(db, &mem, (str){ name, (size_t)n }, &u),
              told == OK ? OK : ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
}

static void *writer(void *arg)
{
    struct crowd *c = arg;
    struct place p = { .writer = c->fails_from++ };
    struct db *db = store_open(c->s);
    err told[EACH];

    for (; p.n < EACH; p.n++) {
        struct round r = { .kind = FAULT_SQL, .n = (p.writer + p.n) % 24 };

        (void)round_next(&r);
        told[p.n] = db_write(db, numbered, &p);
        c->met += round_met(&r);
        c->stored += told[p.n] == OK;
    }
    db_close(db);
    for (p.n = 0; p.n < EACH; p.n++)
        row_check(c, p, told[p.n]);
    return NULL;
}

TEST(whoever_shares_a_commit_that_fails_is_told)
{
    struct store s;
    struct crowd c = { .s = &s };
    pthread_t threads[WRITERS];

    file_make(&s);
    do {                                /* until both came about: a step fails in who leads alone */
        for (size_t i = 0; i < WRITERS; i++)
            CHECK(pthread_create(&threads[i], NULL, writer, &c) == 0);
        for (size_t i = 0; i < WRITERS; i++)
            pthread_join(threads[i], NULL);
    } while (c.stored == 0 || c.met == 0);
    store_remove(&s);
}

TEST(a_file_that_goes_and_comes_back_is_used_again_by_a_pool)
{
    struct store s;
    struct arena mem;
    struct user u;
    struct db *db;
    char away[128];

    file_make(&s);
    s.config.pool_embedded = true;
    s.config.pool_max = 2;
    s.config.wait_ms = 500;
    s.config.acquire_ms = 10000;
    s.config.idle_ms = 60000;
    arena_init(&mem, 1 << 16);
    (void)snprintf(away, sizeof away, "%s.away", s.file);
    CHECK_ERR(db_open(&s.config, &db), OK);
    CHECK(rename(s.file, away) == 0);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), ERR_DB_DOWN);
    db_over(db);
    CHECK(rename(away, s.file) == 0);
    CHECK_ERR(db_write(db, zoe_insert, NULL), OK);
    db_over(db);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), OK);
    db_over(db);

    CHECK(rename(s.file, away) == 0);
    CHECK_ERR(db_write(db, zoe_insert, NULL), ERR_DB_DOWN);
    db_over(db);
    CHECK(rename(away, s.file) == 0);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), OK);
    db_close(db);
    arena_end(&mem);
    store_remove(&s);
}

TEST(a_pool_that_finds_no_memory_opens_nothing)
{
    struct store s;

    file_make(&s);
    s.config.pool_embedded = true;
    s.config.pool_max = 2;
    for (struct round r = { FAULT_ALLOC }; round_next(&r);) {
        struct db *db = NULL;
        err e = db_open(&s.config, &db);
        bool met = round_met(&r);

        CHECK_ERR(e, met ? ERR_NO_MEMORY : OK);
        CHECK((db != NULL) == (e == OK));
        db_close(db);
    }
    store_remove(&s);
}

/* Failures that SQLite names by a number, each made as it comes about. */
TEST(a_value_longer_than_the_limit_is_refused)
{
    static char large[(1 << 20) + 64];
    struct store s;

    file_make(&s);
    struct db *db = store_open(&s);
    memset(large, 'x', sizeof large);
    CHECK_ERR(meta_write(db, STR("k"), (str){ large, sizeof large }), ERR_NO_MEMORY);
    CHECK_ERR(meta_write(db, STR("k"), STR("v")), OK);
    CHECK_ERR(db_script(db, STR("CREATE TABLE odd (x INTEGER CHECK (x > 0));")), OK);
    CHECK_ERR(db_script(db, STR("INSERT INTO odd VALUES (0)")), ERR_BUG);
    CHECK_ERR(db_script(db, STR("SELECT * FROM nothing")), ERR_DB_SCHEMA);
    db_close(db);
    store_remove(&s);
}
