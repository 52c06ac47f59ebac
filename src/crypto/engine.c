// SPDX-License-Identifier: MIT
/* engine.c - the threads that hash passwords, one a core, each with lanes, and the queue before
 * them.
 *
 * A thread goes round: under the lock it hands out what is over and takes what waits, without it it
 * steps its lanes. An idle thread is woken before a busy one shares its lanes, for a lane of one's
 * own is fastest; but the machine may be too busy to run the idle one, so a busy one waits for it a
 * single step and then takes the job itself. */
#include "crypto/engine.h"

#include "base/clock.h"
#include "base/log.h"
#include "crypto/lanes_trial.h"

#include <crypt.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

/* The stack holds what other hashes than bcrypt need of it. */
enum { BACKLOG = 8, THREAD_NICE = 10, THREAD_STACK = 512 << 10 };

/* One caller's wish; it lies on his stack and is his again once it is over. */
struct hashing {
    struct queue_job place;
    struct lane_job lane;
    engine_work *work;                   /* instead of a lane's; NULL: a lane's */
    void *arg;
    uint64_t expected_us;                /* of `work`, by who asks */
    int64_t deadline_ms;                 /* clock_mono_ms */
    pthread_cond_t over;
    bool is_over;
    err result;
};

struct worker {
    struct lanes lanes;                  /* of its thread alone */
    struct engine *engine;
    struct crypt_data *crypt;            /* its scratch, when the lanes are not trusted */
    pthread_t thread;
    pthread_cond_t wake;
    unsigned number;
    bool idle, woken, held_back;
    uint64_t rate;                       /* its part of the queue's */
};

struct engine {
    struct engine_config config;
    bool lanes_trusted;
    uint64_t iteration_ns;               /* of one lane alone */
    struct worker *workers;
    unsigned started;
    pthread_mutex_t lock;                /* guards all below, and the workers' flags */
    pthread_cond_t left;
    struct queue queue;
    unsigned idle, callers, running;
    uint64_t done, refused, dropped;
    uint64_t slower;                     /* thousandths of what was expected that `work` takes */
    bool stop;
};

static struct hashing *of_place(struct queue_job *place)
{
    return (struct hashing *)((char *)place - offsetof(struct hashing, place));
}

static struct hashing *of_lane(struct lane_job *lane)
{
    return (struct hashing *)((char *)lane - offsetof(struct hashing, lane));
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Everything from here to worker_run is called under the lock. */

static void finish(struct hashing *h, err result)
{
    h->result = result;
    h->is_over = true;
    pthread_cond_signal(&h->over);
}

/* The next that is still worth hashing. */
static struct hashing *take(struct engine *engine)
{
    struct queue_job *place;

