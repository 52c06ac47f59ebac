// SPDX-License-Identifier: MIT
/* compare.c - does the comparison of MACs tell by its time how much of a guess was right?
 *
 *   compare [THOUSANDS]      (1000)
 *
 * Two kinds of guesses in random order: one differs in its first byte, one in its last. Welch's
 * t-test on the time of each, as dudect has it (Reparaz, Balasch, Verbauwhede 2017): below 4.5
 * nothing was seen. A comparison that stops at the first other byte stands beside it, to show that
 * the measure would see something. */
#include "crypto/digest.h"
#include "crypto/random.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { AT_ONCE = 16, SAMPLES_MAX = 100 << 20 };

typedef bool comparison(const void *a, const void *b, size_t n);

struct sums { double n, mean, m2; };

static unsigned char right[SHA256_BYTES], guess[2][SHA256_BYTES];

static bool stops_early(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *x = a, *y = b;

    while (n && *x == *y) {
        x++;
        y++;
        n--;
    }
    return n == 0;
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Both kinds lie at one place, or its cache line would be what is measured. */
static double time_of(comparison *equal, const unsigned char *kind)
{
    static unsigned char b[SHA256_BYTES];
    volatile bool sink = false;
    double began;

    memcpy(b, kind, sizeof b);
    began = now_ns();
    for (int i = 0; i < AT_ONCE; i++)
        sink = equal(right, b, sizeof right);
    (void)sink;
    return now_ns() - began;
}

static void add(struct sums *s, double x)
{
    double from = x - s->mean;

    s->n++;
    s->mean += from / s->n;
    s->m2 += from * (x - s->mean);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* What takes longer than nearly all was interrupted, and says nothing of the comparison. */
static double usual(comparison *equal)
{
    static double took[10001];
    size_t n = sizeof took / sizeof *took;

    for (size_t i = 0; i < n; i++)
        took[i] = time_of(equal, guess[i & 1]);
    qsort(took, n, sizeof *took, by_value);
    return took[n * 95 / 100];
}

static double t_of(comparison *equal, long samples)
{
    double most = usual(equal);
    struct sums s[2] = {0};

    for (long i = 0; i < samples; i++) {
        unsigned char coin;
        double took;

        random_bytes(&coin, 1);
        coin &= 1;
        took = time_of(equal, guess[coin]);
        if (took <= most)
            add(&s[coin], took);
    }
    return fabs(s[0].mean - s[1].mean) /
           sqrt(s[0].m2 / s[0].n / (s[0].n - 1) + s[1].m2 / s[1].n / (s[1].n - 1));
}

int main(int argc, char **argv)
{
    long samples = (argc > 1 ? strtol(argv[1], NULL, 10) : 1000) * 1000;
    double ours, theirs;

    if (samples < 10000 || samples > SAMPLES_MAX) {
        fputs("usage: compare [THOUSANDS]\n", stderr);
        return 2;
    }
    random_bytes(right, sizeof right);
    for (int k = 0; k < 2; k++)
        memcpy(guess[k], right, sizeof right);
    guess[0][0] ^= 1;
    guess[1][sizeof right - 1] ^= 1;
    ours = t_of(digest_equal, samples);
    theirs = t_of(stops_early, samples);
    printf("| comparison | t of %ld samples |\n|---|--:|\n", samples);
    printf("| digest_equal | %.1f (below 4.5: nothing seen) |\n", ours);
    printf("| one that stops at the first other byte | %.1f |\n", theirs);
    return ours < 4.5 && theirs > 4.5 ? 0 : 1;
}
