// SPDX-License-Identifier: MIT
/* copy_test.c - what a move copies, and how rows are added up. */
#include "store.h"

#include "auth/move.h"
#include "store/copy.h"
#include "store/migrations.h"

static bool is_copied(str name)
{
    for (const struct copy_table *t = copy_tables; t->name; t++)
        if (str_is(name, str_of(t->name)))
            return true;
    return false;
}

TEST(every_table_that_a_migration_makes_is_copied)
{
    const str make = STR("CREATE TABLE IF NOT EXISTS ");
    size_t tables = 0;

    for (const struct migration *m = migrations; m->number; m++) {
        str rest = str_of(m->text);

        for (ptrdiff_t at; (at = str_find(rest, make)) >= 0; tables++) {
            str name;

            rest = str_from(rest, (size_t)at + make.n);
            CHECK(str_cut(rest, ' ', &name, &rest));
            if (!is_copied(name))
                printf("  " STR_FMT "\n", STR_ARG(name));
            CHECK(is_copied(name));
        }
    }
    CHECK(tables >= 6);
}

static struct move_sum sum_with(const char *insert)
{
    struct move_sum sum = {0};
    struct store s;
    struct db *db;

    store_make(&s);
    db = store_open(&s);
    CHECK_ERR(db_script(db, str_of(insert)), OK);
    for (const struct copy_table *t = copy_tables; t->name; t++)
        if (strcmp(t->name, "users") == 0)
            CHECK_ERR(move_sum_of(db, t, &sum), OK);
    db_close(db);
    store_remove(&s);
    return sum;
}

#define USER(id, name, email)                                                                      \
    "INSERT INTO users (id, username, email, \"createdAt\", \"updatedAt\") VALUES (" #id ", " name \
    ", " email ", '2020-01-01 00:00:00', '2020-01-01 00:00:00');"

TEST(the_sum_does_not_depend_on_the_order_and_tells_null_from_empty)
{
    struct move_sum a = sum_with(USER(1, "'a'", "'b'") USER(2, "NULL", "''"));
    struct move_sum same = sum_with(USER(2, "NULL", "''") USER(1, "'a'", "'b'"));
    struct move_sum swapped = sum_with(USER(1, "'a'", "'b'") USER(2, "''", "NULL"));
    struct move_sum shifted = sum_with(USER(1, "'ab'", "''") USER(2, "NULL", "''"));

    CHECK(a.rows == 2 && memcmp(&a, &same, sizeof a) == 0);
    CHECK(memcmp(&a, &swapped, sizeof a) != 0);
    CHECK(memcmp(&a, &shifted, sizeof a) != 0);
}
