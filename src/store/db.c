// SPDX-License-Identifier: MIT
/* db.c - what the engines share: choosing one by its URL, opening, and writing in groups.
 *
 * Group commit. Whoever calls db_write while nobody leads becomes the leader: it takes what waits,
 * runs each work behind a savepoint in one transaction on its own connection, commits once and
 * wakes the others with their results. Who comes meanwhile waits for the next round, so the longer
 * an fsync takes the more writes share the next one. */
#include "store/db.h"
#include "base/log.h"
#include "store/db_engine.h"
#include "store/lease.h"
#include "store/migrations.h"

#include <pthread.h>
#include <sys/random.h>
#include <time.h>

enum {
    GROUP_MAX = 64,          /* works that share one transaction */
    TRIES_MAX = 5,           /* of a transaction that the database breaks off */
    PAUSE_MS = 8,            /* before the first repetition, give or take; doubled each time */
};

/* A caller of db_write, on its own stack while it waits. */
struct waiting {
    db_work *work;
    void *arg;
    err result;
    bool done;
    struct waiting *next;
};

/* Who writes to the same database in this process. */
struct group {
    char *url;
    size_t refs;                        /* under groups_lock */
    struct group *next;
    pthread_mutex_t lock;               /* over what follows */
    pthread_cond_t wake;                /* a round is over */
    struct waiting *first, **last;
    bool leading;
};

static const struct engine *const engines[] = {
    &engine_sqlite,
#ifdef WITH_mysql
    &engine_mysql,
#endif
#ifdef WITH_pgsql
    &engine_pgsql,
#endif
    NULL
};

/* Connections of one database must find each other however they were opened. */
static pthread_mutex_t groups_lock = PTHREAD_MUTEX_INITIALIZER;
static struct group *groups;

static struct group *group_new(str url)
{
    struct group *g = calloc(1, sizeof *g);

    if (!g || !(g->url = strndup(url.p, url.n))) {
        free(g);
        return NULL;
    }
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->wake, NULL);
    g->last = &g->first;
    g->next = groups;
    groups = g;
    return g;
}

static struct group *group_join(str url)
{
    struct group *g;

    pthread_mutex_lock(&groups_lock);
    for (g = groups; g && !str_is(str_of(g->url), url); g = g->next)
        ;
    if (!g)
        g = group_new(url);
    if (g)
        g->refs++;
    pthread_mutex_unlock(&groups_lock);
    return g;
}

static void group_leave(struct group *g)
{
    struct group **at = &groups;

    pthread_mutex_lock(&groups_lock);
    if (--g->refs == 0) {
        while (*at != g)
            at = &(*at)->next;
        *at = g->next;
        pthread_mutex_destroy(&g->lock);
        pthread_cond_destroy(&g->wake);
        free(g->url);
        free(g);
    }
    pthread_mutex_unlock(&groups_lock);
}

const char *query_text(const char *engine, enum query q)
{
    const struct sql *s = &queries[q];
    const char *own = strcmp(engine, "sqlite") == 0 ? s->sqlite
                    : strcmp(engine, "mysql") == 0  ? s->mysql
                                                    : s->pgsql;

    return own ? own : s->any;
}

static err engine_of_url(str url, const struct engine **out, str *place)
{
    str scheme;

    if (str_cut(url, ':', &scheme, place))
        for (const struct engine *const *at = engines; *at; at++)
            if (str_is(scheme, str_of((*at)->name))) {
                *out = *at;
                return OK;
            }
    log_error("database_unknown", text_kv("scheme", scheme),
              text_kv("why", str_is(scheme, STR("mysql")) || str_is(scheme, STR("pgsql"))
                                 ? STR("this program was built without that engine")
                                 : STR("no engine has that name")));
    return ERR_BAD_SETTING;
}

typedef err opener(const struct db_config *config, const struct engine *engine, str place,
                   struct db **out);

/* Open by `how`, as one of those that write together where the engine has such. */
static err open_in_group(const struct db_config *config, opener *how, struct db **out)
{
    const struct engine *engine;
    struct group *group = NULL;
    str place;
    err e;

    if ((e = engine_of_url(config->url, &engine, &place)) != OK)
        return e;
    if (engine->embedded && !(group = group_join(config->url)))
        return ERR_NO_MEMORY;
    if ((e = how(config, engine, place, out)) != OK) {
        if (group)
            group_leave(group);
        return e;
    }
    (*out)->group = group;
    return OK;
}

static err own_open(const struct db_config *config, const struct engine *engine, str place,
                    struct db **out)
{
    err e = engine->open(config, place, out);

