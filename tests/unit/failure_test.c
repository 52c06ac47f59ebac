// SPDX-License-Identifier: MIT
/* failure_test.c - failures in the database: changed by whoever saw them last. */
#include "store.h"
#include "store/failure.h"

#include <pthread.h>

enum { RACERS = 16 };

static struct failure_row row_of(int64_t n, int64_t last_at, int64_t wait_until)
{
    return (struct failure_row){ n, last_at, wait_until, true };
}

static bool replace(struct db *db, const struct failure_key *key, struct failure_row from,
                    struct failure_row to)
{
    bool won = false;

    CHECK_ERR(failure_replace(db, key, &from, &to, &won), OK);
    return won;
}

static err forget(struct db *db, void *arg)
{
    return failure_delete(db, arg);
}

TEST(keys_of_accounts_and_devices_are_sixty_four_digits_and_differ)
{
    struct failure_key a = failure_key_of_account(1, 2), b = failure_key_of_account(2, 1);
    struct failure_key d = failure_key_of_device(1, 2, 3);
    str zeros = STR("00000000000000000000000000000000");

    CHECK(a.kind == FAILURE_ACCOUNT && d.kind == FAILURE_DEVICE);
    CHECK(memcmp(a.who, b.who, sizeof a.who) != 0 && memcmp(a.who, d.who, sizeof a.who) != 0);
    CHECK_STR(((str){ a.who, 32 }), STR("00000000000000010000000000000002"));
    CHECK_STR(((str){ a.who + 32, 32 }), zeros);
    CHECK_STR(((str){ d.who + 32, 16 }), STR("0000000000000003"));
}

TEST(a_row_is_changed_by_who_knows_it_and_by_nobody_else)
{
    struct failure_key key = failure_key_of_account(1, 1700000000), other = key;
    struct failure_row none = {0}, row;
    struct store s;

    store_make(&s);
    struct db *db = store_open(&s);
    other.kind = FAILURE_NAME;
    CHECK_ERR(failure_read(db, &key, &row), OK);
    CHECK(!row.there && row.failures == 0);
    CHECK(replace(db, &key, none, row_of(1, 1700000000123, 0)));
    CHECK(!replace(db, &key, none, row_of(1, 5, 6)));
    CHECK(replace(db, &key, row_of(1, 0, 0), row_of(2, 1700000000456, 1700000000999)));
    CHECK(!replace(db, &key, row_of(1, 0, 0), row_of(2, 5, 6)));
    CHECK(!replace(db, &key, row_of(2, 0, 0), row_of(3, 5, 6)));
    CHECK(!replace(db, &other, row_of(2, 0, 1700000000999), row_of(3, 5, 6)));
    CHECK_ERR(failure_read(db, &key, &row), OK);
    CHECK(row.there && row.failures == 2 && row.last_at == 1700000000456 &&
          row.wait_until == 1700000000999);
    CHECK_ERR(db_write(db, forget, &key), OK);
    CHECK_ERR(db_write(db, forget, &key), OK);
    CHECK_ERR(failure_read(db, &key, &row), OK);
    CHECK(!row.there);
    db_close(db);
    store_remove(&s);
}

struct racer { struct store *store; int won; };

static void *race(void *arg)
{
    struct racer *r = arg;
    struct failure_key key = failure_key_of_account(1, 1);
    struct db *db = store_open(r->store);

    for (int i = 0; i < 10;) {
        struct failure_row from, to;

        CHECK_ERR(failure_read(db, &key, &from), OK);
        to = row_of(from.failures + 1, 1, from.wait_until + 1);
        if (!replace(db, &key, from, to))
            continue;
        r->won++;
        i++;
    }
    db_close(db);
    return NULL;
}

TEST(of_many_at_once_each_counts_once)
{
    struct failure_key key = failure_key_of_account(1, 1);
    struct failure_row row;
    struct racer r[RACERS];
    pthread_t threads[RACERS];
    struct store s;

    store_make(&s);
    struct db *db = store_open(&s);
    for (int i = 0; i < RACERS; i++) {
        r[i] = (struct racer){ &s, 0 };
        CHECK(pthread_create(&threads[i], NULL, race, &r[i]) == 0);
    }
    for (int i = 0; i < RACERS; i++) {
        (void)pthread_join(threads[i], NULL);
        CHECK(r[i].won == 10);
    }
    CHECK_ERR(failure_read(db, &key, &row), OK);
    CHECK(row.failures == 10 * RACERS);
    db_close(db);
    store_remove(&s);
}

TEST(of_names_and_devices_the_newest_stay_and_accounts_are_left_alone)
{
    struct failure_row none = {0}, row;
    struct failure_key key;
    struct store s;
    int64_t n;

    store_make(&s);
    struct db *db = store_open(&s);
    CHECK_ERR(failures_bound(db, FAILURE_DEVICE, 10), OK);
    for (int i = 1; i <= 30; i++) {
        key = failure_key_of_device(1, 1, i);
        CHECK(replace(db, &key, none, row_of(1, i, 0)));
        key = failure_key_of_account(i, 1);
        CHECK(replace(db, &key, none, row_of(1, i, 0)));
    }
    CHECK_ERR(failures_bound(db, FAILURE_DEVICE, 10), OK);
    CHECK_ERR(failures_count(db, FAILURE_DEVICE, &n), OK);
    CHECK(n == 10);
    CHECK_ERR(failures_count(db, FAILURE_ACCOUNT, &n), OK);
    CHECK(n == 30);
    key = failure_key_of_device(1, 1, 20);
    CHECK_ERR(failure_read(db, &key, &row), OK);
    CHECK(!row.there);
    key = failure_key_of_device(1, 1, 21);
    CHECK_ERR(failure_read(db, &key, &row), OK);
    CHECK(row.there);
    db_close(db);
    store_remove(&s);
}
