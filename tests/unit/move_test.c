// SPDX-License-Identifier: MIT
/* move_test.c - a move to another database: what breaks it off, and that it goes on from there. */
#include "../tests/fault.h"
#include "auth.h"

#include "auth/adopt.h"
#include "auth/move.h"
#include "auth/sessions.h"
#include "base/log.h"

static const struct db_config in_memory = { .url = { "sqlite::memory:", 15 }, .wait_ms = 1000 };

/* A source with something in each table, in a file, and a target in memory. */
struct world { struct domain d; struct db *target; struct arena mem; const char *at, *sql; };

static void world_begin(struct world *w)
{
    struct session s;
    int64_t id;

    log_set_level(LOG_ERROR + 1);
    *w = (struct world){0};
    domain_make(&w->d);
    w->d.rules.sessions = SESSIONS_OWN;
    w->d.rules.session_idle = w->d.rules.session_absolute = 3600000;
    arena_init(&w->mem, 8 << 20);
    CHECK_ERR(migrate_sequel(&w->d.store.config, OWNER_DEV), OK);
    CHECK_ERR(sign_up(&w->d, "zoe", "z@x", &id), OK);
    CHECK_ERR(sign_up(&w->d, "Max", "m@x", &id), OK);
    CHECK_ERR(account_give_role(&w->d.auth, &w->d.mem, id, STR("admin")), OK);
    CHECK_ERR(sign_in(&w->d, "zoe", &s), OK);
    CHECK_ERR(sign_in(&w->d, "zoe", &s), OK);
    CHECK_ERR(account_disable(&w->d.auth, id), OK);
}

static void target_begin(struct world *w)
{
    CHECK_ERR(db_open_raw(&in_memory, &w->target), OK);
}

static void target_end(struct world *w)
{
    db_close(w->target);
}

static void world_end(struct world *w)
{
    arena_end(&w->mem);
    domain_end(&w->d);
}

/* Something else happens when the move is at table `at`. */
static void meanwhile(void *arg, const char *what, int64_t, int64_t total)
{
    struct world *w = arg;

    if (w->at && total == -1 && strcmp(what, w->at) == 0) {
        w->at = NULL;
        CHECK_ERR(db_script(w->target, str_of(w->sql)), OK);
    }
}

static err move_now(struct world *w, const struct db_config *to, bool *resumed, str *why)
{
    struct move m = { .from = &w->d.store.config, .to = to, .mem = &w->mem, .progress = meanwhile,
                      .arg = w };
    err e;

    arena_end(&w->mem);
    e = move_run(&m);
    move_end(&m);
    *resumed = m.resumed;
    *why = m.why;
    return e;
}

static void same_check(struct world *w)
{
    struct db *target = NULL;

    CHECK_ERR(db_open(&in_memory, &target), OK);
    for (const struct copy_table *t = copy_tables; t->name; t++) {
        struct move_sum from, to;

        CHECK_ERR(move_sum_of(w->d.auth.db, t, &from), OK);
        CHECK_ERR(move_sum_of(target, t, &to), OK);
        CHECK(memcmp(&from, &to, sizeof from) == 0);
    }
    db_close(target);
}

/* Whatever fails: the move says so, and the next one takes it up and ends it. */
TEST(a_move_that_is_broken_off_goes_on)
{
    static const enum fault_kind kinds[] = { FAULT_ARENA, FAULT_ALLOC, FAULT_SQL };
    struct world w;

    world_begin(&w);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (struct round r = { kinds[k] }; target_begin(&w), round_next(&r);) {
            bool resumed, again;
            str why;
            err e = move_now(&w, &in_memory, &resumed, &why);
            bool met = round_met(&r);

            CHECK(e == OK || met);
            if (e != OK) {
                CHECK_ERR(move_now(&w, &in_memory, &again, &why), OK);
                CHECK(!resumed);
            }
            same_check(&w);
            target_end(&w);
        }
        target_end(&w);
    }
    world_end(&w);
}

TEST(a_target_that_holds_something_is_refused)
{
    static const struct { const char *sql, *why; } cases[] = {
        { "INSERT INTO roles SELECT 4, 'auditor', \"createdAt\", \"updatedAt\" FROM roles "
          "WHERE id = 1", "roles of its own" },
        { "UPDATE roles SET name = 'auditor' WHERE id = 3", "roles of its own" },
        { "UPDATE roles SET id = 7 WHERE id = 3", "roles of its own" },
        { "INSERT INTO latchkey_failures VALUES (1, 'x', 3, 4, 5)", "not empty" },
        { "INSERT INTO latchkey_meta VALUES ('move_source', 'another')", "another database" },
        { "DELETE FROM roles", NULL },
    };
    struct world w;
    bool resumed;
    str why;

    world_begin(&w);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        target_begin(&w);
        CHECK_ERR(migrate(&in_memory, MIGRATE_KEEP, OWNER_NONE), OK);
        CHECK_ERR(db_script(w.target, str_of(cases[i].sql)), OK);
        CHECK_ERR(move_now(&w, &in_memory, &resumed, &why), cases[i].why ? ERR_EXISTS : OK);
        CHECK(!cases[i].why || str_find(why, str_of(cases[i].why)) >= 0);
        target_end(&w);
    }
    CHECK_ERR(move_now(&w, &w.d.store.config, &resumed, &why), ERR_EXISTS);
    CHECK(str_find(why, STR("same database")) >= 0);
    world_end(&w);
}

