// SPDX-License-Identifier: MIT
/* h2_rig.h - clients that speak HTTP/2: one on libnghttp2, and one that writes frames by hand. */
#ifndef H2_RIG_H
#define H2_RIG_H

#include "http_rig.h"

#include <nghttp2/nghttp2.h>

enum { REPLIES = 64 };

struct reply { int status; bool closed, refused, secret, continued; uint32_t code; size_t fields, n; char body[64]; };

struct h2_client {
    struct client c;
    nghttp2_session *session;
    bool ended;                       /* the server has closed */
    bool mute;                        /* what is there to be sent stays here */
    uint32_t goaway;                  /* its code; UINT32_MAX: none came */
    struct reply replies[REPLIES];    /* of stream 2 i + 1 */
};

static struct reply *reply_at(struct h2_client *h, int32_t id)
{
    return &h->replies[(unsigned)id / 2 % REPLIES];
}

static int saw_field(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name,
                     size_t name_n, const uint8_t *value, size_t value_n, uint8_t flags, void *user)
{
    struct reply *r = reply_at(user, frame->hd.stream_id);
    str n = { (const char *)name, name_n }, v = { (const char *)value, value_n };
    int64_t status;

    (void)session;
    r->fields++;
    r->secret = r->secret || (str_is(n, STR("set-cookie")) && flags & NGHTTP2_NV_FLAG_NO_INDEX);
    r->continued = r->continued || str_is(v, STR("100"));
    if (str_is(n, STR(":status")) && str_int(v, &status))
        r->status = (int)status;
    r->refused = r->refused || str_is(n, STR("x-refused"));
    CHECK(!str_is(n, STR("connection")) && !str_is(n, STR("transfer-encoding")) &&
          !str_is(n, STR("keep-alive")));
    return 0;
}

static int saw_data(nghttp2_session *session, uint8_t flags, int32_t id, const uint8_t *p, size_t n,
                    void *user)
{
    struct reply *r = reply_at(user, id);

    (void)session, (void)flags;
    for (size_t i = 0; i < n; i++, r->n++)
        if (r->n < sizeof r->body)
            r->body[r->n] = (char)p[i];
    return 0;
}

static int saw_close(nghttp2_session *session, int32_t id, uint32_t code, void *user)
{
    (void)session;
    reply_at(user, id)->closed = true;
    reply_at(user, id)->code = code;
    return 0;
}

static int saw_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user)
{
    struct h2_client *h = user;

    (void)session;
    if (frame->hd.type == NGHTTP2_GOAWAY)
        h->goaway = frame->goaway.error_code;
    return 0;
}

static void h2_begin(struct h2_client *h)
{
    nghttp2_session_callbacks *calls;

    h->session = NULL;
    h->ended = h->mute = false;
    h->goaway = UINT32_MAX;
    memset(h->replies, 0, sizeof h->replies);
    CHECK(nghttp2_session_callbacks_new(&calls) == 0);
    nghttp2_session_callbacks_set_on_header_callback(calls, saw_field);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, saw_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(calls, saw_close);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, saw_frame);
    CHECK(nghttp2_session_client_new(&h->session, calls, h) == 0);
    nghttp2_session_callbacks_del(calls);
    CHECK(nghttp2_submit_settings(h->session, 0, NULL, 0) == 0);
}

static void h2_dial(struct h2_client *h, const struct rig *r)
{
    dial(&h->c, r);
    h2_begin(h);
}

static void h2_hang_up(struct h2_client *h)
{
    hang_up(&h->c);
    nghttp2_session_del(h->session);
}

static void h2_send(struct h2_client *h)
{
    const uint8_t *p;
    ssize_t n;

    while (!h->mute && (n = nghttp2_session_mem_send(h->session, &p)) > 0)
        say(&h->c, (str){ (const char *)p, (size_t)n });
}

