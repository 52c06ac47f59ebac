// SPDX-License-Identifier: MIT
/* lease.c - shells that lease a connection for the time they use it.
 *
 * Idle connections are a stack: the newest is taken, so the oldest expire. Only the pool's keeper,
 * a thread, opens connections: how long that takes is the library's affair, and nobody shall wait
 * longer for it than his request has time. Who finds no connection asks for one and waits.
 *
 * A connection that fails in use takes the idle ones with it, for they lead to the same server.
 * When no new one can be had the pool is down: everybody is told at once, while the keeper tries
 * again. */
#include "store/lease.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>

enum { OPEN_PAUSE_MS = 100 };           /* between two tries to open a connection */

struct idle { struct db *db; int64_t since; };

struct leases {
    struct engine shell; /* what a shell's struct db points to: ours, under its name */
    const struct engine *engine;
    struct db_config config;            /* its texts lie behind the struct */
    str place;
    size_t refs;                        /* under pools_lock */
    struct leases *next;
    pthread_t keeper;

    pthread_mutex_t lock;               /* over what follows */
    pthread_cond_t given_back, due;     /* for who waits for a connection; for the keeper */
    struct idle *idle;                  /* pool_max places, the oldest first */
    unsigned idle_n, open_n;            /* open: idle, leased or being opened */
    unsigned waiting;                   /* shells that want one */
    unsigned refusals;                  /* how often no connection could be opened, */
    err refusal;                        /* and why, the last time */
    int64_t open_at;                    /* monotonic ms: no try before */
    bool keeper_sleeps;                 /* until `due`, whenever that is */
    bool lost, down, stopping;          /* lost: the log knows that something is wrong */
};

struct shell {
    struct db db;
    struct leases *pool;
    struct db *inner;                   /* NULL: nothing is leased */
    unsigned depth;                     /* calls under way: a row may run other queries */
    bool writing;
    bool dropped, doomed;  /* the connection goes once nothing runs on it; doomed: and the idle */
};

static pthread_mutex_t pools_lock = PTHREAD_MUTEX_INITIALIZER;
static struct leases *pools;

static struct shell *of(struct db *db)
{
    return (struct shell *)db;
}

/* ------------------------------------------------------------------------ under the pool's lock */

static struct timespec at_ms(int64_t ms)
{
    return (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
}

static bool wait_until(struct leases *p, pthread_cond_t *cond, int64_t ms)
{
    struct timespec at = at_ms(ms);

    return pthread_cond_timedwait(cond, &p->lock, &at) != ETIMEDOUT;
}

/* An idle connection, or why there is none. */
static err idle_pop(struct leases *p, int64_t until, struct db **out)
{
    unsigned refusals = p->refusals;
    bool in_time = true;

    for (;;) {
        if (p->down)
            return ERR_DB_DOWN;
        if (p->idle_n) {
            *out = p->idle[--p->idle_n].db;
            return OK;
        }
        if (p->refusals != refusals && p->open_n == 0)
            return p->refusal;          /* none of ours will be given back either */
        if (!in_time)
            return ERR_BUSY;
        p->waiting++;
        pthread_cond_signal(&p->due);
        in_time = wait_until(p, &p->given_back, until);
        p->waiting--;
    }
}

/* Take what is idle out of the pool, for the caller to close without the lock. */
static unsigned idle_take(struct leases *p, struct idle *out)
{
    unsigned n = p->idle_n;

    memcpy(out, p->idle, n * sizeof *out);
    p->idle_n = 0;
    p->open_n -= n;
    return n;
}

static void lost_say(struct leases *p)
{
    if (!p->lost)
        log_error("database_lost", text_kv("engine", str_of(p->engine->name)));
    p->lost = true;
}

/* --------------------------------------------------------------------------- a connection's way */

static void connection_drop(struct leases *p, struct db *db)
{
    p->engine->close(db);
    pthread_mutex_lock(&p->lock);
    p->open_n--;
    pthread_cond_signal(&p->due);
    pthread_mutex_unlock(&p->lock);
}

/* One was lost in use. */
static void connection_mourn(struct leases *p, struct db *db)
{
    struct idle gone[DB_POOL_MAX];
    unsigned n;

    pthread_mutex_lock(&p->lock);
    lost_say(p);
    n = idle_take(p, gone);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < n; i++)
        p->engine->close(gone[i].db);
    connection_drop(p, db);
}

static void connection_give_back(struct leases *p, struct db *db)
{
    pthread_mutex_lock(&p->lock);
    p->idle[p->idle_n++] = (struct idle){ db, clock_mono_ms() };
    if (p->keeper_sleeps)
        pthread_cond_signal(&p->due);
    pthread_cond_signal(&p->given_back);
    pthread_mutex_unlock(&p->lock);
}

/* One that the server has not closed meanwhile. */
static err connection_take(struct leases *p, int64_t until, struct db **out)
{
    err e;

    for (;;) {
        pthread_mutex_lock(&p->lock);
        e = idle_pop(p, until, out);
        pthread_mutex_unlock(&p->lock);
        if (e != OK)
            return e;
        if (!p->engine->alive || p->engine->alive(*out))
            return OK;
        connection_drop(p, *out);
        *out = NULL;
    }
}

