// SPDX-License-Identifier: MIT
/* keys_test.c - the life of a key in the database, and what servers load of it. */
#include "../tests/fault.h"
#include "auth.h"
#include "auth/keys.h"
#include "store/key.h"

static struct seal_key seal;

static struct key_rules rules_of(enum alg alg)
{
    seal_key_init(&seal, STR("what seals, in the tests: 32 bytes"));
    return (struct key_rules){.seal = &seal, .alg = alg, .life = 60000};
}

static struct keychain chain_of(enum alg alg)
{
    struct keychain chain = {.alg = alg, .life = 60000, .edition = -1};

    seal_key_init(&chain.seal, STR("what seals, in the tests: 32 bytes"));
    keyring_init(&chain.base, STR("a secret for the tests, long enough"));
    return chain;
}

static struct keys all(struct domain *d)
{
    struct keys keys = {0};

    CHECK_ERR(keys_all(d->auth.db, &d->mem, clock_ms(), &keys), OK);
    return keys;
}

/* "current next " and so on, in the order of making. */
static str states_of(struct domain *d)
{
    struct keys keys = all(d);
    struct buf b;

    buf_init(&b, &d->mem, 1024);
    for (size_t i = 0; i < keys.n; i++)
        buf_printf(&b, "%s ", key_state_name(keys.at[i].state));
    return buf_str(&b);
}

TEST(new_makes_what_is_missing)
{
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct domain d;

    domain_make(&d);
    CHECK_STR(states_of(&d), STR(""));
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    CHECK_STR(states_of(&d), STR("current next "));
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), ERR_EXISTS);
    rules.alg = ALG_ES256;
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    CHECK_STR(states_of(&d), STR("current next current next "));
    domain_end(&d);
}

TEST(rotation_goes_on_one_by_one_and_forgets_private_halves)
{
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct domain d;
    struct keys keys;

    domain_make(&d);
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), ERR_NOT_FOUND);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), OK);
    CHECK_STR(states_of(&d), STR("old current next "));
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), OK);
    CHECK_STR(states_of(&d), STR("old old current next "));
    keys = all(&d);
    CHECK(keys.at[0].sealed.n == 0 && keys.at[1].sealed.n == 0);
    CHECK(keys.at[2].sealed.n > 0 && keys.at[3].sealed.n > 0);
    CHECK(keys.at[1].ends_at == keys.at[2].current_at + 60000 && keys.at[2].ends_at == 0);
    beside(&d, "UPDATE latchkey_keys SET ends_at = 1 WHERE state = 'old'");
    CHECK_STR(states_of(&d), STR("retired retired current next "));
    domain_end(&d);
}

TEST(a_key_that_was_just_published_does_not_sign_yet)
{
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct domain d;

    domain_make(&d);
    rules.lead = 600000;
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), ERR_KEY_NEW);
    CHECK_STR(states_of(&d), STR("current next "));
    beside(&d, "UPDATE latchkey_keys SET created_at = created_at - 600000");
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), OK);
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), ERR_KEY_NEW);
    rules.at_once = true;
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), OK);
    domain_end(&d);
}

TEST(a_retired_key_makes_room_for_the_next)
{
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct domain d;
    struct keys keys;
    str kid;

    domain_make(&d);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    keys = all(&d);
    CHECK_ERR(keys_retire(d.auth.db, &d.mem, STR("no such key"), &kid), ERR_NOT_FOUND);
    CHECK_ERR(keys_retire(d.auth.db, &d.mem, STR(""), &kid), ERR_NOT_FOUND);
    CHECK_ERR(keys_retire(d.auth.db, &d.mem, str_head(keys.at[0].kid, 20), &kid), OK);
    CHECK_STR(kid, keys.at[0].kid);
    CHECK_STR(states_of(&d), STR("retired current "));
    CHECK(all(&d).at[0].sealed.n == 0);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    CHECK_STR(states_of(&d), STR("retired current next "));
    CHECK_ERR(keys_retire(d.auth.db, &d.mem, all(&d).at[2].kid, &kid), OK);
    CHECK_STR(states_of(&d), STR("retired current retired "));
    domain_end(&d);
}

