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
        "\r\n{\t\"a\"\n:\r1 ,\r\n\"b\" : [ ] }\n",
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

/* {"name0":0,"name1":0, ...}, and at its end one of them again when `twice`. */
static err names_parsed(size_t n, bool twice)
{
    const struct json_rules many = { .depth_max = 2, .values_max = UINT32_MAX, .unique = true };
    struct arena mem;
    struct json *v;
    struct buf b;
    err e;

    arena_init(&mem, SIZE_MAX);
    buf_init(&b, NULL, SIZE_MAX);
    for (size_t i = 0; i < n; i++)
        buf_printf(&b, "%c\"name%zu\":0", i ? ',' : '{', i);
    buf_printf(&b, "%s}", twice ? ",\"name7\":{}" : "");
    if ((e = json_parse(&mem, buf_str(&b), &many, &v)) == OK)
        CHECK(v->n == n && json_member(v, STR("name7")));
    buf_end(&b);
    arena_end(&mem);
    return e;
}

/* The last would take an hour if each name were compared with each. */
TEST(a_name_given_twice_is_found_among_many)
{
    struct json *v;

    CHECK_ERR(names_parsed(10, false), OK);
    CHECK_ERR(names_parsed(10, true), ERR_JSON_REPEATED);
    CHECK_ERR(names_parsed(1000, true), ERR_JSON_REPEATED);
    CHECK_ERR(parsed("{\"\":1,\"a\":2,\"\":3}", &v), ERR_JSON_REPEATED);
    CHECK_ERR(parsed("[{\"a\":1,\"b\":{\"a\":1}},{\"a\":1}]", &v), OK);
    CHECK_ERR(parsed("[{\"a\":{\"c\":1,\"b\":2,\"c\":3}}]", &v), ERR_JSON_REPEATED);
    CHECK_ERR(names_parsed(500000, false), OK);
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
    buf_clear(&b);
    json_put_text(&b, STR("\f\r\t\x1f\xed\x9f\xbf\xed"));
    CHECK_STR(buf_str(&b), STR("\"\\f\\r\\t\\u001f\xed\x9f\xbf\xed\""));
    buf_end(&b);
}

TEST(every_escape_is_read)
{
    struct json *v;

    CHECK_ERR(parsed("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\u20ac\\uD83D\\uDE00\\u0041\"", &v), OK);
    CHECK_STR(v->text, STR("\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" "A"));
    CHECK(!v->lone_surrogate);
    CHECK_ERR(parsed("\t\"ab\\ncd\\u0000ef\"\t", &v), OK);
    CHECK_STR(v->text, STR("ab\ncd\0ef"));
}

TEST(surrogates_that_are_no_pair_stand_alone)
{
    static const char *const lone[] = {
        "\"\\ud800\"",       "\"\\ud800abcdefg\"",  "\"\\ud800\\nabcdefg\"", "\"\\ud800\\u0041\"",
        "\"\\ud800\\ud800\"", "\"\\ud800\\ue000\"", "\"\\udc00\\ud800\"",    "\"\\udfff\"",
    };
    struct json *v;

    for (size_t i = 0; i < sizeof lone / sizeof *lone; i++) {
        CHECK_ERR(parsed(lone[i], &v), OK);
        CHECK(v->lone_surrogate);
    }
    CHECK_ERR(parsed("\"\\ud800\\u00\"", &v), ERR_JSON_SHAPE);
    CHECK_ERR(parsed("\"\\ud7ff\\ue000\"", &v), OK);
    CHECK(!v->lone_surrogate);
}

TEST(escapes_and_texts_that_break_off_are_refused)
{
    static const char *const bad[] = {
        "\"\\",      "\"\\n",       "\"\\nab",      "\"\\u",         "\"\\u12",         "\"\\u00g0\"",
        "\"\\u00/0\"", "\"\\u00:0\"", "\"\\u00@0\"",  "\"\\u00`0\"",  "\"\\n\nab\"",  "\"\\nab\ncd\"",
        "\"a",       "{\"a",         "{\"a\\",       "{\"a\":\"b",      "{\"\\x\":1}",    "\"\\ud800\\uzzzz\"",
        "{\"a\"",     "[\"a\"",       "{\"a\":1",      "[1}",            "{\"a\":1]",       "-",
        "1.e1",      "1e+",         "1E-x",        "tru",            "{1:2}",            "[",
    };
    struct json *v;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err e = parsed(bad[i], &v);

        if (e != ERR_JSON_SHAPE)
            printf("  %s\n", bad[i]);
        CHECK_ERR(e, ERR_JSON_SHAPE);
    }
}

