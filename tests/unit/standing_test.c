// SPDX-License-Identifier: MIT
/* standing_test.c - all that a check wants to know of an account, in one statement. */
#include "store/standing.h"

#include "store.h"

enum { NOW = 1700000000 };

struct rig { struct store store; struct db *db; struct arena mem; int64_t id; };

static void rig_make(struct rig *r)
{
    struct user u = { .username = STR("zoe"), .email = STR("zoe@x"), .password = STR("hash") };

    store_make(&r->store);
    r->db = store_open(&r->store);
    arena_init(&r->mem, 256 << 10);
    CHECK_ERR(user_insert(r->db, &u, NOW), OK);
    r->id = u.id;
}

static void rig_remove(struct rig *r)
{
    arena_end(&r->mem);
    db_close(r->db);
    store_remove(&r->store);
}

TEST(an_account_of_which_nothing_is_said_has_zeros)
{
    struct standing s;
    struct rig r;

    rig_make(&r);
    CHECK_ERR(standing_of_user(r.db, &r.mem, r.id + 1, 0, &s), ERR_NOT_FOUND);
    CHECK_ERR(standing_of_user(r.db, &r.mem, r.id, 7, &s), OK);
    CHECK(s.created_at == NOW && s.state.disabled_at == 0 && s.state.tokens_from == 0);
    CHECK(s.tokens_from == 0 && s.session.id == 0 && s.roles.n == 0);
    rig_remove(&r);
}

TEST(state_session_cut_off_and_roles_come_together)
{
    struct session_row row = { 7, 0, NOW, 1, 2, 3, 4, STR("s"), STR("a"), STR("b"), STR("c") };
    struct standing s;
    struct rig r;

    rig_make(&r);
    row.user_id = r.id;
    CHECK_ERR(session_insert(r.db, &row), OK);
    CHECK_ERR(meta_write(r.db, STR("tokens_from"), STR("99")), OK);
    CHECK_ERR(account_state_set(r.db, r.id, NOW, &(struct account_state){ 5, 6 }), OK);
    CHECK_ERR(user_role_insert(r.db, r.id, 1, NOW), OK);
    CHECK_ERR(user_role_insert(r.db, r.id, 3, NOW), OK);
    CHECK_ERR(standing_of_user(r.db, &r.mem, r.id, 7, &s), OK);
    CHECK(s.state.disabled_at == 5 && s.state.tokens_from == 6 && s.tokens_from == 99);
    CHECK(s.session.id == 7 && s.session.user_id == r.id && s.session.user_created == NOW);
    CHECK(s.session.created_at == 1 && s.session.used_at == 2 && s.session.expires_at == 3);
    CHECK(s.session.counter == 4 && s.roles.n == 2);
    CHECK(str_is(s.roles.at[0], STR("user")) != str_is(s.roles.at[1], STR("user")));
    CHECK(str_is(s.roles.at[0], STR("admin")) != str_is(s.roles.at[1], STR("admin")));
    CHECK_ERR(standing_of_user(r.db, &r.mem, r.id, 0, &s), OK);
    CHECK(s.session.id == 0 && s.roles.n == 2);
    rig_remove(&r);
}

TEST(the_state_of_an_earlier_account_with_the_same_id_is_not_inherited)
{
    struct standing s;
    struct rig r;

    rig_make(&r);
    CHECK_ERR(account_state_set(r.db, r.id, NOW - 1, &(struct account_state){ 5, 6 }), OK);
    CHECK_ERR(standing_of_user(r.db, &r.mem, r.id, 0, &s), OK);
    CHECK(s.state.disabled_at == 0 && s.state.tokens_from == 0);
    rig_remove(&r);
}

TEST(more_roles_than_are_read_is_a_failure)
{
    struct standing s;
    struct rig r;
    char name[16];

    rig_make(&r);
    for (int64_t id = 10; id <= 10 + ROLES_MAX; id++) {
        int n = snprintf(name, sizeof name, "role%d", (int)id);

        CHECK_ERR(role_insert(r.db, id, (str){ name, (size_t)n }, NOW), OK);
        CHECK_ERR(user_role_insert(r.db, r.id, id, NOW), OK);
    }
    CHECK_ERR(standing_of_user(r.db, &r.mem, r.id, 0, &s), ERR_NO_MEMORY);
    CHECK_ERR(user_role_delete(r.db, r.id, 10), OK);
    CHECK_ERR(standing_of_user(r.db, &r.mem, r.id, 0, &s), OK);
    CHECK(s.roles.n == ROLES_MAX);
    rig_remove(&r);
}

