// SPDX-License-Identifier: MIT
/* h2.c - HTTP/2 on a connection.
 *
 * nghttp2 calls back while it reads and while it writes. No callback closes anything: what is wrong
 * is noted, and said by h2_pump. nghttp2_session_del reports no closed streams, so they are in a
 * list of ours as well. */
#include "http/h2.h"

#include "base/wipe.h"
#include "http/fields.h"
#include "http/flood.h"

#include <nghttp2/nghttp2.h>

enum {
    PUMP_ENOUGH = 128 << 10, /* bytes a turn */
    ENTRY_EXTRA = 32,        /* what a field counts beside its bytes (RFC 9113 section 6.5.2) */
    FLOOD_LISTS = 4,         /* so many header lists in one are no mistake any more */
};

struct h2 {
    nghttp2_session *session;
    struct conn *conn;
    struct link streams;
    size_t held;                      /* bytes of streams: heads, bodies, answers */
    size_t bodies;                    /* bytes of bodies alone */
    struct flood flood;
    bool broken;                      /* no memory even to say what is wrong: it ends, unsaid */
};

static struct stream *stream_of_link(struct link *l)
{
    return (struct stream *)(void *)((char *)l - offsetof(struct stream, among));
}

static struct stream *stream_at(nghttp2_session *session, int32_t number)
{
    return nghttp2_session_get_stream_user_data(session, number);
}

/* ---- floods ---- */

static bool is_noise(nghttp2_session *session, const nghttp2_frame_hd *hd)
{
    if (hd->type == NGHTTP2_DATA)
        return (hd->length == 0 && !(hd->flags & NGHTTP2_FLAG_END_STREAM)) ||
               !stream_at(session, hd->stream_id);
    return hd->type != NGHTTP2_HEADERS && hd->type != NGHTTP2_CONTINUATION &&
           hd->type != NGHTTP2_RST_STREAM;
}

static int on_begin_frame(nghttp2_session *session, const nghttp2_frame_hd *hd, void *user)
{
    struct h2 *h = user;
    struct flood *flood = &h->flood;
    int64_t now = h->conn->loop->now;

    flood_frame(flood, 9 + hd->length, hd->type == NGHTTP2_CONTINUATION);
    if (hd->type == NGHTTP2_RST_STREAM)
        flood_reset(flood, now);
    if (is_noise(session, hd))
        flood_noise(flood, now);
    return flood->over ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
}

/* ---- time and the end of streams ---- */

static void arm(struct stream *s, enum timer t)
{
    s->timed = (unsigned char)t;
    s->deadline = s->loop->now + s->loop->wait_ms[t];
    link_append(&s->loop->stream_timers[t], &s->timer);
}

/* No worker has it. */
static void weigh(struct h2 *h, struct stream *s)
{
    size_t holds = stream_holds(s);

    h->held += holds - s->held;
    s->held = holds;
}

/* The stream is of no more use here. */
static void drop(struct h2 *h, struct stream *s)
{
    link_remove(&s->among);
    link_remove(&s->timer);
    h->held -= s->held;
    h->bodies -= s->body.n;
    s->conn = NULL;
    if (s->away)
        atomic_store_explicit(&s->x.gone, true, memory_order_relaxed);
    else
        stream_free(s);
    if (link_is_alone(&h->streams))
        h->conn->fresh = true;
}

static int on_close(nghttp2_session *session, int32_t number, uint32_t code, void *user)
{
    struct stream *s = stream_at(session, number);

    (void)code;
    if (s)
        drop(user, s);
    return 0;
}

/* ---- answers ---- */

static ssize_t on_read_body(nghttp2_session *session, int32_t number, uint8_t *to, size_t n,
                            uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct stream *s = source->ptr;
    str rest = str_from(s->x.res.body, s->sent);

    (void)session, (void)number, (void)user;
    if (n > rest.n)
        n = rest.n;
    memcpy(to, rest.p, n);
    s->sent += n;
    if (n == rest.n)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static void reset(struct h2 *h, int32_t number, uint32_t code)
{
    h->broken |= nghttp2_submit_rst_stream(h->session, 0, number, code) != 0;
}

static void terminate(struct h2 *h, uint32_t code)
{
    h->broken |= nghttp2_session_terminate_session(h->session, code) != 0;
}

static bool is_any_of(str name, const char *const *names)
{
    while (*names && !str_is_nocase(name, str_of(*names)))
        names++;
    return *names;
}

/* What is another each time is not put into HPACK's table: it would push out what comes again, and
 * nghttp2 walks over all entries of a name for each further one. Nor are secrets (RFC 7541 section
 * 7.1.3). */
static uint8_t indexing(str name)
{
    static const char *const never[] = { "X-Request-Id", "Set-Cookie", NULL };

    return is_any_of(name, never) ? NGHTTP2_NV_FLAG_NO_INDEX : NGHTTP2_NV_FLAG_NONE;
}

static nghttp2_nv field(str name, str value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n,
                        value.n, indexing(name)};
}

