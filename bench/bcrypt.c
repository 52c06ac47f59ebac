// SPDX-License-Identifier: MIT
/* bcrypt.c - hashes a second of one thread: crypt(3) against 1 to 8 lanes, in turn in one process.
 *
 *   bcrypt [COST [ROUNDS]]      (8, 15)
 *
 * Every candidate has its go in each round, so that what else runs on the machine meets all alike;
 * the median of the rounds counts. Time is the thread's own (CLOCK_THREAD_CPUTIME_ID). */
#include "crypto/bcrypt.h"

#include <crypt.h>

enum { ROUNDS_MAX = 99, WIDTHS = LANES_MAX + 1 };     /* width 0 is crypt(3) */

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void hash_in_lanes(unsigned width, int cost)
{
    static struct lanes lanes;
    struct lane_job job[LANES_MAX], *out[LANES_MAX];

    for (unsigned i = 0; i < width; i++) {
        job[i] = (struct lane_job){ .password = STR("correct horse"), .cost = cost, .salt = { 1 } };
        lanes_add(&lanes, &job[i]);
    }
    while (lanes.n)
        (void)lanes_step(&lanes, out);
}

static double timed(unsigned width, int cost)
{
    static struct crypt_data data;
    char setting[32];
    double from = seconds();

    if (width) {
        hash_in_lanes(width, cost);
    } else {
        snprintf(setting, sizeof setting, "$2b$%02d$abcdefghijklmnopqrstuu", cost);
        (void)crypt_rn("correct horse", setting, &data, sizeof data);
    }
    return seconds() - from;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void report(unsigned width, double batch, double crypt)
{
    double each = batch / (width ? width : 1);

    if (width)
        printf("%2u lane%-6s", width, width > 1 ? "s" : "");
    else
        printf("crypt_rn    ");
    printf("%10.2f %12.1f %10.2f %10.2f\n", batch * 1e3, 1 / each, crypt / each, batch / crypt);
}

int main(int argc, char **argv)
{
    static double took[WIDTHS][ROUNDS_MAX];
    int cost = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 8;
    int rounds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 15;

    if (cost < BCRYPT_COST_MIN || cost > 16 || rounds < 1 || rounds > ROUNDS_MAX)
        return fputs("bcrypt: a cost of 4 to 16, 1 to 99 rounds\n", stderr), 2;
    for (int r = 0; r < rounds; r++)
        for (unsigned width = 0; width < WIDTHS; width++)
            took[width][r] = timed(width, cost);
    printf("cost %d, one thread, medians of %d rounds\n", cost, rounds);
    printf("            ms a batch   hashes/s   x crypt   x latency\n");
    for (unsigned width = 0; width < WIDTHS; width++) {
        qsort(took[width], (size_t)rounds, sizeof(double), by_time);
        report(width, took[width][rounds / 2], took[0][rounds / 2]);
    }
    return 0;
}
