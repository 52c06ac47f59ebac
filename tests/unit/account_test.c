// SPDX-License-Identifier: MIT
/* account_test.c - sign up, find, change: on a real database. */
#include "auth.h"

#include "auth/claim.h"

#include <pthread.h>
#include <stdatomic.h>

/* -------------------------------------------------------------------------------------- sign up */

TEST(a_sign_up_is_stored_with_the_default_role)
{
    struct domain d;
    struct user user;
    struct strs roles;
    int64_t id = 0;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "zoe@example.org", &id), OK);
    CHECK_ERR(user_by_id(d.auth.db, &d.mem, id, &user), OK);
    CHECK_STR(user.username, STR("zoe"));
    CHECK_STR(user.email, STR("zoe@example.org"));
    CHECK_ERR(password_check(NULL, STR("12345678"), user.password), OK);
    CHECK_ERR(roles_of_user(d.auth.db, &d.mem, id, &roles), OK);
    CHECK(roles.n == 1 && str_is(roles.at[0], STR("user")));
    domain_end(&d);
}

TEST(the_default_role_is_that_of_the_id_1_where_none_is_called_user)
{
    struct domain d;
    struct strs roles;
    int64_t id = 0;

    domain_make(&d);
    beside(&d, "UPDATE roles SET name = 'reader' WHERE id = 1;");
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    CHECK_ERR(roles_of_user(d.auth.db, &d.mem, id, &roles), OK);
    CHECK(roles.n == 1 && str_is(roles.at[0], STR("reader")));
    beside(&d, "DELETE FROM user_roles; DELETE FROM roles WHERE id = 1;");
    CHECK_ERR(sign_up(&d, "yan", "y@x", &id), ERR_ROLE_UNKNOWN);
    beside(&d, "DELETE FROM roles;");
    CHECK_ERR(sign_up(&d, "yan", "y@x", &id), ERR_ROLE_UNKNOWN);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("yan"), &(struct user){0}), ERR_USER_UNKNOWN);
    domain_end(&d);
}

TEST(roles_come_from_the_table_and_may_be_named_twice)
{
    struct domain d;
    str wanted[] = {STR("admin"), STR("user"), STR("admin")},
        unknown[] = {STR("user"), STR("Admin")}, which;
    struct new_account want = { STR("zoe"), STR("z@x"), STR("12345678"), { wanted, 3 } };
    struct strs roles;
    int64_t id;

    domain_make(&d);
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), OK);
    CHECK_ERR(roles_of_user(d.auth.db, &d.mem, id, &roles), OK);
    CHECK(roles.n == 2 && str_is(roles.at[0], STR("user")) && str_is(roles.at[1], STR("admin")));
    want = (struct new_account){ STR("yan"), STR("y@x"), STR("12345678"), { unknown, 2 } };
    CHECK_ERR(roles_check_exist(&d.auth, &d.mem, want.roles, &which), ERR_ROLE_UNKNOWN);
    CHECK_STR(which, STR("Admin"));
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), ERR_ROLE_UNKNOWN);
    CHECK_ERR(account_check_free(&d.auth, &d.mem, STR("yan"), STR("y@x")), OK);
    domain_end(&d);
}

TEST(a_name_is_taken_however_it_is_spelled)
{
    static const char *const same[] = { "admin", "Admin", "ädmin", "ADMIN  " };
    static const char *const other[] = { " admin", "admin\t", "ad\xe2\x80\x8bmin", "аdmin" };
    struct domain d;
    int64_t id;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "admin", "a@x", &id), OK);
    for (size_t i = 0; i < 4; i++) {
        CHECK_ERR(account_check_free(&d.auth, &d.mem, str_of(same[i]), STR("n@x")),
                  ERR_USERNAME_TAKEN);
        CHECK_ERR(account_check_free(&d.auth, &d.mem, STR("new"), STR("Ä@X")), ERR_EMAIL_TAKEN);
        CHECK_ERR(sign_up(&d, same[i], "n@x", &id), ERR_USERNAME_TAKEN);
        CHECK_ERR(account_check_free(&d.auth, &d.mem, str_of(other[i]), STR("n@x")), OK);
    }
    CHECK_ERR(sign_up(&d, "new", "A@x ", &id), ERR_EMAIL_TAKEN);
    domain_end(&d);
}

TEST(null_equals_null_and_nothing_else)
{
    struct new_account nameless = { {0}, STR("a@x"), STR("12345678"), { NULL, 0 } };
    struct domain d;
    struct user user;
    int64_t id, empty;

    domain_make(&d);
    CHECK_ERR(account_create(&d.auth, &d.mem, &nameless, &id), OK);
    nameless.email = STR("b@x");
    CHECK_ERR(account_create(&d.auth, &d.mem, &nameless, &id), ERR_USERNAME_TAKEN);
    CHECK_ERR(sign_up(&d, "", "c@x", &empty), OK);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, (str){0}, &user), OK);
    CHECK(!user.username.p && str_is(user.email, STR("a@x")));
    domain_end(&d);
}

