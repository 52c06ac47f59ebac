// SPDX-License-Identifier: MIT
/* lease.c - shells that lease a connection for the time they use it.
 *
 * Idle connections are a stack: the newest is taken, so the oldest expire, which a thread of the
 * pool sees to. When a connection fails the pool counts as down: idle ones are closed, one caller
 * at a time tries a new one, everybody else gets ERR_DB_DOWN without waiting. */
#include "store/lease.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>

enum { PROBE_PAUSE_MS = 100 };

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
    bool keeper_sleeps;                 /* until `due`, whenever that is */
    bool down, probing, stopping;
    int64_t probe_at;                   /* ms, monotonic */
};

struct shell {
    struct db db;
    struct leases *pool;
    struct db *inner;                   /* NULL: nothing is leased */
    int64_t spent;                      /* ms that this request gave to the database */
    unsigned depth;                     /* calls under way: a row may run other queries */
    bool writing, doomed;               /* doomed: the connection goes once nothing runs on it */
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

/* An idle connection, or, with *out NULL, leave to open one. `no_more`: the server takes no further
 * one. */
static err place_take(struct leases *p, int64_t until, bool no_more, struct db **out)
{
    for (;;) {
        if (p->down && (p->probing || clock_mono_ms() < p->probe_at))
            return ERR_DB_DOWN;
        *out = p->idle_n ? p->idle[--p->idle_n].db : NULL;
        if (*out)
            return OK;
        if (no_more && p->open_n == 0)
            return ERR_BUSY;
        if (!no_more && p->open_n < p->config.pool_max) {
            p->open_n++;
            p->probing = p->down;
            return OK;
        }
        if (!wait_until(p, &p->given_back, until))
            return ERR_BUSY;
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

/* --------------------------------------------------------------------------- a connection's way */

static void pool_down(struct leases *p, int64_t probe_at)
{
    struct idle gone[DB_POOL_MAX];
    unsigned n;

    pthread_mutex_lock(&p->lock);
    if (!p->down)
        log_error("database_lost", text_kv("engine", str_of(p->engine->name)));
    p->down = true;
    p->probing = false;
    p->probe_at = probe_at;
    p->open_n--;
    n = idle_take(p, gone);
    pthread_cond_broadcast(&p->given_back);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < n; i++)
        p->engine->close(gone[i].db);
}

static void pool_up(struct leases *p)
{
    pthread_mutex_lock(&p->lock);
    if (p->down)
        log_warn("database_found", text_kv("engine", str_of(p->engine->name)));
    p->down = p->probing = false;
    pthread_mutex_unlock(&p->lock);
}

static void place_give_back(struct leases *p)
{
    pthread_mutex_lock(&p->lock);
    p->open_n--;
    p->probing = false;
    pthread_cond_signal(&p->given_back);
    pthread_mutex_unlock(&p->lock);
}

static err connection_open(struct leases *p, bool quiet, struct db **out)
{
    struct db_config config = p->config;
    err e;

    config.quiet = quiet;
    if ((e = p->engine->open(&config, p->place, out)) == OK) {
        (*out)->engine = p->engine;
        pool_up(p);
        return OK;
    }
    if (e == ERR_DB_DOWN)
        pool_down(p, clock_mono_ms() + PROBE_PAUSE_MS);
    else
        place_give_back(p);
    return e;
}

static err connection_take(struct leases *p, int64_t until, struct db **out)
{
    bool no_more = false, quiet;
    err e;

    for (;;) {
        pthread_mutex_lock(&p->lock);
        e = place_take(p, until, no_more, out);
        quiet = p->down;
        pthread_mutex_unlock(&p->lock);
        if (e != OK || *out)
            return e;
        if ((e = connection_open(p, quiet, out)) != ERR_BUSY || no_more)
            return e;
        no_more = true;                 /* as many as the server allows: wait for one of ours */
    }
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

/* What is over its time and above the minimum goes. Called and left with the lock held. */
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

static void *keep(void *arg)
{
    struct leases *p = arg;

    pthread_mutex_lock(&p->lock);
    while (!p->stopping) {
        p->keeper_sleeps = p->idle_n == 0;
        if (p->keeper_sleeps)
            pthread_cond_wait(&p->due, &p->lock);
        else if (p->idle[0].since + p->config.idle_ms > clock_mono_ms())
            (void)wait_until(p, &p->due, p->idle[0].since + p->config.idle_ms);
        else
            oldest_expire(p);
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
    if (!s->doomed) {
        connection_give_back(s->pool, inner);
        return;
    }
    s->doomed = false;
    s->pool->engine->close(inner);
    pool_down(s->pool, clock_mono_ms());
}

/* A connection, while there is time left for the call that wants it. */
static err inner_lease(struct shell *s)
{
    int64_t left = s->pool->config.acquire_ms - s->pool->config.wait_ms - s->spent,
            began = clock_mono_ms();
    err e;

    if (s->doomed)
        return ERR_DB_DOWN;
    if (s->inner)
        return left < 0 ? ERR_BUSY : OK;
    e = connection_take(s->pool, began + (left > 0 ? left : 0), &s->inner);
    s->spent += clock_mono_ms() - began;
    return e;
}

static err call_begin(struct shell *s, int64_t *began)
{
    err e;

    *began = clock_mono_ms();
    if ((e = inner_lease(s)) != OK)
        return e;
    *began = clock_mono_ms();
    s->depth++;
    return OK;
}

static err call_end(struct shell *s, int64_t began, err e)
{
    s->depth--;
    if (s->depth == 0)
        s->spent += clock_mono_ms() - began;
    s->doomed |= e == ERR_DB_DOWN;
    if (s->doomed)
        inner_settle(s);
    return e;
}

static err lease_prepare(struct db *db, enum query q)
{
    (void)db, (void)q;                  /* each connection prepares a query when it first runs it */
    return OK;
}

static err lease_fetch(struct db *db, const struct fetch *f)
{
    struct shell *s = of(db);
    int64_t began;
    err e;

    if ((e = call_begin(s, &began)) != OK)
        return e;
    return call_end(s, began, s->pool->engine->fetch(s->inner, f));
}

static err lease_exec(struct db *db, enum query q, const struct in *in, int64_t *changed,
                      int64_t *id)
{
    struct shell *s = of(db);
    int64_t began;
    err e;

    if ((e = call_begin(s, &began)) != OK)
        return e;
    return call_end(s, began, s->pool->engine->exec(s->inner, q, in, changed, id));
}

static err lease_begin(struct db *db)
{
    struct shell *s = of(db);
    int64_t began;
    err e;

    if ((e = call_begin(s, &began)) != OK)
        return e;
    e = s->pool->engine->begin(s->inner);
    s->writing = e == OK;
    return call_end(s, began, e);
}

/* Without time for a ROLLBACK the connection goes, which is one. */
static err lease_end(struct db *db, bool commit)
{
    struct shell *s = of(db);
    int64_t began = clock_mono_ms();
    bool late = s->spent > s->pool->config.acquire_ms - s->pool->config.wait_ms;
    err e;

    s->writing = false;
    s->depth++;
    if (late && !commit) {
        s->doomed = true;
        return call_end(s, began, ERR_BUSY);
    }
    e = s->pool->engine->end(s->inner, commit);
    return call_end(s, began, e);
}

static err lease_savepoint(struct db *db, enum savepoint step)
{
    struct shell *s = of(db);
    int64_t began;
    err e;

    if ((e = call_begin(s, &began)) != OK)
        return e;
    return call_end(s, began, s->pool->engine->savepoint(s->inner, step));
}

static int64_t lease_version(struct db *db)
{
    (void)db;
    return -1;
}

static err lease_script(struct db *db, str sql)
{
    struct shell *s = of(db);
    int64_t began;
    err e;

    if ((e = call_begin(s, &began)) != OK)
        return e;
    return call_end(s, began, s->pool->engine->script(s->inner, sql));
}

static void lease_rest(struct db *db, bool over)
{
    struct shell *s = of(db);

    inner_settle(s);
    if (over)
        s->spent = 0;
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
        .prepare = lease_prepare,
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
    *out = &s->db;
    return OK;
}