TEST(what_is_written_meanwhile_is_seen)
{
    struct world w;
    bool resumed;
    str why;

    world_begin(&w);
    target_begin(&w);
    w.at = "roles";
    w.sql = "UPDATE users SET username = 'eve' WHERE id = 1";
    CHECK_ERR(move_now(&w, &in_memory, &resumed, &why), ERR_IO);
    CHECK(str_find(why, STR("differs from the source")) >= 0);
    target_end(&w);
    world_end(&w);
}

TEST(a_database_that_is_not_there_cannot_be_moved)
{
    const struct db_config nowhere = { .url = STR("sqlite:/nonexistent/x.db"), .wait_ms = 1000 };
    struct world w;
    struct move m;
    bool resumed;
    str why;

    world_begin(&w);
    CHECK(move_now(&w, &nowhere, &resumed, &why) != OK);
    CHECK(str_find(why, STR("target cannot be opened")) >= 0);
    m = (struct move){ .from = &nowhere, .to = &in_memory, .mem = &w.mem, .progress = meanwhile,
                       .arg = &w };
    CHECK(move_run(&m) != OK);
    CHECK(str_find(m.why, STR("source cannot be opened")) >= 0);
    move_end(&m);
    m.from = &in_memory, m.to = &nowhere;       /* there, and of no schema */
    CHECK_ERR(move_run(&m), ERR_DB_SCHEMA);
    CHECK(str_find(m.why, STR("migrate")) >= 0);
    move_end(&m);
    world_end(&w);
}

/* ------------------------------------------------------------------- accounts of another program */

static void others_make(struct world *w)
{
    beside(&w->d, "UPDATE users SET password = '$2a$08$' || substr(password, 8) WHERE id = 1;"
                  "INSERT INTO users (id, username, email, password, \"createdAt\", \"updatedAt\") "
                  "SELECT 10, 'ZOE', 'z@x', '$2y$05$' || substr(password, 8), \"createdAt\", "
                  "\"updatedAt\" FROM users WHERE id = 2;"
                  "INSERT INTO users (id, username, email, password, \"createdAt\", \"updatedAt\") "
                  "SELECT 11, NULL, '', NULL, \"createdAt\", \"updatedAt\" FROM users WHERE id = 2;"
                  "INSERT INTO users (id, username, email, password, \"createdAt\", \"updatedAt\") "
                  "SELECT 12, CAST(x'ff' AS TEXT), 'm@x', 'md5', \"createdAt\", \"updatedAt\" "
                  "FROM users WHERE id = 2");
}

static int64_t hashes_of(const struct adopt_report *r)
{
    int64_t n = 0;

    for (int k = 0; k < HASH_KINDS; k++)
        for (int c = 0; c < HASH_COSTS; c++)
            n += r->hashes[k][c];
    return n;
}

TEST(accounts_of_another_program_are_counted_and_compared)
{
    static const enum fault_kind kinds[] = { FAULT_ARENA, FAULT_ALLOC, FAULT_SQL };
    struct adopt_report r;
    struct world w;
    bool exact;
    size_t same = 0;

    world_begin(&w);
    others_make(&w);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (struct round f = { kinds[k] }; round_next(&f);) {
            struct adopt_look how = { .mem = &w.mem, .users = 5 };
            err e;

            arena_end(&w.mem);
            e = adopt_look(w.d.auth.db, &how, &r);
            CHECK(round_met(&f) ? e == ERR_NO_MEMORY || e == ERR_DB_DOWN : e == OK);
        }
    CHECK(hashes_of(&r) == 3 && r.hashes_missing == 1 && r.hashes_unknown == 1);
    CHECK(r.hashes[0][8] == 1 && r.hashes[2][5] == 1);
    CHECK(r.names[0].n == 3 && r.names[0].empty == 1 && r.names[0].unruly == 1);
    CHECK(r.names[1].n == 5);
    for (size_t i = 0; i < r.names[0].n; i += same) {
        same = known_names_same(&r.names[0], i, &exact);
        CHECK(same == 1 || (same == 2 && !exact && r.names[0].at[i].id == 1));
    }
    for (size_t i = 0; i < r.names[1].n; i += same) {
        same = known_names_same(&r.names[1], i, &exact);
        CHECK(exact && (same == 1 || same == 2));
    }
    CHECK_ERR(adopt_look(w.d.auth.db, &(struct adopt_look){ .mem = &w.mem, .users = 2 }, &r), OK);
    CHECK(r.names[0].n == 2);                   /* rows that came later are left out */
    world_end(&w);
}
