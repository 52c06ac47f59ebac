// SPDX-License-Identifier: MIT
/* str_test.c - slices of bytes. */
#include "../tests/test.h"

TEST(an_empty_str_is_an_empty_str)
{
    CHECK(str_is((str){0}, STR("")));
    CHECK_STR(str_trim(STR(" \t ")), (str){0});
    CHECK_STR(str_from(STR("ab"), 7), (str){0});
}

TEST(only_ascii_letters_lose_their_case)
{
    CHECK(str_is_nocase(STR("X-Access-Token"), STR("x-access-token")));
    CHECK(!str_is_nocase(STR("a@"), STR("a`"))); /* 0x40 and 0x60 differ by the same bit */
    CHECK(!str_is_nocase(STR("a["), STR("a{")));
    CHECK(!str_is_nocase(STR("\xc3\x84"), STR("\xc3\xa4")));
    CHECK(!str_is_nocase(STR("a"), STR("ab")));
}

TEST(a_cut_gives_both_sides_or_all_and_nothing)
{
    str head, tail;

    CHECK(str_cut(STR("a.b.c"), '.', &head, &tail));
    CHECK_STR(head, STR("a"));
    CHECK_STR(tail, STR("b.c"));
    CHECK(str_cut(STR("a."), '.', &head, &tail) && tail.n == 0);
    CHECK(!str_cut(STR("abc"), '.', &head, &tail) && head.n == 3 && tail.n == 0);
}

TEST(a_number_is_digits_that_fit)
{
    static const struct { const char *text; bool ok; int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-1", true, -1},
        {"007", true, 7},
        {"9223372036854775807", true, INT64_MAX},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775808", false, 0},
        {"-9223372036854775809", false, 0},
        {"", false, 0},
        {"-", false, 0},
        {"+1", false, 0},
        {" 1", false, 0},
        {"1x", false, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t v = 0;

        CHECK(str_int(str_of(cases[i].text), &v) == cases[i].ok);
        CHECK(v == cases[i].value);
    }
}

TEST(find_tells_where)
{
    CHECK(str_find(STR("hello"), STR("l")) == 2);
    CHECK(str_find(STR("hello"), STR("")) == 0);
    CHECK(str_find(STR("hello"), STR("hello!")) == -1);
    CHECK(str_find((str){0}, STR("x")) == -1);
}

TEST(empty_ones_are_equal_whatever_their_case)
{
    CHECK(str_is_nocase((str){0}, STR("")));
    CHECK(!str_is_nocase((str){0}, STR("a")));
}