TEST(what_no_column_or_hash_can_hold_is_refused)
{
    static char name[4 * 256], password[80];
    struct new_account want = { .email = STR("a@x"), .password = STR("12345678") };
    struct domain d;
    int64_t id;

    domain_make(&d);
    for (size_t i = 0; i < sizeof name; i += 4)
        memcpy(name + i, "😀", 4);
    memset(password, 'p', sizeof password);
    want.username = (str){ name, 4 * 256 };
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), ERR_BAD_REQUEST);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, want.username, &(struct user){0}), ERR_USER_UNKNOWN);
    want.username = (str){ name, 4 * 255 };
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), OK);
    want.username = STR("a\xff");
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), ERR_NOT_UNICODE);
    want.username = STR("b");
    want.email = STR("b@x");
    want.password = (str){ password, 73 };
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), ERR_PASSWORD_POLICY);
    d.rules.password_min = 9;
    want.password = STR("12345678");
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), ERR_PASSWORD_POLICY);
    want.password = STR("ääääääääa");
    CHECK_ERR(account_create(&d.auth, &d.mem, &want, &id), OK);
    domain_end(&d);
}

/* ------------------------------------------------------------------------- all at the same time */

enum { THREADS = 16, SIGN_UPS = 200 };

static struct {
    struct domain *d;
    atomic_int next, done, taken, other;
    pthread_barrier_t start;
} crowd;

/* Each spells the name in its own way. */
static void *crowd_run(void *unused)
{
    static const char *const spellings[] = { "zoe", "Zoe", "zoë", "ZOE ", "ZOË" };
    struct auth a = crowd.d->auth;
    int n;

    a.db = store_open(&crowd.d->store);
    (void)pthread_barrier_wait(&crowd.start);
    while ((n = atomic_fetch_add(&crowd.next, 1)) < SIGN_UPS) {
        struct arena mem;
        int64_t id;

        arena_init(&mem, 1 << 20);
        str email = arena_printf(&mem, "%d@x", n);
        struct new_account want = { str_of(spellings[n % 5]), email, STR("12345678"), { NULL, 0 } };
        err e = account_create(&a, &mem, &want, &id);

        atomic_fetch_add(e == OK                   ? &crowd.done
                         : e == ERR_USERNAME_TAKEN ? &crowd.taken
                                                   : &crowd.other,
                         1);
        arena_end(&mem);
    }
    db_close(a.db);
    return unused;
}

TEST(of_200_simultaneous_sign_ups_of_one_name_exactly_one_succeeds)
{
    pthread_t threads[THREADS];
    struct domain d;
    struct strs roles;
    struct user user;

    domain_make(&d);
    crowd.d = &d;
    CHECK(pthread_barrier_init(&crowd.start, NULL, THREADS) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, crowd_run, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(crowd.done == 1 && crowd.taken == SIGN_UPS - 1 && crowd.other == 0);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("zoe"), &user), OK);
    CHECK_ERR(roles_of_user(d.auth.db, &d.mem, user.id, &roles), OK);
    CHECK(roles.n == 1);
    (void)pthread_barrier_destroy(&crowd.start);
    domain_end(&d);
}

/* ----------------------------------------------------------------------- rows that others wrote */

#define ROW(id, name, email)                                                                       \
    "INSERT INTO users VALUES (" #id ", '" name "', '" email                                       \
    "', NULL, '2020-01-13 09:21:51', '2020-01-13 09:21:51');"

TEST(rows_that_others_wrote_are_found_and_hold_their_names)
{
    struct domain d;
    struct user user;
    int64_t id;

    domain_make(&d);
    beside(&d, ROW(1, "straße", "s@x") ROW(9, "Boß", "b@x"));
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("boß "), &user), OK);
    CHECK(user.id == 9);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("boss"), &user), ERR_USER_UNKNOWN);
    CHECK_ERR(sign_up(&d, "STRAẞE", "t@x", &id), ERR_USERNAME_TAKEN);
    CHECK_ERR(sign_up(&d, "strasse", "S@X", &id), ERR_EMAIL_TAKEN);
    CHECK_ERR(sign_up(&d, "strasse", "t@x", &id), OK);
    beside(&d, ROW(20, "later", "l@x"));
    CHECK_ERR(sign_up(&d, "LATER", "m@x", &id), ERR_USERNAME_TAKEN);
    domain_end(&d);
}

TEST(of_two_foreign_rows_with_one_name_the_first_keeps_it)
{
    struct domain d;
    struct user user;

    domain_make(&d);
    beside(&d, ROW(3, "zoe", "z@x") ROW(5, "Zoe", "y@x"));
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("ZOE"), &user), OK);
    CHECK(user.id == 3);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("Zoe"), &user), OK);
    CHECK(user.id == 5);
    CHECK_ERR(account_check_free(&d.auth, &d.mem, STR("new"), STR("Y@x")), ERR_EMAIL_TAKEN);
    domain_end(&d);
}