/* They speak of a connection that is not there (RFC 9113 section 8.2.2). */
static bool is_hop_by_hop(str name)
{
    static const char *const names[] = { "Connection", "Keep-Alive", "Transfer-Encoding", "Upgrade",
                                         "Proxy-Connection", NULL };

    return is_any_of(name, names);
}

static bool is_bodiless(int status)
{
    return status == 204 || status == 304;
}

/* Send x.res; a status without fields and body when `bare`. */
static void submit(struct h2 *h, struct stream *s, int32_t number, int status, bool bare)
{
    nghttp2_nv nv[HTTP_ANSWER_HEADERS_MAX + 3];
    nghttp2_data_provider body = { .source.ptr = s, .read_callback = on_read_body };
    const struct http_response *res = &s->x.res;
    size_t length = bare ? 0 : res->body.n, n = 0;
    char digits[8], size[24];

    (void)snprintf(digits, sizeof digits, "%03d", status % 1000);
    (void)snprintf(size, sizeof size, "%zu", length);
    nv[n++] = field(STR(":status"), str_of(digits));
    nv[n++] = field(STR("date"), (str){ h->conn->loop->date + 6, DATE_LINE - 8 });
    for (size_t i = 0; !bare && i < res->headers_n; i++)
        if (!is_hop_by_hop(res->headers[i].name))
            nv[n++] = field(res->headers[i].name, res->headers[i].value);
    if (!is_bodiless(status))
        nv[n++] = field(STR("content-length"), str_of(size));
    flood_answer(&h->flood, h->conn->loop->now);
    if (nghttp2_submit_response(h->session, number, nv, n,
                                length && !s->head_only && !is_bodiless(status) ? &body : NULL) !=
        0)
        reset(h, number, NGHTTP2_INTERNAL_ERROR);
}

static void answer(struct h2 *h, struct stream *s)
{
    int status = s->x.res.status;

    s->answered = true;
    weigh(h, s);
    arm(s, TIMER_WRITE);
    submit(h, s, s->number, status ? status : 500, status == 0);
}

/* As for what HTTP/1.1 does not understand: no words. */
static void refuse_bare(struct h2 *h, struct stream *s, int status)
{
    s->answered = true;
    arm(s, TIMER_WRITE);
    submit(h, s, s->number, status, true);
}

static void refuse(struct h2 *h, struct stream *s, int status)
{
    const struct http_app *app = &s->loop->config->app;

    app->refuse(app->app, &s->x, status);
    answer(h, s);
}

/* The answer is out. A client that is still sending its request is told to spare itself the rest
 * (RFC 9113 section 8.1). */
static int on_sent(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2 *h = user;
    int32_t number = frame->hd.stream_id;
    bool last = (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)
                && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM);

    if (frame->hd.type == NGHTTP2_DATA)
        flood_data(&h->flood, h->conn->loop->now);
    if (frame->hd.type == NGHTTP2_RST_STREAM && frame->rst_stream.error_code == NGHTTP2_NO_ERROR)
        flood_refused(&h->flood);
    else if (frame->hd.type == NGHTTP2_RST_STREAM)
        flood_reset(&h->flood, h->conn->loop->now); /* who makes us do it is no better */
    if (last && nghttp2_session_get_stream_remote_close(session, number) == 0)
        (void)nghttp2_submit_rst_stream(session, 0, number, NGHTTP2_NO_ERROR);
    return 0;
}

/* ---- requests ---- */

