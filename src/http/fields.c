// SPDX-License-Identifier: MIT
/* fields.c - what the fields of a head mean, as they come. */
#include "http/fields.h"

#include "http/loop.h"

static void take_pseudo(struct fields *f, str name, str value)
{
    if (str_is(name, STR(":method")))
        f->head.method = value;
    else if (str_is(name, STR(":path")))
        f->head.target = value;
    else if (str_is(name, STR(":authority")))
        f->authority = value;
}

static void take_field(struct stream *s, struct fields *f, str name, str value)
{
    struct http_header *at = &f->head.headers[f->head.headers_n];
    int64_t length = 0;

    if (str_is(name, STR("cookie"))) {      /* sent in crumbs (RFC 9113 section 8.2.3) */
        buf_put(&f->cookie, f->cookie.n ? STR("; ") : (str){0});
        buf_put(&f->cookie, value);
        return;
    }
    if (str_is(name, STR("content-length"))) {
        f->head.has_length = str_int(value, &length);   /* nghttp2 holds the body to it */
        f->head.length = (uint64_t)length;
    } else if (str_is(name, STR("expect"))) {
        s->expect = str_is_nocase(value, STR("100-continue")) ? EXPECT_CONTINUE : EXPECT_OTHER;
    } else if (str_is(name, STR("host"))) {
        f->status =
            f->host || (f->authority.p && !str_is_nocase(f->authority, value)) ? 400 : f->status;
        f->host = true;
        f->authority = value;
    }
    *at = (struct http_header){ name, value };
    f->head.headers_n++;
}

void fields_take(struct stream *s, str name, str value)
{
    if (name.n && name.p[0] == ':')
        take_pseudo(s->fields, name, value);
    else
        take_field(s, s->fields, name, value);
}

static void add_field(struct fields *f, str name, str value)
{
    f->head.headers[f->head.headers_n++] = (struct http_header){ name, value };
}

int fields_complete(struct stream *s, bool has_body)
{
    struct fields *f = s->fields;
    bool host = !f->host && f->authority.p, cookie = f->cookie.n;
    struct http_request *req = &s->x.req;
    int status = f->status ? f->status : request_check(&f->head, f->authority);

    if (status)
        return status;
    if (buf_ok(&f->cookie) != OK)
        return 503;                         /* its length was counted with the other fields */
    if (f->head.headers_n + host + cookie > s->loop->config->limits.headers_max)
        return 431;
    if (host)
        add_field(f, STR("host"), f->authority);
    if (cookie)
        add_field(f, STR("cookie"), buf_str(&f->cookie));
    req->method = f->head.method;
    req->target = f->head.target;
    req->path = f->head.path;
    req->query = f->head.query;
    req->headers_n = f->head.headers_n;
    req->length = f->head.length;
    req->has_body = f->head.has_length || has_body;
    s->head_only = str_is(req->method, STR("HEAD"));
    return 0;
}
