// SPDX-License-Identifier: MIT
/* loop.h - one thread's epoll with its listener, its connections, timers and finished work.
 *
 * Only the loop's own thread uses it, but for loop_take_back and loop_stop. The one lock guards the
 * list of finished streams. */
#ifndef HTTP_LOOP_H
#define HTTP_LOOP_H

#include "http/link.h"
#include "http/message.h"
#include "http/parse.h"
#include "http/server.h"
#include "http/stream.h"

#include <pthread.h>
#include <sys/epoll.h>

/* What a connection waits for. Each class has one length, so each list is in order by itself and
 * the next deadline is at its front. */
enum timer { TIMER_HEAD, TIMER_BODY, TIMER_IDLE, TIMER_WRITE, TIMER_WORK, TIMER_LINGER,
             TIMER_STREAMS,           /* its streams have deadlines, it has none */
             TIMER_COUNT };

enum { READ_SIZE = 64 << 10, LOOP_EVENTS = 256 };

struct listener {
    int fd;
    bool secure;                      /* speaks TLS */
    bool shared;                      /* other loops accept from the same socket */
};

struct loop {
    const struct http_config *config;
    void *own;                        /* the app's, of this thread */
    int epoll, wake;
    struct listener listeners[LISTENERS_MAX];
    unsigned listeners_n;
    int64_t now;                      /* monotonic ms, once a batch */
    struct link timers[TIMER_COUNT];  /* of connections ... */
    struct link stream_timers[TIMER_COUNT];   /* ... and of streams of HTTP/2 */
    int64_t wait_ms[TIMER_COUNT];
    struct link ready;                /* connections that have more to read than their share */
    struct link dead;                 /* freed once the batch is over: its events may name them */
    unsigned conns;
    size_t held;                      /* bytes that their clients make us keep */
    unsigned away;                    /* streams that workers have */
    bool accepting;
    int64_t accept_at;                /* when to try again after running out of descriptors */
    int64_t warned_at, full_at;       /* when the log was told of that, and of too much held */
    char *in;                         /* READ_SIZE bytes that all connections read into */
    struct buf out;                   /* answers for the connection at hand */
    struct head head;                 /* of the request at hand */
    char date[DATE_LINE];
    int64_t date_s;
    struct stream *streams;           /* free ones */
    unsigned streams_n;
    uint64_t id_key[2], id_next;
    atomic_bool stop;
    bool draining;
    int64_t drain_until;
    struct epoll_event events[LOOP_EVENTS];
    pthread_mutex_t lock;
    struct stream *done, **done_end;  /* under the lock */
};

/* Make a loop for `n` listening sockets, which it then owns, also where it fails. `number` is
 * unique among the server's. */
err loop_open(const struct http_config *config, const struct listener *listeners, unsigned n,
              unsigned number, struct loop **out);

/* Run until stopped and drained. `own` is the app's for this thread. */
void loop_run(struct loop *l, void *own);

/* Ask it to drain and return. Any thread, or a signal handler. */
void loop_stop(struct loop *l);

/* A worker is done with a stream. Any thread. */
void loop_take_back(struct loop *l, struct stream *s);

/* Free it. Nothing may be with a worker any more. */
void loop_close(struct loop *l);

#endif
