// SPDX-License-Identifier: MIT
/* body_test.c - types, charsets, codings and limits of bodies. */
#include "../tests/fault.h"
#include "../tests/test.h"
#include "api/body.h"
#include "api/charset.h"
#include "api/inflate.h"
#include "api/media_type.h"

#include <zlib.h>

static struct exchange x;
static struct http_header headers[2];

/* Read `body` under these fields and rules; what is at .a, or an empty text. */
static err body_by(const struct body_rules *rules, const char *type, const char *coding, str body,
                   str *a)
{
    const struct json *tree, *member;
    err e;

    arena_end(&x.mem);
    arena_init(&x.mem, 2 << 20);
    headers[0] = (struct http_header){ STR("Content-Type"), str_of(type) };
    headers[1] = (struct http_header){ STR("content-encoding"), str_of(coding) };
    x.req =
        (struct http_request){.headers = headers, .headers_n = 2, .body = body, .has_body = true};
    *a = STR("");
    if ((e = body_read(&x, rules, &tree)) != OK)
        return e;
    member = json_member(tree, STR("a"));
    if (!tree)
        *a = STR("no body");
    else if (member)
        *a = member->text;
    return OK;
}

static err body_of(const char *type, const char *coding, str body, str *a)
{
    return body_by(&(struct body_rules){.lax = true, .forms = true, .wanted = true}, type, coding,
                   body, a);
}

static err strictly(const char *type, str body, str *a)
{
    return body_by(&(struct body_rules){ .wanted = true }, type, "", body, a);
}

TEST(in_production_a_body_is_utf8_or_refused)
{
    str a;

    CHECK_ERR(strictly("application/json; charset=UTF-8", STR("{\"a\":\"\xC3\xA4\"}"), &a), OK);
    CHECK_STR(a, STR("\xC3\xA4"));
    CHECK_ERR(strictly("application/json", STR("{\"a\":\"\xE4\"}"), &a), ERR_NOT_UNICODE);
    CHECK_ERR(strictly("application/json", STR("{\"a\":\"\xC0\x80\"}"), &a), ERR_NOT_UNICODE);
    CHECK_ERR(strictly("application/json", STR("{\"a\":\"\xED\xA0\x80\"}"), &a), ERR_NOT_UNICODE);
    CHECK_ERR(strictly("application/json; charset=utf-16", STR("{\0}\0"), &a), ERR_BODY_CHARSET);
    CHECK_ERR(strictly("application/json; charset=utf-7", STR("{}"), &a), ERR_BODY_CHARSET);
    CHECK_ERR(strictly("application/json", STR("\xEF\xBB\xBF{}"), &a), ERR_JSON_SHAPE);
}

TEST(in_production_a_body_is_json_or_refused)
{
    static const char *const others[] = {
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "text/json",
        "json",
        "",
        "application/json; foo",
        "text/plain; application/json",
        "application/jsonp",
    };
    const struct body_rules unwanted = {0}, forms = { .forms = true, .wanted = true };
    str a;

    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK_ERR(strictly(others[i], STR("{\"a\":\"x\"}"), &a), ERR_BODY_TYPE);
        CHECK_ERR(body_by(&unwanted, others[i], "", STR("{\"a\":\"x\"}"), &a), OK);
    }
    CHECK_ERR(strictly("application/json; charset=utf-8", STR("{\"a\":\"x\"}"), &a), OK);
    CHECK_STR(a, STR("x"));
    CHECK_ERR(strictly("", STR(""), &a), OK);
    CHECK_ERR(body_by(&forms, "application/x-www-form-urlencoded", "", STR("a=x"), &a), OK);
    CHECK_STR(a, STR("x"));
}

TEST(in_production_a_name_stands_once)
{
    str a;

    CHECK_ERR(strictly("application/json", STR("{\"a\":\"x\",\"a\":\"y\"}"), &a),
              ERR_JSON_REPEATED);
    CHECK_ERR(strictly("application/json", STR("{\"a\":\"x\",\"\\u0061\":\"y\"}"), &a),
              ERR_JSON_REPEATED);
    CHECK_ERR(body_of("application/json", "", STR("{\"a\":\"x\",\"a\":\"y\"}"), &a), OK);
    CHECK_STR(a, STR("y"));
}

