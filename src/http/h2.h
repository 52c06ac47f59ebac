// SPDX-License-Identifier: MIT
/* h2.h - HTTP/2 (RFC 9113) on a connection: frames by libnghttp2, requests on the same exchanges.
 *
 * Up to 100 streams at a time. Each has deadlines of its own, absolute as everywhere; while there
 * are any the connection has none but for writing. Fields, bodies and what waits to be sent are
 * bounded as by HTTP/1.1, bodies of all streams together by two of the largest: what is more is
 * answered 503. Frames that cost us more than their sender (resets, settings, pings, empty ones)
 * are let through at a rate; who sends more is told ENHANCE_YOUR_CALM and closed. What HTTP/1.1
 * would refuse is refused here with the same status.
 *
 * Nothing here closes the connection or touches its socket. */
#ifndef HTTP_H2_H
#define HTTP_H2_H

#include "http/conn.h"

struct h2;

enum { H2_STREAMS_MAX = 100 };

/* What a client that knows we speak HTTP/2 begins with (RFC 9113 section 3.4). */
#define H2_PREFACE STR("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")

/* Begin; nothing was read yet. NULL without memory. */
struct h2 *h2_open(struct conn *c);

/* Free it. Streams that workers have are told that nobody waits. */
void h2_close(struct h2 *h);

/* Take bytes that came, all of them. False when nothing behind them can be read. */
bool h2_receive(struct h2 *h, const char *b, size_t n);

/* Put what can be sent into the loop's buffer, but nothing while c->out waits. *more: there may be
 * more, behind a good piece or behind what waits. False when all is said: the connection ends once
 * it is sent. */
bool h2_pump(struct h2 *h, bool *more);

/* Are there streams? */
bool h2_is_busy(const struct h2 *h);

/* Bytes that its client makes us keep: heads and bodies of requests under way, answers not sent. */
size_t h2_holds(const struct h2 *h);

/* It holds too much: end it. h2_pump says how. */
void h2_calm(struct h2 *h);

/* A worker has answered a stream. */
void h2_finish(struct h2 *h, struct stream *s);

/* A stream's deadline has passed. */
void h2_expire(struct h2 *h, struct stream *s);

/* Take no further streams; h2_pump says when those that are there are answered. */
void h2_drain(struct h2 *h);

#endif
