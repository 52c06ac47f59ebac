// SPDX-License-Identifier: MIT
/* conn.c - one connection: its bytes, its deadlines, its end. */
#include "http/conn.h"

#include "base/log.h"
#include "http/h1.h"
#include "http/h2.h"
#include "http/wire.h"

#include <sys/epoll.h>
#include <unistd.h>

enum {
    READS_A_TURN = 4,                 /* then the others have theirs */
    OUT_ENOUGH = 32 << 10,            /* unsent answers, then no further request is taken */
    OUT_KEEP = 256 << 10,             /* larger than this the loop's buffer is given back */
    LINGER_MAX = 1 << 20,             /* bytes to be read over after the last answer */
    HOLDS_LITTLE = 8 << 10,           /* bytes that anyone may make us keep */
    FULL_EVERY_MS = 60000,            /* the log is told of it */
};

/* ---- closing ---- */

void conn_drop_stream(struct conn *c)
{
    struct stream *s = c->stream;

    c->stream = NULL;
    if (s && s->away) {
        s->conn = NULL;
        atomic_store_explicit(&s->x.gone, true, memory_order_relaxed);
    } else if (s) {
        stream_free(s);
    }
}

/* What a worker's exchange holds is bounded by its pool. */
static void count(struct conn *c)
{
    size_t holds = c->in.cap + c->out.cap;

    if (c->stream && !c->stream->away)
        holds += stream_holds(c->stream);
    if (c->h2)
        holds += h2_holds(c->h2);
    c->loop->held += holds - c->held;
    c->held = holds;
}

static void end_h2(struct conn *c)
{
    if (c->h2)
        h2_close(c->h2);
    c->h2 = NULL;
}

void conn_close(struct conn *c)
{
    if (c->state == CONN_CLOSED)
        return;
    c->state = CONN_CLOSED;
    conn_drop_stream(c);
    end_h2(c);
    buf_end(&c->in);
    buf_end(&c->out);
    wire_bye(c);
    wire_drop_tls(c);
    count(c);
    close(c->fd);
    link_remove(&c->timer);
    link_append(&c->loop->dead, &c->turn);
    c->loop->conns--;
}

/* All is sent. A client that is still sending would be answered with a reset, which may take the
 * answer away before it was read: so say goodbye and read on for a while (RFC 9112 section 9.6). */
static void leave(struct conn *c)
{
    if (!c->rude && !c->readable) {
        conn_close(c);
        return;
    }
    wire_bye(c);
    (void)shutdown(c->fd, SHUT_WR);     /* fails when the client is gone: the next read says so */
    c->state = CONN_LINGER;
    c->readable = true;
}

/* ---- writing ---- */

/* Send the answers gathered for this connection, in order behind those that wait. */
static void flush_once(struct conn *c)
{
    struct buf *out = &c->loop->out;
    bool waits = c->out.n > 0;

    if (out->failed)
        conn_close(c);
    else if (waits)
        buf_put(&c->out, buf_str(out));
    else if (out->n && c->state != CONN_CLOSED)
        wire_send(c);
    buf_clear(out);
    if (out->cap > OUT_KEEP)
        buf_end(out);
    if (c->out.failed)
        conn_close(c);
    if (waits && c->state != CONN_CLOSED)
        wire_send_kept(c);
    if (c->state == CONN_LAST && !c->out.n)
        leave(c);
}

static void flush(struct conn *c)
{
    bool more = false;

    do {
        if (c->state == CONN_H2 && !h2_pump(c->h2, &more)) {
            end_h2(c);
            c->state = CONN_LAST;
            c->rude = true;             /* who reads an answer sends frames that say so */
        }
        flush_once(c);
    } while (more && c->state == CONN_H2 && !c->out.n);
}

/* ---- reading ---- */

/* From here on it is HTTP/2. */
static void begin_h2(struct conn *c)
{
    if ((c->h2 = h2_open(c)) == NULL)
        conn_close(c);
    else
        c->state = CONN_H2;
}

static size_t take_frames(struct conn *c, const char *b, size_t n)
{
    c->rude = c->rude || !h2_receive(c->h2, b, n);
    return n;
}

/* Do the first bytes say that the client speaks HTTP/2? By TLS the handshake has said it. Its
 * preface begins as a request does: what may become one is waited for. */
static bool is_preface(const struct conn *c, const char *b, size_t n)
{
    return !c->served && !c->tls && !c->loop->config->h1_only
           && str_starts(H2_PREFACE, str_head((str){ b, n }, H2_PREFACE.n));
}

static size_t take_preface(struct conn *c, const char *b, size_t n)
{
    if (n < H2_PREFACE.n)
        return 0;
    begin_h2(c);
    return c->h2 ? take_frames(c, b, n) : n;
}

static bool takes_requests(const struct conn *c)
{
    return c->state == CONN_HEAD || c->state == CONN_BODY || c->state == CONN_H2;
}

