// SPDX-License-Identifier: MIT
/* queue.h - who is hashed next: a bounded queue that is fair to addresses.
 *
 * Jobs of one address (IPv4, or the /64 of an IPv6) wait in a row of their own; rows take turns.
 * Rows of known devices come first three times of four, so that others still move. The queue is
 * bounded by time: the work in it over the rate at which work is done. When it is full, the newest
 * job of the longest row goes, and a known device may take the place of an unknown one; who floods
 * loses his own.
 *
 * No clock, no threads, no memory beyond queue_init: the caller holds a lock. Looking a row up is
 * linear in the rows, fine below a thousand. */
#ifndef CRYPTO_QUEUE_H
#define CRYPTO_QUEUE_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ADDRESS_BYTES = 16 };

/* What waits; part of a larger job of the caller's, and his while it waits. */
struct queue_job {
    struct queue_job *next;
    unsigned char address[ADDRESS_BYTES];   /* IPv6, or IPv4 as ::ffff:a.b.c.d */
    bool known;                             /* a known device */
    uint64_t work_us;                       /* microseconds of a core, alone on it */
    err result; /* of one that lost its place: ERR_TOO_MANY or ERR_BUSY */
};

struct queue_limits {
    unsigned jobs;                          /* in all */
    unsigned each;                          /* of one address */
    int64_t wait_ms;                        /* estimated, for the last of them */
};

struct queue_row;

/* The rows of a class that hold jobs, in the order of their turns. */
struct queue_class { struct queue_row *first, *last; };

struct queue {
    struct queue_limits limits;
    struct queue_row *rows, *unused;
    struct queue_class classes[2];          /* indexed by `known` */
    unsigned waiting, turn;
    uint64_t work_us;
    uint64_t rate;                          /* microseconds of work done in a millisecond */
};

/* ERR_NO_MEMORY when there is none for `limits->jobs` rows. */
err queue_init(struct queue *queue, const struct queue_limits *limits);
void queue_end(struct queue *queue);        /* nothing may wait */

/* Microseconds of work that are done in a millisecond; 1000 for one core with one lane. Not 0. */
void queue_rate_set(struct queue *queue, uint64_t rate);

/* Let a job wait. Jobs that lost their places to it come back in *lost, linked by `next`, with
 * their results; NULL for none, as always where it is not OK. Returns
 *   OK             it waits;
 *   ERR_TOO_MANY   its address has its share already;
 *   ERR_BUSY       the queue is full of addresses that ask for no more than this one. */
err queue_add(struct queue *queue, struct queue_job *job, struct queue_job **lost);

/* The job whose turn it is, taken out; NULL when none waits. */
struct queue_job *queue_take(struct queue *queue);

/* How long a job would wait that came now: an estimate. */
int64_t queue_wait_ms(const struct queue *queue);

#endif
