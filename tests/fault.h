// SPDX-License-Identifier: MIT
/* fault.h - let the n-th call of a kind fail, once, in the thread that asks for it.
 *
 *     for (struct round r = {FAULT_ARENA}; round_next(&r);) {
 *         err e = work();
 *
 *         CHECK(round_met(&r) ? e != OK : e == OK);
 *     }
 *
 * goes on until a round meets no failure any more, so the last one tells that the work succeeds.
 * It is linked before every unit program (ld --wrap), so only calls out of our own objects count,
 * and those of OpenSSL, which takes its memory from where it is told. */
#ifndef TEST_FAULT_H
#define TEST_FAULT_H

#include <stdbool.h>

enum fault_kind {
    FAULT_ARENA,   /* an allocation in an arena finds it full */
    FAULT_ALLOC,   /* malloc, calloc */
    FAULT_SQL,     /* a step of a statement of SQLite meets a disk that does not answer */
    FAULT_OPENSSL, /* an allocation inside of OpenSSL */
};

struct round {
    enum fault_kind kind;
    int n;               /* which call fails; 0 before the first round */
    bool over;           /* that round met none */
};

/* Another round: true until one was without a failure. With TEST_FAULTS=n in the environment only
 * each n-th call has its turn. */
bool round_next(struct round *r);

/* Has the call failed?  Ends the round: nothing fails until the next. */
bool round_met(struct round *r);

#endif
