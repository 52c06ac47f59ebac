// SPDX-License-Identifier: MIT
/* h2_peer.h - a connection that speaks HTTP/2, without its socket, and what must hold of it.
 *
 * It does for h2.c what conn.c and loop.c do: hands over what was read, takes what is to be sent,
 * lets time pass, gives back what workers have answered. After each of these it looks, and aborts
 * where something is not as it must be. */
#ifndef H2_PEER_H
#define H2_PEER_H

#include "http/h2.h"

#include <nghttp2/nghttp2.h>
#include <poll.h>
#include <unistd.h>

enum {
    FRAME_HEAD = 9, FRAME_MAX = 16384,
    HEAD_MAX = 2048, FIELDS_MAX = 16, MEMORY_MAX = 32 << 10, BODY_BYTES = 8192, BIG = 24 << 10,
    DEADLINE = 1000,
    WAITING_MAX = 100,
    OUT_MAX = (128 << 10) + FRAME_HEAD + FRAME_MAX,
    HELD_MAX = 1 << 20,                       /* bytes, of all that a connection holds */
    SEEN = 1024,                              /* streams whose answers are followed */
};

/* What was read of the peer's frames: an account of its own, kept apart from flood.c. */
struct account {
    size_t preface_n, head_n, left;
    unsigned char head[FRAME_HEAD];
    int64_t frames, resets, noise, asked, unknown, row;
    uint32_t last_id;
    bool in_head, goaway;
};

enum said { HEAD_SAID = 1, END_SAID = 2 };

struct peer {
    struct conn conn;
    struct account account;
    nghttp2_hd_inflater *inflater;
    int64_t began, data_out, resets_out, spared;
    size_t held_before;
    unsigned char said[SEEN];                 /* enum said, of stream 2 i + 1 */
    uint32_t honest_id;
    int honest_status;
    bool alive, deaf, drained, goodbye;
};

static void must(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "does not hold: %s\n", what);
    abort();
}

/* ---- the app ---- */

static struct pool *worker, *full;
static const char routed[1], ran[1];          /* how far an exchange is, in its app_data */

static size_t body_max_of(const struct exchange *x)
{
    return str_is(x->req.path, STR("/small")) ? 4 : BODY_BYTES;
}

static bool is_clean(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\0' || s.p[i] == '\r' || s.p[i] == '\n')
            return false;
    return true;
}

static struct pool *app_route(void *app, struct exchange *x, size_t *body_max)
{
    const struct http_request *r = &x->req;
    size_t size = 0, hosts = 0;

    (void)app;
    must(x->app_data == NULL, "a request is routed once");
    must(r->method.n && r->target.n && r->path.n, "a request has a method and a target");
    must(r->path.p[0] == '/' || str_is(r->path, STR("*")), "a path begins with a slash");
    must(is_clean(r->method) && is_clean(r->target), "no control characters in a target");
    must(r->headers_n <= FIELDS_MAX, "there are no more fields than allowed");
    for (size_t i = 0; i < r->headers_n; i++) {
        str name = r->headers[i].name, value = r->headers[i].value;

        must(name.n && name.p[0] != ':', "pseudo fields are no fields");
        must(is_clean(name) && is_clean(value), "no control characters in a field");
        must(!str_is(name, STR("connection")) && !str_is(name, STR("transfer-encoding")),
             "no field of a connection");
        hosts += str_is(name, STR("host"));
        size += name.n + value.n;
    }
    must(hosts == 1, "a request has one host");
    must(size <= HEAD_MAX, "fields are bounded");
    x->app_data = (void *)(uintptr_t)routed;
    *body_max = body_max_of(x);
    if (str_is(r->path, STR("/now")))
        x->res.status = 403;
    return str_is(r->path, STR("/work")) ? worker : str_is(r->path, STR("/full")) ? full : NULL;
}

