// SPDX-License-Identifier: MIT
/* buf_test.c - a buffer that stays failed. */
#include "../tests/test.h"
#include "base/buf.h"

#include <wchar.h>

TEST(a_full_buffer_stays_failed)
{
    struct buf b;

    buf_init(&b, NULL, 5);
    buf_put(&b, STR("abc"));
    buf_put(&b, STR("def"));
    CHECK_ERR(buf_ok(&b), ERR_NO_MEMORY);
    buf_byte(&b, 'x');
    CHECK_STR(buf_str(&b), STR("abc"));
    buf_clear(&b);
    buf_put(&b, STR("12345"));
    CHECK_ERR(buf_ok(&b), OK);
    buf_end(&b);
}

TEST(numbers_are_written_whole)
{
    struct buf b;

    buf_init(&b, NULL, 256);
    buf_int(&b, INT64_MIN);
    buf_byte(&b, ' ');
    buf_int(&b, INT64_MAX);
    buf_byte(&b, ' ');
    buf_int(&b, 0);
    CHECK_STR(buf_str(&b), STR("-9223372036854775808 9223372036854775807 0"));
    buf_end(&b);
}

TEST(a_drop_keeps_the_rest_and_wipes_the_tail)
{
    struct buf b;

    buf_init(&b, NULL, 64);
    buf_put(&b, STR("headtail"));
    buf_drop(&b, 4);
    CHECK_STR(buf_str(&b), STR("tail"));
    CHECK(memcmp(b.p + 4, "\0\0\0\0", 4) == 0);
    buf_drop(&b, 99);
    CHECK(b.n == 0);
    buf_end(&b);
}

TEST(it_grows_in_an_arena_too)
{
    struct arena mem;
    struct buf b;

    arena_init(&mem, 64 << 10);
    buf_init(&b, &mem, 10000);
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%d,", i % 10);
    CHECK(b.n == 2000 && !b.failed);
    CHECK(memcmp(b.p, "0,1,2,3,4,", 10) == 0);
    arena_end(&mem);
}

TEST(one_in_an_arena_is_wiped_and_stays_in_it)
{
    struct arena mem;
    struct buf b;
    char *was;

    arena_init(&mem, 4096);
    buf_init(&b, &mem, 64);
    buf_put(&b, STR("hunter2"));
    was = b.p;
    buf_end(&b);
    CHECK(b.p == NULL && memcmp(was, "\0\0\0\0\0\0", 7) == 0);
    arena_end(&mem);
}

TEST(a_format_that_cannot_be_written_or_does_not_fit_leaves_it_as_it_was)
{
    struct buf b;

    buf_init(&b, NULL, 8);
    buf_put(&b, STR("ab"));
    buf_printf(&b, "%lc", (wint_t)0x7fffffff);          /* no such character */
    CHECK_STR(buf_str(&b), STR("ab"));
    buf_printf(&b, "%d", 1234567);
    CHECK_STR(buf_str(&b), STR("ab"));
    CHECK_ERR(buf_ok(&b), ERR_NO_MEMORY);
    buf_end(&b);
}