TEST(ids_that_start_again_are_looked_through_again)
{
    struct domain d;
    struct user user;
    int64_t id;

    domain_make(&d);
    beside(&d, ROW(1, "one", "1@x") ROW(2, "two", "2@x") ROW(90, "ninety", "90@x"));
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("NINETY"), &user), OK);
    beside(&d,
           "DELETE FROM users WHERE id = 90; DELETE FROM sqlite_sequence;" ROW(3, "three", "3@x"));
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("THREE"), &user), OK);
    CHECK(user.id == 3);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("NINETY"), &user), ERR_USER_UNKNOWN);
    beside(&d, "DELETE FROM users; DELETE FROM sqlite_sequence;" ROW(1, "uno", "1@x")
                   ROW(3, "tre", "3@x"));
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("UNO"), &user), OK);
    CHECK(user.id == 1);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("ONE"), &user), ERR_USER_UNKNOWN);
    CHECK_ERR(sign_up(&d, "three", "2@x", &id), OK);
    domain_end(&d);
}

TEST(a_claim_whose_row_was_renamed_holds_nothing)
{
    struct domain d;
    struct user user;
    int64_t id, other;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "before", "b@x", &id), OK);
    beside(&d, "UPDATE users SET username = 'after', email = 'a@x';");
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("BEFORE"), &user), ERR_USER_UNKNOWN);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("After"), &user), OK);
    CHECK(user.id == id);
    CHECK_ERR(sign_up(&d, "Before", "B@x", &other), OK);
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("BEFORE"), &user), OK);
    CHECK(user.id == other);
    domain_end(&d);
}

TEST(many_foreign_rows_are_claimed_in_bounded_steps)
{
    struct domain d;
    struct user user;
    int64_t mark = 0;

    domain_make(&d);
    beside(&d, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
               " INSERT INTO users SELECT i, 'Name' || i, 'N' || i || '@x', NULL,"
               " '2020-01-13 09:21:51', '2020-01-13 09:21:51' FROM n;");
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("NAME2999"), &user), OK);
    CHECK(user.id == 2999);
    CHECK_ERR(watermark_read(d.auth.db, &mark), OK);
    CHECK(mark == 3000);
    domain_end(&d);
}

TEST(rows_that_no_rule_covers_are_passed_over)
{
    struct domain d;
    struct user user;

    domain_make(&d);
    beside(&d, "INSERT INTO users VALUES (1, CAST(x'ff61' AS TEXT), CAST(x'c328' AS TEXT), NULL, "
               "'never', 7);");
    beside(&d, ROW(2, "Two", "2@x"));
    CHECK_ERR(account_by_name(&d.auth, &d.mem, STR("tWO"), &user), OK);
    CHECK(user.id == 2);
    domain_end(&d);
}

/* -------------------------------------------------------------------------------------- changes */

TEST(changes_of_nobody_are_refused)
{
    struct domain d;

    domain_make(&d);
    CHECK_ERR(account_set_password(&d.auth, &d.mem, 7, STR("12345678")), ERR_USER_UNKNOWN);
    CHECK_ERR(account_disable(&d.auth, 7), ERR_USER_UNKNOWN);
    CHECK_ERR(account_enable(&d.auth, 7), ERR_USER_UNKNOWN);
    CHECK_ERR(account_delete(&d.auth, 7), ERR_USER_UNKNOWN);
    CHECK_ERR(account_give_role(&d.auth, &d.mem, 7, STR("admin")), ERR_USER_UNKNOWN);
    CHECK_ERR(account_take_role(&d.auth, &d.mem, 7, STR("admin")), ERR_USER_UNKNOWN);
    domain_end(&d);
}

TEST(roles_are_given_and_taken_and_twice_is_fine)
{
    struct domain d;
    struct strs roles;
    int64_t id;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    for (int i = 0; i < 2; i++)
        CHECK_ERR(account_give_role(&d.auth, &d.mem, id, STR("admin")), OK);
    for (int i = 0; i < 2; i++)
        CHECK_ERR(account_take_role(&d.auth, &d.mem, id, STR("user")), OK);
    CHECK_ERR(account_give_role(&d.auth, &d.mem, id, STR("root")), ERR_ROLE_UNKNOWN);
    CHECK_ERR(account_take_role(&d.auth, &d.mem, id, (str){0}), ERR_ROLE_UNKNOWN);
    CHECK_ERR(roles_of_user(d.auth.db, &d.mem, id, &roles), OK);
    CHECK(roles.n == 1 && str_is(roles.at[0], STR("admin")));
    domain_end(&d);
}

TEST(a_deleted_account_leaves_its_names_free)
{
    struct domain d;
    int64_t id, next;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "z@x", &id), OK);
    CHECK_ERR(account_disable(&d.auth, id), OK);
    CHECK_ERR(account_delete(&d.auth, id), OK);
    CHECK_ERR(sign_up(&d, "Zoe", "Z@x", &next), OK);
    CHECK(next != id);
    domain_end(&d);
}
