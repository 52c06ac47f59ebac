// SPDX-License-Identifier: MIT
/* argon2.c - Argon2id of one thread: libsodium, libargon2, and our own fill over a kept memory.
 *
 *   argon2 [KIB [PASSES [ROUNDS]]]      (19456, 2, 15)
 *
 * Every candidate has its go in each round; the median of the rounds counts. Time is the thread's:
 * what the system does for its page faults counts. */
#include "crypto/argon2.h"

#include <argon2.h>
#include <sodium.h>

enum { ROUNDS_MAX = 99, OTHERS = 2, OWN_MAX = 2 };

static uint32_t memory = 19456, passes = 2;
static struct room *kept;

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void hash_own(argon2_block_fn *block)
{
    struct argon2_hash h = {
        .kind = ARGON2_ID, .cost = {memory, passes, 1}, .salt_n = 16, .tag_n = 32};

    if (argon2_fill(kept, block, STR("correct horse"), &h) != OK)
        exit(1);
}

static double timed(size_t which)
{
    static const unsigned char salt[16];
    unsigned char tag[32];
    double from = seconds();

    if (which == 0 && crypto_pwhash(tag, sizeof tag, "correct horse", 13, salt, passes,
                                    (size_t)memory << 10, crypto_pwhash_ALG_ARGON2ID13) != 0)
        exit(1);
    if (which == 1)
        (void)argon2id_hash_raw(passes, memory, 1, "correct horse", 13, salt, sizeof salt, tag,
                                sizeof tag);
    if (which >= OTHERS)
        hash_own(argon2_versions[which - OTHERS].block);
    return seconds() - from;
}

static int by_time(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static double times[OTHERS + OWN_MAX][ROUNDS_MAX];
    long rounds = argc > 3 ? strtol(argv[3], NULL, 10) : 15;
    size_t n = OTHERS;

    memory = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : memory;
    passes = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : passes;
    if (rounds < 1 || rounds > ROUNDS_MAX || sodium_init() < 0 ||
        (kept = room_new((size_t)memory << 10)) == NULL)
        return 1;
    while (argon2_versions[n - OTHERS].name)
        n++;
    for (long r = 0; r < rounds; r++)
        for (size_t i = 0; i < n; i++)
            if (i < OTHERS || argon2_versions[i - OTHERS].runs())
                times[i][r] = timed(i);
    for (size_t i = 0; i < n; i++) {
        double ms;

        qsort(times[i], (size_t)rounds, sizeof(double), by_time);
        qsort(times[0], (size_t)rounds, sizeof(double), by_time);
        ms = times[i][rounds / 2] * 1e3;
        if (ms > 0)
            printf("%-10s %7.2f ms %7.1f hashes/s   x%.2f of libsodium\n",
                   i == 0   ? "libsodium"
                   : i == 1 ? "libargon2"
                            : argon2_versions[i - OTHERS].name,
                   ms, 1e3 / ms, times[0][rounds / 2] * 1e3 / ms);
    }
    room_free(kept);
    return 0;
}
