// SPDX-License-Identifier: MIT
/* auth.h - a database in a folder of its own, and a domain on it, as the auth tests want it. */
#ifndef TESTS_UNIT_AUTH_H
#define TESTS_UNIT_AUTH_H

#include "store.h"

#include "auth/access.h"
#include "auth/session.h"
#include "base/clock.h"
#include "store/role.h"

static const struct auth_rules plain_rules = {
    .access_ttl = 86400, .password = {.cost = 4}, .password_common = true};

/* One database, one connection with its domain, one arena. */
struct domain {
    struct store store;
    struct keyring keys;
    struct auth_rules rules;
    struct auth auth;
    struct arena mem;
};

/* What an operator with the engine's own client, or the tutorial's server, does beside us. */
static inline void beside(struct domain *d, const char *sql)
{
    struct db *other = store_open(&d->store);

    CHECK_ERR(db_script(other, str_of(sql)), OK);
    db_close(other);
}

static inline void domain_make(struct domain *d)
{
    *d = (struct domain){ .rules = plain_rules };
    store_make(&d->store);
    keyring_init(&d->keys, STR("a secret for the tests, long enough"));
    d->auth = (struct auth){ .db = store_open(&d->store), .keys = &d->keys, .rules = &d->rules };
    arena_init(&d->mem, 8 << 20);
}

static inline void domain_end(struct domain *d)
{
    access_cache_free(d->auth.accesses);
    db_close(d->auth.db);
    keyring_end(&d->keys);
    arena_end(&d->mem);
    store_remove(&d->store);
}

static inline err sign_up(struct domain *d, const char *name, const char *email, int64_t *id)
{
    struct new_account want = { str_of(name), str_of(email), STR("12345678"), { NULL, 0 } };

    return account_create(&d->auth, &d->mem, &want, id);
}

static inline err sign_in(struct domain *d, const char *name, struct session *s)
{
    return session_open(&d->auth, &d->mem, str_of(name), STR("12345678"), s);
}

#endif
