// SPDX-License-Identifier: MIT
/* signin.c - password checks through the engine and its queue: how many, and how long each takes.
 *
 *   signin [COST [SECONDS [RATE...]]]      (8, 1)
 *
 * The candidates differ only in what hashes: crypt(3), 4 lanes, 4 and 6 under backlog. Saturation
 * is measured with 64 clients that ask again at once; then clients ask at random moments (Poisson)
 * at each RATE a second, each waiting in a thread of its own; the time from the moment it was due
 * counts. */
#include "crypto/engine.h"
#include "crypto/lanes_trial.h"

#include <crypt.h>
#include <math.h>
#include <pthread.h>

enum { CLIENTS = 64, WAITERS = 256, SAMPLES = 1 << 16, ROUNDS = 5 };

static const struct engine_config base = { .each = 4096, .waiting_max = 4096, .wait_ms = 60000,
                                           .deadline_ms = 60000 };
static const struct { const char *name; unsigned lanes, backlog; bool crypt; } candidates[] = {
    { "crypt_rn",     1, 1, true },
    { "4 lanes",      4, 4, false },
    { "4 to 6 lanes", 4, 6, false },
};
enum { CANDIDATES = sizeof candidates / sizeof *candidates };

struct load {
    struct engine *engine;
    char hash[BCRYPT_CHARS];
    double until, due, rate;        /* rate 0: ask again at once */
    pthread_mutex_t lock;           /* guards what follows and `due` */
    unsigned short seed[3];
    double took[SAMPLES];
    unsigned n;
};

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void sleep_until(double when)
{
    struct timespec t = { (time_t)when, (long)((when - floor(when)) * 1e9) };

    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* When the next one is due. */
static double draw(struct load *load)
{
    double due;

    pthread_mutex_lock(&load->lock);
    load->due += load->rate > 0 ? -log(1 - erand48(load->seed)) / load->rate : 0;
    due = load->rate > 0 ? load->due : seconds();
    pthread_mutex_unlock(&load->lock);
    return due;
}

static void check(struct load *load, struct hash_client *who)
{
    if (engine_check(load->engine, who, STR("correct horse"), (str){load->hash, BCRYPT_CHARS}) !=
        OK)
        abort();
}

static void *client(void *arg)
{
    struct load *load = arg;
    struct hash_client who = { 0 };
    double due;

    while ((due = draw(load)) < load->until) {
        if (load->rate > 0)
            sleep_until(due);
        check(load, &who);
        pthread_mutex_lock(&load->lock);
        if (load->n < SAMPLES)
            load->took[load->n++] = seconds() - due;
        pthread_mutex_unlock(&load->lock);
    }
    return NULL;
}

/* Checks a second that were done. */
static double run(struct load *load, unsigned clients, double rate, double secs)
{
    pthread_t threads[WAITERS];
    pthread_attr_t attr;
    double from = seconds();

    load->n = 0;
    load->rate = rate;
    load->due = from;
    load->until = from + secs;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10);
    for (unsigned i = 0; i < clients; i++)
        if (pthread_create(&threads[i], &attr, client, load) != 0)
            abort();
    for (unsigned i = 0; i < clients; i++)
        pthread_join(threads[i], NULL);
    qsort(load->took, load->n, sizeof *load->took, by_time);
    return load->n / (seconds() - from);
}

static double percentile(const struct load *load, unsigned p)
{
    return load->n ? load->took[(size_t)load->n * p / 100] * 1e3 : 0;
}

/* One sign-in after another and a bare crypt(3) in turn: what the way through the engine costs. */
static void lone_report(struct load *load, int rounds)
{
    static double ours[99], theirs[99];
    static struct crypt_data data;
    struct hash_client who = { 0 };
    char setting[BCRYPT_SETTING_CHARS + 1] = { 0 };

    memcpy(setting, load->hash, BCRYPT_SETTING_CHARS);
    for (int i = 0; i < rounds; i++) {
        double t = seconds();

        (void)crypt_rn("correct horse", setting, &data, sizeof data);
        theirs[i] = seconds() - t;
        t = seconds();
        check(load, &who);
        ours[i] = seconds() - t;
    }
    qsort(ours, (size_t)rounds, sizeof *ours, by_time);
    qsort(theirs, (size_t)rounds, sizeof *theirs, by_time);
    printf("alone: crypt_rn %.2f ms, through the engine %.2f ms (x %.3f)\n",
           theirs[rounds / 2] * 1e3, ours[rounds / 2] * 1e3, ours[rounds / 2] / theirs[rounds / 2]);
}

static struct engine *engine_with(unsigned candidate, int cost)
{
    struct engine_config config = base;
    struct engine *engine;

    config.lanes = candidates[candidate].lanes;
    config.lanes_backlog = candidates[candidate].backlog;
    config.distrust_lanes = candidates[candidate].crypt;
    config.cost = cost;
    if (engine_start(&config, &engine) != OK)
        abort();
    return engine;
}

static double median(double *of, unsigned n)
{
    qsort(of, n, sizeof *of, by_time);
    return of[n / 2];
}

/* Candidates take turns, so that what else the machine does falls on all alike. Rate 0:
 * saturation. */
static void rows_print(struct load *load, struct engine *const engines[], double rate, double secs)
{
    static double done[CANDIDATES][ROUNDS], p50[CANDIDATES][ROUNDS], p99[CANDIDATES][ROUNDS];
    double crypt = 1;

    for (unsigned r = 0; r < ROUNDS; r++)
        for (unsigned c = 0; c < CANDIDATES; c++) {
            load->engine = engines[c];
            done[c][r] = run(load, rate > 0 ? WAITERS : CLIENTS, rate, secs);
            p50[c][r] = percentile(load, 50);
            p99[c][r] = percentile(load, 99);
        }
    for (unsigned c = 0; c < CANDIDATES; c++) {
        double now = median(done[c], ROUNDS);

        crypt = c == 0 ? now : crypt;
        printf("%-14s %8.1f %8.1f %8.2f %9.1f %9.1f\n", candidates[c].name, rate, now, now / crypt,
               median(p50[c], ROUNDS), median(p99[c], ROUNDS));
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct load load = { .lock = PTHREAD_MUTEX_INITIALIZER, .seed = { 7, 7, 7 } };
    int cost = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 8;
    double secs = argc > 2 ? strtod(argv[2], NULL) : 1;
    struct engine *engines[CANDIDATES];
    char setting[32];

    snprintf(setting, sizeof setting, "$2b$%02d$abcdefghijklmnopqrstuu", cost);
    if (bcrypt_hash(STR("correct horse"), str_of(setting), load.hash) != OK)
        return fputs("signin: a cost of 4 to 31\n", stderr), 2;
    for (unsigned c = 0; c < CANDIDATES; c++)
        engines[c] = engine_with(c, cost);
    load.engine = engines[2];
    lone_report(&load, cost > 9 ? 9 : 41);
    printf("cost %d, medians of %d rounds of %.1f s; rate 0: %d clients that never pause\n"
           "                  rate   done/s  x crypt    p50 ms    p99 ms\n",
           cost, ROUNDS, secs, CLIENTS);
    rows_print(&load, engines, 0, secs);
    for (int i = 3; i < argc; i++)
        rows_print(&load, engines, strtod(argv[i], NULL), secs);
    for (unsigned c = 0; c < CANDIDATES; c++)
        engine_stop(engines[c]);
    return 0;
}