static void app_run(void *app, void *own, struct exchange *x)
{
    static const char big[BIG];
    str length = http_header(x, STR("content-length"));
    int64_t n;

    (void)app, (void)own;
    must(x->app_data == routed, "a request is run once, when it was routed");
    must(x->req.body.n <= body_max_of(x), "a body is bounded");
    must(!length.p || (str_int(length, &n) && (size_t)n == x->req.body.n),
         "a body is as long as was announced");
    x->app_data = (void *)(uintptr_t)ran;
    x->res.status = str_is(x->req.path, STR("/none")) ? 0 : 200;
    x->res.body = str_is(x->req.path, STR("/big")) ? (str){ big, BIG } : x->req.body;
    http_answer_header(x, STR("X-Request-Id"), str_of(x->id));
    http_answer_header(x, STR("Connection"), STR("close"));
}

static void app_refuse(void *app, struct exchange *x, int status)
{
    (void)app;
    must(x->app_data == routed, "a request is refused once, when it was routed");
    x->app_data = (void *)(uintptr_t)ran;
    x->res.status = status;
    x->res.body = STR("refused");
}

static struct loop *the_loop(void)
{
    static struct http_config config = {
        .limits = { .head_max = HEAD_MAX, .headers_max = FIELDS_MAX, .memory_max = MEMORY_MAX,
                    .connections_max = 1, .held_max = 64 << 20, .head_ms = DEADLINE,
                    .body_ms = DEADLINE, .idle_ms = DEADLINE, .write_ms = DEADLINE,
                    .work_ms = DEADLINE },
        .app = { NULL, NULL, NULL, app_route, app_run, app_refuse },
    };
    static const struct listener none[1];
    static struct loop *loop;
    struct pool_config pool = { .threads = 1, .waiting_max = WAITING_MAX };

    if (loop)
        return loop;
    must(pool_start(&pool, &worker) == OK, "a pool starts");
    pool.waiting_max = 0;
    must(pool_start(&pool, &full) == OK, "a pool starts");
    must(loop_open(&config, none, 0, 0, &loop) == OK, "a loop opens");
    message_date(0, loop->date);
    return loop;
}

/* ---- what the peer has sent ---- */

static void count_frame(struct account *a)
{
    const unsigned char *h = a->head;
    uint32_t id = (h[5] & 0x7fu) << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8];
    bool ends = h[4] & NGHTTP2_FLAG_END_HEADERS;

    a->left = (size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2];
    a->head_n = 0;
    a->frames++;
    a->row = h[3] == NGHTTP2_CONTINUATION ? a->row + 1 : 0;
    switch (h[3]) {
    case NGHTTP2_DATA:
        break;
    case NGHTTP2_HEADERS:
        a->asked++;
        a->last_id = id > a->last_id ? id : a->last_id;
        a->in_head = !ends;
        break;
    case NGHTTP2_CONTINUATION:
        a->in_head = a->in_head && !ends;
        break;
    case NGHTTP2_RST_STREAM:
        a->resets++;
        break;
    default:
        if (h[3] < NGHTTP2_CONTINUATION)
            a->noise++;
        else
            a->unknown += (int64_t)(FRAME_HEAD + a->left);
    }
}

static void count(struct account *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0, k; i < n; i += k) {
        k = 1;
        if (a->preface_n < H2_PREFACE.n) {
            a->preface_n++;
        } else if (a->left) {
            k = a->left < n - i ? a->left : n - i;
            a->left -= k;
        } else {
            a->head[a->head_n++] = b[i];
            if (a->head_n == FRAME_HEAD)
                count_frame(a);
        }
        a->goaway = a->goaway || (a->head_n == 0 && !a->left && a->head[3] == NGHTTP2_GOAWAY);
    }
}

/* Is it behind a frame, where another may begin? The first is not for a request. */
static bool is_between(const struct account *a)
{
    return a->frames && a->head_n == 0 && a->left == 0 && !a->in_head;
}

/* ---- what must hold ---- */

