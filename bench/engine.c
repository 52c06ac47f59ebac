// SPDX-License-Identifier: MIT
/* engine.c - password checks through the engine and its queue: how many, and how long each takes.
 *
 *   engine [COST [SECONDS [ROUNDS [RATE...]]]]      (8, 1, 5)
 *
 * The candidates differ only in what hashes: crypt(3), 4 lanes, 4 and 6 under backlog. Saturation
 * is measured with 64 clients that ask again at once; then clients ask at random moments (Poisson)
 * at 50, 70 and 90 % of what the candidate did then, and at each RATE a second, each waiting in a
 * thread of its own; the time from the moment it was due counts. Candidates take turns, so that
 * what else the machine does falls on all alike, and checks a second of processor time
 * (getrusage(2)) stand beside those of the clock. A RATE beyond what a candidate can do is left out
 * for it. One line a candidate and load, key=value:
 * bench/signin makes a table of them. */
#include "crypto/engine.h"
#include "crypto/lanes_trial.h"

#include <crypt.h>
#include <math.h>
#include <pthread.h>
#include <sys/resource.h>

enum { CLIENTS = 64, WAITERS = 256, SAMPLES = 1 << 16, ROUNDS_MAX = 99 };

static const struct engine_config base = { .each = 4096, .waiting_max = 4096, .wait_ms = 60000,
                                           .deadline_ms = 60000 };
static const struct { const char *name; unsigned lanes, backlog; bool crypt; } candidates[] = {
    { "crypt_rn", 1, 1, true },
    { "4_lanes",  4, 4, false },
    { "6_lanes",  4, 6, false },      /* 4, and 6 under backlog */
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

/* Of the whole process, in seconds. */
static double processor(void)
{
    struct rusage u;

    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
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

struct result { double done, of_processor, p50, p99; };     /* a second; ms */

static double percentile(const struct load *load, unsigned p)
{
    return load->n ? load->took[(size_t)load->n * p / 100] * 1e3 : 0;
}

static struct result run(struct load *load, unsigned clients, double rate, double secs)
{
    double from = seconds(), cpu = processor();
    pthread_t threads[WAITERS];
    pthread_attr_t attr;

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
    return (struct result){load->n / (seconds() - from), load->n / (processor() - cpu),
                           percentile(load, 50), percentile(load, 99)};
}

static double median(double *of, int n)
{
    qsort(of, (size_t)n, sizeof *of, by_time);
    return of[n / 2];
}

/* One sign-in after another and a bare crypt(3) in turn: what the way through the engine costs. */
static void lone_report(struct load *load, int cost, int rounds)
{
    static double ours[ROUNDS_MAX], theirs[ROUNDS_MAX], cpu[ROUNDS_MAX], their_cpu[ROUNDS_MAX];
    static struct crypt_data data;
    struct hash_client who = { 0 };
    char setting[BCRYPT_SETTING_CHARS + 1] = { 0 };

    memcpy(setting, load->hash, BCRYPT_SETTING_CHARS);
    for (int i = 0; i < rounds; i++) {
        double t = seconds(), c = processor();

        (void)crypt_rn("correct horse", setting, &data, sizeof data);
        theirs[i] = seconds() - t;
        their_cpu[i] = processor() - c;
        t = seconds();
        c = processor();
        check(load, &who);
        ours[i] = seconds() - t;
        cpu[i] = processor() - c;
    }
    printf("alone cost=%d crypt_ms=%.3f ours_ms=%.3f crypt_cpu_ms=%.3f ours_cpu_ms=%.3f\n", cost,
           median(theirs, rounds) * 1e3, median(ours, rounds) * 1e3,
           median(their_cpu, rounds) * 1e3, median(cpu, rounds) * 1e3);
    fflush(stdout);
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

/* `rate`, or that share of what each candidate does at most; 0 for both: saturation, which is
 * remembered. */
struct load_kind { double rate, share; };

static void rows_print(struct load *load, struct engine *const engines[], const struct load_kind *k,
                       double secs, int rounds)
{
    static double most[CANDIDATES];
    static double at[CANDIDATES][4][ROUNDS_MAX];

    for (int r = 0; r < rounds; r++)
        for (unsigned c = 0; c < CANDIDATES; c++) {
            double rate = k->rate + k->share * most[c];
            struct result one;

            if (k->rate > most[c])
                continue;
            load->engine = engines[c];
            one = run(load, rate > 0 ? WAITERS : CLIENTS, rate, secs);
            at[c][0][r] = one.done;
            at[c][1][r] = one.of_processor;
            at[c][2][r] = one.p50;
            at[c][3][r] = one.p99;
        }
    for (unsigned c = 0; c < CANDIDATES; c++) {
        double done;

        if (k->rate > most[c])
            continue;
        done = median(at[c][0], rounds);

        printf("row who=%s share=%.0f rate=%.1f done=%.1f of_processor=%.1f p50=%.2f p99=%.2f\n",
               candidates[c].name, k->share * 100, k->rate + k->share * most[c], done,
               median(at[c][1], rounds), median(at[c][2], rounds), median(at[c][3], rounds));
        if (k->rate <= 0 && k->share <= 0)
            most[c] = done;
    }
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct load load = { .lock = PTHREAD_MUTEX_INITIALIZER, .seed = { 7, 7, 7 } };
    static const struct load_kind kinds[] = {{0, 0}, {0, 0.5}, {0, 0.7}, {0, 0.9}};
    int cost = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 8;
    double secs = argc > 2 ? strtod(argv[2], NULL) : 1;
    int rounds = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 5;
    struct engine *engines[CANDIDATES];
    char setting[32];

    snprintf(setting, sizeof setting, "$2b$%02d$abcdefghijklmnopqrstuu", cost);
    if (rounds < 1 || rounds > ROUNDS_MAX ||
        bcrypt_hash(STR("correct horse"), str_of(setting), load.hash) != OK)
        return fputs("engine: a cost of 4 to 31, 1 to 99 rounds\n", stderr), 2;
    for (unsigned c = 0; c < CANDIDATES; c++)
        engines[c] = engine_with(c, cost);
    load.engine = engines[2];
    lone_report(&load, cost, cost > 9 ? 9 : 41);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        rows_print(&load, engines, &kinds[i], secs, rounds);
    for (int i = 4; i < argc; i++)
        rows_print(&load, engines, &(struct load_kind){strtod(argv[i], NULL), 0}, secs, rounds);
    for (unsigned c = 0; c < CANDIDATES; c++)
        engine_stop(engines[c]);
    return 0;
}
