// SPDX-License-Identifier: MIT
/* etag_test.c - tags as Express made them, and who gets a 304. */
#include "../tests/test.h"
#include "api/etag.h"

static struct exchange x;
static struct http_header headers[3];

static bool known(const char *none_match, const char *more, const char *value)
{
    arena_end(&x.mem);
    arena_init(&x.mem, 64 << 10);
    headers[0] = (struct http_header){ STR("If-None-Match"), str_of(none_match) };
    headers[1] = (struct http_header){ str_of(more), str_of(value) };
    x.req = (struct http_request){ .headers = headers, .headers_n = 2 };
    return etag_is_known(&x, STR("W/\"2e-zML67HRz76J+vwxupX1SSxhOASY\""));
}

TEST(tags_are_the_recorded_ones)
{
    static const struct { const char *body, *tag;
    } cases[] = {
        {"Public Content.", "W/\"f-0eME85zdMC7hdiIboG8MHxHEIr0\""},
        {"User Content.", "W/\"d-AznB8FXUt+NgRdD3M3LvzELOYl8\""},
        {"{\"message\":\"Welcome to bezkoder application.\"}",
         "W/\"2e-zML67HRz76J+vwxupX1SSxhOASY\""},
        {"{\"message\":\"Refresh token was expired. Please make a new signin request\"}",
         "W/\"49-Yugcy1J9osOQ4883zUwTBVYNYnY\""},
    };
    static struct etags kept;
    struct arena mem;

    arena_init(&mem, 64 << 10);
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            CHECK_STR(etag_of(&kept, &mem, str_of(cases[i].body)), str_of(cases[i].tag));
            CHECK_STR(etag_of(NULL, &mem, str_of(cases[i].body)), str_of(cases[i].tag));
        }
    arena_end(&mem);
}

TEST(a_kept_tag_never_stands_for_another_body)
{
    static struct etags kept;
    struct arena mem;
    char body[3] = "aa";

    arena_init(&mem, 64 << 10);
    for (body[0] = 'a'; body[0] < 'z'; body[0]++)
        CHECK_STR(etag_of(&kept, &mem, str_of(body)), etag_of(NULL, &mem, str_of(body)));
    arena_end(&mem);
}

TEST(weak_comparison_decides_who_has_it)
{
    CHECK(known("W/\"2e-zML67HRz76J+vwxupX1SSxhOASY\"", "x", ""));
    CHECK(known("\"2e-zML67HRz76J+vwxupX1SSxhOASY\"", "x", ""));
    CHECK(known("\"a\" ,W/\"2e-zML67HRz76J+vwxupX1SSxhOASY\"", "x", ""));
    CHECK(known("\"a\"", "if-none-match", "W/\"2e-zML67HRz76J+vwxupX1SSxhOASY\""));
    CHECK(known("*", "cache-control", "max-age=0"));
    CHECK(!known("2e-zML67HRz76J+vwxupX1SSxhOASY", "x", ""));
    CHECK(!known("", "x", ""));
    CHECK(!known("\"a\"", "x", ""));
    CHECK(!known("*", "cache-control", "max-age=0, no-cache"));
    CHECK(!known("*", "if-modified-since", "Sat, 29 Oct 1994 19:43:31 GMT"));
    arena_end(&x.mem);
}