TEST(the_type_decides_what_is_read)
{
    static const struct { const char *type, *want; } cases[] = {
        { "application/json", "x" },
        { "Application/JSON ; charset=UTF-8", "x" },
        { "application/json;charset=\"utf-8\"", "x" },
        { "application/json;charset=\"u\\tf-8\"", "x" },
        { "application/json; foo=bar; v=1", "x" },
        { "application/json; charset=bogus; charset=utf-8", "x" },
        { "application/json; foo", "no body" },
        { "application/json; foo=", "no body" },
        { "application/json;", "no body" },
        { "application/json x", "no body" },
        { "application/vnd.api+json", "no body" },
        { "text/json", "no body" },
        { "json", "no body" },
        { "", "no body" },
    };
    str a;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_ERR(body_of(cases[i].type, "", STR("{\"a\":\"x\"}"), &a), OK);
        CHECK_STR(a, str_of(cases[i].want));
    }
    CHECK_ERR(body_of("application/x-www-form-urlencoded; charset=utf-8", "", STR("a=x"), &a), OK);
    CHECK_STR(a, STR("x"));
}

TEST(charsets_are_taken_or_refused)
{
    static const char *const refused[] = {"iso-8859-1", "us-ascii", "utf8", "utf-32",
                                          "bogus",      "\"\"",     "utf-9"};
    char type[80];
    str a;

    CHECK_ERR(body_of("application/json; charset=utf-16le", "",
                      (str){"{\0\"\0a\0\"\0:\0\"\0\x3d\xd8\x00\xde\"\0}\0", 20}, &a),
              OK);
    CHECK_STR(a, STR("\xf0\x9f\x98\x80"));
    CHECK_ERR(body_of("application/json; charset=utf-16", "",
                      (str){"\xfe\xff\0{\0\"\0a\0\"\0:\0\"\0x\0\"\0}", 20}, &a),
              OK);
    CHECK_STR(a, STR("x"));
    CHECK_ERR(body_of("application/json; charset=utf-7", "", STR("{+ACI-a\":\"+2D3eAA-+-\"}"), &a),
              OK);
    CHECK_STR(a, STR("\xf0\x9f\x98\x80+"));
    for (size_t i = 0; i < sizeof refused / sizeof *refused - 2; i++) {
        (void)snprintf(type, sizeof type, "application/json; charset=%s", refused[i]);
        CHECK_ERR(body_of(type, "", STR("{}"), &a), ERR_BODY_CHARSET);
    }
    CHECK_ERR(body_of("application/x-www-form-urlencoded; charset=utf-16", "", STR("a=x"), &a),
              ERR_BODY_CHARSET);
}

TEST(what_is_not_utf_8_is_repaired_and_a_bom_dropped)
{
    str a;

    CHECK_ERR(body_of("application/json", "", STR("\xef\xbb\xbf{\"a\":\"x\xff\"}"), &a), OK);
    CHECK_STR(a, STR("x\xef\xbf\xbd"));
    CHECK_ERR(body_of("application/json; charset=utf-16le", "", (str){"{\0}\0\x00\xd8", 6}, &a),
              ERR_JSON_SHAPE);
}

TEST(only_objects_and_lists_are_bodies)
{
    static const char *const bad[] = { " ", "1", "null", "\"x\"", "{bad", "{\"a\":1}x" };
    str a;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(body_of("application/json", "", str_of(bad[i]), &a), ERR_JSON_SHAPE);
    CHECK_ERR(body_of("application/json", "", STR(""), &a), OK);
    CHECK_ERR(body_of("application/json", "", STR("[1]"), &a), OK);
    CHECK_ERR(body_of("application/json", "", STR("{\"a\":\"1\",\"a\":\"2\"}"), &a), OK);
    CHECK_STR(a, STR("2"));
}

