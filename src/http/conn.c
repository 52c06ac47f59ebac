// SPDX-License-Identifier: MIT
/* conn.c - one connection, and HTTP/1.1 on it (RFC 9112). */
#include "http/conn.h"

#include "http/h2.h"
#include "http/wire.h"

#include <sys/epoll.h>
#include <unistd.h>

enum {
    READS_A_TURN = 4,                 /* then the others have theirs */
    OUT_ENOUGH = 256 << 10,           /* unsent answers, then no further request is taken */
    OUT_KEEP = 256 << 10,             /* larger than this the loop's buffer is given back */
    LINGER_MAX = 1 << 20,             /* bytes to be read over after the last answer */
};

/* ---- closing ---- */

/* Nobody waits for this stream any more. */
static void drop_stream(struct conn *c)
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
    drop_stream(c);
    end_h2(c);
    buf_end(&c->in);
    buf_end(&c->out);
    wire_bye(c);
    wire_drop_tls(c);
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
        }
        flush_once(c);
    } while (more && c->state == CONN_H2 && !c->out.n);
}

static enum staying staying(const struct conn *c, const struct stream *s)
{
    if (s->x.res.close || !s->keep || c->loop->draining)
        return CLOSES;
    return s->old ? STAYS_OLD : STAYS;
}

/* The stream is answered: write it down and be ready for the next. */
static void answer(struct conn *c, struct stream *s)
{
    enum staying how = staying(c, s);

    if (s->x.res.status == 0) {
        message_write_bare(&c->loop->out, 500, c->loop->date);
        how = CLOSES;
    } else {
        message_write(&c->loop->out, &s->x.res, s->head_only, how, c->loop->date);
    }
    c->stream = NULL;
    stream_free(s);
    c->state = how == CLOSES ? CONN_LAST : CONN_HEAD;
    c->fresh = c->served = true;
}

/* What came was no request, or too much of one. Nothing behind it can be trusted. */
static void refuse_bare(struct conn *c, int status)
{
    drop_stream(c);
    message_write_bare(&c->loop->out, status, c->loop->date);
    c->state = CONN_LAST;
    c->rude = true;
}

/* The request was understood and is refused; the app finds the words. */
static void refuse(struct conn *c, struct stream *s, int status, bool close)
{
    const struct http_app *app = &c->loop->config->app;

    s->x.res.close = s->x.res.close || close;
    c->rude = c->rude || close;
    app->refuse(app->app, &s->x, status);
    answer(c, s);
}

/* ---- requests ---- */

/* The request is complete. `detached`: it stands in memory of its own. */
static void run(struct conn *c, struct stream *s, bool detached, str head)
{
    const struct http_app *app = &c->loop->config->app;

    if (!s->pool) {
        app->run(app->app, c->loop->own, &s->x);
        answer(c, s);
        return;
    }
    if (!detached && !stream_detach(s, head)) {
        refuse(c, s, 503, false);
        return;
    }
    c->stream = s;
    c->state = CONN_WORK;
    if (!stream_offer(s))
        refuse(c, s, 503, false);
}

/* The body must be waited for. */
static void await_body(struct conn *c, struct stream *s, str head)
{
    if (!stream_detach(s, head)) {
        refuse(c, s, 503, true);
        return;
    }
    if (s->expect == EXPECT_CONTINUE)
        buf_put(&c->loop->out, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    c->stream = s;
    c->state = CONN_BODY;
}

/* A head was understood; `rest` are the bytes behind it. Returns how many of them were its body. */
static size_t take_request(struct conn *c, struct stream *s, str head, str rest)
{
    bool has_body = s->chunked || s->left > 0;
    size_t n = (size_t)s->left;

    s->x.began = c->began;
    s->conn = c;
    stream_route(s);
    if (s->x.res.status) {
        s->x.res.close = s->x.res.close || has_body;
        c->rude = c->rude || has_body;
        answer(c, s);
    } else if (s->expect == EXPECT_OTHER) {
        refuse(c, s, 417, has_body);
    } else if (s->left > s->body_max) {
        refuse(c, s, 413, true);
    } else if (s->chunked || n > rest.n) {
        await_body(c, s, head);
    } else {
        s->x.req.body = str_head(rest, n);
        run(c, s, false, head);
        return n;
    }
    return 0;
}

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

/* Take a head and, when it is there, its body. Returns the bytes taken; 0 when more are needed. */
static size_t take_head(struct conn *c, const char *b, size_t n)
{
    const struct http_limits *limits = &c->loop->config->limits;
    struct head *h = &c->loop->head;
    ptrdiff_t k = head_find(&c->scan, b, n);
    size_t len = k > 0 ? (size_t)k : n;
    struct stream *s;
    int status;

    if (k == 0 && !c->scan.started && c->scan.line == n) {
        c->scan.line = 0;
        return n;
    }
    if (k >= 0 && len > limits->head_max) {
        refuse_bare(c, memchr(b + 2 * c->scan.blanks, '\n', limits->head_max - 4) ? 431 : 414);
        return n;
    }
    if (k == 0)
        return 0;
    status = k < 0 ? 400 : head_parse((str){ b, len }, limits->headers_max, h);
    c->scan = (struct head_scan){0};
    if (status != 0) {
        refuse_bare(c, status);
        return n;
    }
    if ((s = stream_new(c->loop, h)) == NULL) {
        refuse_bare(c, 503);
        return n;
    }
    return len + take_request(c, s, (str){ b, len }, (str){ b + len, n - len });
}

/* Take bytes of the body at hand. Returns how many. */
static size_t take_body(struct conn *c, const char *b, size_t n)
{
    struct stream *s = c->stream;
    str data = { b, n < s->left ? n : (size_t)s->left };
    size_t used = data.n;
    int done;

    if (s->chunked)
        done = chunks_next(&s->chunks, b, n, &used, &data);
    else
        done = (s->left -= used) == 0;
    if (done < 0) {
        refuse_bare(c, 400);
        return n;
    }
    if (data.n > s->body_max - s->body.n) {
        c->stream = NULL;
        refuse(c, s, 413, true);
        return n;
    }
    buf_put(&s->body, data);
    if (buf_ok(&s->body) != OK) {
        c->stream = NULL;
        refuse(c, s, 503, true);
        return n;
    }
    if (done) {
        c->stream = NULL;
        s->x.req.body = buf_str(&s->body);
        run(c, s, true, (str){0});
    }
    return used;
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
        return take_body(c, b, n);
    return is_preface(c, b, n) ? take_preface(c, b, n) : take_head(c, b, n);
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
    refuse_bare(c, 400);
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

void conn_event(struct conn *c, unsigned events)
{
    if (c->state == CONN_CLOSED)
        return;
    if (events & (EPOLLERR | EPOLLHUP)) {
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
        answer(c, s);
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
        refuse(c, s, 408, true);
    } else if (c->timed == TIMER_WORK) {
        refuse_bare(c, 503);
    } else if (c->timed == TIMER_HEAD && c->in.n) {
        refuse_bare(c, 408);
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