TEST(of_two_changes_at_once_one_starts_again)
{
    struct domain d;
    int64_t edition = 7;

    domain_make(&d);
    CHECK_ERR(keys_edition(d.auth.db, &edition), OK);
    CHECK(edition == 0);
    CHECK_ERR(keys_edition_advance(d.auth.db, 1), ERR_DB_AGAIN);
    CHECK_ERR(keys_edition_advance(d.auth.db, 0), OK);
    CHECK_ERR(keys_edition_advance(d.auth.db, 0), ERR_DB_AGAIN);
    CHECK_ERR(keys_edition_advance(d.auth.db, 1), OK);
    CHECK_ERR(keys_edition_advance(d.auth.db, 1), ERR_DB_AGAIN);
    CHECK_ERR(keys_edition(d.auth.db, &edition), OK);
    CHECK(edition == 2);
    domain_end(&d);
}

static err load(struct domain *d, struct keychain *chain, struct keyring *ring, bool *changed)
{
    struct keyring before = *ring;

    return keychain_load(chain, d->auth.db, chain->edition >= 0 ? &before : NULL, ring, changed);
}

static str signed_by(struct domain *d, const struct keyring *ring)
{
    const int64_t now = clock_ms() / 1000;
    str token = {0};

    CHECK_ERR(jwt_sign(&d->mem, ring, &(struct claims){1, now, now + 60, true}, &token), OK);
    return token;
}

static err verified_by(struct domain *d, const struct keyring *ring, str token)
{
    struct claims c;

    return jwt_verify(&d->mem, ring, token, clock_ms() / 1000, &c);
}

/* Two servers on one database: at no moment does one sign what the other refuses. */
TEST(rotation_fails_no_request_on_any_node)
{
    for (enum alg alg = ALG_ES256; alg < ALGS; alg++) {
        struct key_rules rules = rules_of(alg);
        struct keychain a = chain_of(alg), b = chain_of(alg);
        struct keyring ra = {0}, rb = {0};
        struct domain d;
        str before, after;
        bool changed;

        domain_make(&d);
        CHECK_ERR(load(&d, &a, &ra, &changed), ERR_NOT_FOUND);
        CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
        CHECK_ERR(load(&d, &a, &ra, &changed), OK);
        CHECK(changed && !ra.mute && ra.pairs_n == 2);
        CHECK_ERR(load(&d, &a, &ra, &changed), OK);
        CHECK(!changed);
        CHECK_ERR(load(&d, &b, &rb, &changed), OK);
        before = signed_by(&d, &ra);
        CHECK_ERR(verified_by(&d, &rb, before), OK);
        CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), OK);
        CHECK_ERR(load(&d, &a, &ra, &changed), OK); /* b has not looked yet */
        after = signed_by(&d, &ra);
        CHECK_ERR(verified_by(&d, &rb, after), OK);
        CHECK_ERR(verified_by(&d, &ra, signed_by(&d, &rb)), OK);
        CHECK_ERR(verified_by(&d, &ra, before), OK);
        CHECK_ERR(load(&d, &b, &rb, &changed), OK);
        CHECK_ERR(verified_by(&d, &rb, before), OK);
        CHECK_ERR(verified_by(&d, &rb, after), OK);
        keychain_end(&a);
        keychain_end(&b);
        domain_end(&d);
    }
}