/* Send and receive once. */
static void h2_turn(struct h2_client *h)
{
    ssize_t k;

    h2_send(h);
    k = read_some(&h->c, h->c.b, sizeof h->c.b);
    h->ended = k <= 0;
    if (k > 0 && nghttp2_session_mem_recv(h->session, (const uint8_t *)h->c.b, (size_t)k) < 0)
        h->ended = true;
}

static void h2_hear(struct h2_client *h, int32_t id)
{
    while (!reply_at(h, id)->closed && !h->ended)
        h2_turn(h);
}

[[maybe_unused]] static void h2_hear_end(struct h2_client *h)
{
    while (!h->ended)
        h2_turn(h);
}

struct parcel { const char *p; size_t n; };

static ssize_t parcel_read(nghttp2_session *session, int32_t id, uint8_t *to, size_t n,
                           uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct parcel *b = source->ptr;

    (void)session, (void)id, (void)user;
    if (n > b->n)
        n = b->n;
    memcpy(to, b->p, n);
    b->p += n;
    b->n -= n;
    if (b->n == 0)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static nghttp2_nv pair(const char *name, const char *value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name, (uint8_t *)(uintptr_t)value, strlen(name),
                        strlen(value), 0};
}

/* A request with up to two fields more; `body` NULL: none. It must live until it was sent. */
static int32_t h2_ask_with(struct h2_client *h, const char *method, const char *path,
                           struct parcel *body, const char *const more[4])
{
    nghttp2_nv nv[6] = {pair(":method", method), pair(":path", path), pair(":scheme", "http"),
                        pair(":authority", "a")};
    nghttp2_data_provider data = { .source.ptr = body, .read_callback = parcel_read };
    size_t n = 4;

    for (int i = 0; i < 4 && more[i]; i += 2)
        nv[n++] = pair(more[i], more[i + 1]);
    return nghttp2_submit_request(h->session, NULL, nv, n, body ? &data : NULL, NULL);
}

static int32_t h2_ask(struct h2_client *h, const char *path)
{
    return h2_ask_with(h, "GET", path, NULL, (const char *const[4]){ 0 });
}

static void h2_is(struct h2_client *h, int32_t id, int status, const char *body)
{
    struct reply *r = reply_at(h, id);

    h2_hear(h, id);
    CHECK(r->status == status && r->closed);
    if (r->status != status)
        printf("  stream %d: got %d, want %d\n", id, r->status, status);
    CHECK_STR(((str){ r->body, r->n < sizeof r->body ? r->n : sizeof r->body }), str_of(body));
}

/* ---- by hand ---- */

static void say_frame(struct client *c, int type, int flags, uint32_t id, str payload)
{
    char head[9] = {
        (char)(payload.n >> 16), (char)(payload.n >> 8), (char)payload.n, (char)type, (char)flags,
        (char)(id >> 24),        (char)(id >> 16),       (char)(id >> 8), (char)id};

    say(c, (str){ head, 9 });
    say(c, payload);
}

[[maybe_unused]] static void dial_raw(struct client *c, const struct rig *r)
{
    dial(c, r);
    say_z(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    say_frame(c, NGHTTP2_SETTINGS, 0, 0, (str){0});
}

static bool read_whole(struct client *c, unsigned char *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t k = recv_on(c->fd, to + at, n - at, 0);

        if (k <= 0)
            return false;
        at += (size_t)k;
    }
    return true;
}

/* Read frames until the end: the code of the GOAWAY among them, -1 when there was none. */
[[maybe_unused]] static int64_t hear_goaway(struct client *c)
{
    static unsigned char payload[1 << 16];
    unsigned char head[9];
    int64_t code = -1;

    while (read_whole(c, head, 9)) {
        size_t n = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];

        if (n > sizeof payload || !read_whole(c, payload, n))
            break;
        if (head[3] == NGHTTP2_GOAWAY)
            code = (int64_t)payload[4] << 24 | payload[5] << 16 | payload[6] << 8 | payload[7];
    }
    return code;
}

/* GET http://a/ */
#define RAW_GET STR("\x82\x84\x86\x41\x01" "a")

#endif