    while ((place = queue_take(&engine->queue)) != NULL) {
        struct hashing *h = of_place(place);
        bool gone = h->lane.gone && atomic_load_explicit(h->lane.gone, memory_order_relaxed);

        if (!gone && clock_mono_ms() <= h->deadline_ms)
            return h;
        finish(h, gone ? ERR_CLIENT_GONE : ERR_BUSY);
        engine->dropped++;
    }
    return NULL;
}

static unsigned width(const struct engine *engine)
{
    if (!engine->lanes_trusted)
        return 1;
    return engine->queue.waiting > BACKLOG ? engine->config.lanes_backlog : engine->config.lanes;
}

/* At most one that takes no lane, as the last: who waits behind it is for another thread, or for
 * later. */
static unsigned take_some(struct worker *worker, struct hashing *some[static LANES_MAX])
{
    struct engine *engine = worker->engine;
    unsigned free_lanes, n = 0, busy = worker->lanes.n, most = width(engine);

    free_lanes = busy < most ? most - busy : 0;
    while (n < free_lanes && engine->queue.waiting && !(n && some[n - 1]->work)) {
        bool others_will = busy + n > 0 && engine->queue.waiting <= engine->idle;

        if (others_will && !worker->held_back)
            break;
        some[n] = take(engine);
        if (some[n])
            n++;
    }
    worker->held_back = engine->queue.waiting > 0;
    engine->running += n;
    return n;
}

static void rate_follow(struct worker *worker, uint64_t lanes, int64_t took_ns)
{
    struct engine *engine = worker->engine;
    uint64_t work_ns = lanes * worker->lanes.stepped * engine->iteration_ns, now, sum = 0;

    if (lanes < engine->config.lanes || took_ns <= 0)
        return;
    now = work_ns * 1000 / (uint64_t)took_ns;
    worker->rate = (worker->rate * 31 + now) / 32;
    for (unsigned i = 0; i < engine->config.threads; i++)
        sum += engine->workers[i].rate;
    queue_rate_set(&engine->queue, sum ? sum : 1);
}

static void wake_one(struct engine *engine)
{
    for (unsigned i = 0; i < engine->started; i++) {
        struct worker *worker = &engine->workers[i];

        if (worker->idle && !worker->woken) {
            worker->woken = true;
            pthread_cond_signal(&worker->wake);
            return;
        }
    }
}

static void wait_for_work(struct worker *worker)
{
    struct engine *engine = worker->engine;

    while (!engine->stop && worker->lanes.n == 0 && engine->queue.waiting == 0) {
        worker->idle = true;
        worker->woken = false;
        engine->idle++;
        pthread_cond_wait(&worker->wake, &engine->lock);
        engine->idle--;
        worker->idle = false;
    }
}

static void hand_out(struct engine *engine, struct hashing *h)
{
    engine->running--;
    if (h->lane.result == ERR_CLIENT_GONE)
        engine->dropped++;
    else
        engine->done++;
    finish(h, h->lane.result);
}

/* How long such work takes here, against what its callers expect. */
static void slower_follow(struct engine *engine, const struct hashing *h, int64_t took_ns)
{
    uint64_t now = (uint64_t)took_ns / (h->expected_us + 1);

    engine->slower = (engine->slower * 31 + (now < 1000000 ? now : 1000000)) / 32 + 1;
}

/* Do what takes no lane: the thread's lanes wait meanwhile. Gives the lock up. */
static void work_alone(struct worker *worker, struct hashing *h)
{
    struct engine *engine = worker->engine;
    int64_t took;

    pthread_mutex_unlock(&engine->lock);
    took = now_ns();
    h->lane.result = h->work(h->arg);
    took = now_ns() - took;
    pthread_mutex_lock(&engine->lock);
    slower_follow(engine, h, took);
    hand_out(engine, h);
}

/* Gives the lock up while it hashes. */
static void step_lanes(struct worker *worker, struct hashing *const some[], unsigned n)
{
    struct engine *engine = worker->engine;
    struct lane_job *out[LANES_MAX];
    unsigned lanes, over;
    int64_t took;

    pthread_mutex_unlock(&engine->lock);
    for (unsigned i = 0; i < n; i++)
        lanes_add(&worker->lanes, &some[i]->lane);
    lanes = worker->lanes.n;
    took = now_ns();
    over = lanes_step(&worker->lanes, out);
    took = now_ns() - took;
    pthread_mutex_lock(&engine->lock);
    if (lanes)
        rate_follow(worker, lanes, took);
    for (unsigned i = 0; i < over; i++)
        hand_out(engine, of_lane(out[i]));
}

static void step_crypt(struct worker *worker, struct hashing *const some[], unsigned n)
{
    struct engine *engine = worker->engine;

    pthread_mutex_unlock(&engine->lock);
    for (unsigned i = 0; i < n; i++)
        lane_job_crypt(&some[i]->lane, worker->crypt);
    pthread_mutex_lock(&engine->lock);
    for (unsigned i = 0; i < n; i++)
        hand_out(engine, some[i]);
}

/* The first thread yields to the loops but never starves; the others take only what is idle. Where
 * the system forbids it, hashing competes with the loops and all else is the same. */
static void priority_lower(const struct worker *worker)
{
    struct sched_param none = { 0 };

    if (worker->number == 0)
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), THREAD_NICE);
    else
        (void)sched_setscheduler(0, SCHED_IDLE, &none);
}

static void *worker_run(void *arg)
{
    struct worker *worker = arg;
    struct engine *engine = worker->engine;
    struct hashing *some[LANES_MAX];
    char name[16];

    priority_lower(worker);
    snprintf(name, sizeof name, "hash%u", worker->number);
    (void)pthread_setname_np(pthread_self(), name);   /* for top: who has it, has its priority */
    pthread_mutex_lock(&engine->lock);
    for (wait_for_work(worker); !engine->stop; wait_for_work(worker)) {
        unsigned n = take_some(worker, some);

        if (n && some[n - 1]->work)
            work_alone(worker, some[--n]);
        if (engine->lanes_trusted)
            step_lanes(worker, some, n);
        else
            step_crypt(worker, some, n);
    }
    for (unsigned i = 0; i < worker->lanes.n; i++)
        finish(of_lane(worker->lanes.job[i]), ERR_BUSY);
    pthread_mutex_unlock(&engine->lock);
    lanes_end(&worker->lanes);
    return NULL;
}