    if (e == OK)
        (*out)->engine = engine;
    return e;
}

err db_open_raw(const struct db_config *config, struct db **out)
{
    return open_in_group(config, own_open, out);
}

/* Is it the schema that this program was built with? */
static err schema_check(struct db *db)
{
    const struct migration *m = migrations;
    struct arena none;
    int64_t last, want = 0;
    err e;

    for (; m->number; m++)
        want = m->number;
    arena_init(&none, 0);
    if ((e = db_one(db, &none, Q_SCHEMA_LAST, IN_NONE, OUT(int_at(&last)))) != OK)
        return e;
    return last == want ? OK : ERR_DB_SCHEMA;
}

err db_open(const struct db_config *config, struct db **out)
{
    const struct engine *engine;
    struct db *db;
    str place;
    err e;

    if ((e = engine_of_url(config->url, &engine, &place)) != OK)
        return e;
    if (config->pool_max && (!engine->embedded || config->pool_embedded))
        return open_in_group(config, lease_open, out);
    if ((e = db_open_raw(config, &db)) != OK)
        return e;
    e = schema_check(db);
    for (enum query q = 0; q < Q_TOOLS && e == OK; q++)
        e = queries[q].late ? OK : db->engine->prepare(db, q);
    if (e != OK) {
        log_error("database_open", text_kv("engine", str_of(db->engine->name)),
                  text_kv("failure", str_of(err_name(e))));
        db_close(db);
        return e;
    }
    db->budget.limit = budget_of(config);
    *out = db;
    return OK;
}

void db_close(struct db *db)
{
    struct group *group;

    if (!db)
        return;
    group = db->group;
    db->engine->close(db);
    if (group)
        group_leave(group);
}

void db_rest(struct db *db)
{
    if (db->writing)
        return;
    budget_stop(&db->budget);
    if (db->engine->rest)
        db->engine->rest(db);
}

err db_waited(struct db *db, int64_t ms)
{
    struct budget *b = &db->budget;

    b->spent += ms;
    return !b->limit || b->spent <= b->limit ? OK : ERR_BUSY;
}

void db_over(struct db *db)
{
    db_rest(db);
    db->budget.spent = 0;
}

static err fetch(struct db *db, const struct fetch *f)
{
    err e;

    if (f->q >= Q_COUNT || db->stepping[f->q])
        return ERR_BUG;
    db->stepping[f->q] = true;
    e = db->engine->fetch(db, f);
    db->stepping[f->q] = false;
    return e;
}

err db_one(struct db *db, struct arena *mem, enum query q, const struct in *in,
           const struct out *out)
{
    return fetch(db, &(struct fetch){ .q = q, .mem = mem, .in = in, .out = out });
}

err db_each(struct db *db, struct arena *mem, enum query q, const struct in *in,
            const struct out *out, db_row *row, void *arg)
{
    return fetch(db, &(struct fetch){ q, mem, in, out, row, arg });
}

err db_exec(struct db *db, enum query q, const struct in *in, int64_t *changed)
{
    if (q >= Q_COUNT || db->stepping[q])
        return ERR_BUG;
    return db->engine->exec(db, q, in, changed, NULL);
}

err db_insert(struct db *db, enum query q, const struct in *in, int64_t *id)
{
    if (q >= Q_COUNT || db->stepping[q])
        return ERR_BUG;
    return db->engine->exec(db, q, in, NULL, id);
}

/* One work among others. *broken is set when the whole transaction is lost with it. */
static err work_behind_savepoint(struct db *db, struct waiting *w, bool *broken)
{
    err e, undo;

    if ((e = db->engine->savepoint(db, SAVEPOINT_SET)) != OK) {
        *broken = true;
        return e;
    }
    if ((e = w->work(db, w->arg)) == OK && (e = db->engine->savepoint(db, SAVEPOINT_KEEP)) == OK)
        return OK;
    if ((undo = db->engine->savepoint(db, SAVEPOINT_UNDO)) != OK)
        *broken = true;
    return e;
}

/* What the others of a broken transaction are told. */
static err err_for_all(err e)
{
    switch (e) {
    case ERR_DB_DOWN:
    case ERR_DB_FULL:
    case ERR_BUSY:
    case ERR_NO_MEMORY: return e;
    default:            return ERR_DB_DOWN;
    }
}

static void results_set(struct waiting *batch, err e)
{
    for (struct waiting *w = batch; w; w = w->next)
        if (w->result == OK)
            w->result = e;
}

