// SPDX-License-Identifier: MIT
/* parse.c - strict HTTP/1.1 messages (RFC 9112).
 *
 * A head is parsed where it lies, once, after its end was found: so every scan below stops at a CR
 * at the latest and needs no bound of its own. */
#include "http/parse.h"

enum { TOKEN = 1, VALUE = 2, TARGET = 4, HOST = 8 };

/* What a byte may stand in. Target: any visible ASCII, as more than RFC 3986 allows is in use. */
// clang-format off
static const unsigned char class[256] = {
    [0x00] = 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0,
    [0x20] = 2, 15, 6, 7, 15, 15, 15, 15, 14, 14, 15, 15, 14, 15, 15, 6,
    [0x30] = 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 14, 6, 14, 6, 6,
    [0x40] = 6, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    [0x50] = 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 6, 6, 7, 15,
    [0x60] = 7, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15,
    [0x70] = 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 6, 7, 6, 15, 0,
    [0x80] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    [0x90] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    [0xa0] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    [0xb0] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    [0xc0] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    [0xd0] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    [0xe0] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
    [0xf0] = 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2,
};

/* The registered methods that are in use, the common ones first. One that is not here is refused:
 * no route could have it, and a typo or another protocol is the likelier reason. */
static const char methods[][12] = {
    "GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "ACL", "BIND",
    "CHECKOUT", "COPY", "LINK", "LOCK", "M-SEARCH", "MERGE", "MKACTIVITY", "MKCALENDAR", "MKCOL",
    "MOVE", "NOTIFY", "PROPFIND", "PROPPATCH", "PURGE", "QUERY", "REBIND", "REPORT", "SEARCH",
    "SOURCE", "SUBSCRIBE", "UNBIND", "UNLINK", "UNLOCK", "UNSUBSCRIBE", "",
};
// clang-format on

enum { BLANKS_MAX = 2, LENGTH_DIGITS_MAX = 18, SIZE_DIGITS_MAX = 8, EXTRA_MAX = 4096 };

static inline bool is(char c, unsigned kind)
{
    return class[(unsigned char)c] & kind;
}

static inline const char *skip(const char *p, unsigned kind)
{
    while (is(*p, kind))
        p++;
    return p;
}

ptrdiff_t head_find(struct head_scan *scan, const char *b, size_t n)
{
    while (scan->line < n) {
        const char *line = b + scan->line;
        const char *lf = memchr(line, '\n', n - scan->line);

        if (!scan->started && *line != '\r' && !is(*line, TOKEN))
            return -1;
        if (!lf)
            return 0;
        if (lf == line || lf[-1] != '\r')
            return -1;
        scan->line = (size_t)(lf - b) + 1;
        if (lf - line > 1)
            scan->started = true;
        else if (scan->started)
            return (ptrdiff_t)scan->line;
        else if (++scan->blanks > BLANKS_MAX)
            return -1;
    }
    return 0;
}