TEST(a_retired_keys_tokens_are_refused)
{
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct keychain chain = chain_of(ALG_EDDSA);
    struct keyring ring = {0};
    struct domain d;
    str token, kid;
    bool changed;

    domain_make(&d);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    CHECK_ERR(load(&d, &chain, &ring, &changed), OK);
    token = signed_by(&d, &ring);
    CHECK_ERR(keys_retire(d.auth.db, &d.mem, all(&d).at[0].kid, &kid), OK);
    CHECK_ERR(load(&d, &chain, &ring, &changed), OK);
    CHECK_ERR(verified_by(&d, &ring, token), ERR_TOKEN_INVALID);
    CHECK_ERR(verified_by(&d, &ring, signed_by(&d, &ring)), OK);
    CHECK_ERR(keys_retire(d.auth.db, &d.mem, all(&d).at[1].kid, &kid), OK);
    CHECK_ERR(load(&d, &chain, &ring, &changed), ERR_NOT_FOUND);
    CHECK(changed && ring.mute && ring.pairs_n == 0);
    keychain_end(&chain);
    domain_end(&d);
}

TEST(a_server_that_cannot_open_the_new_key_goes_on_with_the_old)
{
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct keychain chain = chain_of(ALG_EDDSA), other = chain_of(ALG_EDDSA);
    struct keyring ring = {0}, none = {0};
    struct seal_key another;
    struct domain d;
    bool changed;
    str kid;

    domain_make(&d);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    seal_key_init(&other.seal, STR("another seal, which opens nothing"));
    CHECK_ERR(load(&d, &other, &none, &changed), ERR_KEY_SEALED);
    CHECK_ERR(load(&d, &chain, &ring, &changed), OK);
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), OK);
    seal_key_init(&another, STR("another seal, which opens nothing"));
    chain.seal = another;
    CHECK_ERR(load(&d, &chain, &ring, &changed), ERR_KEY_SEALED);
    CHECK(changed && !ring.mute);
    CHECK_STR(keypair_kid(keyring_signer(&ring)->pair), all(&d).at[0].kid);
    CHECK_ERR(verified_by(&d, &ring, signed_by(&d, &ring)), OK);
    CHECK_ERR(keys_retire(d.auth.db, &d.mem, all(&d).at[0].kid, &kid), OK);
    CHECK_ERR(load(&d, &chain, &ring, &changed), ERR_KEY_SEALED);
    CHECK(changed && ring.mute);
    keychain_end(&chain);
    keychain_end(&other);
    domain_end(&d);
}

/* A row whose sealed half is another key's, or whose public half is, is no key. */
TEST(rows_that_were_changed_are_no_keys)
{
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct keychain chain = chain_of(ALG_EDDSA), later = chain_of(ALG_HS256);
    struct keyring ring = {0}, verifies = {0};
    struct domain d;
    struct keys keys;
    bool changed;

    domain_make(&d);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    keys = all(&d);
    beside(&d, arena_printf(&d.mem,
                            "UPDATE latchkey_keys SET sealed = '" STR_FMT
                            "', public_key = '" STR_FMT "' WHERE state = 'current'%c",
                            STR_ARG(keys.at[1].sealed), STR_ARG(keys.at[1].public_key), 0)
                   .p);
    CHECK_ERR(load(&d, &chain, &ring, &changed), ERR_KEY_SEALED);
    CHECK_ERR(load(&d, &later, &verifies, &changed), OK);
    CHECK(verifies.pairs_n == 1);
    keychain_end(&chain);
    keychain_end(&later);
    domain_end(&d);
}

TEST(a_server_that_signs_with_the_secret_verifies_all_and_the_others_its_for_a_time)
{
    struct key_rules rules = rules_of(ALG_ES256);
    struct keychain hs = chain_of(ALG_HS256), es = chain_of(ALG_ES256);
    struct keyring rhs = {0}, res = {0};
    struct domain d;
    bool changed;

    domain_make(&d);
    CHECK_ERR(load(&d, &hs, &rhs, &changed), OK);
    CHECK(changed && rhs.pairs_n == 0 && rhs.secret_until == INT64_MAX);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    CHECK_ERR(load(&d, &hs, &rhs, &changed), OK);
    CHECK_ERR(load(&d, &es, &res, &changed), OK);
    CHECK(!keyring_signer(&rhs) && keyring_signer(&res));
    CHECK_ERR(verified_by(&d, &rhs, signed_by(&d, &res)), OK);
    CHECK_ERR(verified_by(&d, &res, signed_by(&d, &rhs)), OK);
    CHECK(res.secret_until == (all(&d).at[0].current_at + 60000) / 1000);
    beside(&d, "UPDATE latchkey_keys SET current_at = 1 WHERE state = 'current'");
    es.edition = -1;
    CHECK_ERR(load(&d, &es, &res, &changed), OK);
    CHECK_ERR(verified_by(&d, &res, signed_by(&d, &rhs)), ERR_TOKEN_INVALID);
    keychain_end(&hs);
    keychain_end(&es);
    domain_end(&d);
}

