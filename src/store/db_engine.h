// SPDX-License-Identifier: MIT
/* db_engine.h - what an engine is to db.c; nobody else includes this.
 *
 * An engine's connection begins with a struct db. db.c checks what can be checked without knowing
 * the engine, so an engine only speaks to its library. */
#ifndef STORE_DB_ENGINE_H
#define STORE_DB_ENGINE_H

#include "store/db.h"

struct group;

struct db {
    const struct engine *engine;
    struct group *group;          /* who commits together; NULL: each for itself */
    bool writing;                 /* inside db_write */
    bool stepping[Q_COUNT];       /* a db_each of that query is under way */
};

/* One fetch. Without `row` the first row is wanted, and ERR_NOT_FOUND when there is none. */
struct fetch {
    enum query q;
    struct arena *mem;
    const struct in *in;
    const struct out *out;
    db_row *row;
    void *arg;
};

enum savepoint { SAVEPOINT_SET, SAVEPOINT_KEEP, SAVEPOINT_UNDO, SAVEPOINT_COUNT };

struct engine {
    const char *name;             /* and the scheme of its URLs */
    bool embedded;                /* in this process: reads do not wait, commits are grouped */

    /* `place` is the URL behind "NAME:". Says in the log why it failed. */
    err (*open)(const struct db_config *config, str place, struct db **out);
    void (*close)(struct db *db);
    err (*prepare)(struct db *db, enum query q); /* fine when it is already; the others call it */
    err (*fetch)(struct db *db, const struct fetch *f);

    /* *changed and *id may be NULL. The key is wanted only where `id` is given. */
    err (*exec)(struct db *db, enum query q, const struct in *in, int64_t *changed, int64_t *id);

    err (*begin)(struct db *db);                     /* a transaction that will write */
    err (*end)(struct db *db, bool commit);          /* after a failed commit nothing is open */
    err (*savepoint)(struct db *db, enum savepoint step);   /* only of embedded engines */
    int64_t (*version)(struct db *db);
    err (*script)(struct db *db, str sql);
    void (*rest)(struct db *db, bool over);          /* NULL: nothing is leased */
};

extern const struct engine engine_sqlite, engine_mysql, engine_pgsql;

/* A query as an engine of that name runs it. */
const char *query_text(const char *engine, enum query q);

static inline size_t ins_count(const struct in *in)
{
    size_t n = 0;

    while (in[n].type != VALUE_END)
        n++;
    return n;
}

static inline size_t outs_count(const struct out *out)
{
    size_t n = 0;

    while (out[n].type != VALUE_END)
        n++;
    return n;
}

#endif
