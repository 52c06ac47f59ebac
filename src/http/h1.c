// SPDX-License-Identifier: MIT
/* h1.c - HTTP/1.1 on a connection (RFC 9112). */
#include "http/h1.h"

/* ---- answers ---- */

static enum staying staying(const struct conn *c, const struct stream *s)
{
    if (s->x.res.close || !s->keep || c->loop->draining)
        return CLOSES;
    return s->old ? STAYS_OLD : STAYS;
}

void h1_answer(struct conn *c, struct stream *s)
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

void h1_refuse_bare(struct conn *c, int status)
{
    conn_drop_stream(c);
    message_write_bare(&c->loop->out, status, c->loop->date);
    c->state = CONN_LAST;
    c->rude = true;
}

void h1_refuse(struct conn *c, struct stream *s, int status, bool close)
{
    const struct http_app *app = &c->loop->config->app;

    s->x.res.close = s->x.res.close || close;
    c->rude = c->rude || close;
    app->refuse(app->app, &s->x, status);
    h1_answer(c, s);
}

/* ---- requests ---- */

/* The request is complete. `detached`: it stands in memory of its own. */
static void run(struct conn *c, struct stream *s, bool detached, str head)
{
    const struct http_app *app = &c->loop->config->app;

    if (!s->pool) {
        app->run(app->app, c->loop->own, &s->x);
        h1_answer(c, s);
        return;
    }
    if (!detached && !stream_detach(s, head)) {
        h1_refuse(c, s, 503, false);
        return;
    }
    c->stream = s;
    c->state = CONN_WORK;
    if (!stream_offer(s))
        h1_refuse(c, s, 503, false);
}

/* The body must be waited for. */
static void await_body(struct conn *c, struct stream *s, str head)
{
    if (!stream_detach(s, head)) {
        h1_refuse(c, s, 503, true);
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
        h1_answer(c, s);
    } else if (s->expect == EXPECT_OTHER) {
        h1_refuse(c, s, 417, has_body);
    } else if (s->left > s->body_max) {
        h1_refuse(c, s, 413, true);
    } else if (s->chunked || n > rest.n) {
        await_body(c, s, head);
    } else {
        s->x.req.body = str_head(rest, n);
        run(c, s, false, head);
        return n;
    }
    return 0;
}

size_t h1_take_head(struct conn *c, const char *b, size_t n)
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
        h1_refuse_bare(c, memchr(b + 2 * c->scan.blanks, '\n', limits->head_max - 4) ? 431 : 414);
        return n;
    }
    if (k == 0)
        return 0;
    status = k < 0 ? 400 : head_parse((str){ b, len }, limits->headers_max, h);
    c->scan = (struct head_scan){0};
    if (status != 0) {
        h1_refuse_bare(c, status);
        return n;
    }
    if ((s = stream_new(c->loop, h)) == NULL) {
        h1_refuse_bare(c, 503);
        return n;
    }
    return len + take_request(c, s, (str){ b, len }, (str){ b + len, n - len });
}

size_t h1_take_body(struct conn *c, const char *b, size_t n)
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
        h1_refuse_bare(c, 400);
        return n;
    }
    if (data.n > s->body_max - s->body.n) {
        c->stream = NULL;
        h1_refuse(c, s, 413, true);
        return n;
    }
    buf_put(&s->body, data);
    if (buf_ok(&s->body) != OK) {
        c->stream = NULL;
        h1_refuse(c, s, 503, true);
        return n;
    }
    if (done) {
        c->stream = NULL;
        s->x.req.body = buf_str(&s->body);
        run(c, s, true, (str){0});
    }
    return used;
}