static unsigned cores(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

static int64_t wait_by_cost(int cost)
{
    return cost <= 8 ? 250 : cost == 9 ? 350 : cost == 10 ? 500 : cost == 11 ? 700 : 1000;
}

static unsigned within(unsigned n, unsigned least, unsigned most)
{
    return n < least ? least : n > most ? most : n;
}

static struct engine_config config_filled(const struct engine_config *given)
{
    struct engine_config c = *given;

    c.threads = within(c.threads ? c.threads : cores(), 1, ENGINE_THREADS_MAX);
    c.lanes = within(c.lanes ? c.lanes : 4, 1, LANES_MAX);
    c.lanes_backlog = within(c.lanes_backlog ? c.lanes_backlog : 6, c.lanes, LANES_MAX);
    c.each = c.each ? c.each : 16;
    c.waiting_max = c.waiting_max ? c.waiting_max : 512;
    c.cost = c.cost ? c.cost : 8;
    c.wait_ms = c.wait_ms ? c.wait_ms : wait_by_cost(c.cost);
    if (!c.deadline_ms)
        c.deadline_ms = c.wait_ms > 1000 ? 2 * c.wait_ms : 2000;
    return c;
}

/* What `width` lanes get done: microseconds of work a millisecond. */
static uint64_t rate_of(const struct engine *engine, unsigned width)
{
    return 1000 * width * engine->iteration_ns * LANES_STEP / ((uint64_t)lanes_step_ns(width) + 1) +
           1;
}

/* More lanes are not always more: on a core whose first cache is small, or whose other half belongs
 * to a neighbour, they hinder each other. Not told how many to use under backlog, ask the
 * machine. */
static uint64_t lanes_choose(struct engine *engine, bool told)
{
    struct engine_config *c = &engine->config;
    uint64_t rate = rate_of(engine, c->lanes);

    if (!told && c->lanes_backlog > c->lanes && rate_of(engine, c->lanes_backlog) < rate * 21 / 20)
        c->lanes_backlog = c->lanes;
    return rate;
}

/* Whether the lanes may be used, and how fast they are. */
static err lanes_judge(struct engine *engine, bool told)
{
    uint64_t rate = 1000;
    err e = lanes_trial();

    if (e == ERR_NO_MEMORY)
        return e;
    if (e != OK)
        log_error("bcrypt_lanes", text_kv("trial", STR("failed")), text_kv("use", STR("crypt")));
    engine->lanes_trusted = e == OK && !engine->config.distrust_lanes;
    engine->iteration_ns = (uint64_t)lanes_step_ns(1) / LANES_STEP + 1;
    if (engine->lanes_trusted)
        rate = lanes_choose(engine, told);
    for (unsigned i = 0; i < engine->config.threads; i++) {
        engine->workers[i].engine = engine;
        engine->workers[i].number = i;
        engine->workers[i].rate = rate;
    }
    queue_rate_set(&engine->queue, rate * engine->config.threads);
    return OK;
}

static err worker_start(struct engine *engine, unsigned i)
{
    struct worker *worker = &engine->workers[i];
    pthread_attr_t attr;
    int failed;

    pthread_cond_init(&worker->wake, NULL);
    worker->crypt = engine->lanes_trusted ? NULL : calloc(1, sizeof *worker->crypt);
    if (!engine->lanes_trusted && !worker->crypt)
        return ERR_NO_MEMORY;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, THREAD_STACK);
    failed = pthread_create(&worker->thread, &attr, worker_run, worker);
    pthread_attr_destroy(&attr);
    if (failed) {
        free(worker->crypt);
        return ERR_IO;
    }
    return OK;
}

static err workers_start(struct engine *engine)
{
    for (unsigned i = 0; i < engine->config.threads; i++) {
        err e = worker_start(engine, i);

        if (e)
            return e;
        pthread_mutex_lock(&engine->lock);
        engine->started++;
        pthread_mutex_unlock(&engine->lock);
    }
    return OK;
}

err engine_start(const struct engine_config *config, struct engine **out)
{
    struct engine *engine = calloc(1, sizeof *engine);
    size_t size;
    err e;

    if (!engine)
        return ERR_NO_MEMORY;
    engine->config = config_filled(config);
    engine->slower = 1000;
    pthread_mutex_init(&engine->lock, NULL);
    pthread_cond_init(&engine->left, NULL);
    size = engine->config.threads * sizeof *engine->workers;
    engine->workers = aligned_alloc(_Alignof(struct worker), size);
    e = engine->workers
            ? queue_init(&engine->queue,
                         &(struct queue_limits){engine->config.waiting_max, engine->config.each,
                                                engine->config.wait_ms})
            : ERR_NO_MEMORY;
    if (e == OK) {
        memset(engine->workers, 0, size);
        e = lanes_judge(engine, config->lanes_backlog != 0);
    }
    if (e == OK)
        e = workers_start(engine);
    if (e == OK)
        *out = engine;
    else
        engine_stop(engine);
    return e;
}