static int on_begin_headers(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2 *h = user;
    struct stream *s;
    struct fields *f;

    if (frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;                           /* trailers */
    if ((s = stream_new(h->conn->loop, &(struct head){ .keep = true })) == NULL)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    s->fields = f = NEW(&s->x.mem, struct fields);
    if (!f) {
        stream_free(s);
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    }
    buf_init(&f->cookie, &s->x.mem, h->conn->loop->config->limits.head_max);
    s->number = frame->hd.stream_id;
    s->conn = h->conn;
    s->x.began = s->loop->now;
    s->x.req.headers = f->head.headers;
    link_append(&h->streams, &s->among);
    arm(s, TIMER_HEAD);
    return nghttp2_session_set_stream_user_data(session, s->number, s);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *n,
                     size_t n_n, const uint8_t *v, size_t v_n, uint8_t flags, void *user)
{
    struct stream *s = stream_at(session, frame->hd.stream_id);
    struct h2 *h = user;
    const struct http_limits *limits = &h->conn->loop->config->limits;
    struct fields *f = s ? s->fields : NULL;
    str name, value;

    (void)flags;
    if (!f)
        return 0;
    f->size += n_n + v_n + ENTRY_EXTRA;
    if (f->size > FLOOD_LISTS * limits->head_max) {
        h->flood.over = true;
        return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (f->size > limits->head_max || f->head.headers_n == limits->headers_max)
        f->status = 431;
    if (f->status || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;                           /* trailers are read over, as in HTTP/1.1 */
    name = arena_dup(&s->x.mem, (str){ (const char *)n, n_n });
    value = arena_dup(&s->x.mem, (str){ (const char *)v, v_n });
    if (!name.p || !value.p)
        f->status = 503;
    else
        fields_take(s, name, value);
    weigh(h, s);
    return 0;
}

/* nghttp2 would leave it out and go on: that is repairing. */
static int on_bad_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                         size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags,
                         void *user)
{
    struct stream *s = stream_at(session, frame->hd.stream_id);

    (void)name, (void)name_n, (void)value, (void)value_n, (void)flags, (void)user;
    if (s && s->fields)
        s->fields->status = 400;
    return 0;
}

/* The request is complete. */
static void run(struct h2 *h, struct stream *s)
{
    const struct http_app *app = &s->loop->config->app;

    if (!s->pool) {
        app->run(app->app, s->loop->own, &s->x);
        answer(h, s);
    } else if (stream_offer(s)) {
        arm(s, TIMER_WORK);
    } else {
        refuse(h, s, 503);
    }
}

static void take_head(struct h2 *h, struct stream *s, bool ended)
{
    int status = fields_complete(s, !ended);

    h->conn->served = true;
    if (status) {
        refuse_bare(h, s, status);
        return;
    }
    stream_route(s);
    if (s->x.res.status) {
        answer(h, s);
    } else if (s->expect == EXPECT_OTHER) {
        refuse(h, s, 417);
    } else if (s->x.req.length > s->body_max) {
        refuse(h, s, 413);
    } else if (ended) {
        run(h, s);
    } else {
        nghttp2_nv go_on = field(STR(":status"), STR("100"));

        buf_init(&s->body, NULL, s->body_max);
        weigh(h, s);
        arm(s, TIMER_BODY);
        if (s->expect == EXPECT_CONTINUE)
            (void)nghttp2_submit_headers(h->session, 0, s->number, NULL, &go_on, 1,
                                         NULL); /* it is a courtesy */
    }
}

static int on_data(nghttp2_session *session, uint8_t flags, int32_t number, const uint8_t *p,
                   size_t n, void *user)
{
    struct stream *s = stream_at(session, number);
    struct h2 *h = user;

    (void)flags;
    if (!s || s->answered)
        return 0;
    if (n > s->body_max - s->body.n) {
        refuse(h, s, 413);
        return 0;
    }
    if (h->bodies + n > 2 * s->body_max) {
        h->bodies -= s->body.n;
        buf_end(&s->body);
        refuse(h, s, 503);
        return 0;
    }
    buf_put(&s->body, (str){ (const char *)p, n });
    if (buf_ok(&s->body) != OK)
        refuse(h, s, 503);
    else
        h->bodies += n;
    weigh(h, s);
    return 0;
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct stream *s = stream_at(session, frame->hd.stream_id);
    bool ended = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

    if (!s || s->answered)
        return 0;
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
        take_head(user, s, ended);
    } else if ((frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA) && ended) {
        s->x.req.body = buf_str(&s->body);
        run(user, s);
    }
    return 0;
}

/* ---- the session ---- */

static bool session_open(struct h2 *h)
{
    /* It holds fields of requests and pieces of answers: tokens. */
    nghttp2_mem memory = { NULL, wipe_malloc, wipe_free, wipe_calloc, wipe_realloc };
    nghttp2_session_callbacks *calls;
    nghttp2_option *option;
    int rc;

    if (nghttp2_session_callbacks_new(&calls) != 0)
        return false;
    if (nghttp2_option_new(&option) != 0) {
        nghttp2_session_callbacks_del(calls);
        return false;
    }
    nghttp2_session_callbacks_set_on_begin_frame_callback(calls, on_begin_frame);
    nghttp2_session_callbacks_set_on_begin_headers_callback(calls, on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(calls, on_header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(calls, on_bad_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, on_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(calls, on_sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, on_close);
    nghttp2_option_set_no_closed_streams(option, 1);
    rc = nghttp2_session_server_new3(&h->session, calls, h, option, &memory);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(calls);
    return rc == 0;
}

struct h2 *h2_open(struct conn *c)
{
    nghttp2_settings_entry settings[] = {
        { NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_STREAMS_MAX },
        { NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, (uint32_t)c->loop->config->limits.head_max },
    };
    struct h2 *h = calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->conn = c;
    link_init(&h->streams);
    flood_init(&h->flood, c->loop->now);
    if (!session_open(h) ||
        nghttp2_submit_settings(h->session, 0, settings, sizeof settings / sizeof *settings) != 0) {
        h2_close(h);
        return NULL;
    }
    return h;
}

void h2_close(struct h2 *h)
{
    while (!link_is_alone(&h->streams))
        drop(h, stream_of_link(h->streams.next));
    nghttp2_session_del(h->session);
    free(h);
}

bool h2_receive(struct h2 *h, const char *b, size_t n)
{
    ssize_t k = nghttp2_session_mem_recv(h->session, (const uint8_t *)b, n);
    bool calm;

    flood_bytes(&h->flood, n);
    calm = !h->flood.over && k != NGHTTP2_ERR_FLOODED && h->flood.continuations == 0;
    if (k >= 0 && !h->flood.over)
        return true;
    terminate(h, !calm                     ? NGHTTP2_ENHANCE_YOUR_CALM
                 : k == NGHTTP2_ERR_NOMEM ? NGHTTP2_INTERNAL_ERROR
                                          : NGHTTP2_PROTOCOL_ERROR);
    return false;
}

bool h2_pump(struct h2 *h, bool *more)
{
    struct buf *out = &h->conn->loop->out;
    const uint8_t *p;
    ssize_t n = 0;

    *more = h->conn->out.n > 0;
    if (h->broken)
        return false;
    if (*more)
        return true;                        /* what waits goes first */
    while (out->n < PUMP_ENOUGH && (n = nghttp2_session_mem_send(h->session, &p)) > 0) {
        buf_put(out, (str){ (const char *)p, (size_t)n });
        explicit_bzero((char *)(uintptr_t)p, (size_t)n);   /* its buffer; it does not look back */
    }
    *more = n > 0;
    if (n < 0)
        return false;
    return *more || nghttp2_session_want_read(h->session) || nghttp2_session_want_write(h->session);
}

bool h2_is_busy(const struct h2 *h)
{
    return !link_is_alone(&h->streams);
}

size_t h2_holds(const struct h2 *h)
{
    return sizeof *h + h->held;
}

void h2_calm(struct h2 *h)
{
    terminate(h, NGHTTP2_ENHANCE_YOUR_CALM);
    h->conn->rude = true;
}

void h2_finish(struct h2 *h, struct stream *s)
{
    answer(h, s);
}

/* A worker still has its exchange: what is said now must not come from there. */
static void leave_work(struct h2 *h, struct stream *s)
{
    int32_t number = s->number;

    (void)nghttp2_session_set_stream_user_data(h->session, number, NULL); /* the stream is there */
    submit(h, s, number, 503, true);
    drop(h, s);
}

void h2_expire(struct h2 *h, struct stream *s)
{
    switch ((enum timer)s->timed) {
    case TIMER_BODY:
        refuse(h, s, 408);
        break;
    case TIMER_WORK:
        leave_work(h, s);
        break;
    case TIMER_WRITE:
        reset(h, s->number, NGHTTP2_CANCEL);
        arm(s, TIMER_WRITE);
        break;
    default:                                /* inside a head nothing else can be read either */
        h2_calm(h);
        arm(s, TIMER_WRITE);
    }
}

void h2_drain(struct h2 *h)
{
    (void)nghttp2_submit_goaway(h->session, 0, nghttp2_session_get_last_proc_stream_id(h->session),
                                NGHTTP2_NO_ERROR, NULL,
                                0); /* no memory: the deadline of the stop closes it */
}
