// SPDX-License-Identifier: MIT
/* lease_test.c - connections that are shared, bounded, given back and closed when idle.
 *
 * Needs a server: LATCHKEY_TEST_DB is its URL (tests/engines); on SQLite nothing is leased. */
#include "store.h"

#include "base/clock.h"
#include "store/migrate.h"

#include <pthread.h>

static bool has_server(void)
{
    return getenv("LATCHKEY_TEST_DB") != NULL;
}

static struct db_config shared(unsigned max, int64_t acquire_ms)
{
    return (struct db_config){
        .url = str_of(getenv("LATCHKEY_TEST_DB")), .wait_ms = 1000, .pool_max = max,
        .acquire_ms = acquire_ms, .idle_ms = 50,
    };
}

TEST(one_connection_serves_many_shells_that_rest)
{
    struct db_config config = shared(1, 2000);
    struct db *at[20];

    if (!has_server())
        return;
    CHECK_ERR(migrate(&config, MIGRATE_KEEP, OWNER_NONE), OK);
    for (size_t i = 0; i < 20; i++)
        CHECK_ERR(db_open(&config, &at[i]), OK);
    for (size_t i = 0; i < 60; i++) {
        CHECK_ERR(db_check(at[i % 20]), OK);
        db_over(at[i % 20]);
    }
    for (size_t i = 0; i < 20; i++)
        db_close(at[i]);
}

TEST(who_gets_no_connection_in_time_is_told_and_gets_one_later)
{
    struct db_config config = shared(1, 1200);
    struct db *one, *two;

    if (!has_server())
        return;
    CHECK_ERR(db_open(&config, &one), OK);
    CHECK_ERR(db_open(&config, &two), OK);
    CHECK_ERR(db_check(one), OK);
    CHECK_ERR(db_check(two), ERR_BUSY);
    db_over(two);
    db_over(one);
    CHECK_ERR(db_check(two), OK);
    db_close(two);
    db_close(one);
}

struct turns { struct db_config config; bool fine; };

static void *take_turns(void *arg)
{
    struct turns *t = arg;
    struct db *db;

    t->fine = db_open(&t->config, &db) == OK;
    for (int i = 0; t->fine && i < 50; i++) {
        t->fine = db_check(db) == OK;
        db_over(db);
    }
    if (t->fine)
        db_close(db);
    return NULL;
}

TEST(many_threads_share_two_connections)
{
    pthread_t threads[8];
    struct turns turns[8];

    if (!has_server())
        return;
    for (size_t i = 0; i < 8; i++) {
        turns[i] = (struct turns){ .config = shared(2, 30000) };
        CHECK(pthread_create(&threads[i], NULL, take_turns, &turns[i]) == 0);
    }
    for (size_t i = 0; i < 8; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(turns[i].fine);
    }
}

static err work_that_rests(struct db *db, void *arg)
{
    (void)arg;
    db_rest(db);
    return db_check(db);
}

TEST(a_transaction_keeps_its_connection)
{
    struct db_config config = shared(1, 2000);
    struct db *db;

    if (!has_server())
        return;
    CHECK_ERR(db_open(&config, &db), OK);
    CHECK_ERR(db_write(db, work_that_rests, NULL), OK);
    CHECK_STR(str_of(db_engine(db)), str_head(config.url, strlen(db_engine(db))));
    CHECK(!db_reads_at_once(db));
    CHECK(db_version(db) == -1);
    db_close(db);
}
