// SPDX-License-Identifier: MIT
/* json_test.c - the JSON reader and writer. */
#include "../tests/test.h"
#include "base/json.h"

static const struct json_rules rules = { 8, 100, true };

static err parsed(const char *text, struct json **out)
{
    static struct arena mem;

    arena_end(&mem);
    arena_init(&mem, 64 << 10);
    return json_parse(&mem, str_of(text), &rules, out);
}

TEST(what_rfc_8259_allows_is_read)
{
    static const char *const good[] = {
        "{}", "[]", " [1, -0, 0.5, 1e5, 1E+2, -1.25e-3] ", "\"\"", "true", "null",
        "{\"a\":{\"b\":[null,false]},\"c\":\"\\u00e9\\n\\ud83d\\ude00\"}", "[[[[[[[[]]]]]]]]",
    };
    struct json *v;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_ERR(parsed(good[i], &v), OK);
}

TEST(what_it_does_not_allow_is_refused)
{
    static const char *const bad[] = {
        "",           " ",
        "{",          "}",
        "[",          "[1,]",
        "[,1]",       "{\"a\"}",
        "{\"a\":}",   "{a:1}",
        "{'a':1}",    "01",
        "1.",         ".5",
        "+1",         "1e",
        "- 1",        "\"\\x\"",
        "\"\\u12\"",  "\"a\nb\"",
        "\"",         "nul",
        "nulll",      "[1 2]",
        "{\"a\":1,}", "// c\n1",
        "[1]x",       "\xef\xbb\xbf{}",
        "\"\xff\"",   "\"\xed\xa0\x80\"",
        "NaN",        "Infinity",
    };
    struct json *v;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(parsed(bad[i], &v), ERR_JSON_SHAPE);
}

TEST(depth_count_and_repeated_names_are_bounded)
{
    struct json *v;

    CHECK_ERR(parsed("[[[[[[[[[]]]]]]]]]", &v), ERR_JSON_LIMIT);
    CHECK_ERR(parsed("{\"a\":1,\"\\u0061\":2}", &v), ERR_JSON_REPEATED);
}

TEST(a_lone_surrogate_is_marked)
{
    struct json *v;

    CHECK_ERR(parsed("\"b\\ud800b\"", &v), OK);
    CHECK(v->lone_surrogate);
    CHECK_STR(v->text, STR("b\xed\xa0\x80" "b"));
}

TEST(whole_numbers_are_whole_however_spelled)
{
    struct json *v;
    int64_t n = 0;

    CHECK_ERR(parsed("[9007199254740993, 1.0, 1e3, 1.5, 1e400, 9223372036854775808]", &v), OK);
    v = v->first;
    CHECK(json_int_of(v, &n) && n == 9007199254740993);
    CHECK(json_int_of(v->next, &n) && n == 1);
    CHECK(json_int_of(v->next->next, &n) && n == 1000);
    CHECK(!json_int_of(v->next->next->next, &n));
    CHECK(!json_int_of(v->next->next->next->next, &n));
    CHECK(!json_int_of(v->last, &n));
}

TEST(a_text_is_written_as_v8_does)
{
    struct buf b;

    buf_init(&b, NULL, 1024);
    json_put_text(&b, STR("a\"\\/<\b\n\x01\x7f\xe2\x80\xa8\xed\xa0\xbd"));
    CHECK_STR(buf_str(&b), STR("\"a\\\"\\\\/<\\b\\n\\u0001\x7f\xe2\x80\xa8\\ud83d\""));
    buf_end(&b);
}
