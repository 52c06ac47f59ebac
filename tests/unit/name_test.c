// SPDX-License-Identifier: MIT
/* name_test.c - the rule for names: the table of docs/names.md, and all of Unicode. */
#include "../tests/test.h"
#include "auth/name.h"
#include "base/utf8.h"

#include <stdlib.h>

static struct arena mem;

static str canonical(str name)
{
    str out = {0};

    CHECK_ERR(name_canonical(&mem, name, &out), OK);
    return out;
}

/* What stands between the quotes of a cell, with \u{...} decoded. */
static str cell(str text)
{
    ptrdiff_t from = str_find(text, STR("\"")) + 1;
    struct buf b;

    buf_init(&b, &mem, 4096);
    buf_put(&b, STR(""));
    for (text = str_from(text, (size_t)from); text.n && text.p[0] != '"';) {
        if (str_starts(text, STR("\\u{"))) {
            utf8_put(&b, (uint32_t)strtoul(text.p + 3, NULL, 16));
            text = str_from(text, (size_t)str_find(text, STR("}")) + 1);
        } else {
            buf_byte(&b, text.p[0]);
            text = str_from(text, 1);
        }
    }
    return b.n ? buf_str(&b) : STR("");
}

/* Check one row of the table; false when the line is none. */
static bool row_checked(str line)
{
    str c[4];

    if (!str_starts(line, STR("| \"")))
        return false;
    line = str_from(line, 1);
    for (int i = 0; i < 4; i++)
        CHECK(str_cut(line, '|', &c[i], &line));
    str one = canonical(cell(c[0])), other = canonical(cell(c[1]));
    bool same = str_is(str_trim(c[2]), STR("yes"));

    CHECK(same || str_is(str_trim(c[2]), STR("no")));
    if (str_is(one, other) != same)
        printf("  " STR_FMT "|" STR_FMT "\n", STR_ARG(c[0]), STR_ARG(c[1]));
    CHECK(str_is(one, other) == same);
    return true;
}

TEST(the_table_of_names_md_holds)
{
    FILE *f = fopen("docs/names.md", "r");
    char *line = NULL;
    size_t room = 0, rows = 0;
    ssize_t n;

    CHECK(f != NULL);
    if (!f)
        return;
    arena_init(&mem, 1 << 20);
    while ((n = getline(&line, &room, f)) > 0) {
        rows += row_checked((str){ line, (size_t)n });
        arena_reset(&mem);
    }
    CHECK(rows >= 40);
    free(line);
    CHECK(fclose(f) == 0);
    arena_end(&mem);
}

static str encoded(struct buf *b, uint32_t c)
{
    buf_clear(b);
    utf8_put(b, c);
    return buf_str(b);
}

TEST(the_rule_changes_nothing_of_its_own_result_for_any_code_point)
{
    struct buf b;
    uint32_t wrong = 0;

    arena_init(&mem, 1 << 20);
    buf_init(&b, NULL, 16);
    for (uint32_t c = 0; c < 0x110000; c++) {
        if (c >= 0xd800 && c < 0xe000)
            continue;
        str once = canonical(encoded(&b, c));

        wrong += !str_is(canonical(once), once);
        arena_reset(&mem);
    }
    CHECK(wrong == 0);
    buf_end(&b);
    arena_end(&mem);
}

