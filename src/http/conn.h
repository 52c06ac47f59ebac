// SPDX-License-Identifier: MIT
/* conn.h - one connection: bytes in, exchanges, bytes out. What they say is HTTP/1.1 (h1.h) or
 * HTTP/2 (h2.h).
 *
 * Edge-triggered: it is told once that there is something to read and remembers it. It reads into
 * the loop's buffer, answers what is complete there, and keeps a copy only of what is left over; an
 * idle connection holds no buffer. While a worker has its exchange, or an answer has not left, it
 * does not read: a client that does not take its answers cannot pile up work.
 *
 * No function here frees the connection: a closed one is in the loop's list of the dead. */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "http/loop.h"
#include "http/tls.h"

enum conn_state {
    CONN_HEAD,   /* waits for a head, or the rest of one */
    CONN_BODY,   /* waits for the body of `stream` */
    CONN_H2,     /* speaks HTTP/2: all its states are in `h2` */
    CONN_WORK,   /* a worker has `stream` */
    CONN_LAST,   /* the last answer is written or being written */
    CONN_LINGER, /* all is sent: reads on and drops it until the client closes */
    CONN_CLOSED,
};

struct conn {
    struct link timer;                /* first: in the loop's list of its deadline's class */
    struct link turn;                 /* in the loop's list of the ready or of the dead */
    struct loop *loop;
    struct stream *stream;
    struct tls_link *tls;             /* NULL: plain */
    struct h2 *h2;                    /* NULL: HTTP/1 */
    struct buf in;                    /* bytes of requests not taken yet */
    struct buf out;                   /* bytes of answers that the socket did not take ... */
    size_t sent;                      /* ... of which this many are gone */
    struct head_scan scan;
    struct http_peer peer;
    int64_t deadline;                 /* monotonic ms */
    int64_t began;                    /* when the first byte of the head at hand came */
    size_t lingered;
    size_t held;                      /* its part of what the loop holds, as last counted */
    int fd;
    unsigned char state, timed;       /* enum conn_state, enum timer */
    bool shaking, looked;             /* TLS: its handshake is not over; its first byte was seen */
    bool readable;                    /* a read may bring something */
    bool hung_up;                     /* the client has said its last: read on to its end */
    bool served;                      /* a request was answered */
    bool fresh;                       /* a request was taken since the deadline was set */
    bool rude; /* bytes are there, or will be, that were not read before the last answer */
};

/* Take over an accepted socket, which speaks TLS when `secure`, and read what is there already.
 * NULL when there is no memory; then the socket is closed. It may be closed already when it comes
 * back. */
struct conn *conn_open(struct loop *l, int fd, const struct http_peer *peer, bool secure);

/* What epoll says of it. */
void conn_event(struct conn *c, unsigned events);

/* Its turn has come again. */
void conn_read(struct conn *c);

/* Its deadline has passed. */
void conn_expire(struct conn *c);

/* The deadline of one of its streams has passed. */
void conn_expire_stream(struct stream *s);

/* A worker has answered one of its streams. */
void conn_finish(struct conn *c, struct stream *s);

/* The server stops: it answers what is on its way and closes. */
void conn_drain(struct conn *c);

/* Nobody waits for its stream any more. */
void conn_drop_stream(struct conn *c);

/* Close it at once. Harmless when it is closed. */
void conn_close(struct conn *c);

#endif
