// SPDX-License-Identifier: MIT
/* workers_test.c - pools of worker threads: every job once, a full queue says so, a stop runs
 * all. */
#include "../tests/test.h"
#include "base/clock.h"
#include "base/log.h"
#include "http/workers.h"

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

/* What is waited for comes, on however busy a machine; should it never come, the program ends. */
enum { PATIENCE_MS = 120000 };

struct count { struct job job; atomic_int *runs; int mine; };

static void count(struct job *job, void *own)
{
    struct count *c = (struct count *)(void *)job;

    (void)own;
    c->mine++;
    atomic_fetch_add(c->runs, 1);
}

static void count_and_free(struct job *job, void *own)
{
    count(job, own);
    free(job);
}

TEST(every_job_runs_once)
{
    enum { JOBS = 2000, THREADS = 3 };
    static struct count jobs[JOBS];
    struct pool_config config = { .name = "every", .threads = THREADS, .waiting_max = 16 };
    struct pool *pool;
    atomic_int runs = 0;

    CHECK_ERR(pool_start(&config, &pool), OK);
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct count){ { NULL, count }, &runs, 0 };
        while (!pool_offer(pool, &jobs[i].job))
            sched_yield();
    }
    pool_stop(pool);
    CHECK(runs == JOBS);
    for (int i = 0; i < JOBS; i++)
        CHECK(jobs[i].mine == 1);
}

struct offerer { struct pool *pool; struct count jobs[500]; };

static void *offer_all(void *arg)
{
    struct offerer *o = arg;

    for (size_t i = 0; i < sizeof o->jobs / sizeof *o->jobs; i++)
        while (!pool_offer(o->pool, &o->jobs[i].job))
            sched_yield();
    return NULL;
}

TEST(several_threads_may_offer)
{
    enum { OFFERERS = 3 };
    static struct offerer o[OFFERERS];
    pthread_t threads[OFFERERS];
    struct pool_config config = { .name = "several", .threads = 2, .waiting_max = 8 };
    struct pool *pool;
    atomic_int runs = 0;

    CHECK_ERR(pool_start(&config, &pool), OK);
    for (int i = 0; i < OFFERERS; i++) {
        o[i].pool = pool;
        for (size_t k = 0; k < sizeof o[i].jobs / sizeof *o[i].jobs; k++)
            o[i].jobs[k] = (struct count){ { NULL, count }, &runs, 0 };
        CHECK(pthread_create(&threads[i], NULL, offer_all, &o[i]) == 0);
    }
    for (int i = 0; i < OFFERERS; i++)
        pthread_join(threads[i], NULL);
    pool_stop(pool);
    CHECK(runs == OFFERERS * (int)(sizeof o->jobs / sizeof *o->jobs));
}

struct gate { struct job job; sem_t entered, open; };

static void wait_at(struct job *job, void *own)
{
    struct gate *g = (struct gate *)(void *)job;

    (void)own;
    sem_post(&g->entered);
    while (sem_wait(&g->open) != 0)
        ;
}

TEST(a_full_queue_refuses_and_a_stop_runs_what_waits)
{
    struct pool_config config = { .name = "full", .threads = 1, .waiting_max = 2 };
    struct gate gate = { .job = { NULL, wait_at } };
    atomic_int runs = 0;
    struct count jobs[3];
    struct pool *pool;

    sem_init(&gate.entered, 0, 0);
    sem_init(&gate.open, 0, 0);
    for (int i = 0; i < 3; i++)
        jobs[i] = (struct count){ { NULL, count }, &runs, 0 };
    CHECK_ERR(pool_start(&config, &pool), OK);
    CHECK(pool_offer(pool, &gate.job));
    sem_wait(&gate.entered);
    CHECK(pool_waiting(pool) == 0);
    CHECK(pool_offer(pool, &jobs[0].job));
    CHECK(pool_offer(pool, &jobs[1].job));
    CHECK(pool_waiting(pool) == 2);
    CHECK(!pool_offer(pool, &jobs[2].job));
    sem_post(&gate.open);
    pool_stop(pool);
    CHECK(runs == 2 && jobs[2].mine == 0);
}

struct order { struct job job; int number, *next; bool ok; };

static void in_order(struct job *job, void *own)
{
    struct order *o = (struct order *)(void *)job;

    (void)own;
    o->ok = (*o->next)++ == o->number;
}

TEST(jobs_start_in_the_order_they_came)
{
    struct pool_config config = {
        .name = "order", .threads = 1, .waiting_max = 100, .stack = 1 << 18, .nice = 5};
    struct order jobs[100];
    struct pool *pool;
    int next = 0;

    CHECK_ERR(pool_start(&config, &pool), OK);
    for (int i = 0; i < 100; i++) {
        jobs[i] = (struct order){ { NULL, in_order }, i, &next, false };
        CHECK(pool_offer(pool, &jobs[i].job));
    }
    pool_stop(pool);
    for (int i = 0; i < 100; i++)
        CHECK(jobs[i].ok);
}

struct people { atomic_int begun, ended; int fail_at; };

static void *arrive(void *app)
{
    struct people *p = app;

    return atomic_fetch_add(&p->begun, 1) + 1 == p->fail_at ? NULL : p;
}

