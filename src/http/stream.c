// SPDX-License-Identifier: MIT
/* stream.c - an exchange with what the server itself must know of it. */
#include "http/stream.h"

#include "base/clock.h"
#include "http/conn.h"
#include "http/forwarded.h"

enum { FREE_MAX = 64 };   /* a loop keeps so many, each with a small block of memory */

/* A bijection whose outcome tells nothing of the next one to who does not know the key; the loop's
 * number is in the counter, so no two requests of this process share an id. */
static uint64_t mix(uint64_t v, const uint64_t key[2])
{
    v += key[0];
    v = (v ^ v >> 30) * 0xbf58476d1ce4e5b9u;
    v = (v ^ v >> 27) * 0x94d049bb133111ebu;
    v = (v ^ v >> 31) + key[1];
    v = (v ^ v >> 29) * 0xff51afd7ed558ccdu;
    return v ^ v >> 32;
}

static void name(struct stream *s)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t v = mix(s->loop->id_next++, s->loop->id_key);

    for (int i = 0; i < 16; i++, v <<= 4)
        s->id[i] = digits[v >> 60];
}

static struct stream *take(struct loop *l)
{
    struct stream *s = l->streams;

    if (s) {
        l->streams = s->next;
        l->streams_n--;
        return s;
    }
    if ((s = calloc(1, sizeof *s)) == NULL)
        return NULL;
    arena_init(&s->x.mem, l->config->limits.memory_max);
    s->loop = l;
    s->x.id = s->id;
    return s;
}

struct stream *stream_new(struct loop *loop, const struct head *h)
{
    struct stream *s = take(loop);
    struct exchange *x;

    if (!s)
        return NULL;
    x = &s->x;
    name(s);
    x->req.method = h->method;
    x->req.target = h->target;
    x->req.path = h->path;
    x->req.query = h->query;
    x->req.headers = loop->head.headers;
    x->req.headers_n = h->headers_n;
    x->req.body = (str){0};
    x->req.has_body = h->has_length || h->chunked;
    x->req.length = h->length;
    x->res.status = 0;
    x->res.headers_n = 0;
    x->res.body = (str){0};
    x->res.close = false;
    x->route = NULL;
    x->app_data = NULL;
    atomic_store_explicit(&x->gone, false, memory_order_relaxed);
    s->conn = NULL;
    s->pool = NULL;
    s->left = h->length;
    s->chunked = h->chunked;
    s->chunks = (struct chunks){0};
    s->expect = h->expect;
    s->head_only = str_is(h->method, STR("HEAD"));
    s->old = h->old;
    s->keep = h->keep;
    s->number = 0;
    s->answered = false;
    s->held = 0;
    s->fields = NULL;
    s->sent = 0;
    link_init(&s->among);
    link_init(&s->timer);
    return s;
}

void stream_end(struct stream *s)
{
    arena_end(&s->x.mem);
    buf_end(&s->body);
    free(s);
}

void stream_free(struct stream *s)
{
    struct loop *l = s->loop;

    if (l->streams_n == FREE_MAX) {
        stream_end(s);
        return;
    }
    arena_reset(&s->x.mem);
    if (s->body.p)
        buf_end(&s->body);
    s->next = l->streams;
    l->streams = s;
    l->streams_n++;
}

size_t stream_holds(const struct stream *s)
{
    return sizeof *s + s->x.mem.held + s->body.cap;
}

/* `s` lay in `from`, whose copy is at `to`; constants and empty ones lie elsewhere. */
static void move(str *s, str from, const char *to)
{
    if (s->p >= from.p && s->p <= from.p + from.n)
        s->p = to + (s->p - from.p);
}

bool stream_detach(struct stream *s, str head)
{
    struct http_request *req = &s->x.req;
    str copy = arena_dup(&s->x.mem, head);
    struct http_header *headers = NEW_ARRAY(&s->x.mem, struct http_header, req->headers_n + 1);

    buf_init(&s->body, NULL, s->body_max);
    buf_put(&s->body, req->body);
    if (!copy.p || !headers || buf_ok(&s->body) != OK)
        return false;
    for (size_t i = 0; i < req->headers_n; i++) {
        headers[i] = req->headers[i];
        move(&headers[i].name, head, copy.p);
        move(&headers[i].value, head, copy.p);
    }
    req->headers = headers;
    req->body = buf_str(&s->body);
    move(&req->method, head, copy.p);
    move(&req->target, head, copy.p);
    move(&req->path, head, copy.p);
    move(&req->query, head, copy.p);
    return true;
}

void stream_route(struct stream *s)
{
    const struct http_app *app = &s->loop->config->app;
    const struct networks *trusted = s->loop->config->trusted;

    s->body_max = s->loop->config->limits.memory_max;
    s->x.req.peer = s->conn->peer;
    s->x.offered = 0;
    if (trusted)
        forwarded_resolve(trusted, s->x.req.headers, s->x.req.headers_n, &s->x.req.peer);
    s->pool = app->route(app->app, &s->x, &s->body_max);
}

static void run_on_worker(struct job *job, void *own)
{
    struct stream *s = (struct stream *)(void *)((char *)job - offsetof(struct stream, job));
    const struct http_app *app = &s->loop->config->app;

    app->run(app->app, own, &s->x);
    loop_take_back(s->loop, s);
}

bool stream_offer(struct stream *s)
{
    s->job.run = run_on_worker;
    s->x.offered = clock_mono_ms();
    s->away = true;
    s->loop->away++;
    if (pool_offer(s->pool, &s->job))
        return true;
    s->away = false;
    s->loop->away--;
    return false;
}