/* Of sanitizers; NULL where there are none. */
[[gnu::weak]] size_t __sanitizer_get_current_allocated_bytes(void);

static size_t allocated(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : 0;
}

static struct stream *stream_of_timer(struct link *l)
{
    return (struct stream *)(void *)((char *)l - offsetof(struct stream, timer));
}

/* How many streams there are. Each has a deadline, so the loop has them all. */
static size_t streams(const struct peer *p)
{
    struct loop *l = p->conn.loop;
    size_t n = 0, body = 0;

    for (int t = 0; t < TIMER_COUNT; t++)
        for (struct link *at = l->stream_timers[t].next; at != &l->stream_timers[t];
             at = at->next) {
            const struct stream *s = stream_of_timer(at);

            must(s->conn == &p->conn, "a stream is of its connection");
            must(s->deadline <= l->now + DEADLINE, "a stream has a deadline");
            must(s->away || s->x.mem.held <= MEMORY_MAX, "the memory of a stream is bounded");
            body += s->body.n;
            n++;
        }
    must(body <= 2 * BODY_BYTES, "bodies are bounded together");
    return n;
}

static void check(const struct peer *p)
{
    const struct account *a = &p->account;
    int64_t s = (p->conn.loop->now - p->began) / 1000 + 1;
    size_t n = streams(p);

    must(n <= H2_STREAMS_MAX, "there are no more streams than allowed");
    must(p->conn.loop->away <= n + 2 * WAITING_MAX, "exchanges with workers are bounded");
    must(allocated() <= p->held_before + HELD_MAX, "what a connection holds is bounded");
    must(p->alive || n == 0, "streams end with their connection");
    if (!p->alive)
        return;
    must(a->resets <= 200 + 20 * s, "resets without end are ended");
    must(a->noise <= 500 + 50 * s + 4 * (a->asked + p->data_out), "noise without end is ended");
    must(a->unknown <= (96 << 10) + (a->asked << 10) + (p->spared * 80 << 10),
         "unknown frames without end are ended");
    must(a->row <= 16, "continuations without end are ended");
    must(n || !a->goaway || p->conn.out.n, "who says goodbye is let go");
}

/* ---- what goes out ---- */

static int status_of(struct peer *p, const uint8_t *b, size_t n)
{
    int flags = 0, status = 0;
    bool first = true;
    nghttp2_nv nv;

    while (!(flags & NGHTTP2_HD_INFLATE_FINAL)) {
        ssize_t k = nghttp2_hd_inflate_hd2(p->inflater, &nv, &flags, b, n, 1);
        str name = { (char *)nv.name, nv.namelen };
        int64_t v;

        must(k >= 0 && (k > 0 || flags), "a head can be read");
        b += k;
        n -= (size_t)k;
        if (!(flags & NGHTTP2_HD_INFLATE_EMIT))
            continue;
        must(first == str_is(name, STR(":status")), "a head begins with its status");
        must(!str_is_nocase(name, STR("connection")), "no field of a connection");
        if (first && str_int((str){ (char *)nv.value, nv.valuelen }, &v))
            status = (int)v;
        first = false;
    }
    nghttp2_hd_inflate_end_headers(p->inflater);
    must(status >= 100 && status < 600, "an answer has a status");
    return status;
}

/* A frame for a stream that the peer has opened. */
static void take_answer(struct peer *p, unsigned type, unsigned flags, uint32_t id,
                        const uint8_t *payload, size_t n)
{
    unsigned char none = 0, *said = id / 2 < SEEN ? &p->said[id / 2] : &none;

    must(id % 2 && id <= p->account.last_id, "an answer is for a stream that is there");
    must(!(*said & END_SAID), "behind the end of an answer there is none");
    if (type == NGHTTP2_HEADERS) {
        int status = status_of(p, payload, n);

        must(flags & NGHTTP2_FLAG_END_HEADERS, "the head of an answer is one frame");
        must(!(*said & HEAD_SAID), "a stream has one answer");
        *said |= status >= 200 ? HEAD_SAID : 0;
        if (id == p->honest_id)
            p->honest_status = status;
    } else {
        must(said == &none || *said & HEAD_SAID, "an answer begins with its head");
        p->data_out++;
    }
    if (flags & NGHTTP2_FLAG_END_STREAM)
        *said |= END_SAID;
}

