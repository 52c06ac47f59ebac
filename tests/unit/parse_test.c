// SPDX-License-Identifier: MIT
/* parse_test.c - the strict HTTP/1.1 parser: what it takes, what it refuses, and that it makes no
 * difference where the bytes are split. */
#include "../tests/test.h"
#include "http/parse.h"

#define H "Host: a\r\n"
#define G "GET / HTTP/1.1\r\n" H
#define P "POST / HTTP/1.1\r\n" H
#define T P "Transfer-Encoding: chunked\r\n\r\n"

/* A message as sent and what becomes of it: 0 taken, else the status it is refused with. */
struct row { const char *why; str message; int want; };
#define ROW(why, message, want) { why, { message, sizeof(message) - 1 }, want }

static const struct row heads[] = {
    ROW("plain GET", G "\r\n", 0),
    ROW("both lengths", P "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ROW("both lengths, other order", P "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n",
        400),
    ROW("unknown coding", P "Transfer-Encoding: xchunked\r\n\r\n", 400),
    ROW("coding list", P "Transfer-Encoding: chunked, identity\r\n\r\n", 400),
    ROW("coding before chunked", P "Transfer-Encoding: gzip, chunked\r\n\r\n", 400),
    ROW("identity", P "Transfer-Encoding: identity\r\n\r\n", 400),
    ROW("empty coding", P "Transfer-Encoding:\r\n\r\n", 400),
    ROW("two codings", P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ROW("VT before the coding", P "Transfer-Encoding: \vchunked\r\n\r\n", 400),
    ROW("coding on 1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ROW("chunked whatever its case", P "transfer-encoding: ChunkeD\r\n\r\n", 0),
    ROW("two lengths", P "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
    ROW("two equal lengths", P "Content-Length: 2\r\nContent-Length: 2\r\n\r\n", 400),
    ROW("length list", P "Content-Length: 2, 2\r\n\r\n", 400),
    ROW("negative length", P "Content-Length: -2\r\n\r\n", 400),
    ROW("length with a plus", P "Content-Length: +2\r\n\r\n", 400),
    ROW("hex length", P "Content-Length: 0x2\r\n\r\n", 400),
    ROW("two numbers", P "Content-Length: 2 3\r\n\r\n", 400),
    ROW("empty length", P "Content-Length:\r\n\r\n", 400),
    ROW("length 2^64+2", P "Content-Length: 18446744073709551618\r\n\r\n", 400),
    ROW("length 2^63", P "Content-Length: 9223372036854775808\r\n\r\n", 400),
    ROW("length of 18 digits is a number", P "Content-Length: 999999999999999999\r\n\r\n", 0),
    ROW("folded", G "X: a\r\n b\r\n\r\n", 400),
    ROW("folded coding", P "Transfer-Encoding:\r\n chunked\r\n\r\n", 400),
    ROW("blank before the colon", G "X : a\r\n\r\n", 400),
    ROW("tab before the colon", G "X\t: a\r\n\r\n", 400),
    ROW("blank before the first name", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    ROW("no colon", G "X\r\n\r\n", 400),
    ROW("empty name", G ": a\r\n\r\n", 400),
    ROW("blank in a name", G "x y: 1\r\n\r\n", 400),
    ROW("bare LF all over", "GET / HTTP/1.1\nHost: a\n\n", 400),
    ROW("bare LF in one field", G "X: a\nY: b\r\n\r\n", 400),
    ROW("bare LF as the end", G "\n", 400),
    ROW("bare CR in a value", G "X: a\rb\r\n\r\n", 400),
    ROW("bare CR as a line's end", G "X: \rTransfer-Encoding: chunked\r\n\r\n", 400),
    ROW("CR before the request line", "\rGET / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("NUL in a value", G "X: a\0b\r\n\r\n", 400),
    ROW("NUL in a name", G "X\0: a\r\n\r\n", 400),
    ROW("NUL in the target", "GET /\0 HTTP/1.1\r\n" H "\r\n", 400),
    ROW("control byte in a value", G "X: a\x01\r\n\r\n", 400),
    ROW("DEL in a value", G "X: a\x7f\r\n\r\n", 400),
    ROW("bytes above ASCII in a value", G "X: caf\xc3\xa9\r\n\r\n", 0),
    ROW("empty value", G "X:\r\n\r\n", 0),
    ROW("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
    ROW("no Host on 1.0", "GET / HTTP/1.0\r\n\r\n", 0),
    ROW("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0),
    ROW("two Hosts", G "Host: b\r\n\r\n", 400),
    ROW("two equal Hosts", G H "\r\n", 400),
    ROW("senseless Host", "GET / HTTP/1.1\r\nHost: a b/@\r\n\r\n", 400),
    ROW("Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    ROW("Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    ROW("Host list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    ROW("Host with two ports", "GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", 400),
    ROW("Host with a name for a port", "GET / HTTP/1.1\r\nHost: a:http\r\n\r\n", 400),
    ROW("Host with a port", "GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n", 0),
    ROW("Host IPv6", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 0),
    ROW("Host IPv6 not closed", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", 400),
    ROW("Host IPv6 with more", "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", 400),
    ROW("Host with a broken escape", "GET / HTTP/1.1\r\nHost: a%2\r\n\r\n", 400),
    ROW("Host with a long port", "GET / HTTP/1.1\r\nHost: a:123456\r\n\r\n", 400),
    ROW("Host with an empty port", "GET / HTTP/1.1\r\nHost: a:\r\n\r\n", 0),
    ROW("Host with an escape", "GET / HTTP/1.1\r\nHost: a%2d%2Db\r\n\r\n", 0),
    ROW("Host with no escape", "GET / HTTP/1.1\r\nHost: a%g2\r\n\r\n", 400),
    ROW("Host with half an escape", "GET / HTTP/1.1\r\nHost: a%2g\r\n\r\n", 400),
    ROW("Host IPv6 of IPv4", "GET / HTTP/1.1\r\nHost: [::ffff:1.2.3.4]\r\n\r\n", 0),
    ROW("Host IPv6 with a zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25lo]\r\n\r\n", 400),
    ROW("Host IPv6 that is empty", "GET / HTTP/1.1\r\nHost: []\r\n\r\n", 400),
    ROW("Host IPv6 with a long port", "GET / HTTP/1.1\r\nHost: [::1]:123456\r\n\r\n", 400),
    ROW("names as long as those that count", G "Note: a, b\r\nAccept: a/b\r\nUser-Agent: a\r\n"
        "Accept-Charset: b\r\nIf-Modified-Since: c\r\n\r\n", 0),
    ROW("HTTP/0.9", "GET /\r\n\r\n", 400),
    ROW("HTTP/1.2 does not exist", "GET / HTTP/1.2\r\n" H "\r\n", 400),
    ROW("HTTP/2.0 is another protocol", "GET / HTTP/2.0\r\n" H "\r\n", 505),
    ROW("HTTP/0.9 spelled out", "GET / HTTP/0.9\r\n" H "\r\n", 505),
    ROW("HTTP/1.10", "GET / HTTP/1.10\r\n" H "\r\n", 400),
    ROW("HTTP/01.1", "GET / HTTP/01.1\r\n" H "\r\n", 400),
    ROW("http/1.1", "GET / http/1.1\r\n" H "\r\n", 400),
    ROW("HTTP/1.1 and a blank", "GET / HTTP/1.1 \r\n" H "\r\n", 400),
    ROW("HTTP/A.1", "GET / HTTP/A.1\r\n" H "\r\n", 400),
    ROW("HTTP/1.A", "GET / HTTP/1.A\r\n" H "\r\n", 400),
    ROW("HTTP/1,1", "GET / HTTP/1,1\r\n" H "\r\n", 400),
    ROW("bare CR behind the version", "GET / HTTP/1.1\rX\r\n" H "\r\n", 400),
    ROW("version cut short", "GET / HTTP/1\r\n\r\n", 400),
    ROW("two spaces", "GET  / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("two spaces before the version", "GET /  HTTP/1.1\r\n" H "\r\n", 400),
    ROW("space in the target", "GET /a b HTTP/1.1\r\n" H "\r\n", 400),
    ROW("tabs", "GET\t/\tHTTP/1.1\r\n" H "\r\n", 400),
    ROW("no target", "GET HTTP/1.1\r\n" H "\r\n", 400),
    ROW("blank before the method", " GET / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("CONNECT", "CONNECT a:443 HTTP/1.1\r\n" H "\r\n", 501),
    ROW("target above ASCII", "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n", 400),
    ROW("unknown method", "FOO / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("method in lower case", "get / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("method with junk", "G@T( / HTTP/1.1\r\n" H "\r\n", 400),
    ROW("a rare method", "M-SEARCH / HTTP/1.1\r\n" H "\r\n", 0),
    ROW("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", 400),
    ROW("TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400),
    ROW("one empty line before", "\r\n" G "\r\n", 0),
    ROW("two empty lines before", "\r\n\r\n" G "\r\n", 0),
    ROW("three empty lines before", "\r\n\r\n\r\n" G "\r\n", 400),
    ROW("query without a path", "GET ?x HTTP/1.1\r\n" H "\r\n", 400),
    ROW("fragment alone", "GET #x HTTP/1.1\r\n" H "\r\n", 400),
    ROW("relative target", "GET a HTTP/1.1\r\n" H "\r\n", 400),
    ROW("star and more", "GET *a HTTP/1.1\r\n" H "\r\n", 400),
    ROW("user in an absolute target", "GET http://u@a/ HTTP/1.1\r\n" H "\r\n", 400),
    ROW("another scheme", "GET ftp://a/ HTTP/1.1\r\n" H "\r\n", 400),
};

/* Find and take apart what comes in pieces of `step` bytes. -1: it never became a head. */
static int taken(str message, size_t step, struct head *out)
{
    struct head_scan scan = {0};

    for (size_t n = step < message.n ? step : message.n;;
         n = n + step < message.n ? n + step : message.n) {
        ptrdiff_t k = head_find(&scan, message.p, n);

        if (k < 0)
            return 400;
        if (k > 0)
            return head_parse((str){ message.p, (size_t)k }, HTTP_HEADERS_MAX, out);
        if (n == message.n)
            return -1;
    }
}

TEST(what_is_ambiguous_is_refused)
{
    static struct head head;

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
        int got = taken(heads[i].message, heads[i].message.n, &head);

        if (got != heads[i].want)
            printf("  %s: got %d\n", heads[i].why, got);
        CHECK(got == heads[i].want);
    }
}

TEST(it_does_not_matter_where_a_head_is_split)
{
    static struct head head;

    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        for (size_t step = 1; step <= heads[i].message.n; step++)
            CHECK(taken(heads[i].message, step, &head) == heads[i].want);
}

TEST(half_a_head_waits_for_more)
{
    static const char whole[] = "\r\n" G "X: y\r\n\r\n";
    struct head_scan scan;

    for (size_t n = 0; n < sizeof whole - 1; n++) {
        scan = (struct head_scan){0};
        CHECK(head_find(&scan, whole, n) == 0);
    }
}

TEST(a_head_ends_at_its_blank_line)
{
    static const char two[] = G "\r\n" G "\r\n";
    struct head_scan scan = {0};

    CHECK(head_find(&scan, two, sizeof two - 1) == (ptrdiff_t)(sizeof two - 1) / 2);
}

TEST(targets_are_taken_apart)
{
    static const struct { const char *target, *path, *query; } rows[] = {
        { "/", "/", "" },
        { "/a?b=c", "/a", "b=c" },
        { "/a?", "/a", "" },
        { "/a?b?c", "/a", "b?c" },
        { "/a#f", "/a", "" },
        { "/a?b#f?g", "/a", "b" },
        { "/a#f?g", "/a", "" },
        { "//", "//", "" },
        { "*", "*", "" },
        { "/a\\b", "/a\\b", "" },
        { "/a\"'&<>`{|}^", "/a\"'&<>`{|}^", "" },
        { "http://h/p", "/p", "" },
        { "HTTPS://h:1/p?q", "/p", "q" },
        { "http://h", "/", "" },
        { "http://h?q", "/", "q" },
        { "http://h#f", "/", "" },
        { "http:///api/test/all", "/api/test/all", "" },
        { "http://[::1]:80/p", "/p", "" },
    };
    static struct head head;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[128];
        int n = snprintf(line, sizeof line, "GET %s HTTP/1.1\r\nHost:\r\n\r\n", rows[i].target);

        CHECK(taken((str){ line, (size_t)n }, (size_t)n, &head) == 0);
        CHECK_STR(head.target, str_of(rows[i].target));
        CHECK_STR(head.path, str_of(rows[i].path));
        CHECK_STR(head.query, str_of(rows[i].query));
    }
}

TEST(fields_are_read_and_trimmed)
{
    static struct head head;

    CHECK(
        taken(STR("POST /a HTTP/1.1\r\nhost: b\r\nX-A: \t c d \t \r\nContent-Length: 007\r\n\r\n"),
              99, &head) == 0);
    CHECK_STR(head.method, STR("POST"));
    CHECK(head.headers_n == 3);
    CHECK_STR(head.headers[1].name, STR("X-A"));
    CHECK_STR(head.headers[1].value, STR("c d"));
    CHECK(head.has_length && head.length == 7 && !head.chunked && head.keep && !head.old);
}

TEST(the_connection_stays_as_agreed)
{
    static const struct { str message; bool keep; } rows[] = {
        { { G "\r\n", sizeof(G "\r\n") - 1 }, true },
#define KEEP(m, k) { { m, sizeof(m) - 1 }, k }
        KEEP(G "Connection: close\r\n\r\n", false),
        KEEP(G "connection: keep-alive , CLOSE\r\n\r\n", false),
        KEEP(G "Connection: x\r\nConnection: ,close\r\n\r\n", false),
        KEEP(G "Connection: close\r\nConnection: keep-alive\r\n\r\n", false),
        KEEP(G "Connection: closed\r\n\r\n", true),
        KEEP("GET / HTTP/1.0\r\n\r\n", false),
        KEEP("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true),
        KEEP("GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: x\r\n\r\n", true),
        KEEP("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
    };
    static struct head head;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        CHECK(taken(rows[i].message, 7, &head) == 0);
        CHECK(head.keep == rows[i].keep);
    }
}

TEST(expectations_are_told_apart)
{
    static struct head head;

    CHECK(taken(STR(P "Expect: 100-Continue\r\n\r\n"), 99, &head) == 0 &&
          head.expect == EXPECT_CONTINUE);
    CHECK(taken(STR(P "Expect: foo\r\n\r\n"), 99, &head) == 0 && head.expect == EXPECT_OTHER);
    CHECK(taken(STR(P "Expect: foo\r\nExpect: 100-continue\r\n\r\n"), 99, &head) == 0);
    CHECK(head.expect == EXPECT_OTHER);
    CHECK(taken(STR("POST / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"), 99, &head) == 0);
    CHECK(head.expect == EXPECT_NONE);
}

TEST(one_field_more_than_allowed_is_too_many)
{
    static const char message[] = "GET / HTTP/1.1\r\nHost:\r\nA: 1\r\nB: 2\r\n\r\n";
    static struct head head;

    CHECK(head_parse((str){ message, sizeof message - 1 }, 3, &head) == 0);
    CHECK(head_parse((str){ message, sizeof message - 1 }, 2, &head) == 431);
}

TEST(empty_lines_alone_are_no_request)
{
    static struct head head;

    CHECK(head_parse(STR("\r\n\r\n"), HTTP_HEADERS_MAX, &head) == 400);
}

TEST(a_request_that_was_no_text_is_held_to_the_same)
{
    static const struct { const char *method, *target, *authority; int want; } rows[] = {
        { "GET", "/a?b", "example.org:443", 0 },
        { "OPTIONS", "*", "", 0 },
        { "GET", "/", NULL, 0 },
        { "get", "/", "a", 400 },
        { "CONNECT", "/", "a", 501 },
        { "GET", "", "a", 400 },
        { "GET", "a", "a", 400 },
        { "GET", "http://a/", "a", 400 },
        { "GET", "/a b", "a", 400 },
        { "GET", "/\xc3\xa4", "a", 400 },
        { "GET", "*a", "a", 400 },
        { "GET", "/", "u@a", 400 },
        { "GET", "/", "a/b", 400 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        static struct head head;
        int got;

        head = (struct head){ .method = str_of(rows[i].method), .target = str_of(rows[i].target) };
        got = request_check(&head, str_of(rows[i].authority));
        if (got != rows[i].want)
            printf("  %s %s: got %d\n", rows[i].method, rows[i].target, got);
        CHECK(got == rows[i].want);
    }
}

static const struct row bodies[] = {
    ROW("two chunks", "2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n", 1),
    ROW("none", "0\r\n\r\n", 1),
    ROW("upper and lower case", "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n", 1),
    ROW("extensions", "2;a=b;c=\"d\"\r\nab\r\n0;x\r\n\r\n", 1),
    ROW("trailers", "2\r\nab\r\n0\r\nX-A: b\r\nY: \r\n\r\n", 1),
    ROW("several zeros", "00000\r\n\r\n", 1),
    ROW("not complete", "2\r\nab\r\n0\r\n\r", 0),
    ROW("size 2^64", "10000000000000000\r\n", -1),
    ROW("size ffffffffffffffff", "ffffffffffffffff\r\n", -1),
    ROW("more digits than any size", "000000001\r\na\r\n0\r\n\r\n", -1),
    ROW("negative", "-1\r\n", -1),
    ROW("0x2", "0x2\r\nab\r\n0\r\n\r\n", -1),
    ROW("no size", "\r\n", -1),
    ROW("bad size", "zz\r\n", -1),
    ROW("bare LF after the size", "2\nab\r\n0\r\n\r\n", -1),
    ROW("CR without LF after the size", "2\rab\r\n0\r\n\r\n", -1),
    ROW("data longer than its size", "2\r\nabc\r\n0\r\n\r\n", -1),
    ROW("data not closed", "2\r\nab0\r\n\r\n", -1),
    ROW("data closed by LF", "2\r\nab\n0\r\n\r\n", -1),
    ROW("data closed by CR alone", "2\r\nab\r0\r\n\r\n", -1),
    ROW("bare LF in an extension", "2;a\nb\r\nab\r\n0\r\n\r\n", -1),
    ROW("NUL in an extension", "2;\0\r\nab\r\n0\r\n\r\n", -1),
    ROW("blank after the size", "2 \r\nab\r\n0\r\n\r\n", -1),
    ROW("blank before the size", " 2\r\nab\r\n0\r\n\r\n", -1),
    ROW("bare LF in a trailer", "0\r\nX: a\n\r\n", -1),
    ROW("blank in a trailer's name", "0\r\nX y: a\r\n\r\n", -1),
    ROW("bare CR behind a trailer", "0\r\nX: a\rY: b\r\n\r\n", -1),
    ROW("bare LF as the end", "0\r\n\n", -1),
    ROW("bare CR as the end", "0\r\n\rGET", -1),
    ROW("folded trailer", "0\r\nX: a\r\n b\r\n\r\n", -1),
};

/* All of a body in pieces of `step` bytes; joined in `out`. */
static int joined(str body, size_t step, char *out, size_t *n)
{
    struct chunks c = {0};
    int rc = 0;

    *n = 0;
    for (size_t at = 0; at < body.n && rc == 0;) {
        size_t piece = step < body.n - at ? step : body.n - at, used;
        str data;

        rc = chunks_next(&c, body.p + at, piece, &used, &data);
        if (data.n)
            memcpy(out + *n, data.p, data.n);
        *n += data.n;
        at += used;
    }
    return rc;
}

TEST(chunks_join_whatever_their_pieces)
{
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char whole[64], pieces[64];
        size_t n, m;

        if (joined(bodies[i].message, bodies[i].message.n, whole, &n) != bodies[i].want)
            printf("  %s\n", bodies[i].why);
        CHECK(joined(bodies[i].message, bodies[i].message.n, whole, &n) == bodies[i].want);
        for (size_t step = 1; step < bodies[i].message.n; step++) {
            CHECK(joined(bodies[i].message, step, pieces, &m) == bodies[i].want);
            CHECK_STR(((str){ pieces, m }), ((str){ whole, n }));
        }
    }
}

TEST(chunked_data_is_what_was_sent)
{
    char out[64];
    size_t n;

    CHECK(joined(STR("2\r\nab\r\n3;x\r\ncde\r\n0\r\nT: u\r\n\r\nGET"), 99, out, &n) == 1);
    CHECK_STR(((str){ out, n }), STR("abcde"));
}

TEST(extensions_and_trailers_are_bounded)
{
    static char long_one[8192];
    struct chunks c = {0};
    size_t used;
    str data;

    memset(long_one, 'a', sizeof long_one);
    memcpy(long_one, "1;", 2);
    CHECK(chunks_next(&c, long_one, sizeof long_one, &used, &data) == -1);
    c = (struct chunks){0};
    memcpy(long_one, "0\r\nX:", 5);
    CHECK(chunks_next(&c, long_one, sizeof long_one, &used, &data) == -1);
    c = (struct chunks){0};
    memset(long_one, 'a', sizeof long_one);
    memcpy(long_one, "0\r\n", 3);
    CHECK(chunks_next(&c, long_one, sizeof long_one, &used, &data) == -1);
}

TEST(short_trailers_are_bounded_as_long_ones)
{
    static char many[4 * 8192];
    struct chunks c = {0};
    size_t used;
    str data;

    for (size_t i = 0; i < sizeof many; i += 4)
        memcpy(many + i, "a:\r\n", 4);
    CHECK(chunks_next(&c, "0\r\n", 3, &used, &data) == 0);
    CHECK(chunks_next(&c, many, sizeof many, &used, &data) == -1);
}

TEST(nothing_is_taken_behind_the_end_or_a_fault)
{
    static const struct { const char *body; int want; } rows[] = {
        { "0\r\n\r\n", 1 }, { "0\r\n\n", -1 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct chunks c = {0};
        size_t used;
        str data;

        CHECK(chunks_next(&c, rows[i].body, strlen(rows[i].body), &used, &data) == rows[i].want);
        CHECK(chunks_next(&c, "1\r\na", 4, &used, &data) == rows[i].want);
        CHECK(used == 0 && data.n == 0);
    }
}
