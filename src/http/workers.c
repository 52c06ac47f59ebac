// SPDX-License-Identifier: MIT
/* workers.c - pools of worker threads, each with one bounded queue. */
#include "http/workers.h"

#include "base/clock.h"
#include "base/log.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

enum { AGAIN_MS = 100 };                /* between tries to begin a further thread */

struct pool {
    struct pool_config config;
    pthread_mutex_t lock;               /* over all below */
    pthread_cond_t work, begun;
    struct job *first, **end;
    size_t waiting;
    bool started, stopping;
    unsigned begun_n, failed_n, idle_n;
    int64_t start_at;                   /* monotonic ms: no further thread is started before */
    unsigned threads_n;
    pthread_t threads[];
};

static struct job *take(struct pool *p)
{
    struct job *job = p->first;

    p->first = job->next;
    if (!p->first)
        p->end = &p->first;
    p->waiting--;
    return job;
}

/* Jobs until the pool stops and nothing waits. */
static void work(struct pool *p, void *own)
{
    pthread_mutex_lock(&p->lock);
    for (;;) {
        struct job *job;

        while (!p->first && !p->stopping) {
            p->idle_n++;
            pthread_cond_wait(&p->work, &p->lock);
            p->idle_n--;
        }
        if (!p->first)
            break;
        job = take(p);
        pthread_mutex_unlock(&p->lock);
        job->run(job, own);
        pthread_mutex_lock(&p->lock);
    }
    pthread_mutex_unlock(&p->lock);
}

static void name_and_weigh(const struct pool_config *c)
{
    char name[16];

    (void)snprintf(name, sizeof name, "%s", c->name ? c->name : "worker");
    (void)pthread_setname_np(pthread_self(), name);              /* only for people */
    if (c->nice && setpriority(PRIO_PROCESS, (id_t)gettid(), c->nice) != 0)
        log_warn("pool", text_kv("name", str_of(name)), text_kv("failed", STR("setpriority")));
}

static void not_begun_log(const struct pool_config *c)
{
    log_error("pool", text_kv("name", str_of(c->name ? c->name : "worker")),
              text_kv("failed", STR("a thread's beginning")));
}

/* Under the lock: what kept this thread from beginning may be over soon, so its place is for
 * another one. Before the pool has started, and when it stops, the thread is waited for. */
static void place_leave(struct pool *p)
{
    unsigned i = 0;

    p->start_at = clock_mono_ms() + AGAIN_MS;
    if (!p->started || p->stopping)
        return;
    while (!pthread_equal(p->threads[i], pthread_self()))
        i++;
    p->threads[i] = p->threads[--p->threads_n];
    (void)pthread_detach(pthread_self());   /* nobody else knows it any more */
}

static void *worker(void *arg)
{
    struct pool *p = arg;
    const struct pool_config *c = &p->config;
    void *own;

    name_and_weigh(c);
    own = c->thread_begin ? c->thread_begin(c->app) : p;
    if (!own)
        not_begun_log(c);
    pthread_mutex_lock(&p->lock);
    p->begun_n++;
    p->failed_n += own == NULL;
    if (!own)
        place_leave(p);
    pthread_cond_signal(&p->begun);
    pthread_mutex_unlock(&p->lock);
    if (!own)
        return NULL;                    /* the pool may be gone by now */
    work(p, own);
    if (c->thread_end)
        c->thread_end(c->app, own);
    return NULL;
}

/* One more. Signals are for the main thread. */
static bool thread_start(struct pool *p)
{
    sigset_t all, before;
    pthread_attr_t attr;
    bool ok = pthread_attr_init(&attr) == 0;

    if (!ok)
        return false;
    if (p->config.stack)
        ok = pthread_attr_setstacksize(&attr, p->config.stack) == 0;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    ok = ok && pthread_create(&p->threads[p->threads_n], &attr, worker, p) == 0;
    p->threads_n += ok;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return ok;
}

err pool_start(const struct pool_config *config, struct pool **out)
{
    unsigned first = config->threads_first ? config->threads_first : config->threads;
    struct pool *p;
    bool ok = true;

    if (config->threads == 0 || first > config->threads)
        return ERR_BAD_SETTING;
    if ((p = calloc(1, sizeof *p + config->threads * sizeof *p->threads)) == NULL)
        return ERR_NO_MEMORY;
    p->config = *config;
    p->end = &p->first;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->begun, NULL);
    pthread_mutex_lock(&p->lock);
    while (ok && p->threads_n < first)
        ok = thread_start(p);
    while (p->begun_n < p->threads_n)
        pthread_cond_wait(&p->begun, &p->lock);
    ok = ok && p->failed_n == 0;
    p->started = ok;
    pthread_mutex_unlock(&p->lock);
    if (!ok) {
        pool_stop(p);
        return ERR_IO;
    }
    *out = p;
    return OK;
}

/* Under the lock: is there more to do than idle threads, and may there be another? */
static bool wants_thread(const struct pool *p)
{
    return p->waiting > p->idle_n && p->threads_n < p->config.threads &&
           (!p->start_at || clock_mono_ms() >= p->start_at);
}

bool pool_offer(struct pool *p, struct job *job)
{
    bool taken;

    pthread_mutex_lock(&p->lock);
    taken = !p->stopping && p->waiting < p->config.waiting_max;
    if (taken) {
        job->next = NULL;
        *p->end = job;
        p->end = &job->next;
        p->waiting++;
        pthread_cond_signal(&p->work);
    }
    if (!p->stopping && wants_thread(p))
        (void)thread_start(p);          /* those that there are come to it, only later */
    pthread_mutex_unlock(&p->lock);
    return taken;
}

void pool_stop(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->stopping = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->threads_n; i++)
        pthread_join(p->threads[i], NULL);
    pthread_cond_destroy(&p->begun);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

size_t pool_waiting(struct pool *p)
{
    size_t n;

    pthread_mutex_lock(&p->lock);
    n = p->waiting;
    pthread_mutex_unlock(&p->lock);
    return n;
}