TEST(a_nul_is_neither_blank_nor_escape)
{
    struct arena mem;
    struct json *v;

    arena_init(&mem, 4096);
    CHECK_ERR(json_parse(&mem, STR("[1]\0"), &rules, &v), ERR_JSON_SHAPE);
    CHECK_ERR(json_parse(&mem, STR("\"\\\0\""), &rules, &v), ERR_JSON_SHAPE);
    CHECK_ERR(json_parse(&mem, STR("\"\0\""), &rules, &v), ERR_JSON_SHAPE);
    arena_end(&mem);
}

TEST(more_values_than_allowed_are_refused)
{
    static const struct json_rules three = { 8, 3, false };
    struct arena mem;
    struct json *v;

    arena_init(&mem, 4096);
    CHECK_ERR(json_parse(&mem, STR("[1,2]"), &three, &v), OK);
    CHECK_ERR(json_parse(&mem, STR("[1,2,3]"), &three, &v), ERR_JSON_LIMIT);
    CHECK_ERR(json_parse(&mem, STR("[[],[1]]"), &three, &v), ERR_JSON_LIMIT);
    arena_end(&mem);
}

/* Whatever the arena's limit: no memory, or the whole. */
TEST(a_full_arena_is_said)
{
    static const char text[] = "{\"a\\n\":[1,\"b\\tc\",{}],\"d\":\"\\u00e9\"}";
    bool read = false;
    struct json *v;

    for (size_t max = 0; !read; max += 8) {
        struct arena mem;
        err e;

        arena_init(&mem, max);
        e = json_parse(&mem, str_of(text), &rules, &v);
        read = e == OK;
        CHECK(read || e == ERR_NO_MEMORY);
        CHECK(!read || v->n == 2);
        arena_end(&mem);
        if (max > 1 << 16)
            break;
    }
    CHECK(read);
}

TEST(of_members_with_one_name_the_last_is_found)
{
    static const struct json_rules lax = { 8, 100, false };
    struct arena mem;
    struct json *v;

    arena_init(&mem, 4096);
    CHECK_ERR(json_parse(&mem, STR("{\"a\":1,\"b\":[2],\"a\":3}"), &lax, &v), OK);
    CHECK_STR(json_member(v, STR("a"))->text, STR("3"));
    CHECK(!json_member(v, STR("c")));
    CHECK(!json_member(json_member(v, STR("b")), STR("a")));
    CHECK(!json_member(NULL, STR("a")));
    arena_end(&mem);
}

TEST(what_is_no_whole_number_is_none)
{
    static const char *const bad[] = {
        "[\"1\"]", "[true]", "[-1e300]", "[1e300]", "[0.5]", "[9007199254740993.0]", "[-9007199254740993.0]",
        "[1000000000000000000000000000000000000000000000000000000000000000e-60]",
    };
    struct json *v;
    int64_t n = 7;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERR(parsed(bad[i], &v), OK);
        CHECK(!json_int_of(v->first, &n) && n == 7);
    }
    CHECK(!json_int_of(NULL, &n));
    CHECK(!json_int_of(&(struct json){ .kind = JSON_NUMBER, .text = STR("1.0,5") }, &n));
    CHECK_ERR(parsed("[-9007199254740991.0]", &v), OK);
    CHECK(json_int_of(v->first, &n) && n == -9007199254740991);
}

TEST(members_are_written_in_order)
{
    str words[] = { STR("a"), STR("\"") };
    struct json_writer w;
    struct buf b;

    buf_init(&b, NULL, 1024);
    json_open(&w, &b);
    json_int(&w, "i", -7);
    json_bool(&w, "t", true);
    json_bool(&w, "f", false);
    json_text(&w, "none", (str){0});
    json_text(&w, "empty", STR(""));
    json_texts(&w, "words", (struct strs){ words, 2 });
    json_texts(&w, "nothing", (struct strs){0});
    json_close(&w);
    CHECK_STR(buf_str(&b), STR("{\"i\":-7,\"t\":true,\"f\":false,\"none\":null,\"empty\":\"\","
                               "\"words\":[\"a\",\"\\\"\"],\"nothing\":[]}"));
    buf_end(&b);
}
