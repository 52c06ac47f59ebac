// SPDX-License-Identifier: MIT
/* stream.h - an exchange with what the server itself must know of it.
 *
 * One request and its answer on a connection: HTTP/1 has one at a time, HTTP/2 many. Streams come
 * from a list of the loop's. Only its loop's thread touches one, but for the time between
 * pool_offer and loop_take_back, when a worker has the exchange. */
#ifndef HTTP_STREAM_H
#define HTTP_STREAM_H

#include "http/link.h"
#include "http/parse.h"
#include "http/workers.h"

struct loop;
struct conn;
struct fields;

struct stream {
    struct exchange x;                /* first: one becomes the other */
    struct job job;
    struct stream *next;              /* in the loop's list of free or of finished ones */
    struct loop *loop;
    struct conn *conn;                /* NULL: nobody waits for the answer any more */
    struct pool *pool;                /* where it runs; NULL: on the loop */
    size_t body_max;
    struct buf body;                  /* what came of it, if not all of it was there at once */
    struct chunks chunks;
    uint64_t left;                    /* bytes of the body to come, when not chunked */
    enum expect expect;
    bool chunked, head_only, old, keep;
    bool away;                        /* a worker has it */
    char id[17];

    /* Of HTTP/2 only (h2.c). */
    int32_t number;                   /* 0: HTTP/1 */
    struct link among;                /* in its connection's list */
    struct link timer;                /* in the loop's list of its deadline's class */
    int64_t deadline;                 /* monotonic ms */
    unsigned char timed;              /* enum timer */
    bool answered;
    size_t held;                      /* its part of what its connection holds, as last counted */
    struct fields *fields;            /* its head, in x.mem */
    size_t sent;                      /* bytes of the answer's body */
};

/* A stream for a head that was parsed; NULL without memory. Its strs still point where the head's
 * did. */
struct stream *stream_new(struct loop *loop, const struct head *head);

/* Bytes that it takes. No worker has it. */
size_t stream_holds(const struct stream *s);

/* Wipe it and keep it for the next. */
void stream_free(struct stream *s);

/* Give back the memory of a stream for good. */
void stream_end(struct stream *s);

/* Copy what it needs of `head`, the bytes of its head, and of its body, into memory of its own.
 * False at a limit. */
bool stream_detach(struct stream *s, str head);

/* The head of a request of s->conn is there: fill in who sent it and ask the app where it goes. */
void stream_route(struct stream *s);

/* Give it to its pool. False, and nothing happened, when that is full. */
bool stream_offer(struct stream *s);

#endif
