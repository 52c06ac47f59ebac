// SPDX-License-Identifier: MIT
/* db_engine.h - what an engine is to db.c; nobody else includes this.
 *
 * An engine's connection begins with a struct db. db.c checks what can be checked without knowing
 * the engine, so an engine only speaks to its library. */
#ifndef STORE_DB_ENGINE_H
#define STORE_DB_ENGINE_H

#include "base/clock.h"
#include "store/db.h"

struct group;

/* What one request may spend on the database: a stopwatch that stands still while it does other
 * work. */
struct budget {
    int64_t limit;                /* ms; nothing is begun behind it; 0: no limit */
    int64_t spent, since;         /* ms; since: monotonic, 0 while it stands still */
};

struct db {
    const struct engine *engine;
    struct group *group;          /* who commits together; NULL: each for itself */
    struct budget budget;
    bool writing;                 /* inside db_write */
    bool leased;                  /* a pool's: when lost it stays so, the pool opens another */
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

    /* Of engines behind a socket: the server has not ended the connection. */
    bool (*alive)(struct db *db);
    void (*rest)(struct db *db);                     /* NULL: nothing is leased */
};

extern const struct engine engine_sqlite, engine_mysql, engine_pgsql;

/* A query as an engine of that name runs it. */
const char *query_text(const char *engine, enum query q);

/* What is left of a request's time when its last call begins: that call may take wait_ms. */
static inline int64_t budget_of(const struct db_config *config)
{
    return config->acquire_ms > config->wait_ms ? config->acquire_ms - config->wait_ms : 0;
}

static inline int64_t budget_left(struct budget *b)
{
    int64_t now = clock_mono_ms();

    if (!b->since)
        b->since = now;
    return b->limit - b->spent - (now - b->since);
}

static inline bool budget_is_left(struct budget *b)
{
    return !b->limit || budget_left(b) >= 0;
}

static inline void budget_stop(struct budget *b)
{
    if (b->since)
        b->spent += clock_mono_ms() - b->since;
    b->since = 0;
}

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
