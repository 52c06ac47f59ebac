// SPDX-License-Identifier: MIT
/* message.c - fields of a request, answers as bytes. */
#include "http/message.h"

/* The status line of what this server's apps answer; others get one without a reason phrase, which
 * means the same (RFC 9112 section 4). */
static str status_line(int status)
{
    switch (status) {
    case 200: return STR("HTTP/1.1 200 OK\r\n");
    case 201: return STR("HTTP/1.1 201 Created\r\n");
    case 202: return STR("HTTP/1.1 202 Accepted\r\n");
    case 204: return STR("HTTP/1.1 204 No Content\r\n");
    case 301: return STR("HTTP/1.1 301 Moved Permanently\r\n");
    case 302: return STR("HTTP/1.1 302 Found\r\n");
    case 303: return STR("HTTP/1.1 303 See Other\r\n");
    case 304: return STR("HTTP/1.1 304 Not Modified\r\n");
    case 307: return STR("HTTP/1.1 307 Temporary Redirect\r\n");
    case 308: return STR("HTTP/1.1 308 Permanent Redirect\r\n");
    case 400: return STR("HTTP/1.1 400 Bad Request\r\n");
    case 401: return STR("HTTP/1.1 401 Unauthorized\r\n");
    case 403: return STR("HTTP/1.1 403 Forbidden\r\n");
    case 404: return STR("HTTP/1.1 404 Not Found\r\n");
    case 405: return STR("HTTP/1.1 405 Method Not Allowed\r\n");
    case 406: return STR("HTTP/1.1 406 Not Acceptable\r\n");
    case 408: return STR("HTTP/1.1 408 Request Timeout\r\n");
    case 409: return STR("HTTP/1.1 409 Conflict\r\n");
    case 410: return STR("HTTP/1.1 410 Gone\r\n");
    case 411: return STR("HTTP/1.1 411 Length Required\r\n");
    case 412: return STR("HTTP/1.1 412 Precondition Failed\r\n");
    case 413: return STR("HTTP/1.1 413 Content Too Large\r\n");
    case 414: return STR("HTTP/1.1 414 URI Too Long\r\n");
    case 415: return STR("HTTP/1.1 415 Unsupported Media Type\r\n");
    case 417: return STR("HTTP/1.1 417 Expectation Failed\r\n");
    case 421: return STR("HTTP/1.1 421 Misdirected Request\r\n");
    case 422: return STR("HTTP/1.1 422 Unprocessable Content\r\n");
    case 429: return STR("HTTP/1.1 429 Too Many Requests\r\n");
    case 431: return STR("HTTP/1.1 431 Request Header Fields Too Large\r\n");
    case 500: return STR("HTTP/1.1 500 Internal Server Error\r\n");
    case 501: return STR("HTTP/1.1 501 Not Implemented\r\n");
    case 502: return STR("HTTP/1.1 502 Bad Gateway\r\n");
    case 503: return STR("HTTP/1.1 503 Service Unavailable\r\n");
    case 504: return STR("HTTP/1.1 504 Gateway Timeout\r\n");
    case 505: return STR("HTTP/1.1 505 HTTP Version Not Supported\r\n");
    }
    return (str){0};
}

static char *put(char *to, str s)
{
    if (s.n)
        memcpy(to, s.p, s.n);
    return to + s.n;
}

static char *put_status(char *to, int status)
{
    str line = status_line(status);

    if (line.n)
        return put(to, line);
    to = put(to, STR("HTTP/1.1 "));
    *to++ = (char)('0' + status / 100 % 10);
    *to++ = (char)('0' + status / 10 % 10);
    *to++ = (char)('0' + status % 10);
    return put(to, STR(" \r\n"));
}

static char *put_length(char *to, size_t n)
{
    char digits[20];
    size_t at = sizeof digits;

    do {
        digits[--at] = (char)('0' + n % 10);
        n /= 10;
    } while (n);
    to = put(to, STR("Content-Length: "));
    to = put(to, (str){ digits + at, sizeof digits - at });
    return put(to, STR("\r\n"));
}

/* Neither has a body; a length would be forbidden for one and misleading for the other
 * (RFC 9110 section 8.6). */
static bool is_bodiless(int status)
{
    return status == 204 || status == 304 || status < 200;
}

static str staying_field(enum staying staying)
{
    if (staying == STAYS)
        return (str){0};
    return staying == CLOSES ? STR("Connection: close\r\n") : STR("Connection: keep-alive\r\n");
}

enum { FRAME_MAX = 160 };   /* status line, Date, Content-Length, Connection and blank line */

void message_write(struct buf *out, const struct http_response *res, bool head_only,
                   enum staying staying, const char date[static DATE_LINE])
{
    bool bodiless = is_bodiless(res->status);
    size_t need = FRAME_MAX + res->body.n;
    char *to;

    for (size_t i = 0; i < res->headers_n; i++)
        need += res->headers[i].name.n + res->headers[i].value.n + 4;
    if (!buf_room(out, need))
        return;
    to = put_status(out->p + out->n, res->status);
    to = put(to, (str){ date, DATE_LINE });
    for (size_t i = 0; i < res->headers_n; i++) {
        to = put(to, res->headers[i].name);
        to = put(to, STR(": "));
        to = put(to, res->headers[i].value);
        to = put(to, STR("\r\n"));
    }
    if (!bodiless)
        to = put_length(to, res->body.n);
    to = put(to, staying_field(staying));
    to = put(to, STR("\r\n"));
    if (!bodiless && !head_only)
        to = put(to, res->body);
    out->n = (size_t)(to - out->p);
}

void message_write_bare(struct buf *out, int status, const char date[static DATE_LINE])
{
    message_write(out, &(struct http_response){ .status = status }, false, CLOSES, date);
}

void message_date(int64_t seconds, char out[static DATE_LINE])
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char line[64];
    time_t t = (time_t)seconds;
    struct tm tm;

    gmtime_r(&t, &tm);
    (void)snprintf(line, sizeof line, "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d GMT\r\n",
                   days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon, tm.tm_year + 1900,
                   tm.tm_hour, tm.tm_min, tm.tm_sec);   /* 37 bytes until the year 9999 */
    memcpy(out, line, DATE_LINE);
}

str http_header(struct exchange *x, str name)
{
    str found = {0};

    for (size_t i = 0; i < x->req.headers_n; i++) {
        const struct http_header *h = &x->req.headers[i];

        if (!str_is_nocase(h->name, name))
            continue;
        if (!found.p)
            found = h->value;
        else
            found = arena_printf(&x->mem, STR_FMT ", " STR_FMT, STR_ARG(found), STR_ARG(h->value));
    }
    return found;
}

void http_answer_header(struct exchange *x, str name, str value)
{
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0')
            return;
    http_answer_constant(x, name, value);
}