static size_t take_one(struct conn *c, const char *b, size_t n)
{
    if (c->state == CONN_H2)
        return take_frames(c, b, n);
    if (c->state == CONN_BODY)
        return h1_take_body(c, b, n);
    return is_preface(c, b, n) ? take_preface(c, b, n) : h1_take_head(c, b, n);
}

/* Take what can be taken of the bytes; returns how many. */
static size_t take(struct conn *c, const char *b, size_t n)
{
    size_t at = 0, used = 1;

    while (at < n && used && takes_requests(c) && c->loop->out.n < OUT_ENOUGH) {
        used = take_one(c, b + at, n - at);
        at += used;
    }
    return at;
}

/* Take from the bytes left over, until they are used up or something must be waited for. */
static void take_kept(struct conn *c)
{
    size_t used = 1;

    while (used && c->in.n && takes_requests(c) && !c->out.n) {
        used = take(c, c->in.p, c->in.n);
        buf_drop(&c->in, used);
        c->rude = c->rude || (c->in.n && c->state == CONN_LAST);
        flush(c);
    }
    if (c->in.p && (c->in.n == 0 || c->state >= CONN_LAST))
        buf_end(&c->in);
}

/* Bytes came. */
static void receive(struct conn *c, const char *b, size_t n)
{
    size_t used = 0;

    if (c->in.n == 0) {
        used = take(c, b, n);
        c->rude = c->rude || (used < n && c->state == CONN_LAST);
    }
    if (used < n && c->state < CONN_LAST)
        buf_put(&c->in, (str){ b + used, n - used });
    if (c->in.failed)
        conn_close(c);
    flush(c);
    if (c->in.n)
        take_kept(c);
}

/* The client has sent its last. What it asked for before was answered; half a request is none. */
static void receive_end(struct conn *c)
{
    c->readable = false;
    if (c->state == CONN_LINGER || c->state == CONN_H2 || (c->state == CONN_HEAD && c->in.n == 0)) {
        conn_close(c);
        return;
    }
    h1_refuse_bare(c, 400);
    c->rude = false;
    flush(c);
}

static void read_once(struct conn *c)
{
    struct loop *l = c->loop;
    ssize_t k;

    if (c->state == CONN_HEAD && c->in.n == 0)
        c->began = l->now;
    k = wire_read(c, l->in, READ_SIZE);
    if (k == 0)
        receive_end(c);
    else if (k == -2 ||
             (c->lingered += c->state == CONN_LINGER && k > 0 ? (size_t)k : 0) > LINGER_MAX)
        conn_close(c);
    else if (k > 0 && c->state != CONN_LINGER)
        receive(c, l->in, (size_t)k);
    if (k > 0)
        explicit_bzero(l->in, (size_t)k);
}

/* ---- memory ---- */

static bool is_full(const struct loop *l)
{
    return l->held > l->config->limits.held_max;
}

static bool has_its_share(const struct conn *c)
{
    size_t share = c->loop->config->limits.held_max / c->loop->conns;

    return c->held > HOLDS_LITTLE && c->held > share;
}

static void full_log(struct loop *l)
{
    if (l->full_at && l->now - l->full_at < FULL_EVERY_MS)
        return;
    l->full_at = l->now;
    log_warn("full", int_kv("bytes", (int64_t)l->held), int_kv("connections", l->conns));
}

static void shed(struct conn *c)
{
    struct stream *s = c->stream;

    if (c->state == CONN_H2 && !c->out.n) {
        h2_calm(c->h2);
    } else if (c->state == CONN_BODY) {
        c->stream = NULL;
        h1_refuse(c, s, 503, true);
    } else if (c->state == CONN_HEAD && !c->out.n) {
        h1_refuse_bare(c, 503);
    } else {
        conn_close(c);
        return;
    }
    flush(c);
    buf_end(&c->in);
    count(c);
}

/* Too much is held. Whoever adds to it and has more than his share goes, so that clients who ask
 * for little are served still. */
static void weigh(struct conn *c)
{
    size_t before = c->held;

    count(c);
    if (c->held > before && is_full(c->loop) && has_its_share(c)) {
        full_log(c->loop);
        shed(c);
    }
}

/* ---- deadlines ---- */

static enum timer timer_of(const struct conn *c)
{
    if (c->out.n)
        return TIMER_WRITE;
    switch ((enum conn_state)c->state) {
    case CONN_HEAD:
        return c->in.n || !c->served ? TIMER_HEAD : TIMER_IDLE;
    case CONN_H2:
        return h2_is_busy(c->h2) ? TIMER_STREAMS : c->served ? TIMER_IDLE : TIMER_HEAD;
    case CONN_BODY:
        return TIMER_BODY;
    case CONN_WORK:
        return TIMER_WORK;
    default:
        return TIMER_LINGER;
    }
}

/* Set the deadline of what it waits for now. Absolute: bytes that drip in do not move it. */
static void arm(struct conn *c)
{
    enum timer t = timer_of(c);

    if (t == c->timed && !c->fresh)
        return;
    c->timed = (unsigned char)t;
    c->fresh = false;
    c->deadline = c->loop->now + c->loop->wait_ms[t];
    link_append(&c->loop->timers[t], &c->timer);
}