/* Tell everyone, and see the last caller off. */
static void callers_dismiss(struct engine *engine)
{
    struct queue_job *place;

    pthread_mutex_lock(&engine->lock);
    engine->stop = true;
    while (engine->queue.waiting && (place = queue_take(&engine->queue)) != NULL)
        finish(of_place(place), ERR_BUSY);
    for (unsigned i = 0; i < engine->started; i++)
        pthread_cond_signal(&engine->workers[i].wake);
    while (engine->callers)
        pthread_cond_wait(&engine->left, &engine->lock);
    pthread_mutex_unlock(&engine->lock);
}

void engine_stop(struct engine *engine)
{
    callers_dismiss(engine);
    for (unsigned i = 0; i < engine->started; i++) {
        pthread_join(engine->workers[i].thread, NULL);
        pthread_cond_destroy(&engine->workers[i].wake);
        free(engine->workers[i].crypt);
    }
    queue_end(&engine->queue);
    pthread_cond_destroy(&engine->left);
    pthread_mutex_destroy(&engine->lock);
    free(engine->workers);
    free(engine);
}

/* Under the lock: find a place for the job and wait until it is over. */
static err wait_for_hash(struct engine *engine, struct hashing *h)
{
    struct queue_job *lost;
    err e = engine->stop ? ERR_BUSY : queue_add(&engine->queue, &h->place, &lost);

    if (engine->stop)
        return ERR_BUSY;
    while (lost) {
        struct queue_job *next = lost->next;

        finish(of_place(lost), lost->result);
        engine->refused++;
        lost = next;
    }
    if (e) {
        engine->refused++;
        return e;
    }
    wake_one(engine);
    while (!h->is_over)
        pthread_cond_wait(&h->over, &engine->lock);
    return h->result;
}

/* As microseconds of lanes: work that takes a whole thread costs what all its lanes would have done
 * meanwhile. */
static uint64_t work_us(const struct engine *engine, const struct hashing *h)
{
    if (!h->work)
        return (engine->iteration_ns << h->lane.cost) / 1000;
    return h->expected_us * engine->slower / 1000 *
               (engine->queue.rate / engine->config.threads + 1) / 1000 +
           1;
}

static err run(struct engine *engine, struct hash_client *client, struct hashing *h)
{
    err e;

    memcpy(h->place.address, client->address, ADDRESS_BYTES);
    h->place.known = client->known;
    h->lane.gone = client->gone;
    h->deadline_ms = clock_mono_ms() + engine->config.deadline_ms;
    pthread_cond_init(&h->over, NULL);
    pthread_mutex_lock(&engine->lock);
    h->place.work_us = work_us(engine, h);
    engine->callers++;
    e = wait_for_hash(engine, h);
    if (e == ERR_TOO_MANY || e == ERR_BUSY)
        client->retry_after_ms = queue_wait_ms(&engine->queue);
    if (--engine->callers == 0)
        pthread_cond_signal(&engine->left);
    pthread_mutex_unlock(&engine->lock);
    pthread_cond_destroy(&h->over);
    return e;
}

err engine_check(struct engine *engine, struct hash_client *client, str password, str hash)
{
    struct hashing h = { .lane.password = password };
    err e;

    if (hash.n != BCRYPT_CHARS)
        return ERR_HASH_UNKNOWN;
    if ((e = bcrypt_parse(hash, &h.lane.cost, h.lane.salt)) != OK)
        return e;
    e = run(engine, client, &h);
    if (e == OK)
        e = bcrypt_sum_check(h.lane.sum, hash);
    explicit_bzero(&h.lane, sizeof h.lane);
    return e == ERR_PASSWORD_POLICY ? ERR_PASSWORD_WRONG : e;
}

err engine_hash(struct engine *engine, struct hash_client *client, const struct lane_job *what,
                char out[static BCRYPT_CHARS])
{
    struct hashing h = { .lane = *what };
    err e = run(engine, client, &h);

    if (e == OK)
        bcrypt_write(h.lane.cost, h.lane.salt, h.lane.sum, out);
    explicit_bzero(&h.lane, sizeof h.lane);
    return e;
}

err engine_run(struct engine *engine, struct hash_client *client, int64_t us, engine_work *work,
               void *arg)
{
    struct hashing h = { .work = work, .arg = arg, .expected_us = (uint64_t)us };

    return run(engine, client, &h);
}

void engine_read(struct engine *engine, struct engine_figures *out)
{
    pthread_mutex_lock(&engine->lock);
    *out = (struct engine_figures){
        .lanes_trusted = engine->lanes_trusted,
        .threads = engine->config.threads,
        .lanes = engine->lanes_trusted ? engine->config.lanes : 1,
        .waiting = engine->queue.waiting,
        .running = engine->running,
        .done = engine->done,
        .refused = engine->refused,
        .dropped = engine->dropped,
        .rate = engine->queue.rate,
        .one_us = (engine->iteration_ns << engine->config.cost) / 1000,
        .wait_ms = queue_wait_ms(&engine->queue),
    };
    pthread_mutex_unlock(&engine->lock);
}
