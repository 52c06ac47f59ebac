// SPDX-License-Identifier: MIT
/* db.h - one connection to a database, whichever of the three engines it is.
 *
 * A connection belongs to one thread at a time. All SQL stands in queries.c and is prepared once a
 * connection; values go in and out through typed lists:
 *
 *     err e = db_one(db, mem, Q_USER_BY_ID, IN(integer(id)), OUT(text_at(&name), int_at(&n)));
 *
 * Failures: ERR_NOT_FOUND (db_one without a row; a row that names another which is gone),
 * ERR_EXISTS (a unique or primary key said no), ERR_DB_SCHEMA (a table or column is not there),
 * ERR_DB_DOWN (cannot be reached; the next call tries again), ERR_DB_AGAIN (deadlock, serialisation
 * failure: db_write repeats it), ERR_BUSY (waited too long for a lock or a connection), ERR_DB_FULL
 * (no room, or read-only), ERR_NO_MEMORY, ERR_BUG (a query or its lists are wrong). */
#ifndef STORE_DB_H
#define STORE_DB_H

#include "base/arena.h"
#include "base/err.h"
#include "store/queries.h"

struct db;

/* One value on its way in, or one place for a value on its way out. */
enum value_type { VALUE_END, VALUE_INT, VALUE_TEXT, VALUE_TIME };
struct in  { enum value_type type; int64_t i; str s; };
struct out { enum value_type type; int64_t *i; str *s; };

#define IN(...)  ((const struct in[]){ __VA_ARGS__, {0} })
#define OUT(...) ((const struct out[]){ __VA_ARGS__, {0} })
#define IN_NONE  ((const struct in[]){ {0} })

static inline struct in integer(int64_t i)
{
    return (struct in){ .type = VALUE_INT, .i = i };
}

/* A str whose p is NULL goes in as NULL. */
static inline struct in text(str s)
{
    return (struct in){ .type = VALUE_TEXT, .s = s };
}

/* A DATETIME column of the tutorial's tables, from seconds since 1970. Our own tables hold integers
 * (ms) and use integer(). */
static inline struct in datetime(int64_t seconds)
{
    return (struct in){ .type = VALUE_TIME, .i = seconds };
}

/* NULL comes out as 0. */
static inline struct out int_at(int64_t *i)
{
    return (struct out){ .type = VALUE_INT, .i = i };
}

/* Copied into the caller's arena. NULL comes out with p == NULL, an empty text with p != NULL. */
static inline struct out text_at(str *s)
{
    return (struct out){ .type = VALUE_TEXT, .s = s };
}

/* Seconds since 1970 from a DATETIME column; 0 from NULL or nonsense. */
static inline struct out datetime_at(int64_t *seconds)
{
    return (struct out){ .type = VALUE_TIME, .i = seconds };
}

/* How much of TLS: none; where the server has it; always; always, and its certificate is
 * checked. */
enum db_tls { DB_TLS_OFF, DB_TLS_PREFER, DB_TLS_REQUIRE, DB_TLS_VERIFY };

/* What a connection is opened with. */
struct db_config {
    str url;                 /* sqlite:FILE | mysql://user@host:port/database | pgsql://...; for
                                tests sqlite::memory:, one that all connections of the process share
                                and that is gone with the last of them */
    str password;            /* for the engines behind a socket; empty when there is none */
    int64_t wait_ms;         /* how long one call may wait: for a lock, for an answer, to connect */
    enum db_tls tls;         /* to engines behind a socket */
    str tls_ca; /* PEM file of who may sign the server's certificate; empty: the system's */
    bool quiet;              /* the log knows already that the database is down */

    /* db_open, to a database behind a socket: share a pool of that many connections; 0: own one.
     * With pool_embedded so to any: for threads that mostly do something else. */
    unsigned pool_max, pool_min;
    bool pool_embedded;
    bool scripts;            /* db_script will be called, which may take many minutes */
    bool existing;           /* SQLite: never make the file */
    int64_t acquire_ms;      /* how long one request may wait for the database in all, of which
                                the last call may take wait_ms; also of SQLite; 0: no limit */
    int64_t idle_ms;         /* how long a connection above pool_min stays open unused */
};

enum { DB_POOL_MAX = 1024 };

/* Open a connection and prepare every query before Q_TOOLS. The schema must be there (migrate.h):
 * ERR_DB_SCHEMA else. One line in the log says why an open failed.
 *
 * With pool_max, and for an engine in this process with pool_embedded, what comes back leases a
 * connection from the pool when it first needs one, keeps it until db_rest, and connects to nothing
 * now. */
err db_open(const struct db_config *config, struct db **out);

/* Open without preparing: for migrate.c and for tests. A query is prepared when it is first
 * used. */
err db_open_raw(const struct db_config *config, struct db **out);

void db_close(struct db *db);

/* Before work that takes long: it does not count for the request's acquire_ms, and a leased
 * connection is given back until the next call. Not inside a db_write or a row. */
void db_rest(struct db *db);

/* The request that begins has waited so long already for a thread to run on: its acquire_ms are
 * less by that. ERR_BUSY: nothing is left of them. */
err db_waited(struct db *db, int64_t ms);

/* db_rest at the end of a request: the next one has its acquire_ms anew. */
void db_over(struct db *db);

/* Does the database answer? OK, or why not. */
err db_check(struct db *db);

/* Fetch one row into `out`; ERR_NOT_FOUND when there is none. More rows than one are ignored. */
err db_one(struct db *db, struct arena *mem, enum query q, const struct in *in,
           const struct out *out);

/* Fetch each row into `out` and call `row` after each; a row that returns an err ends it. The texts
 * of a row lie in `mem` and stay good. `row` may run other queries, not this one (ERR_BUG). */
typedef err db_row(void *arg);
err db_each(struct db *db, struct arena *mem, enum query q, const struct in *in,
            const struct out *out, db_row *row, void *arg);

/* Run a statement that gives no rows. *changed (may be NULL) is how many it touched. */
err db_exec(struct db *db, enum query q, const struct in *in, int64_t *changed);

/* Insert one row; *id receives its key. */
err db_insert(struct db *db, enum query q, const struct in *in, int64_t *id);

/* Run `work` in a transaction; when it returns OK and the commit is on disk, OK comes back, else
 * nothing of it is stored. It is repeated, a few times, after ERR_DB_AGAIN.
 *
 * Group commit: on SQLite, calls that wait at the same time share one transaction and one fsync,
 * each behind a savepoint of its own. `work` may therefore run on another thread's connection (the
 * one it is given, not the caller's) while the caller blocks, and may run more than once: it
 * touches nothing but `arg`. A db_write inside a db_write is ERR_BUG. */
typedef err db_work(struct db *db, void *arg);
err db_write(struct db *db, db_work *work, void *arg);

/* A number that changes when anybody, in any process, has committed to the database since the last
 * call on this connection; -1 where the engine cannot tell. What was read under one number is good
 * as long as the number stays. Costs nanoseconds on SQLite in WAL mode, so each request may ask. */
int64_t db_version(struct db *db);

/* Reads answer from memory without waiting for a socket (SQLite): they may run on a loop's
 * thread. */
bool db_reads_at_once(const struct db *db);

/* Run SQL text, several statements, no values: for migrations. */
err db_script(struct db *db, str sql);

/* "sqlite", "mysql" or "pgsql". */
const char *db_engine(const struct db *db);

#endif
