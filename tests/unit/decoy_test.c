// SPDX-License-Identifier: MIT
/* decoy_test.c - what unknown names cost: the shares of known ones, the same for a name each time,
 * and the same work done as for a wrong password. */
#include "auth.h"

#include "auth/decoy.h"
#include "crypto/engine.h"

#define HASH(cost) "$2b$" cost "$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq"
static const char weak[] = HASH("04"), strong[] = HASH("06");
static const char crypt_md5[] = "$1$saltsalt$2f.bWx.H.UmlFhfc8jBL/.";

enum { NAMES = 1000 };

static void accounts_make(struct domain *d, const char *const hashes[], int n)
{
    for (int i = 0; i < n; i++) {
        char name[24];
        int64_t id;

        (void)snprintf(name, sizeof name, "known%d", i);
        CHECK_ERR(sign_up(d, name, name, &id), OK);
        if (hashes)
            CHECK_ERR(user_update_password(d->auth.db, id, str_of(hashes[i % 4]), 1), OK);
    }
}

static str decoy(struct domain *d, int i)
{
    char name[16];

    arena_reset(&d->mem);
    (void)snprintf(name, sizeof name, "unknown%d", i);
    return decoy_of(&d->auth, &d->mem, str_of(name));
}

/* A domain with decoys; its sample is taken when the first signs in. */
static void decoys_begin(struct domain *d)
{
    domain_make(d);
    d->rules.strict_time = true;
    d->auth.decoys = decoys_new();
}

static void decoys_finish(struct domain *d)
{
    decoys_free(d->auth.decoys);
    domain_end(d);
}

TEST(costs_are_drawn_as_often_as_they_are_stored)
{
    static const char *const hashes[] = { weak, strong, weak, crypt_md5 };
    struct domain d;
    int of_weak = 0, of_strong = 0, of_other = 0;

    decoys_begin(&d);
    accounts_make(&d, hashes, 40);
    decoys_follow(&d.auth, &d.mem);
    for (int i = 0; i < NAMES; i++) {
        str hash = decoy(&d, i);

        of_weak += password_cost(hash) == 4;
        of_strong += password_cost(hash) == 6;
        of_other += password_cost_us(hash) == password_cost_us(str_of(crypt_md5));
    }
    CHECK(of_weak + of_strong + of_other == NAMES);
    CHECK(of_weak > 450 && of_weak < 550);
    CHECK(of_strong > 210 && of_strong < 290);
    decoys_finish(&d);
}

TEST(a_name_keeps_its_decoy_however_it_is_spelled_and_whenever_it_is_asked)
{
    static const char *const hashes[] = { weak, strong, weak, strong };
    struct domain d;
    struct decoys *first;
    char before[NAMES];
    int changed = 0, moved = 0;

    decoys_begin(&d);
    accounts_make(&d, hashes, 8);
    decoys_follow(&d.auth, &d.mem);
    for (int i = 0; i < NAMES; i++)
        before[i] = (char)password_cost(decoy(&d, i));
    CHECK_STR(decoy_of(&d.auth, &d.mem, STR("UNKNOWN7 ")),
              decoy_of(&d.auth, &d.mem, STR("unknown7")));

    first = d.auth.decoys;
    d.auth.decoys = decoys_new();
    decoys_follow(&d.auth, &d.mem);
    for (int i = 0; i < NAMES; i++)
        changed += before[i] != password_cost(decoy(&d, i));
    CHECK(changed == 0);
    decoys_free(first);

    keyring_end(&d.keys);
    keyring_init(&d.keys, STR("another secret for the tests, long too"));
    for (int i = 0; i < NAMES; i++)
        moved += before[i] != password_cost(decoy(&d, i));
    CHECK(moved > NAMES / 3);
    decoys_finish(&d);
}

TEST(no_password_opens_a_decoy)
{
    struct domain d;
    str hash;

    decoys_begin(&d);
    accounts_make(&d, NULL, 1);
    CHECK_STR(decoy(&d, 0), ((str){0}));
    decoys_follow(&d.auth, &d.mem);
    hash = decoy(&d, 0);
    CHECK(password_cost(hash) == d.rules.password.cost);
    CHECK_ERR(password_check(NULL, STR("12345678"), hash), ERR_PASSWORD_WRONG);
    decoys_finish(&d);
}

TEST(a_table_of_many_rows_is_sampled_over_all_of_it)
{
    struct domain d;
    int of_strong = 0;

    decoys_begin(&d);
    accounts_make(&d, NULL, 1);
    beside(&d, "INSERT INTO users (username, email, password, \"createdAt\", \"updatedAt\") "
               "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
               "SELECT 'row', 'row@x', CASE WHEN i < 1500 THEN '" HASH("04") "' ELSE '" HASH("06")
               "' END, '2026-01-01 00:00:00', '2026-01-01 00:00:00' FROM n;");
    decoys_follow(&d.auth, &d.mem);
    for (int i = 0; i < NAMES; i++)
        of_strong += password_cost(decoy(&d, i)) == 6;
    CHECK(of_strong > 450 && of_strong < 550);
    decoys_finish(&d);
}

/* In the engine's own count: how many were hashed while `name` tried to sign in. */
static uint64_t hashed_for(struct domain *d, const char *name, str password, err want)
{
    struct engine_figures before, after;
    struct session s;

    engine_read(d->auth.hasher.engine, &before);
    CHECK_ERR(session_open(&d->auth, &d->mem, str_of(name), password, &s), want);
    engine_read(d->auth.hasher.engine, &after);
    return after.done - before.done;
}

TEST(an_unknown_name_is_hashed_as_often_as_a_wrong_password)
{
    static const char *const hashes[] = { weak, strong, crypt_md5, "unreadable" };
    static const str passwords[] = {
        { "wrong", 5 }, { "passwo\xcc\x88rd", 10 }, { "a\0b", 3 }, { "x", 1 } };
    struct domain d;

    decoys_begin(&d);
    for (int kind = 0; kind < 4; kind++) {
        const char *same[] = { hashes[kind], hashes[kind], hashes[kind], hashes[kind] };

        decoys_free(d.auth.decoys);
        d.auth.decoys = decoys_new();
        beside(&d, "DELETE FROM users;");
        accounts_make(&d, same, 2);
        CHECK_ERR(engine_start(&(struct engine_config){ .wait_ms = 1 << 30 },
                               &d.auth.hasher.engine), OK);
        for (int i = 0; i < 4; i++) {
            uint64_t known = hashed_for(&d, "known1", passwords[i], ERR_PASSWORD_WRONG);

            CHECK(known >= 1);
            CHECK(hashed_for(&d, "unknown", passwords[i], ERR_USER_UNKNOWN) == known);
        }
        engine_stop(d.auth.hasher.engine);
        d.auth.hasher.engine = NULL;
    }
    decoys_finish(&d);
}

TEST(whoever_finds_no_place_is_refused_by_whatever_name)
{
    atomic_bool gone = true;
    struct domain d;

    decoys_begin(&d);
    accounts_make(&d, NULL, 1);
    CHECK_ERR(engine_start(&(struct engine_config){0}, &d.auth.hasher.engine), OK);
    d.auth.hasher.client.gone = &gone;
    CHECK(hashed_for(&d, "known0", STR("wrong"), ERR_CLIENT_GONE) == 0);
    CHECK(hashed_for(&d, "unknown", STR("wrong"), ERR_CLIENT_GONE) == 0);
    engine_stop(d.auth.hasher.engine);
    decoys_finish(&d);
}
