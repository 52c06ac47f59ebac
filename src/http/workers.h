// SPDX-License-Identifier: MIT
/* workers.h - pools of worker threads, each with one bounded queue.
 *
 * A pool may begin with some of its threads and start another whenever a job finds none idle: many
 * that mostly wait cost nothing until they are needed. One that cannot begin then is tried again
 * with a later job.
 *
 * A job is run once by one worker, or given back unrun when its pool stops. A full queue is an
 * honest answer: pool_offer returns false at once and the client gets 503. Locks live in here. */
#ifndef HTTP_WORKERS_H
#define HTTP_WORKERS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct pool;

struct job {
    struct job *next;
    void (*run)(struct job *job, void *own);    /* on a worker; `own` is its thread's */
};

struct pool_config {
    const char *name;                  /* of the threads, at most 15 bytes */
    unsigned threads;                  /* at most */
    unsigned threads_first;            /* of these at the start; 0: all */
    unsigned waiting_max;              /* jobs in the queue; one more is refused */
    int nice;                          /* 0, or up to 19 for work that must not slow the loops */
    size_t stack;                      /* bytes a thread; 0: the system's */
    void *app;
    void *(*thread_begin)(void *app);  /* NULL from it: the pool does not start */
    void (*thread_end)(void *app, void *own);
};

err pool_start(const struct pool_config *config, struct pool **out);

/* Queue a job. False, and nothing happened, when the queue is full or the pool stops. */
bool pool_offer(struct pool *pool, struct job *job);

/* Run what waits, then end the threads and free the pool. */
void pool_stop(struct pool *pool);

/* Jobs waiting now; for tests and logs. */
size_t pool_waiting(struct pool *pool);

#endif