static void take_out(struct peer *p, struct buf *out)
{
    const uint8_t *b = (const uint8_t *)out->p;

    must(!out->failed && out->n <= OUT_MAX, "a turn's output is bounded");
    for (size_t at = 0, n; at < out->n; at += FRAME_HEAD + n) {
        const uint8_t *h = b + at;
        uint32_t id;

        must(out->n - at >= FRAME_HEAD, "frames are whole");
        n = (size_t)h[0] << 16 | (size_t)h[1] << 8 | h[2];
        id = (uint32_t)h[5] << 24 | (uint32_t)h[6] << 16 | (uint32_t)h[7] << 8 | h[8];
        must(n <= out->n - at - FRAME_HEAD, "frames are whole");
        if (h[3] == NGHTTP2_DATA || h[3] == NGHTTP2_HEADERS)
            take_answer(p, h[3], h[4], id, h + FRAME_HEAD, n);
        else if (h[3] == NGHTTP2_RST_STREAM && id / 2 < SEEN)
            p->said[id / 2] |= END_SAID;
        must(h[3] != NGHTTP2_PUSH_PROMISE && h[3] <= NGHTTP2_WINDOW_UPDATE,
             "no frames but these are sent");
        if (h[3] == NGHTTP2_RST_STREAM)
            *(h[FRAME_HEAD + 3] == NGHTTP2_NO_ERROR ? &p->spared : &p->resets_out) += 1;
        p->goodbye = p->goodbye || h[3] == NGHTTP2_GOAWAY;
    }
    buf_clear(out);
}

/* As conn.c's flush. A deaf peer's socket takes nothing. */
static void pump(struct peer *p)
{
    struct conn *c = &p->conn;
    bool more = false;

    do {
        if (p->alive && !h2_pump(c->h2, &more)) {
            h2_close(c->h2);
            p->alive = false;
        }
        if (p->deaf && c->loop->out.n) {
            must(c->out.n == 0, "nothing is sent while something waits");
            buf_put(&c->out, buf_str(&c->loop->out));
            buf_clear(&c->loop->out);
        } else {
            take_out(p, &c->loop->out);
        }
    } while (more && p->alive && !c->out.n);
    check(p);
}

/* The peer reads what waits, and from now on. */
static void hear(struct peer *p)
{
    p->deaf = false;
    take_out(p, &p->conn.out);
    pump(p);
}

/* ---- what happens to it ---- */

static void peer_begin(struct peer *p)
{
    struct loop *l = the_loop();

    *p = (struct peer){ .conn = { .loop = l }, .began = l->now, .held_before = allocated() };
    buf_init(&p->conn.out, NULL, 2 * OUT_MAX);
    must(nghttp2_hd_inflate_new(&p->inflater) == 0, "there is memory");
    must((p->conn.h2 = h2_open(&p->conn)) != NULL, "there is memory");
    p->alive = true;
    pump(p);
}

/* The peer sends, and so much at a time is read. */
static void peer_send(struct peer *p, const uint8_t *b, size_t n, size_t step)
{
    for (size_t k; n && p->alive; b += k, n -= k) {
        char *copy;
        bool goes_on;

        if (p->conn.out.n)                     /* until then nothing is read either */
            hear(p);
        k = n < step ? n : step;
        if ((copy = malloc(k)) == NULL)        /* of its own size: an overrun is seen */
            return;
        memcpy(copy, b, k);
        count(&p->account, b, k);
        goes_on = !p->alive || h2_receive(p->conn.h2, copy, k);
        free(copy);
        pump(p);
        must(goes_on || !p->alive || p->conn.out.n, "what cannot be read on is ended");
        must(goes_on || p->goodbye || p->conn.out.n, "who is sent away is told");
    }
}

