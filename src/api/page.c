// SPDX-License-Identifier: MIT
/* page.c - Express's error page, and the path as it stands on it. */
#include "api/page.h"

enum { PAGE_MAX = 256 << 10 };

static void html_put(struct buf *b, str s)
{
    for (size_t i = 0; i < s.n; i++) {
        switch (s.p[i]) {
        case '"':
            buf_put(b, STR("&quot;"));
            break;
        case '&':
            buf_put(b, STR("&amp;"));
            break;
        case '\'':
            buf_put(b, STR("&#39;"));
            break;
        case '<':
            buf_put(b, STR("&lt;"));
            break;
        case '>':
            buf_put(b, STR("&gt;"));
            break;
        default:
            buf_byte(b, s.p[i]);
        }
    }
}

err page_send(struct res *res, int status, str message)
{
    buf_init(&res->text, &res->x->mem, PAGE_MAX);
    buf_put(&res->text,
            STR("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<title>Error</title>\n</head>\n<body>\n<pre>"));
    html_put(&res->text, message);
    buf_put(&res->text, STR("</pre>\n</body>\n</html>\n"));
    if (res->text.failed)
        return ERR_NO_MEMORY;
    res->x->res.status = status;
    res->x->res.body = buf_str(&res->text);
    res_header(res, STR("Content-Security-Policy"), STR("default-src 'none'"));
    res_header(res, STR("X-Content-Type-Options"), STR("nosniff"));
    res_header(res, STR("Content-Type"), STR("text/html; charset=utf-8"));
    return OK;
}

/* What encodeURI leaves alone. */
static bool is_plain(unsigned char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || (c && strchr(";,/?:@&=+$-_.!~*'()#", c));
}

static bool is_hex(str s, size_t at)
{
    return at < s.n && ((s.p[at] >= '0' && s.p[at] <= '9')
                        || ((s.p[at] | 0x20) >= 'a' && (s.p[at] | 0x20) <= 'f'));
}

static void encoded_put(struct buf *b, unsigned char c)
{
    if (is_plain(c))
        buf_byte(b, (char)c);
    else
        buf_printf(b, "%%%02X", c);
}

/* encodeurl: like encodeURI, but escapes that are there already and brackets stay. */
static void url_put(struct buf *b, str path)
{
    for (size_t i = 0; i < path.n; i++) {
        unsigned char c = (unsigned char)path.p[i];
        bool kept = c == '[' || c == ']' ||
                    (c == '%' && is_hex(path, i + 1) && (i + 2 == path.n || is_hex(path, i + 2)));

        if (kept) {
            buf_byte(b, (char)c);
            continue;
        }
        encoded_put(b, c);
        if (c == '%' && is_hex(path, i + 1))
            buf_byte(b, path.p[++i]);
        if (c == '%' && i + 1 < path.n)
            encoded_put(b, (unsigned char)path.p[++i]);
    }
}

str page_request_line(const struct req *req)
{
    struct buf b;

    buf_init(&b, req->mem, PAGE_MAX);
    buf_put(&b, req->x->req.method);
    buf_byte(&b, ' ');
    url_put(&b, req->x->req.path.n ? req->x->req.path : STR("/"));
    return buf_ok(&b) == OK ? buf_str(&b) : (str){0};
}
