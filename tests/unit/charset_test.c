// SPDX-License-Identifier: MIT
/* charset_test.c - UTF-16 and UTF-7 to UTF-8: pairs, halves of pairs, ends in the middle. */
#include "../tests/fault.h"
#include "../tests/test.h"
#include "api/charset.h"

#define BYTES(text) { text, sizeof text - 1 }
#define BAD "\xef\xbf\xbd"

static struct arena mem;

static str utf8_of(enum charset charset, str text)
{
    str out = {0};

    arena_end(&mem);
    arena_init(&mem, 1 << 16);
    CHECK_ERR(charset_decode(&mem, charset, text, &out), OK);
    return out;
}

/* RFC 2781 section 2.2. */
TEST(utf_16_pairs_are_characters_and_halves_are_not)
{
    static const struct { str text, want; } cases[] = {
        { BYTES(""), BYTES("") },
        { BYTES("\0a"), BYTES("a") },
        { BYTES("\0a\0"), BYTES("a") },
        { BYTES("\0"), BYTES("") },
        { BYTES("\x20\xac"), BYTES("\xe2\x82\xac") },
        { BYTES("\xd8\x3d\xde\x00"), BYTES("\xf0\x9f\x98\x80") },
        { BYTES("\xd8\x3d"), BYTES(BAD) },
        { BYTES("\xd8\x3d\0a"), BYTES(BAD "a") },
        { BYTES("\xd8\x3d\xd8\x3d\xde\x00"), BYTES(BAD "\xf0\x9f\x98\x80") },
        { BYTES("\xde\x00\xd8\x3d"), BYTES(BAD BAD) },
        { BYTES("\xdf\xff\xe0\x00"), BYTES(BAD "\xee\x80\x80") },
        { BYTES("\xfe\xff\0a"), BYTES("a") },
        { BYTES("\0a\xfe\xff"), BYTES("a\xef\xbb\xbf") },
    };
    char swapped[8];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t even = cases[i].text.n & ~(size_t)1;

        CHECK_STR(utf8_of(CHARSET_UTF16BE, cases[i].text), cases[i].want);
        for (size_t k = 0; k < even; k++)
            swapped[k] = cases[i].text.p[k ^ 1];
        CHECK_STR(utf8_of(CHARSET_UTF16LE, (str){ swapped, even }), cases[i].want);
        CHECK_STR(utf8_of(CHARSET_UTF16, (str){ swapped, even }), cases[i].want);
    }
    CHECK_STR(utf8_of(CHARSET_UTF16, STR("\xfe\xff\0a")), STR("a"));
}

/* RFC 2152. */
TEST(utf_7_has_runs_of_base64_between_plain_text)
{
    static const struct { str text, want; } cases[] = {
        { BYTES(""), BYTES("") },
        { BYTES("Hi Mom -+Jjo--!"), BYTES("Hi Mom -\xe2\x98\xba-!") },
        { BYTES("A+ImIDkQ."), BYTES("A\xe2\x89\xa2\xce\x91.") },
        { BYTES("+ZeVnLIqe-"), BYTES("\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e") },
        { BYTES("+-"), BYTES("+") },
        { BYTES("+-+-"), BYTES("++") },
        { BYTES("+"), BYTES("") },
        { BYTES("a+\0b"), BYTES("a\0b") },
        { BYTES("+!x"), BYTES("!x") },
        { BYTES("+Jjo"), BYTES("\xe2\x98\xba") },
        { BYTES("+Jj-x"), BYTES("x") },
        { BYTES("+2D3eAA-"), BYTES("\xf0\x9f\x98\x80") },
        { BYTES("+2D0-x"), BYTES(BAD "x") },
        { BYTES("\xe4\x7f"), BYTES(BAD "\x7f") },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(utf8_of(CHARSET_UTF7, cases[i].text), cases[i].want);
}

TEST(utf_8_is_mended_and_its_mark_dropped)
{
    CHECK_STR(utf8_of(CHARSET_UTF8, STR("\xef\xbb\xbf" "a\xff")), STR("a" BAD));
    CHECK_STR(utf8_of(CHARSET_UTF8, STR("")), STR(""));
    CHECK_STR(utf8_of(CHARSET_UTF8, (str){0}), STR(""));
}

TEST(text_that_finds_no_room_is_no_text)
{
    static const enum charset all[] = { CHARSET_UTF8, CHARSET_UTF16LE, CHARSET_UTF7 };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (struct round r = { FAULT_ARENA }; round_next(&r);) {
            str out;

            arena_end(&mem);
            arena_init(&mem, 1 << 16);
            CHECK_ERR(charset_decode(&mem, all[i], STR("\xff" "bcd"), &out),
                      round_met(&r) ? ERR_NO_MEMORY : OK);
        }
}
