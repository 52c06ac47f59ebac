// SPDX-License-Identifier: MIT
/* h2.c - fuzzes HTTP/2 on a connection: whatever its peer sends, what is held stays bounded, what
 * is handed up is a request, what goes out is an answer, floods are ended, and honest requests
 * behind it all are served.
 *
 * An input is a list of things to do (enum op): frames built here, with heads packed by nghttp2's
 * own deflater, frames of any bytes, times that pass, work that comes back. Its first byte says
 * whether it is that, or bytes as they are, behind the preface or in its place. */
#include "h2_peer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum op { ASK, SEND_BODY, FRAME, BYTES, AGAIN, FLUSH, WAIT, WORK, BLOCK, DRAIN, OPS };

enum {
    WIRE_MAX = 32 << 10,                      /* bytes at once; a read of conn.c may have more */
    FIELDS_ODD = FIELDS_MAX + 4,
};

struct input { const uint8_t *p; size_t n; };

struct script {
    struct peer peer;
    struct input in;
    nghttp2_hd_deflater *deflater;
    uint8_t wire[WIRE_MAX];
    size_t wire_n, last_n;                    /* the last piece may be sent again */
    uint32_t next_id;
};

static unsigned byte(struct input *in)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++;
}

static str bytes(struct input *in, size_t n)
{
    str s = { (const char *)in->p, n < in->n ? n : in->n };

    in->p += s.n;
    in->n -= s.n;
    return s;
}

static void flush(struct script *s, size_t step)
{
    peer_send(&s->peer, s->wire, s->wire_n, step);
    s->wire_n = 0;
}

static void put(struct script *s, str b)
{
    if (s->wire_n + b.n > WIRE_MAX)
        flush(s, WIRE_MAX);
    if (b.n == 0 || s->wire_n + b.n > WIRE_MAX)
        return;
    memcpy(s->wire + s->wire_n, b.p, b.n);
    s->wire_n += b.n;
}

static void put_frame(struct script *s, unsigned type, unsigned flags, uint32_t id, str payload)
{
    char head[FRAME_HEAD] = {
        (char)(payload.n >> 16), (char)(payload.n >> 8), (char)payload.n, (char)type, (char)flags,
        (char)(id >> 24),        (char)(id >> 16),       (char)(id >> 8), (char)id};

    put(s, (str){ head, FRAME_HEAD });
    put(s, payload);
    s->last_n = FRAME_HEAD + payload.n;
}

/* The connection, one of the last streams, or any. */
static uint32_t stream_id(struct script *s)
{
    unsigned b = byte(&s->in);

    if (b == 255)
        return byte(&s->in) << 24 | byte(&s->in) << 8 | byte(&s->in);
    return b == 0 ? 0 : s->next_id - 2 * (b % 128);
}

/* ---- requests ---- */

static nghttp2_nv pair(str name, str value)
{
    return (nghttp2_nv){(uint8_t *)(uintptr_t)name.p, (uint8_t *)(uintptr_t)value.p, name.n,
                        value.n, 0};
}

/* By its number, or as the input spells it. */
static str word(struct input *in, const char *const *words, unsigned n)
{
    unsigned b = byte(in);

    return b % (n + 1) < n ? str_of(words[b % (n + 1)]) : bytes(in, b >> 4);
}

/* The fields of a request; `odd` leaves one of the first out, or says it twice. */
static size_t fields(struct input *in, unsigned count, bool odd, nghttp2_nv *nv)
{
    static const char *const methods[] = {"GET", "POST", "HEAD", "OPTIONS", "CONNECT"};
    static const char *const paths[] = {"/",      "/work", "/full", "/now", "/big",
                                        "/small", "/none", "*",     "http://a/x?y"};
    static const char *const names[] = {
        "content-length", "cookie",     "host", "expect",     "x-token",
        "te",             "connection", "a",    ":authority", "transfer-encoding"};
    size_t n = 0;
    unsigned at;

    nv[n++] = pair(STR(":method"), word(in, methods, 5));
    nv[n++] = pair(STR(":path"), word(in, paths, 9));
    nv[n++] = pair(STR(":scheme"), STR("http"));
    nv[n++] = pair(STR(":authority"), STR("a"));
    if (odd) {
        at = byte(in);
        nv[at % 4] = nv[at / 4 % 4];
    }
    for (unsigned i = 0; i < count; i++) {
        str name = word(in, names, 10);

        nv[n++] = pair(name, bytes(in, byte(in)));
    }
    return n;
}

