// SPDX-License-Identifier: MIT
/* lease_test.c - connections that are shared, bounded, given back and closed when idle. */
#include "store.h"

#include "base/clock.h"
#include "store/migrate.h"

#include <pthread.h>

static struct db_config shared(const struct store *store, unsigned max, int64_t acquire_ms)
{
    struct db_config config = store->config;

    config.wait_ms = 1000;
    config.pool_max = max;
    config.pool_embedded = true;
    config.acquire_ms = acquire_ms;
    config.idle_ms = 50;
    return config;
}

TEST(one_connection_serves_many_shells_that_rest)
{
    struct store store;
    struct db_config config;
    struct db *at[20];

    store_make(&store);
    config = shared(&store, 1, 2000);
    for (size_t i = 0; i < 20; i++)
        CHECK_ERR(db_open(&config, &at[i]), OK);
    for (size_t i = 0; i < 60; i++) {
        CHECK_ERR(db_check(at[i % 20]), OK);
        db_over(at[i % 20]);
    }
    for (size_t i = 0; i < 20; i++)
        db_close(at[i]);
    store_remove(&store);
}

TEST(who_gets_no_connection_in_time_is_told_and_gets_one_later)
{
    struct store store;
    struct db_config config;
    struct db *one, *two;

    store_make(&store);
    config = shared(&store, 1, 1200);
    CHECK_ERR(db_open(&config, &one), OK);
    CHECK_ERR(db_open(&config, &two), OK);
    CHECK_ERR(db_check(one), OK);
    CHECK_ERR(db_check(two), ERR_BUSY);
    db_over(two);
    db_over(one);
    CHECK_ERR(db_check(two), OK);
    db_close(two);
    db_close(one);
    store_remove(&store);
}

TEST(who_waited_too_long_for_his_turn_asks_nothing)
{
    struct store store;
    struct db_config config;
    struct db *db;

    store_make(&store);
    config = shared(&store, 1, 2000);
    CHECK_ERR(db_open(&config, &db), OK);
    CHECK_ERR(db_waited(db, 1001), ERR_BUSY);
    CHECK_ERR(db_check(db), ERR_BUSY);
    db_over(db);
    CHECK_ERR(db_check(db), OK);
    db_close(db);
    store_remove(&store);
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
    struct store store;
    pthread_t threads[8];
    struct turns turns[8];

    store_make(&store);
    for (size_t i = 0; i < 8; i++) {
        turns[i] = (struct turns){ .config = shared(&store, 2, 30000) };
        CHECK(pthread_create(&threads[i], NULL, take_turns, &turns[i]) == 0);
    }
    for (size_t i = 0; i < 8; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(turns[i].fine);
    }
    store_remove(&store);
}

static err work_that_rests(struct db *db, void *arg)
{
    (void)arg;
    db_rest(db);
    return db_check(db);
}

TEST(a_transaction_keeps_its_connection)
{
    struct store store;
    struct db_config config;
    struct db *db;

    store_make(&store);
    config = shared(&store, 1, 2000);
    CHECK_ERR(db_open(&config, &db), OK);
    CHECK_ERR(db_write(db, work_that_rests, NULL), OK);
    CHECK_STR(str_of(db_engine(db)), str_head(config.url, strlen(db_engine(db))));
    CHECK(db_reads_at_once(db) == (strcmp(db_engine(db), "sqlite") == 0));
    CHECK(db_version(db) == -1);
    db_close(db);
    store_remove(&store);
}

static err work_that_inserts(struct db *db, void *arg)
{
    struct user user = *(struct user *)arg;

    return user_insert(db, &user, 1);
}

struct writer { struct db_config config; pthread_t thread; int done; };

static void *write_rows(void *arg)
{
    struct writer *w = arg;
    struct user user = { .username = STR("zoe"), .email = STR("zoe@x"), .password = STR("x") };
    struct db *db;

    if (db_open(&w->config, &db) != OK)
        return NULL;
    for (int i = 0; i < 10; i++) {
        w->done += db_check(db) == OK && db_write(db, work_that_inserts, &user) == OK;
        db_over(db);
    }
    db_close(db);
    return NULL;
}

/* Who waits to write together holds no connection, so that more may wait than there are. */
TEST(more_threads_write_together_than_there_are_connections)
{
    static struct writer writers[16];
    struct store store;
    struct arena mem;
    int64_t n = 0;
    struct db *db;

    store_make(&store);
    for (size_t i = 0; i < 16; i++) {
        writers[i] = (struct writer){ .config = shared(&store, 2, 30000) };
        CHECK(pthread_create(&writers[i].thread, NULL, write_rows, &writers[i]) == 0);
    }
    for (size_t i = 0; i < 16; i++) {
        CHECK(pthread_join(writers[i].thread, NULL) == 0);
        CHECK(writers[i].done == 10);
    }
    db = store_open(&store);
    arena_init(&mem, 4096);
    CHECK_ERR(db_one(db, &mem, Q_COUNT_USERS, IN_NONE, OUT(int_at(&n))), OK);
    CHECK(n == 160);
    arena_end(&mem);
    db_close(db);
    store_remove(&store);
}
