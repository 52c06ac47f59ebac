// SPDX-License-Identifier: MIT
/* buf_test.c - a buffer that stays failed. */
#include "../tests/test.h"
#include "base/buf.h"

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