/* ---- what happens to it ---- */

static bool reads(const struct conn *c)
{
    return !c->out.n && (takes_requests(c) || c->state == CONN_LINGER);
}

/* Nothing of it can be read, but what was written must arrive. */
static void give_up_tls(struct conn *c)
{
    wire_drop_tls(c);
    c->state = CONN_LAST;
    c->rude = true;
}

static void shake(struct conn *c)
{
    switch (wire_shake(c)) {
    case WIRE_WAITS:
        return;
    case WIRE_OPEN:
        c->peer.secure = true;
        if (tls_chose_h2(c->tls))
            begin_h2(c);
        break;
    case WIRE_PLAIN:                    /* a person has typed http:// */
        give_up_tls(c);
        message_write_bare(&c->loop->out, 400, c->loop->date);
        break;
    case WIRE_BROKEN:                   /* OpenSSL has written an alert */
        give_up_tls(c);
        break;
    }
    c->shaking = false;
    flush(c);
}

void conn_read(struct conn *c)
{
    link_remove(&c->turn);
    if (c->shaking && c->readable)
        shake(c);
    for (int i = 0; c->readable && !c->shaking && reads(c); i++) {
        if (i == READS_A_TURN) {
            link_append(&c->loop->ready, &c->turn);
            break;
        }
        read_once(c);
    }
    if (c->state != CONN_CLOSED)
        weigh(c);
    if (c->state != CONN_CLOSED)
        arm(c);
}

/* Send what there is and go on. */
static void go_on(struct conn *c)
{
    flush(c);
    take_kept(c);
    if (c->state != CONN_CLOSED)
        conn_read(c);
}

/* Both ends have said their last where it lingers, and there may be something to be read still:
 * closed now, that would be answered with a reset. */
void conn_event(struct conn *c, unsigned events)
{
    if (c->state == CONN_CLOSED)
        return;
    if (events & EPOLLERR || (events & EPOLLHUP && c->state != CONN_LINGER)) {
        conn_close(c);
        return;
    }
    c->hung_up = c->hung_up || (events & EPOLLRDHUP);
    c->readable = c->readable || (events & (EPOLLIN | EPOLLRDHUP)) || c->tls;
    if (((events & EPOLLOUT) || c->tls) && c->out.n) /* TLS may read to write, and write to read */
        go_on(c);
    else
        conn_read(c);
}

void conn_finish(struct conn *c, struct stream *s)
{
    if (c->h2)
        h2_finish(c->h2, s);
    else
        h1_answer(c, s);
    go_on(c);
}

void conn_expire_stream(struct stream *s)
{
    struct conn *c = s->conn;

    h2_expire(c->h2, s);
    go_on(c);
}

void conn_expire(struct conn *c)
{
    struct stream *s = c->stream;

    if (c->timed == TIMER_BODY) {
        c->stream = NULL;
        h1_refuse(c, s, 408, true);
    } else if (c->timed == TIMER_WORK) {
        h1_refuse_bare(c, 503);
    } else if (c->timed == TIMER_HEAD && c->in.n) {
        h1_refuse_bare(c, 408);
    } else if (c->state == CONN_H2 && !c->out.n) {
        h2_drain(c->h2);
        c->rude = true;
        flush(c);
        if (c->state == CONN_H2)
            conn_close(c);
    } else {
        conn_close(c);
    }
    if (c->state != CONN_CLOSED)
        go_on(c);
}

void conn_drain(struct conn *c)
{
    if (c->state == CONN_H2) {
        c->readable = true;             /* as below */
        conn_read(c);
        if (c->state == CONN_H2) {
            h2_drain(c->h2);
            go_on(c);
        }
        return;
    }
    if (c->state != CONN_HEAD || c->in.n || c->out.n)
        return;
    c->readable = true;                 /* a request may have come in this very moment */
    conn_read(c);
    if (c->state == CONN_HEAD && !c->in.n && !c->out.n)
        conn_close(c);
}

struct conn *conn_open(struct loop *l, int fd, const struct http_peer *peer, bool secure)
{
    struct conn *c = calloc(1, sizeof *c);
    size_t most = 2 * OUT_ENOUGH + 2 * l->config->limits.memory_max;

    if (!c || (secure && (c->tls = tls_accept(l->config->tls, fd)) == NULL)) {
        free(c);
        close(fd);
        return NULL;
    }
    link_init(&c->timer);
    link_init(&c->turn);
    c->loop = l;
    c->fd = fd;
    c->shaking = secure;
    c->peer = *peer;
    c->timed = TIMER_COUNT;
    buf_init(&c->in, NULL, l->config->limits.head_max + 2 * READ_SIZE);
    buf_init(&c->out, NULL, most);
    l->conns++;
    c->readable = true;
    conn_read(c);
    return c;
}
