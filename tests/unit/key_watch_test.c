// SPDX-License-Identifier: MIT
/* key_watch_test.c - keys are looked at again whatever becomes of the wall clock. */
#include "app/key_watch.h"
#include "auth.h"
#include "store/revocation.h"

#include <sys/syscall.h>
#include <time.h>

static _Atomic int64_t ahead; /* seconds that this process's wall clock is */

int clock_gettime(clockid_t which, struct timespec *t)
{
    int rc = (int)syscall(SYS_clock_gettime, which, t);

    if (which == CLOCK_REALTIME)
        t->tv_sec += ahead;
    return rc;
}

#define SEAL "what seals, in the tests: 32 bytes"

static struct settings settings_make(char secret[static 64], char sealed[static 64])
{
    (void)snprintf(secret, 64, "a secret for the tests, long enough");
    (void)snprintf(sealed, 64, "%s", SEAL);
    return (struct settings){.token_alg = STR("EdDSA"),
                             .token_ttl = 60,
                             .key_reread = 10,
                             .token_secret = {str_of(secret)},
                             .key_seal = {str_of(sealed)}};
}

/* The suite's own limit ends what never comes. */
static void edition_wait(const struct house *house, const struct keyring *before)
{
    while (atomic_load(&house->keys) == before)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

TEST(a_wall_clock_that_is_set_delays_no_look)
{
    struct key_rules rules = {.alg = ALG_EDDSA, .life = 60000};
    char secret[64], sealed[64];
    struct settings s = settings_make(secret, sealed);
    static struct house house;
    struct key_watch watch = {0};
    struct seal_key key;
    const struct keyring *first;
    struct domain d;

    domain_make(&d);
    seal_key_init(&key, STR(SEAL));
    rules.seal = &key;
    CHECK_ERR(keys_new(d.auth.db, &d.mem, &rules), OK);
    key_watch_init(&watch, &s);
    CHECK_ERR(key_watch_open(&watch, &house, &d.store.config), OK);
    first = atomic_load(&house.keys);
    ahead = 3600;
    CHECK_ERR(key_watch_start(&watch, &d.store.config), OK);
    CHECK_ERR(keys_rotate(d.auth.db, &d.mem, &rules), OK);
    edition_wait(&house, first);
    key_watch_stop(&watch);
    key_watch_end(&watch);
    seal_key_end(&key);
    domain_end(&d);
}

static err revocations_put(struct db *db, void *arg)
{
    const int64_t *hours = arg;
    err e = OK;

    for (; *hours && e == OK; hours++)
        e = revocation_write(db, &(struct revocation){.id = *hours,
                                                       .at = clock_ms() - *hours * 3600 * 1000,
                                                       .user_id = 1,
                                                       .session_id = *hours});
    return e;
}

static err revocation_count(void *arg, const struct revocation *row)
{
    (void)row;
    ++*(int *)arg;
    return OK;
}

static int revocations_of(struct domain *d)
{
    int n = 0;
    const struct revocation_walk walk = {0, 10, revocation_count, &n};

    CHECK_ERR(revocations_since(d->auth.db, &walk), OK);
    return n;
}

/* Tokens live for longer than when it began. */
TEST(what_ended_is_kept_for_as_long_as_the_rules_of_now_say)
{
    static struct edition edition = {.rules = {.token_life = 48 * 3600 * 1000}};
    int64_t hours[] = {30, 100, 0};
    char secret[64], sealed[64];
    struct settings s = settings_make(secret, sealed);
    static struct house house;
    struct key_watch watch = {0};
    struct domain d;

    domain_make(&d);
    s.token_alg = STR("HS256");
    CHECK_ERR(db_write(d.auth.db, revocations_put, hours), OK);
    key_watch_init(&watch, &s);
    CHECK_ERR(key_watch_open(&watch, &house, &d.store.config), OK);
    atomic_store(&house.now, &edition);
    CHECK_ERR(key_watch_start(&watch, &d.store.config), OK);
    while (revocations_of(&d) == 2)
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    CHECK(revocations_of(&d) == 1);
    key_watch_stop(&watch);
    key_watch_end(&watch);
    domain_end(&d);
}