static void peer_take_work(struct peer *p)
{
    struct loop *l = p->conn.loop;

    while (l->away) {
        struct pollfd fd = { .fd = l->wake, .events = POLLIN };
        struct stream *s, *next;
        uint64_t n;

        (void)!poll(&fd, 1, -1);
        (void)!read(l->wake, &n, sizeof n);    /* only the wake-up counts */
        pthread_mutex_lock(&l->lock);
        s = l->done;
        l->done = NULL;
        l->done_end = &l->done;
        pthread_mutex_unlock(&l->lock);
        for (; s; s = next) {
            next = s->next;
            s->away = false;
            l->away--;
            if (!s->conn) {
                stream_free(s);
                continue;
            }
            h2_finish(p->conn.h2, s);
            pump(p);
        }
    }
}

static void peer_wait(struct peer *p, int64_t ms)
{
    struct loop *l = p->conn.loop;

    l->now += ms;
    for (int t = 0; t < TIMER_COUNT; t++)
        while (l->stream_timers[t].next != &l->stream_timers[t]
               && stream_of_timer(l->stream_timers[t].next)->deadline <= l->now) {
            h2_expire(p->conn.h2, stream_of_timer(l->stream_timers[t].next));
            pump(p);
        }
}

static void peer_drain(struct peer *p)
{
    if (!p->alive)
        return;
    p->drained = true;
    h2_drain(p->conn.h2);
    pump(p);
}

/* Has it been let off so far? Resets that it made us send are found with the next it sends. */
static bool is_in_favour(const struct peer *p)
{
    return p->alive && !p->drained && !p->account.goaway
           && p->account.resets + p->resets_out <= 200;
}

/* Whatever came before: who asks now is served. Spelled so that no table of fields matters. */
static void ask_honestly(struct peer *p)
{
    static const char head[] = "\x83\x84\x86\x01\x01" "a" "\x0f\x0d\x04" "8192";
    static uint8_t b[2 * FRAME_HEAD + sizeof head - 1 + BODY_BYTES];
    uint32_t id = p->account.last_id + 1 + p->account.last_id % 2;
    unsigned char at[4] = { (unsigned char)(id >> 24), (unsigned char)(id >> 16),
                            (unsigned char)(id >> 8), (unsigned char)id };
    uint8_t *data = b + FRAME_HEAD + sizeof head - 1;

    if (!is_in_favour(p) || !is_between(&p->account) || id >> 31)
        return;
    memcpy(b, (const uint8_t[5]){ 0, 0, sizeof head - 1, NGHTTP2_HEADERS,
                                  NGHTTP2_FLAG_END_HEADERS }, 5);
    memcpy(b + 5, at, 4);
    memcpy(b + FRAME_HEAD, head, sizeof head - 1);
    memcpy(data, (const uint8_t[5]){ 0, BODY_BYTES >> 8, 0, NGHTTP2_DATA,
                                     NGHTTP2_FLAG_END_STREAM }, 5);
    memcpy(data + 5, at, 4);
    p->honest_id = id;
    peer_send(p, b, sizeof b, sizeof b);
    must(p->honest_status == 200, "an honest request is served");
}

static void peer_end(struct peer *p)
{
    hear(p);
    peer_take_work(p);
    for (int i = 0; i < 3; i++)
        peer_wait(p, DEADLINE);
    must(streams(p) == 0, "streams end");
    ask_honestly(p);
    peer_drain(p);
    peer_wait(p, DEADLINE);
    must(!p->alive, "a connection that was drained ends");
    peer_take_work(p);
    must(streams(p) == 0, "no stream is left");
    buf_end(&p->conn.out);
    nghttp2_hd_inflate_del(p->inflater);
}

#endif