/* ----------------------------------------------------------- the keeper, under the pool's lock */

static void opened(struct leases *p, struct db *db)
{
    db->engine = p->engine;
    db->leased = true;
    if (p->lost)
        log_warn("database_found", text_kv("engine", str_of(p->engine->name)));
    p->lost = p->down = false;
    p->idle[p->idle_n++] = (struct idle){ db, clock_mono_ms() };
    pthread_cond_signal(&p->given_back);
}

static void not_opened(struct leases *p, err e)
{
    p->open_n--;
    p->refusals++;
    p->refusal = e;
    p->open_at = clock_mono_ms() + OPEN_PAUSE_MS;
    if (e == ERR_DB_DOWN) {
        lost_say(p);
        /* A file is not away for a while: who comes next waits for the next try. */
        p->down = !p->engine->embedded;
    }
    pthread_cond_broadcast(&p->given_back);
}

static void connection_open(struct leases *p)
{
    struct db_config config = p->config;
    struct db *db;
    err e;

    config.quiet = p->down || (p->lost && p->engine->embedded);     /* the log knows */
    config.existing = true;
    p->open_n++;
    pthread_mutex_unlock(&p->lock);
    e = p->engine->open(&config, p->place, &db);
    pthread_mutex_lock(&p->lock);
    if (e == OK)
        opened(p, db);
    else
        not_opened(p, e);
}

/* What is over its time and above the minimum goes. */
static void oldest_expire(struct leases *p)
{
    struct db *gone = p->idle[0].db;

    if (p->open_n <= p->config.pool_min) {
        p->idle[0].since = clock_mono_ms();
        return;
    }
    p->idle_n--;
    p->open_n--;
    memmove(p->idle, p->idle + 1, p->idle_n * sizeof *p->idle);
    pthread_mutex_unlock(&p->lock);
    p->engine->close(gone);
    pthread_mutex_lock(&p->lock);
}

static bool more_are_wanted(const struct leases *p)
{
    return p->down || (p->waiting > p->idle_n && p->open_n < p->config.pool_max);
}