static bool method_is_known(str method)
{
    for (const char(*m)[12] = methods; (*m)[0]; m++)
        if (str_is(method, str_of(*m)))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static int hex_digit(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ":" and up to five digits, or nothing. */
static bool is_port(str s)
{
    if (s.n == 0)
        return true;
    if (s.n > 6 || s.p[0] != ':')
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!is_digit(s.p[i]))
            return false;
    return true;
}

/* "[" IPv6 address "]" and a port. */
static bool is_literal(str s)
{
    size_t i = 1;

    while (i < s.n && (hex_digit(s.p[i]) >= 0 || s.p[i] == ':' || s.p[i] == '.'))
        i++;
    return i > 1 && i < s.n && s.p[i] == ']' && is_port(str_from(s, i + 1));
}

/* A host and a port (RFC 9110 section 4.2); the empty one is allowed (RFC 9112 section 3.2). User
 * information is not: it only serves to deceive. */
static bool is_authority(str s)
{
    size_t i = 0;

    if (s.n && s.p[0] == '[')
        return is_literal(s);
    while (i < s.n && is(s.p[i], HOST)) {
        if (s.p[i] == '%' &&
            (s.n - i < 3 || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0))
            return false;
        i++;
    }
    return is_port(str_from(s, i));
}

/* Cut scheme and authority off an absolute-form target. False when it is none. */
static bool cut_origin(str *s)
{
    size_t scheme = str_is_nocase(str_head(*s, 7), STR("http://"))    ? 7
                    : str_is_nocase(str_head(*s, 8), STR("https://")) ? 8
                                                                     : 0;
    size_t i = scheme;

    while (i < s->n && s->p[i] != '/' && s->p[i] != '?')
        i++;
    if (scheme == 0 || !is_authority((str){ s->p + scheme, i - scheme }))
        return false;
    *s = str_from(*s, i);
    return true;
}

/* Path and query out of origin-form, absolute-form or "*" (RFC 9112 section 3.2). A fragment has no
 * place in a request, but some clients send it: it is cut off, as it means nothing to a server. */
static bool parse_target(struct head *out)
{
    str rest;

    (void)str_cut(out->target, '#', &rest, &out->query);
    if (rest.n == 0 || (rest.p[0] == '*' && rest.n > 1))
        return false;
    if (rest.p[0] != '/' && rest.p[0] != '*' && !cut_origin(&rest))
        return false;
    (void)str_cut(rest, '?', &out->path, &out->query);
    if (out->path.n == 0)
        out->path = STR("/");
    return true;
}

/* "HTTP/1.1" and the line's end. 505 is for other major versions (RFC 9110 section 15.6.6); minor
 * ones that do not exist are no version at all. */
static int parse_version(const char **at, const char *end, struct head *out)
{
    const char *p = *at;

    if (end - p < 10 || memcmp(p, "HTTP/", 5) != 0 || !is_digit(p[5]) || p[6] != '.'
        || !is_digit(p[7]) || p[8] != '\r' || p[9] != '\n')
        return 400;
    if (p[5] != '1')
        return 505;
    if (p[7] > '1')
        return 400;
    out->old = p[7] == '0';
    *at = p + 10;
    return 0;
}

static int parse_request_line(const char **at, const char *end, struct head *out)
{
    const char *p = *at, *q = skip(p, TOKEN);

    out->method = (str){ p, (size_t)(q - p) };
    if (*q != ' ' || !method_is_known(out->method))
        return 400;
    p = q + 1;
    q = skip(p, TARGET);
    out->target = (str){ p, (size_t)(q - p) };
    if (*q != ' ')
        return 400;
    if (str_is(out->method, STR("CONNECT")))
        return 501;                 /* no tunnels */
    if (!parse_target(out))
        return 400;
    *at = q + 1;
    return parse_version(at, end, out);
}

/* One field line. A line that is folded, or has a blank before the colon, has no name. */
static bool parse_field(const char **at, struct http_header *out)
{
    const char *p = *at, *q = skip(p, TOKEN);

    out->name = (str){ p, (size_t)(q - p) };
    if (q == p || *q != ':')
        return false;
    for (p = q + 1; *p == ' ' || *p == '\t'; p++)
        ;
    q = skip(p, VALUE);
    if (q[0] != '\r' || q[1] != '\n')
        return false;
    *at = q + 2;
    while (q > p && (q[-1] == ' ' || q[-1] == '\t'))
        q--;
    out->value = (str){ p, (size_t)(q - p) };
    return true;
}

/* Whether the comma list holds the word. */
static bool has_word(str list, str word)
{
    str item;

    while (list.n) {
        (void)str_cut(list, ',', &item, &list);
        if (str_is_nocase(str_trim(item), word))
            return true;
    }
    return false;
}

/* Digits only: no sign, no list, no second value hidden by an overflow (RFC 9112 section 6.3). */
static bool parse_length(str s, uint64_t *out)
{
    uint64_t v = 0;

    if (s.n == 0 || s.n > LENGTH_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.p[i]))
            return false;
        v = v * 10 + (uint64_t)(s.p[i] - '0');
    }
    *out = v;
    return true;
}

/* What the fields said that decide how the message is framed and the connection goes on. */
struct framing { bool host, close, keep_alive; };

static int note_length(str value, struct head *out)
{
    if (out->has_length || out->chunked || !parse_length(value, &out->length))
        return 400;
    out->has_length = true;
    return 0;
}

/* Only "chunked" alone, once (RFC 9112 section 6.1): whoever cannot know the coding cannot know
 * where the body ends. HTTP/1.0 has no transfer codings. */
static int note_coding(str value, struct head *out)
{
    if (out->old || out->chunked || out->has_length || !str_is_nocase(value, STR("chunked")))
        return 400;
    out->chunked = true;
    return 0;
}

static int note_host(str value, struct framing *f)
{
    if (f->host || !is_authority(value))
        return 400;
    f->host = true;
    return 0;
}

static void note_expect(str value, struct head *out)
{
    bool known = str_is_nocase(value, STR("100-continue"));

    if (out->old)
        return;                     /* RFC 9110 section 10.1.1 */
    if (!known || out->expect == EXPECT_OTHER)
        out->expect = EXPECT_OTHER;
    else
        out->expect = EXPECT_CONTINUE;
}