static err old_ones_work(struct db *db, void *arg)
{
    const struct key_row *like = arg;
    struct key_row row = *like;
    char kid[32];
    err e = OK;

    for (int64_t i = 0; i < KEYS_MAX + 100 && e == OK; i++) {
        row.id = like->id + i;
        row.kid = (str){kid, (size_t)snprintf(kid, sizeof kid, "of old %lld", (long long)i)};
        e = key_insert(db, &row);
    }
    return e;
}

/* Those of years, behind those that sign now, and before what rotation makes. */
static void old_ones_make(struct domain *d)
{
    struct key_row row = {.id = 10,
                          .alg = STR("EdDSA"),
                          .state = STR("old"),
                          .created_at = 1,
                          .current_at = 1,
                          .ends_at = 2,
                          .public_key = STR("none"),
                          .sealed = STR("")};

    CHECK_ERR(db_write(d->auth.db, old_ones_work, &row), OK);
    beside(d, "UPDATE latchkey_meta SET value = '5000' WHERE meta_key = 'keys_edition'");
}

TEST(rotation_goes_on_behind_more_keys_than_are_read)
{
    struct key_rules rules = rules_of(ALG_EDDSA), others = rules_of(ALG_ES256);
    struct keychain chain = chain_of(ALG_EDDSA), other = chain_of(ALG_ES256);
    struct keyring ring = {0}, second = {0};
    struct domain d;
    struct keys keys;
    bool changed;

    domain_make(&d);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &others), OK);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    old_ones_make(&d);
    for (int i = 0; i < 3; i++)
        CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), OK);
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), ERR_EXISTS);
    CHECK_ERR(load(&d, &chain, &ring, &changed), OK);
    CHECK_ERR(load(&d, &other, &second, &changed), OK); /* its keys are the oldest of all */
    CHECK_ERR(verified_by(&d, &second, signed_by(&d, &ring)), OK);
    CHECK_ERR(verified_by(&d, &ring, signed_by(&d, &second)), OK);
    keys = all(&d);
    CHECK(keys.n == KEYS_MAX && keys.at[0].id < keys.at[1].id);
    CHECK(keys.at[KEYS_MAX - 1].state == KEY_NEXT && keys.at[KEYS_MAX - 2].state == KEY_CURRENT);
    keychain_end(&chain);
    keychain_end(&other);
    domain_end(&d);
}

/* ------------------------------------------------------------------------ when something fails */

struct key_op { err (*run)(struct domain *d, struct key_rules *rules); const char *before, *after; };

static err op_new(struct domain *d, struct key_rules *rules)
{
    return keys_new(d->auth.db, &d->mem, rules);
}

static err op_rotate(struct domain *d, struct key_rules *rules)
{
    return keys_rotate(d->auth.db, &d->mem, rules);
}

static err op_load(struct domain *d, struct key_rules *rules)
{
    struct keychain chain = chain_of(rules->alg);
    struct keyring ring = chain.base;
    bool changed = false;
    err e = keychain_load(&chain, d->auth.db, NULL, &ring, &changed);

    CHECK(e != OK || (changed && keyring_signer(&ring) != NULL && ring.pairs_n == 2));
    keychain_end(&chain);
    return e;
}

