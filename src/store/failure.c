// SPDX-License-Identifier: MIT
/* failure.c - failed attempts in a row. */
#include "store/failure.h"

#define KEY_IN(key) integer((key)->kind), text((str){ (key)->who, FAILURE_WHO_CHARS })

static void number_put(char to[static 16], int64_t n)
{
    for (int i = 0; i < 16; i++)
        to[i] = "0123456789abcdef"[(uint64_t)n >> (60 - 4 * i) & 15];
}

struct failure_key failure_key_of_account(int64_t id, int64_t created_at)
{
    struct failure_key key = failure_key_of_device(id, created_at, 0);

    key.kind = FAILURE_ACCOUNT;
    return key;
}

struct failure_key failure_key_of_device(int64_t id, int64_t created_at, int64_t device)
{
    struct failure_key key = { .kind = FAILURE_DEVICE };

    number_put(key.who, id);
    number_put(key.who + 16, created_at);
    number_put(key.who + 32, device);
    number_put(key.who + 48, 0);
    return key;
}

err failure_read(struct db *db, const struct failure_key *key, struct failure_row *out)
{
    struct arena none;
    err e;

    arena_init(&none, 0);
    *out = (struct failure_row){0};
    e = db_one(db, &none, Q_FAILURE_READ, IN(KEY_IN(key)),
               OUT(int_at(&out->failures), int_at(&out->last_at), int_at(&out->wait_until)));
    out->there = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

struct replacement {
    const struct failure_key *key;
    const struct failure_row *from, *to;
    int64_t changed;
};

static err replacement_store(struct db *db, void *arg)
{
    struct replacement *r = arg;
    err e;

    if (r->from->there)
        return db_exec(db, Q_FAILURE_UPDATE,
                       IN(integer(r->to->failures), integer(r->to->last_at),
                          integer(r->to->wait_until), KEY_IN(r->key), integer(r->from->failures),
                          integer(r->from->wait_until)),
                       &r->changed);
    e = db_exec(db, Q_FAILURE_INSERT,
                IN(KEY_IN(r->key), integer(r->to->failures), integer(r->to->last_at),
                   integer(r->to->wait_until)),
                NULL);
    r->changed = e == OK;
    return e;
}

err failure_replace(struct db *db, const struct failure_key *key, const struct failure_row *from,
                    const struct failure_row *to, bool *won)
{
    struct replacement r = { key, from, to, 0 };
    err e = db_write(db, replacement_store, &r);

    *won = e == OK && r.changed == 1;
    return e == ERR_EXISTS ? OK : e;
}

err failure_delete(struct db *db, const struct failure_key *key)
{
    return db_exec(db, Q_FAILURE_DELETE, IN(KEY_IN(key)), NULL);
}

struct bounding { enum failure_kind kind; int64_t oldest; };

static err bounding_store(struct db *db, void *arg)
{
    const struct bounding *b = arg;

    return db_exec(db, Q_FAILURES_OLD_DELETE, IN(integer(b->kind), integer(b->oldest)), NULL);
}

err failures_bound(struct db *db, enum failure_kind kind, int64_t most)
{
    struct bounding b = { .kind = kind };
    struct arena none;
    err e;

    arena_init(&none, 0);
    e = db_one(db, &none, Q_FAILURES_NTH, IN(integer(kind), integer(most)), OUT(int_at(&b.oldest)));
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    return db_write(db, bounding_store, &b);
}

err failures_count(struct db *db, enum failure_kind kind, int64_t *n)
{
    struct arena none;

    arena_init(&none, 0);
    return db_one(db, &none, Q_FAILURES_OF_KIND, IN(integer(kind)), OUT(int_at(n)));
}
