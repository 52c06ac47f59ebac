// SPDX-License-Identifier: MIT
/* message_test.c - answers as bytes: status lines, lengths, what is said of the connection. */
#include "../tests/test.h"
#include "http/message.h"

static char date[DATE_LINE];
static struct buf out;

static str written(const struct http_response *res, bool head_only, enum staying staying)
{
    buf_end(&out);
    buf_init(&out, NULL, 1 << 16);
    message_date(784111777, date);
    message_write(&out, res, head_only, staying, date);
    return buf_str(&out);
}

static void begins(str answer, const char *line)
{
    str first, rest;

    CHECK(str_cut(answer, '\r', &first, &rest));
    CHECK_STR(first, str_of(line));
}

TEST(each_status_has_its_reason_or_none)
{
    static const struct { int status; const char *line; } rows[] = {
        { 200, "200 OK" }, { 201, "201 Created" }, { 202, "202 Accepted" },
        { 204, "204 No Content" }, { 301, "301 Moved Permanently" }, { 302, "302 Found" },
        { 303, "303 See Other" }, { 304, "304 Not Modified" }, { 307, "307 Temporary Redirect" },
        { 308, "308 Permanent Redirect" }, { 400, "400 Bad Request" }, { 401, "401 Unauthorized" },
        { 403, "403 Forbidden" }, { 404, "404 Not Found" }, { 405, "405 Method Not Allowed" },
        { 406, "406 Not Acceptable" }, { 408, "408 Request Timeout" }, { 409, "409 Conflict" },
        { 410, "410 Gone" }, { 411, "411 Length Required" }, { 412, "412 Precondition Failed" },
        { 413, "413 Content Too Large" }, { 414, "414 URI Too Long" },
        { 415, "415 Unsupported Media Type" }, { 417, "417 Expectation Failed" },
        { 421, "421 Misdirected Request" }, { 422, "422 Unprocessable Content" },
        { 429, "429 Too Many Requests" }, { 431, "431 Request Header Fields Too Large" },
        { 500, "500 Internal Server Error" }, { 501, "501 Not Implemented" },
        { 502, "502 Bad Gateway" }, { 503, "503 Service Unavailable" },
        { 504, "504 Gateway Timeout" }, { 505, "505 HTTP Version Not Supported" },
    };
    size_t row = 0;

    for (int status = 200; status < 600; status++) {
        bool named = row < sizeof rows / sizeof *rows && rows[row].status == status;
        char line[64];

        if (named)
            (void)snprintf(line, sizeof line, "HTTP/1.1 %s", rows[row++].line);
        else
            (void)snprintf(line, sizeof line, "HTTP/1.1 %d ", status);
        begins(written(&(struct http_response){ .status = status }, false, STAYS), line);
    }
    CHECK(row == sizeof rows / sizeof *rows);
    buf_end(&out);
}

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

TEST(an_answer_is_written_whole)
{
    struct http_response res = { .status = 200, .body = STR("hello") };

    res.headers[res.headers_n++] = (struct http_header){ STR("A"), STR("b") };
    res.headers[res.headers_n++] = (struct http_header){ STR("C"), {0} };
    CHECK_STR(written(&res, false, STAYS),
              STR("HTTP/1.1 200 OK\r\n" DATE "A: b\r\nC: \r\nContent-Length: 5\r\n\r\nhello"));
    CHECK_STR(written(&res, true, STAYS_OLD),
              STR("HTTP/1.1 200 OK\r\n" DATE "A: b\r\nC: \r\nContent-Length: 5\r\n"
                  "Connection: keep-alive\r\n\r\n"));
    buf_end(&out);
}

TEST(what_has_no_body_announces_none)
{
    static const struct { int status; const char *text; } rows[] = {
        { 204, "HTTP/1.1 204 No Content\r\n" DATE "Connection: close\r\n\r\n" },
        { 304, "HTTP/1.1 304 Not Modified\r\n" DATE "Connection: close\r\n\r\n" },
        { 103, "HTTP/1.1 103 \r\n" DATE "Connection: close\r\n\r\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_response res = { .status = rows[i].status, .body = STR("x") };

        CHECK_STR(written(&res, false, CLOSES), str_of(rows[i].text));
    }
    buf_end(&out);
}

TEST(an_answer_without_room_is_not_there_in_part)
{
    buf_init(&out, NULL, 200);
    message_date(0, date);
    message_write_bare(&out, 400, date);
    CHECK(out.n > 0 && !out.failed);
    message_write_bare(&out, 400, date);
    CHECK(out.failed && out.n < 160);
    buf_end(&out);
}

TEST(a_value_that_would_split_the_answer_is_left_out)
{
    static struct exchange x;

    http_answer_header(&x, STR("A"), STR("a\rb"));
    http_answer_header(&x, STR("A"), STR("a\nb"));
    http_answer_header(&x, STR("A"), STR("a\0b"));
    CHECK(x.res.headers_n == 0);
    http_answer_header(&x, STR("A"), STR("a\tb"));
    CHECK(x.res.headers_n == 1);
    for (int i = 0; i < HTTP_ANSWER_HEADERS_MAX; i++)
        http_answer_header(&x, STR("B"), STR("b"));
    CHECK(x.res.headers_n == HTTP_ANSWER_HEADERS_MAX);
    CHECK_STR(x.res.headers[0].name, STR("A"));
}
