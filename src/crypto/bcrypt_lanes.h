// SPDX-License-Identifier: MIT
/* bcrypt_lanes.h - several bcrypts side by side in one thread.
 *
 * One bcrypt is a chain of loads that each wait for the one before, and leaves most of a core idle.
 * Hashes that do not depend on each other fill it: each lane holds the state of one, and one loop
 * takes a round of every lane in turn, so a core does several hashes in little more than the time
 * of one. Lanes know nothing of each other: costs mix, and a job may join wherever a step ends.
 *
 * A `struct lanes` belongs to one thread. It holds secrets: lanes_end wipes it. */
#ifndef CRYPTO_BCRYPT_LANES_H
#define CRYPTO_BCRYPT_LANES_H

#include "base/err.h"
#include "base/str.h"

#include <stdatomic.h>

enum {
    LANES_MAX = 8,
    LANES_STEP = 8,          /* iterations a step: one lane about 0.35 ms at 4 GHz, any cost */
    BCRYPT_COST_MIN = 4, BCRYPT_COST_MAX = 31,
    BCRYPT_SALT_BYTES = 16,
    BCRYPT_SUM_BYTES = 23,   /* what bcrypt keeps of its 24 bytes */
    BCRYPT_CUT = 72          /* bytes of a password that count */
};

/* One password to hash. The caller owns it and everything it points to; all must stay until the job
 * comes out of lanes_step. */
struct lane_job {
    str password;                            /* any bytes; those after BCRYPT_CUT do not count */
    int cost;                                /* BCRYPT_COST_MIN to _MAX: 2^cost iterations */
    unsigned char salt[BCRYPT_SALT_BYTES];
    const atomic_bool *gone;                 /* NULL, or: nobody waits for this any more */
    unsigned char sum[BCRYPT_SUM_BYTES];     /* written when result is OK */
    err result;                              /* OK, or ERR_CLIENT_GONE */
};

/* The state of one bcrypt; the part that every round reads comes first. */
struct lane {
    uint32_t subkeys[18];
    uint32_t boxes[4][256];
    uint32_t key[18];                        /* the password, repeated over 18 words */
    uint32_t salt[18];
};

struct lanes {
    _Alignas(64) struct lane at[LANES_MAX];  /* the first `n` are busy */
    uint64_t left[LANES_MAX];                /* iterations to go */
    struct lane_job *job[LANES_MAX];
    unsigned n;
    uint64_t stepped;                        /* iterations of the last step, in each lane */
};

/* Do one job in the calling thread, alone, not heeding `gone`. */
void lane_job_run(struct lane_job *job);

void lanes_init(struct lanes *lanes);
void lanes_end(struct lanes *lanes);         /* wipes; jobs still in it never come out */

/* Put a job into a free lane: there must be one (lanes->n < LANES_MAX). Takes a few
 * microseconds. */
void lanes_add(struct lanes *lanes, struct lane_job *job);

/* Take every lane LANES_STEP iterations on, or fewer where one ends before. Jobs that are through,
 * or whose client is gone, are written to `out` and their lanes are wiped and free. Returns how
 * many. */
unsigned lanes_step(struct lanes *lanes, struct lane_job *out[static LANES_MAX]);

#endif
