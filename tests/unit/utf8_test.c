// SPDX-License-Identifier: MIT
/* utf8_test.c - well-formed or repaired. */
#include "../tests/test.h"
#include "base/utf8.h"

TEST(every_code_point_but_surrogates_is_well_formed)
{
    struct buf b;

    buf_init(&b, NULL, 16);
    for (uint32_t c = 0; c < 0x110000; c++) {
        bool surrogate = c >= 0xd800 && c < 0xe000;

        buf_clear(&b);
        utf8_put(&b, c);
        if (utf8_is_well_formed(buf_str(&b)) == surrogate)
            CHECK(c == 0xffffffff);
    }
    buf_end(&b);
}

/* The replacements are those of the WHATWG decoder. */
TEST(ill_formed_parts_become_one_replacement_each)
{
    static const struct { const char *from, *to; } cases[] = {
        { "a\xff" "b", "a\xef\xbf\xbd" "b" },
        { "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xe2\x82", "\xef\xbf\xbd" },
        { "\xf0\x9f\x98z", "\xef\xbf\xbdz" },
        { "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" },
        { "\x80\xc3\xa4", "\xef\xbf\xbd\xc3\xa4" },
        { "plain", "plain" },
    };
    struct arena mem;

    arena_init(&mem, 4096);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(utf8_repair(&mem, str_of(cases[i].from)), str_of(cases[i].to));
    arena_end(&mem);
}

TEST(a_repair_without_room_is_nothing)
{
    struct arena mem;
    str got;

    arena_init(&mem, 2);
    got = utf8_repair(&mem, STR("\xff"));
    CHECK(got.p == NULL && got.n == 0);
    arena_end(&mem);
}