/* Run the batch in one transaction and fill in each result. */
static void batch_run(struct db *db, struct waiting *batch)
{
    bool alone = !batch->next, broken = false;
    err e;

    if ((e = db->engine->begin(db)) != OK) {
        results_set(batch, e);
        return;
    }
    for (struct waiting *w = batch; w && !broken; w = w->next) {
        w->result = alone ? w->work(db, w->arg) : work_behind_savepoint(db, w, &broken);
        e = w->result;
    }
    if (broken || (alone && e != OK)) {
        (void)db->engine->end(db, false);     /* what it says of a lost transaction adds nothing */
        results_set(batch, err_for_all(e));
        return;
    }
    if ((e = db->engine->end(db, true)) != OK)
        results_set(batch, e);
}

/* Take what waits, oldest first. Under the lock. */
static struct waiting *batch_take(struct group *g)
{
    struct waiting *batch = g->first, **at = &g->first;

    for (size_t n = 0; n < GROUP_MAX && *at; n++)
        at = &(*at)->next;
    g->first = *at;
    if (!g->first)
        g->last = &g->first;
    *at = NULL;
    return batch;
}

/* Lead one round. Called and left with the lock held. */
static void group_lead(struct group *g, struct db *db)
{
    struct waiting *batch = batch_take(g), *next;

    g->leading = true;
    pthread_mutex_unlock(&g->lock);
    db->writing = true;
    batch_run(db, batch);
    db->writing = false;
    pthread_mutex_lock(&g->lock);
    g->leading = false;
    for (struct waiting *w = batch; w; w = next) {
        next = w->next;                       /* once done, it is its caller's again */
        w->done = true;
    }
    pthread_cond_broadcast(&g->wake);
}

/* Under the lock, and nobody leads: who waits is in the list. */
static void group_withdraw(struct group *g, struct waiting *me)
{
    struct waiting **at = &g->first;

    while (*at != me)
        at = &(*at)->next;
    *at = me->next;
    if (g->last == &me->next)
        g->last = at;
    me->result = ERR_BUSY;
    me->done = true;
}

static err write_together(struct db *db, db_work *work, void *arg)
{
    struct group *g = db->group;
    struct waiting me = { .work = work, .arg = arg };

    if (db->engine->rest)
        db->engine->rest(db);                 /* its leader's is the one that is needed */
    pthread_mutex_lock(&g->lock);
    *g->last = &me;
    g->last = &me.next;
    while (!me.done) {
        if (g->leading)
            pthread_cond_wait(&g->wake, &g->lock);
        else if (budget_is_left(&db->budget))
            group_lead(g, db);
        else
            group_withdraw(g, &me);
    }
    pthread_mutex_unlock(&g->lock);
    return me.result;
}

static err write_alone(struct db *db, db_work *work, void *arg)
{
    err e;

    if ((e = db->engine->begin(db)) != OK)
        return e;
    if ((e = work(db, arg)) == OK)
        return db->engine->end(db, true);
    (void)db->engine->end(db, false);         /* the work's own failure is the one to report */
    return e;
}

/* Two that broke each other off must not meet again at once. */
static void pause_before(int repetition)
{
    unsigned char chance;
    int64_t ns;

    if (getrandom(&chance, 1, GRND_NONBLOCK) != 1)
        chance = 128;                        /* without chance: the mean */
    ns = ((int64_t)PAUSE_MS << repetition) * 1000000 * (64 + chance) / 192;
    nanosleep(&(struct timespec){ .tv_nsec = ns }, NULL);
}

err db_write(struct db *db, db_work *work, void *arg)
{
    err e;

    if (db->writing)
        return ERR_BUG;
    for (int n = 0;; n++) {
        if (!budget_is_left(&db->budget))
            return ERR_BUSY;
        if (db->group) {
            e = write_together(db, work, arg);
        } else {
            db->writing = true;
            e = write_alone(db, work, arg);
            db->writing = false;
        }
        if (e != ERR_DB_AGAIN || n + 1 == TRIES_MAX)
            return e;
        pause_before(n);
    }
}

err db_check(struct db *db)
{
    struct arena none;
    int64_t last;

    arena_init(&none, 0);
    return db_one(db, &none, Q_SCHEMA_LAST, IN_NONE, OUT(int_at(&last)));
}

int64_t db_version(struct db *db)
{
    return db->engine->version(db);
}

bool db_reads_at_once(const struct db *db)
{
    return db->engine->embedded;
}

err db_script(struct db *db, str sql)
{
    return db->engine->script(db, sql);
}

const char *db_engine(const struct db *db)
{
    return db->engine->name;
}
