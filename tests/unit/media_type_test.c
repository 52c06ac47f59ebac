// SPDX-License-Identifier: MIT
/* media_type_test.c - Content-Type, by RFC 9110 section 8.3.1, to its last octet. */
#include "../tests/test.h"
#include "api/charset.h"
#include "api/media_type.h"

#define BYTES(text) { text, sizeof text - 1 }

static struct media_type type;

static bool read(str text)
{
    type = (struct media_type){0};
    return media_type_read(text, &type);
}

TEST(a_type_is_two_tokens_around_a_slash)
{
    static const str good[] = {
        BYTES("a/b"), BYTES("A/B"), BYTES("x-y.z/v+w"), BYTES("0!#$%&'*+-.^_`|~9/!#$%&'*+-.^_`|~"),
    };
    static const str bad[] = {
        BYTES(""),      BYTES("/"),      BYTES("a"),      BYTES("a/"),      BYTES("/b"),
        BYTES("a b/c"), BYTES("a/b c"),  BYTES("a,b/c"),  BYTES("a/b,c"),   BYTES("{/b"),
        BYTES("a/}"),   BYTES("a/\x7f"), BYTES("a\0/b"),  BYTES("a/\0"),    BYTES("a/b\0"),
        BYTES("a/@"),   BYTES("a/["),    BYTES("\xe4/b"), BYTES("a/\xc3\xa4"), BYTES("a\\/b"),
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        CHECK(read(good[i]));
        CHECK_STR(type.name, good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!read(bad[i]));
    CHECK(read(STR(" \ta/b\t ")));
    CHECK_STR(type.name, STR("a/b"));
}

TEST(a_parameter_is_a_name_and_a_value)
{
    static const str bad[] = {
        BYTES("a/b;"),     BYTES("a/b; "),    BYTES("a/b;c"),      BYTES("a/b;=d"),
        BYTES("a/b;c="),   BYTES("a/b;c=;"),  BYTES("a/b;;c=d"),   BYTES("a/b;c=d e"),
        BYTES("a/b c=d"),  BYTES("a/b;c=\""), BYTES("a/b;c=\"d"),  BYTES("a/b;c=\"\\"),
        BYTES("a/b;c=\"\x1f\""), BYTES("a/b;c=\"\0\""), BYTES("a/b;c=\"\x7f\""),
        BYTES("a/b;c=\"d\\\n\""), BYTES("a/b;c=\"d\"e"), BYTES("a/b;c=\"d\\\""),
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!read(bad[i]));
    CHECK(read(STR("a/b;c=d")) && type.charset.n == 0);
    CHECK(read(STR("a/b \t;\t c\t= \td ;e=\"\"")) && type.charset.n == 0);
    CHECK(read(STR("a/b;c=\"\xc3\xa4;=, \\\"\"")) && type.charset.n == 0);
}

TEST(the_last_charset_counts_without_its_quotes)
{
    static const struct { const char *text, *charset; } cases[] = {
        { "a/b;charset=utf-8", "utf-8" },
        { "a/b;CharSet=UTF-8", "UTF-8" },
        { "a/b;charset=\"utf-8\"", "utf-8" },
        { "a/b;charset=\"\\u\\t\\f-8\"", "utf-8" },
        { "a/b;charset=x;charset=y", "y" },
        { "a/b;charset=x;charset=\"\"", "" },
        { "a/b;charsets=x", "" },
        { "a/b;charset=1234567890123456789012345678901234567890", "1234567890123456789012345678901234567890" },
        { "a/b;charset=\"1234567890123456789012345678901234567890z\"", "1234567890123456789012345678901234567890" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK(read(str_of(cases[i].text)));
        CHECK_STR(type.charset, str_of(cases[i].charset));
    }
    CHECK(charset_of(STR("utf-8\0")) == CHARSET_NONE && charset_of(STR("")) == CHARSET_NONE);
}