/* xorshift: the same names in every run. */
static uint32_t drawn(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* Where letters, marks and things that compose live. */
static uint32_t drawn_point(uint64_t *state)
{
    static const uint32_t blocks[][2] = {
        {0x20, 0x60},   {0xa0, 0x160},  {0x300, 0x70},    {0x370, 0x190},   {0x5d0, 0x130},
        {0x900, 0x500}, {0xe00, 0x80},  {0xf00, 0x100},   {0x1100, 0x100},  {0x13a0, 0x60},
        {0x1b00, 0x80}, {0x1ab0, 0x20}, {0x1c80, 0x40},   {0x1e00, 0x200},  {0x2100, 0x90},
        {0x3040, 0xc0}, {0xa640, 0x60}, {0xab70, 0x50},   {0xac00, 0x2ba4}, {0xf900, 0x200},
        {0xfb00, 0x20}, {0xfe00, 0x30}, {0x11000, 0x800}, {0x1d100, 0x100}, {0x1e900, 0x60},
        {0x20, 1},
    };
    size_t i = drawn(state) % (sizeof blocks / sizeof *blocks);

    return blocks[i][0] + drawn(state) % blocks[i][1];
}

TEST(nor_for_sequences_of_them)
{
    uint64_t state = 0x9e3779b97f4a7c15;
    uint32_t wrong = 0, grown = 0;

    for (int i = 0; i < 60000; i++) {
        struct buf b;

        arena_init(&mem, 1 << 20);
        buf_init(&b, &mem, 4096);
        for (uint32_t n = drawn(&state) % 12; n; n--)
            utf8_put(&b, drawn_point(&state));
        str once = canonical(buf_str(&b));

        wrong += !str_is(canonical(once), once);
        grown += once.n > 4 * b.n;
        arena_end(&mem);
    }
    CHECK(wrong == 0);
    CHECK(grown == 0);
}

TEST(a_name_and_its_key_are_bounded)
{
    static char long_name[NAME_BYTES_MAX + 1];
    str out;

    /* The capital with the longest decomposition, 340 times. */
    arena_init(&mem, 128 << 10);
    for (size_t i = 0; i + 3 <= NAME_BYTES_MAX; i += 3)
        memcpy(long_name + i, "\xe1\xbe\x8f", 3);
    CHECK_ERR(name_canonical(&mem, (str){ long_name, NAME_BYTES_MAX }, &out), OK);
    CHECK(out.n <= 4 * NAME_BYTES_MAX);
    CHECK_ERR(name_canonical(&mem, (str){ long_name, NAME_BYTES_MAX + 1 }, &out), ERR_BAD_REQUEST);
    arena_end(&mem);

    arena_init(&mem, 64);
    CHECK_ERR(name_canonical(&mem, (str){ long_name, NAME_BYTES_MAX }, &out), ERR_NO_MEMORY);
    CHECK_ERR(name_key(&mem, STR("a long enough name, even without a letter outside ASCII"), &out),
              ERR_NO_MEMORY);
    arena_end(&mem);
}

TEST(a_name_that_is_no_unicode_is_refused)
{
    static const char *const bad[] = {"\xff", "a\xc3", "\xed\xa0\x80", "\xc0\x80",
                                      "\xf4\x90\x80\x80"};
    str out;

    arena_init(&mem, 1 << 20);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERR(name_canonical(&mem, str_of(bad[i]), &out), ERR_NOT_UNICODE);
        CHECK_ERR(name_key(&mem, str_of(bad[i]), &out), ERR_NOT_UNICODE);
        CHECK_ERR(name_nfc(&mem, str_of(bad[i]), &out), ERR_NOT_UNICODE);
    }
    arena_end(&mem);
}

TEST(a_key_is_the_hash_of_the_canonical_form)
{
    str key, null_key, empty_key;

    arena_init(&mem, 1 << 20);
    CHECK_ERR(name_key(&mem, STR("ÄDMIN "), &key), OK);
    CHECK_STR(key, STR("8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918"));
    CHECK_ERR(name_key(&mem, (str){0}, &null_key), OK);
    CHECK_ERR(name_key(&mem, STR(""), &empty_key), OK);
    CHECK(null_key.n == 64 && !str_is(null_key, empty_key));
    arena_end(&mem);
}

TEST(nfc_composes_and_leaves_the_rest)
{
    str out;

    arena_init(&mem, 1 << 20);
    CHECK_ERR(name_nfc(&mem, STR("Pass\x01 word "), &out), OK);
    CHECK_STR(out, STR("Pass\x01 word "));
    CHECK_ERR(name_nfc(&mem, STR("zoe\xcc\x88"), &out), OK);
    CHECK_STR(out, STR("zo\xc3\xab"));
    CHECK_ERR(name_nfc(&mem, STR("\xf0\x9d\x85\x9e\xf0\x9d\x85\xa1"), &out), OK);
    CHECK_ERR(name_nfc(&mem, STR("\xf0\x9d\x85\xa0"), &out),
              OK); /* grows to three times its bytes */
    CHECK(out.n == 12);
    arena_end(&mem);
}

TEST(a_length_counts_code_points)
{
    CHECK(name_length(STR("")) == 0);
    CHECK(name_length(STR("zoë")) == 3);
    CHECK(name_length(STR("😀\0a")) == 3);
}