/* A head in frames of `step` bytes. */
static void put_head(struct script *s, uint32_t id, unsigned flags, str block, size_t step)
{
    size_t whole = s->wire_n;
    str piece = str_head(block, step);

    block = str_from(block, piece.n);
    put_frame(s, NGHTTP2_HEADERS, flags | (block.n ? 0 : NGHTTP2_FLAG_END_HEADERS), id, piece);
    while (block.n) {
        piece = str_head(block, step);
        block = str_from(block, piece.n);
        put_frame(s, NGHTTP2_CONTINUATION, block.n ? 0 : NGHTTP2_FLAG_END_HEADERS, id, piece);
    }
    if (s->wire_n > whole)
        s->last_n = s->wire_n - whole;
}

static void ask(struct script *s)
{
    static uint8_t block[WIRE_MAX / 2];
    unsigned how = byte(&s->in), count = byte(&s->in) % FIELDS_ODD;
    unsigned step = how & 8 ? byte(&s->in) : FRAME_MAX - 1;
    uint32_t id = how & 2 ? stream_id(s) : s->next_id;
    nghttp2_nv nv[4 + FIELDS_ODD];
    size_t n = fields(&s->in, count, how & 4, nv);
    ssize_t k = nghttp2_hd_deflate_hd(s->deflater, block, sizeof block, nv, n);

    s->next_id += id == s->next_id ? 2 : 0;
    if (k > 0)
        put_head(s, id, how & 1 ? 0 : NGHTTP2_FLAG_END_STREAM, (str){ (char *)block, (size_t)k },
                 step + 1);
}

static void send_body(struct script *s)
{
    static const char body[4096];
    unsigned flags = byte(&s->in) & (NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_PADDED);
    uint32_t id = stream_id(s);
    unsigned n = byte(&s->in);

    put_frame(s, NGHTTP2_DATA, flags, id, (str){ body, n < 128 ? n : (n - 127) * 32 });
}

/* Any frame; one of a known type has the length it must have, or not. */
static void frame(struct script *s)
{
    static const unsigned char lengths[] = { 0, 5, 5, 4, 6, 5, 8, 8, 4 };
    unsigned type = byte(&s->in), flags = byte(&s->in);
    uint32_t id = stream_id(s);
    bool fits = type & 0x80 && type % 16 < sizeof lengths;

    put_frame(s, type % 32 % 18, flags, id,
              bytes(&s->in, fits ? lengths[type % 16] : byte(&s->in)));
}

static void again(struct script *s)
{
    static uint8_t last[WIRE_MAX];
    size_t n = s->last_n < s->wire_n ? s->last_n : s->wire_n;

    memcpy(last, s->wire + s->wire_n - n, n);
    for (unsigned times = 4 * byte(&s->in); n && times; times--)
        put(s, (str){ (char *)last, n });
}

static void do_next(struct script *s)
{
    switch ((enum op)(byte(&s->in) % OPS)) {
    case ASK:
        ask(s);
        break;
    case SEND_BODY:
        send_body(s);
        break;
    case FRAME:
        frame(s);
        break;
    case BYTES:
        put(s, bytes(&s->in, byte(&s->in)));
        break;
    case AGAIN:
        again(s);
        break;
    case FLUSH:
        flush(s, byte(&s->in) * 16 + 1);
        break;
    case WAIT:
        flush(s, WIRE_MAX);
        peer_wait(&s->peer, byte(&s->in) * 8);
        break;
    case WORK:
        flush(s, WIRE_MAX);
        peer_take_work(&s->peer);
        break;
    case BLOCK:                              /* until the next flush the peer reads nothing */
        flush(s, WIRE_MAX);
        s->peer.deaf = true;
        break;
    default:
        flush(s, WIRE_MAX);
        peer_drain(&s->peer);
    }
}

static void run_script(struct script *s)
{
    put(s, H2_PREFACE);
    put_frame(s, NGHTTP2_SETTINGS, 0, 0, (str){0});
    s->next_id = 1;
    if (nghttp2_hd_deflate_new(&s->deflater, 4096) != 0)
        abort();
    while (s->in.n && s->peer.alive)
        do_next(s);
    flush(s, WIRE_MAX);
    nghttp2_hd_deflate_del(s->deflater);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct script s;
    unsigned how;

    s = (struct script){ .in = { data, n } };
    how = byte(&s.in);
    peer_begin(&s.peer);
    if (how % 4 < 2) {
        run_script(&s);
    } else {
        if (how % 4 == 2)
            put(&s, H2_PREFACE);
        put(&s, (str){ (const char *)s.in.p, s.in.n });
        flush(&s, how / 4 * 4 + 1);
    }
    peer_end(&s.peer);
    return 0;
}