/* The length picks the one name it could be, so that most fields cost one comparison. */
static int note_field(const struct http_header *h, struct head *out, struct framing *f)
{
    switch (h->name.n) {
    case 4:
        return str_is_nocase(h->name, STR("Host")) ? note_host(h->value, f) : 0;
    case 6:
        if (str_is_nocase(h->name, STR("Expect")))
            note_expect(h->value, out);
        return 0;
    case 10:
        if (str_is_nocase(h->name, STR("Connection"))) {
            f->close = f->close || has_word(h->value, STR("close"));
            f->keep_alive = f->keep_alive || has_word(h->value, STR("keep-alive"));
        }
        return 0;
    case 14:
        return str_is_nocase(h->name, STR("Content-Length")) ? note_length(h->value, out) : 0;
    case 17:
        return str_is_nocase(h->name, STR("Transfer-Encoding")) ? note_coding(h->value, out) : 0;
    }
    return 0;
}

int head_parse(str head, unsigned headers_max, struct head *out)
{
    const char *p = head.p, *end = head.p + head.n - 2;   /* its blank line */
    struct framing f = {0};
    int status;

    out->length = 0;
    out->has_length = out->chunked = out->old = false;
    out->expect = EXPECT_NONE;
    out->headers_n = 0;
    while (p < end && p[0] == '\r' && p[1] == '\n')
        p += 2;
    if ((status = parse_request_line(&p, end, out)) != 0)
        return status;
    while (p < end) {
        struct http_header *h = &out->headers[out->headers_n];

        if (out->headers_n == headers_max)
            return 431;
        if (!parse_field(&p, h))
            return 400;
        out->headers_n++;
        if ((status = note_field(h, out, &f)) != 0)
            return status;
    }
    if (!out->old && !f.host)
        return 400;
    out->keep = !f.close && (!out->old || f.keep_alive);
    return 0;
}

int request_check(struct head *h, str authority)
{
    if (!method_is_known(h->method))
        return 400;
    if (str_is(h->method, STR("CONNECT")))
        return 501;
    for (size_t i = 0; i < h->target.n; i++)
        if (!is(h->target.p[i], TARGET))
            return 400;
    if (h->target.n == 0 || (h->target.p[0] != '/' && h->target.p[0] != '*'))
        return 400;
    return is_authority(authority) && parse_target(h) ? 0 : 400;
}

/* ---- chunks ---- */

enum { SIZE, EXTENSION, SIZE_LF, DATA, DATA_CR, DATA_LF, TRAILER, TRAILER_NAME, TRAILER_REST,
       TRAILER_LF, END_LF, DONE, BROKEN };

static unsigned char after_size(struct chunks *c, char ch)
{
    int digit = hex_digit(ch);

    if (digit >= 0) {
        if (++c->digits > SIZE_DIGITS_MAX)
            return BROKEN;
        c->left = c->left << 4 | (uint64_t)digit;
        return SIZE;
    }
    if (c->digits == 0)
        return BROKEN;
    return ch == '\r' ? SIZE_LF : ch == ';' ? EXTENSION : BROKEN;
}

static unsigned char after_extra(struct chunks *c, char ch, unsigned char same, unsigned char end)
{
    if (ch == '\r')
        return end;
    return is(ch, VALUE) && ++c->extra <= EXTRA_MAX ? same : BROKEN;
}

static unsigned char in_name(struct chunks *c, char ch)
{
    return is(ch, TOKEN) && ++c->extra <= EXTRA_MAX ? TRAILER_NAME : BROKEN;
}

/* The state after one byte that is not data. */
static unsigned char after(struct chunks *c, char ch)
{
    switch (c->state) {
    case SIZE:
        return after_size(c, ch);
    case EXTENSION:
        return after_extra(c, ch, EXTENSION, SIZE_LF);
    case SIZE_LF:
        c->digits = 0;
        return ch != '\n' ? BROKEN : c->left ? DATA : TRAILER;
    case DATA_CR:
        return ch == '\r' ? DATA_LF : BROKEN;
    case DATA_LF:
        return ch == '\n' ? SIZE : BROKEN;
    case TRAILER:
        return ch == '\r' ? END_LF : in_name(c, ch);
    case TRAILER_NAME:
        return ch == ':' ? TRAILER_REST : in_name(c, ch);
    case TRAILER_REST:
        return after_extra(c, ch, TRAILER_REST, TRAILER_LF);
    case TRAILER_LF:
        return ch == '\n' ? TRAILER : BROKEN;
    default:                            /* END_LF */
        return ch == '\n' ? DONE : BROKEN;
    }
}

int chunks_next(struct chunks *c, const char *b, size_t n, size_t *used, str *data)
{
    size_t i = 0;

    *data = (str){0};
    while (i < n && c->state != DATA && c->state < DONE)
        c->state = after(c, b[i++]);
    if (c->state == DATA && i < n) {
        *data = (str){ b + i, n - i < c->left ? n - i : (size_t)c->left };
        i += data->n;
        c->left -= data->n;
        if (c->left == 0)
            c->state = DATA_CR;
    }
    *used = i;
    return c->state == DONE ? 1 : c->state == BROKEN ? -1 : 0;
}