/* No key is half made, half rotated or half retired, and what failed can be done again. */
TEST(whatever_fails_the_keys_are_as_before_or_as_after)
{
    static const struct key_op ops[] = {
        {op_new, "", "current next "},
        {op_rotate, "current next ", "old current next "},
        {op_load, "current next ", "current next "},
    };
    static const enum fault_kind kinds[] = {FAULT_ARENA, FAULT_ALLOC, FAULT_SQL};
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct domain d;

    domain_make(&d);
    for (size_t i = 0; i < 3 * sizeof ops / sizeof *ops; i++) {
        const struct key_op *op = &ops[i / 3];
        struct round r = {kinds[i % 3]};

        for (;;) {
            err e;
            bool met;

            arena_end(&d.mem);
            CHECK_ERR(db_script(d.auth.db, STR("DELETE FROM latchkey_keys")), OK);
            if (op->before[0])
                CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
            if (!round_next(&r))
                break;
            e = op->run(&d, &rules);
            met = round_met(&r);
            CHECK(met ? e == OK || e == ERR_NO_MEMORY || e == ERR_DB_DOWN : e == OK);
            CHECK_STR(states_of(&d), str_of(e == OK ? op->after : op->before));
            if (e != OK)
                CHECK_ERR(op->run(&d, &rules), OK);
        }
    }
    domain_end(&d);
}

TEST(a_retirement_happens_whole_or_not)
{
    static const enum fault_kind kinds[] = {FAULT_ARENA, FAULT_ALLOC, FAULT_SQL};
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct domain d;

    domain_make(&d);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (struct round r = {kinds[k]};;) {
            struct keys before;
            str kid;
            err e;
            bool met;

            arena_end(&d.mem);
            CHECK_ERR(db_script(d.auth.db, STR("DELETE FROM latchkey_keys")), OK);
            CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
            before = all(&d);
            if (!round_next(&r))
                break;
            e = keys_retire(d.auth.db, &d.mem, before.at[0].kid, &kid);
            met = round_met(&r);
            CHECK(met ? e == OK || e == ERR_NO_MEMORY || e == ERR_DB_DOWN : e == OK);
            CHECK_STR(states_of(&d), e == OK ? STR("retired current ") : STR("current next "));
        }
    domain_end(&d);
}

/* What somebody wrote into the table by hand. */
TEST(a_row_that_is_no_key_is_not_taken_for_one)
{
    static const char *const bent[] = {
        "UPDATE latchkey_keys SET state = 'best'",
        "UPDATE latchkey_keys SET alg = 'HS256'",
        "UPDATE latchkey_keys SET alg = 'none'",
        "UPDATE latchkey_keys SET alg = 'ES256'",
        "UPDATE latchkey_keys SET public_key = '!', state = 'old'",
        "UPDATE latchkey_keys SET public_key = 'AAAA', state = 'old'",
        "UPDATE latchkey_keys SET kid = 'another'",
        "UPDATE latchkey_keys SET sealed = 'AAAA'",
    };
    struct key_rules rules = rules_of(ALG_EDDSA);
    struct domain d;

    domain_make(&d);
    for (size_t i = 0; i < sizeof bent / sizeof *bent; i++) {
        struct keychain chain = chain_of(ALG_EDDSA);
        struct keyring ring = chain.base;
        bool changed = false;
        err e;

        CHECK_ERR(db_script(d.auth.db, STR("DELETE FROM latchkey_keys")), OK);
        CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
        CHECK_ERR(db_script(d.auth.db, STR("DELETE FROM latchkey_keys WHERE state = 'next'")), OK);
        CHECK_ERR(db_script(d.auth.db, str_of(bent[i])), OK);
        e = keychain_load(&chain, d.auth.db, NULL, &ring, &changed);
        if (e == OK && keyring_signer(&ring))
            failures++, printf("  it signs behind: %s\n", bent[i]);
        keychain_end(&chain);
    }
    domain_end(&d);
}