static void *keep(void *arg)
{
    struct leases *p = arg;

    pthread_mutex_lock(&p->lock);
    while (!p->stopping) {
        bool opens = more_are_wanted(p);
        int64_t expires = p->idle_n ? p->idle[0].since + p->config.idle_ms : INT64_MAX,
                next = opens && p->open_at < expires ? p->open_at : expires;

        p->keeper_sleeps = next == INT64_MAX;
        if (p->keeper_sleeps)
            pthread_cond_wait(&p->due, &p->lock);
        else if (next > clock_mono_ms())
            (void)wait_until(p, &p->due, next);
        else if (next == expires)
            oldest_expire(p);
        else
            connection_open(p);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* ---------------------------------------------------------------------------- what a shell does */

static void inner_settle(struct shell *s)
{
    struct db *inner = s->inner;

    if (!inner || s->depth || s->writing)
        return;
    s->inner = NULL;
    if (s->doomed)
        connection_mourn(s->pool, inner);
    else if (s->dropped)
        connection_drop(s->pool, inner);
    else
        connection_give_back(s->pool, inner);
    s->doomed = s->dropped = false;
}

/* Before each word to the server: each may take wait_ms, so it is only begun with that much time
 * left. */
static err step(struct shell *s)
{
    if (s->doomed)
        return ERR_DB_DOWN;
    return budget_is_left(&s->db.budget) ? OK : ERR_BUSY;
}

static err call_begin(struct shell *s)
{
    int64_t left;
    err e;

    if ((e = step(s)) != OK)
        return e;
    left = budget_left(&s->db.budget);
    if (!s->inner && (e = connection_take(s->pool, clock_mono_ms() + left, &s->inner)) != OK)
        return e;
    s->depth++;
    return OK;
}

static err call_end(struct shell *s, err e)
{
    s->depth--;
    s->doomed |= e == ERR_DB_DOWN;
    /* A client that had no memory for an answer has left the rest of it on the wire. */
    s->dropped |= e == ERR_NO_MEMORY && !s->pool->engine->embedded;
    if (s->doomed || s->dropped)
        inner_settle(s);
    return e;
}

/* Each connection prepares a query when it first runs it. */
static err query_begin(struct shell *s, enum query q)
{
    err e;

    if ((e = call_begin(s)) != OK)
        return e;
    if ((e = s->pool->engine->prepare(s->inner, q)) != OK || (e = step(s)) != OK)
        return call_end(s, e);
    return OK;
}

static err lease_fetch(struct db *db, const struct fetch *f)
{
    struct shell *s = of(db);
    err e;

    if ((e = query_begin(s, f->q)) != OK)
        return e;
    return call_end(s, s->pool->engine->fetch(s->inner, f));
}

static err lease_exec(struct db *db, enum query q, const struct in *in, int64_t *changed,
                      int64_t *id)
{
    struct shell *s = of(db);
    err e;

    if ((e = query_begin(s, q)) != OK)
        return e;
    return call_end(s, s->pool->engine->exec(s->inner, q, in, changed, id));
}

static err lease_begin(struct db *db)
{
    struct shell *s = of(db);
    err e;

    if ((e = call_begin(s)) != OK)
        return e;
    e = s->pool->engine->begin(s->inner);
    s->writing = e == OK;
    return call_end(s, e);
}

/* Without time for a word the connection goes, which is a ROLLBACK. */
static err lease_end(struct db *db, bool commit)
{
    struct shell *s = of(db);
    err e = step(s);

    s->writing = false;
    s->depth++;
    if (e == ERR_BUSY)
        s->dropped = true;
    else
        e = s->pool->engine->end(s->inner, commit);
    return call_end(s, e);
}

static err lease_savepoint(struct db *db, enum savepoint which)
{
    struct shell *s = of(db);
    err e;

    if ((e = call_begin(s)) != OK)
        return e;
    return call_end(s, s->pool->engine->savepoint(s->inner, which));
}

static int64_t lease_version(struct db *db)
{
    (void)db;
    return -1;
}

static err lease_script(struct db *db, str sql)
{
    struct shell *s = of(db);
    err e;

    if ((e = call_begin(s)) != OK)
        return e;
    return call_end(s, s->pool->engine->script(s->inner, sql));
}

static void lease_rest(struct db *db)
{
    inner_settle(of(db));
}

/* ----------------------------------------------------------------------------- pools and shells */

static void pool_free(struct leases *p)
{
    struct idle gone[DB_POOL_MAX];
    unsigned n;

    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_signal(&p->due);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->keeper, NULL);
    n = idle_take(p, gone);
    for (unsigned i = 0; i < n; i++)
        p->engine->close(gone[i].db);
    pthread_cond_destroy(&p->given_back);
    pthread_cond_destroy(&p->due);
    pthread_mutex_destroy(&p->lock);
    explicit_bzero((char *)(uintptr_t)p->config.password.p, p->config.password.n);
    explicit_bzero((char *)(uintptr_t)p->config.url.p, p->config.url.n);
    free(p);
}

static void lease_close(struct db *db)
{
    struct shell *s = of(db);
    struct leases **at = &pools, *p = s->pool;
    bool last;

    s->writing = false;
    inner_settle(s);
    free(s);
    pthread_mutex_lock(&pools_lock);
    if ((last = --p->refs == 0)) {
        while (*at != p)
            at = &(*at)->next;
        *at = p->next;
    }
    pthread_mutex_unlock(&pools_lock);
    if (last)
        pool_free(p);
}

static str keep_text(char **at, str s)
{
    str kept = { *at, s.n };

    if (s.n)
        memcpy(*at, s.p, s.n);
    (*at)[s.n] = '\0';
    *at += s.n + 1;
    return kept;
}

static void pool_sync_init(struct leases *p)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->given_back, &monotonic);
    pthread_cond_init(&p->due, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

/* Under pools_lock. */
static struct leases *pool_new(const struct db_config *c, const struct engine *engine, str place)
{
    unsigned max = c->pool_max < DB_POOL_MAX ? c->pool_max : DB_POOL_MAX;
    size_t texts = c->url.n + c->password.n + c->tls_ca.n + 3;
    struct leases *p = calloc(1, sizeof *p + max * sizeof *p->idle + texts);
    char *at;

    if (!p)
        return NULL;
    p->idle = (struct idle *)(p + 1);
    at = (char *)(p->idle + max);
    p->config = *c;
    p->config.pool_max = max;
    p->config.url = keep_text(&at, c->url);
    p->config.password = keep_text(&at, c->password);
    p->config.tls_ca = keep_text(&at, c->tls_ca);
    p->place = str_from(p->config.url, c->url.n - place.n);
    p->engine = engine;
    p->shell = (struct engine){
        .name = engine->name,
        .embedded = engine->embedded,
        .close = lease_close,
        .fetch = lease_fetch,
        .exec = lease_exec,
        .begin = lease_begin,
        .end = lease_end,
        .savepoint = lease_savepoint,
        .version = lease_version,
        .script = lease_script,
        .rest = lease_rest,
    };
    pool_sync_init(p);
    if (pthread_create(&p->keeper, NULL, keep, p) != 0) {
        free(p);
        return NULL;
    }
    p->next = pools;
    pools = p;
    return p;
}

err lease_open(const struct db_config *config, const struct engine *engine, str place,
               struct db **out)
{
    struct shell *s = calloc(1, sizeof *s);
    struct leases *p;

    if (!s)
        return ERR_NO_MEMORY;
    pthread_mutex_lock(&pools_lock);
    for (p = pools; p && !str_is(p->config.url, config->url); p = p->next)
        ;
    if (!p)
        p = pool_new(config, engine, place);
    if (p)
        p->refs++;
    pthread_mutex_unlock(&pools_lock);
    if (!p) {
        free(s);
        return ERR_NO_MEMORY;
    }
    s->pool = p;
    s->db.engine = &p->shell;
    s->db.budget.limit = budget_of(config);
    *out = &s->db;
    return OK;
}
