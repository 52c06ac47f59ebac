// SPDX-License-Identifier: MIT
/* role_test.c - roles and who holds them. */
#include "store.h"

enum { NOW = 1700000000 };

static int64_t user_make(struct db *db)
{
    struct user u = { .username = STR("zoe") };

    CHECK_ERR(user_insert(db, &u, NOW), OK);
    return u.id;
}

TEST(the_tutorials_roles_are_there)
{
    struct store s;
    struct arena mem;
    struct roles all;
    struct role r;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(roles_all(db, &mem, &all), OK);
    CHECK(all.n == 3);
    CHECK_STR(all.at[0].name, STR("user"));
    CHECK_STR(all.at[1].name, STR("moderator"));
    CHECK_STR(all.at[2].name, STR("admin"));
    CHECK_ERR(role_by_name(db, &mem, STR("admin"), &r), OK);
    CHECK(r.id == 3);
    CHECK_ERR(role_by_name(db, &mem, STR("Admin"), &r), ERR_NOT_FOUND);
    CHECK_ERR(role_by_name(db, &mem, STR("admin "), &r), ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(roles_are_given_once_and_taken)
{
    struct store s;
    struct arena mem;
    struct strs roles;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    int64_t id = user_make(db);
    CHECK_ERR(user_role_insert(db, id, 3, NOW), OK);
    CHECK_ERR(user_role_insert(db, id, 1, NOW), OK);
    CHECK_ERR(user_role_insert(db, id, 3, NOW + 1), OK);
    CHECK_ERR(roles_of_user(db, &mem, id, &roles), OK);
    CHECK(roles.n == 2);
    CHECK_STR(roles.at[0], STR("user"));
    CHECK_STR(roles.at[1], STR("admin"));
    CHECK_ERR(user_role_delete(db, id, 3), OK);
    CHECK_ERR(user_role_delete(db, id, 3), ERR_NOT_FOUND);
    CHECK_ERR(user_role_insert(db, id, 99, NOW), ERR_NOT_FOUND);
    CHECK_ERR(user_role_insert(db, 99, 1, NOW), ERR_NOT_FOUND);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(a_role_is_added_and_removed_with_who_holds_it)
{
    struct store s;
    struct arena mem;
    struct strs roles;
    struct role r;

    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    int64_t id = user_make(db);
    CHECK_ERR(role_insert(db, 0, STR("editor"), NOW), OK);
    CHECK_ERR(role_by_name(db, &mem, STR("editor"), &r), OK);
    CHECK(r.id == 4);
    CHECK_ERR(role_insert(db, 4, STR("again"), NOW), ERR_EXISTS);
    CHECK_ERR(user_role_insert(db, id, 4, NOW), OK);
    CHECK_ERR(role_delete(db, 4), OK);
    CHECK_ERR(role_delete(db, 4), ERR_NOT_FOUND);
    CHECK_ERR(roles_of_user(db, &mem, id, &roles), OK);
    CHECK(roles.n == 0);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

static err roles_fill(struct db *db, void *arg)
{
    int64_t *to = arg;
    err e;

    for (int64_t id = 4; id <= *to; id++)
        if ((e = role_insert(db, id, STR("more"), NOW)) != OK)
            return e;
    return OK;
}

TEST(more_roles_than_are_read_is_said)
{
    struct store s;
    struct arena mem;
    struct roles all;
    int64_t most = ROLES_MAX;

    store_make(&s);
    arena_init(&mem, 256 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(db_write(db, roles_fill, &most), OK);
    CHECK_ERR(roles_all(db, &mem, &all), OK);
    CHECK(all.n == ROLES_MAX);
    CHECK_ERR(role_insert(db, 0, STR("one more"), NOW), OK);
    CHECK_ERR(roles_all(db, &mem, &all), ERR_NO_MEMORY);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}