/* `n` bytes of {"a":"...."} folded; window 31 is gzip, 15 zlib, -15 bare deflate. */
static str folded(size_t n, int window)
{
    static unsigned char plain[BODY_MAX + 64], out[4096];
    z_stream z = {0};

    memset(plain, 'x', n);
    memcpy(plain, "{\"a\":\"", 6);
    memcpy(plain + n - 2, "\"}", 2);
    CHECK(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = plain;
    z.avail_in = (unsigned)n;
    z.next_out = out;
    z.avail_out = sizeof out;
    CHECK(deflate(&z, Z_FINISH) == Z_STREAM_END);
    (void)deflateEnd(&z);
    return (str){ (char *)out, sizeof out - z.avail_out };
}

TEST(folded_bodies_are_unfolded_within_the_limit)
{
    str a, gzip = folded(BODY_MAX, 31);

    CHECK_ERR(body_of("application/json", "GZIP", gzip, &a), OK);
    CHECK(a.n == BODY_MAX - 8);
    CHECK_ERR(body_of("application/json", "gzip", folded(BODY_MAX + 1, 31), &a),
              ERR_BODY_TOO_LARGE);
    CHECK_ERR(body_of("application/json", "deflate", folded(100, 15), &a), OK);
    CHECK(a.n == 92);
    CHECK_ERR(body_of("application/json", "identity", STR("{}"), &a), OK);
    CHECK_ERR(body_of("application/json", "gzip", STR(""), &a), OK);
}

TEST(broken_foldings_are_refused)
{
    str a, gzip = folded(1000, 31);

    CHECK_ERR(body_of("application/json", "gzip", str_head(gzip, gzip.n - 1), &a), ERR_BODY_BROKEN);
    CHECK_ERR(body_of("application/json", "gzip", STR("not gzip at all"), &a), ERR_BODY_BROKEN);
    CHECK_ERR(body_of("application/json", "deflate", folded(100, -15), &a), ERR_BODY_BROKEN);
    CHECK_ERR(body_of("application/json", "br", STR("{}"), &a), ERR_BODY_ENCODING);
    CHECK_ERR(body_of("application/json", "gzip, gzip", STR("{}"), &a), ERR_BODY_ENCODING);
}

TEST(the_limit_itself_still_passes)
{
    static char body[BODY_MAX + 1];
    str a;

    memset(body, ' ', sizeof body);
    memcpy(body, "{}", 2);
    CHECK_ERR(body_of("application/json", "", (str){ body, BODY_MAX }, &a), OK);
    CHECK_ERR(body_of("application/json", "", (str){ body, BODY_MAX + 1 }, &a), ERR_BODY_TOO_LARGE);
    memset(body, '[', sizeof body);
    CHECK_ERR(body_of("application/json", "", (str){ body, BODY_MAX }, &a), ERR_JSON_LIMIT);
    arena_end(&x.mem);
}

/* `a` and then `b`, in the test's arena. */
static str both(str a, str b)
{
    struct buf all;

    buf_init(&all, NULL, a.n + b.n + 1);
    buf_put(&all, a);
    buf_put(&all, b);
    return buf_str(&all);
}

/* RFC 1952 section 2.2: several members are one text; what is no member is left alone, as zlib's
 * own readers do. */
TEST(members_of_gzip_follow_one_another)
{
    static const struct { const char *rest; size_t n; } rests[] = {
        {"", 0}, {"x", 1}, {"\x1f", 1}, {"\x1f\x8c", 2}, {"xx", 2}};
    str one = folded(100, 31), head, a;
    struct arena mem;

    arena_init(&mem, 1 << 20);
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        str all = both(one, (str){ rests[i].rest, rests[i].n });

        CHECK_ERR(inflate_read(&mem, INFLATE_GZIP, all, 1000, &a), OK);
        CHECK(a.n == 100);
        free((char *)(uintptr_t)all.p);
    }
    head = both(one, one);
    CHECK_ERR(inflate_read(&mem, INFLATE_GZIP, head, 1000, &a), OK);
    CHECK(a.n == 200 && memcmp(a.p, a.p + 100, 100) == 0);
    CHECK_ERR(inflate_read(&mem, INFLATE_GZIP, head, 199, &a), ERR_BODY_TOO_LARGE);
    for (size_t n = one.n + 2; n < head.n; n++, arena_end(&mem))
        CHECK_ERR(inflate_read(&mem, INFLATE_GZIP, str_head(head, n), 1000, &a), ERR_BODY_BROKEN);
    free((char *)(uintptr_t)head.p);
    arena_end(&mem);
}

TEST(what_finds_no_room_to_unfold_in_is_no_broken_body)
{
    str one = folded(100, 31), a;
    struct arena mem;

    arena_init(&mem, 1 << 20);
    for (struct round r = { FAULT_ARENA }; round_next(&r);) {
        err e = inflate_read(&mem, INFLATE_GZIP, one, 1000, &a);

        CHECK_ERR(e, round_met(&r) ? ERR_NO_MEMORY : OK);
    }
    CHECK(a.n == 100);
    arena_end(&mem);
}