static void go(void *app, void *own)
{
    struct people *p = own;

    CHECK(app == own);
    atomic_fetch_add(&p->ended, 1);
}

TEST(threads_begin_before_and_end_after_all_work)
{
    struct people people = { .fail_at = -1 };
    struct pool_config config = { .name = "a name longer than fifteen", .threads = 3,
                                  .waiting_max = 1, .app = &people, .thread_begin = arrive,
                                  .thread_end = go };
    struct pool *pool;

    CHECK_ERR(pool_start(&config, &pool), OK);
    CHECK(people.begun == 3 && people.ended == 0);
    pool_stop(pool);
    CHECK(people.ended == 3);
}

TEST(a_pool_whose_thread_cannot_begin_does_not_start)
{
    struct people people = { .fail_at = 2 };
    struct pool_config config = { .name = "fails", .threads = 3, .waiting_max = 1, .app = &people,
                                  .thread_begin = arrive, .thread_end = go };
    struct pool *pool;

    CHECK_ERR(pool_start(&config, &pool), ERR_IO);
    CHECK(people.begun == 3 && people.ended == 2);
    config.threads = 0;
    CHECK_ERR(pool_start(&config, &pool), ERR_BAD_SETTING);
}

/* Jobs that all hold their threads until each has one. */
struct meeting { struct job job; atomic_int *here; int all; };

static void meet(struct job *job, void *own)
{
    struct meeting *m = (struct meeting *)job;

    (void)own;
    atomic_fetch_add(m->here, 1);
    while (atomic_load(m->here) < m->all)
        sched_yield();
}

TEST(a_pool_starts_further_threads_when_none_is_idle_and_no_more_than_it_may)
{
    struct people people = { .fail_at = -1 };
    struct pool_config config = { .threads = 5, .threads_first = 2, .waiting_max = 20,
                                  .app = &people, .thread_begin = arrive, .thread_end = go };
    struct meeting meetings[12];
    atomic_int here = 0;
    struct pool *pool;

    CHECK_ERR(pool_start(&config, &pool), OK);
    CHECK(people.begun == 2);
    for (int i = 0; i < 12; i++) {
        meetings[i] = (struct meeting){ .job.run = meet, .here = &here, .all = i < 5 ? 5 : 0 };
        CHECK(pool_offer(pool, &meetings[i].job));
    }
    pool_stop(pool);
    CHECK(here == 12 && people.begun == 5 && people.ended == 5);
    config.threads_first = 6;
    CHECK_ERR(pool_start(&config, &pool), ERR_BAD_SETTING);
}

TEST(a_further_thread_that_cannot_begin_leaves_its_job_to_the_others)
{
    struct people people = { .fail_at = 2 };
    struct pool_config config = { .threads = 2, .threads_first = 1, .waiting_max = 20,
                                  .app = &people, .thread_begin = arrive, .thread_end = go };
    struct meeting meetings[4];
    atomic_int here = 0;
    struct pool *pool;

    log_set_level(LOG_ERROR + 1);
    CHECK_ERR(pool_start(&config, &pool), OK);
    for (int i = 0; i < 4; i++) {
        meetings[i] = (struct meeting){ .job.run = meet, .here = &here, .all = 0 };
        CHECK(pool_offer(pool, &meetings[i].job));
    }
    pool_stop(pool);
    CHECK(here == 4 && people.ended == people.begun - (people.begun == 2));
}

/* The first failures are those of a while; what comes later begins as if there had been none. */
static void *arrive_late(void *app)
{
    struct people *p = app;
    int n = atomic_fetch_add(&p->begun, 1) + 1;

    return n > 1 && n <= p->fail_at ? NULL : p;
}

TEST(further_threads_that_could_not_begin_are_tried_again)
{
    enum { THREADS = 4 };
    struct people people = { .fail_at = THREADS + 2 };
    struct pool_config config = { .threads = THREADS, .threads_first = 1, .waiting_max = 20,
                                  .app = &people, .thread_begin = arrive_late, .thread_end = go };
    struct meeting meetings[THREADS];
    atomic_int here = 0, runs = 0;
    struct pool *pool;

    log_set_level(LOG_ERROR + 1);
    CHECK_ERR(pool_start(&config, &pool), OK);
    for (int i = 0; i < THREADS; i++) {
        meetings[i] = (struct meeting){ .job.run = meet, .here = &here, .all = THREADS };
        CHECK(pool_offer(pool, &meetings[i].job));
    }
    for (int64_t since = clock_mono_ms(); atomic_load(&here) < THREADS;) {
        struct count *more = calloc(1, sizeof *more);       /* jobs keep coming, as they do */

        if (clock_mono_ms() - since > PATIENCE_MS) {
            puts("  waited in vain");
            _exit(1);
        }
        *more = (struct count){ { NULL, count_and_free }, &runs, 0 };
        if (!pool_offer(pool, &more->job)) {
            free(more);
            sched_yield();
        }
    }
    pool_stop(pool);
    CHECK(people.begun >= people.fail_at + THREADS - 1 && people.ended == THREADS);
}
