// SPDX-License-Identifier: MIT
/* arena_test.c - memory that ends all at once. */
#include "../tests/test.h"
#include "base/arena.h"

#include <wchar.h>

TEST(reset_wipes_what_was_used)
{
    struct arena mem;
    str secret;
    char *before;

    arena_init(&mem, 8192);
    secret = arena_dup(&mem, STR("hunter2"));
    before = mem.next - secret.n;
    arena_reset(&mem);

    CHECK(arena_alloc(&mem, 7, 1) == before);
    CHECK(memcmp(before, "\0\0\0\0\0\0", 7) == 0);
    arena_end(&mem);
}

TEST(it_grows_to_its_maximum_and_no_further)
{
    struct arena mem;
    size_t got = 0;

    arena_init(&mem, 100000);
    while (arena_alloc(&mem, 1000, 8))
        got++;
    CHECK(got >= 90 && got <= 100);
    CHECK(mem.held <= mem.max);
    CHECK(arena_alloc(&mem, SIZE_MAX, 8) == NULL);
    CHECK(arena_alloc(&mem, SIZE_MAX - 4, 8) == NULL);
    CHECK(arena_array(&mem, SIZE_MAX / 2, 3, 8) == NULL);
    arena_end(&mem);
    CHECK(mem.held == 0);
}

TEST(memory_is_zero_and_aligned_also_after_a_reset)
{
    struct arena mem;

    arena_init(&mem, 64 << 10);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 1; i < 200; i++) {
            unsigned char *p = arena_alloc(&mem, i, 16);

            CHECK(p && (uintptr_t)p % 16 == 0);
            for (size_t k = 0; k < i; k++)
                CHECK(p[k] == 0);
            memset(p, 0xaa, i);
        }
        arena_reset(&mem);
    }
    arena_end(&mem);
}

TEST(a_cstr_refuses_an_inner_nul)
{
    struct arena mem;
    char *z;

    arena_init(&mem, 1024);
    CHECK(arena_cstr(&mem, STR("a\0b")) == NULL);
    z = arena_cstr(&mem, STR("ab"));
    CHECK(z && strcmp(z, "ab") == 0);
    CHECK_STR(arena_printf(&mem, "%d-%s", 7, "x"), STR("7-x"));
    CHECK(arena_printf(&mem, "%2000d", 1).p == NULL);
    arena_end(&mem);
}

TEST(blocks_that_are_given_back_leave_only_the_first)
{
    struct arena mem;

    arena_init(&mem, 1 << 20);
    for (int i = 0; i < 100; i++)
        CHECK(arena_alloc(&mem, 1000, 8) != NULL);
    CHECK(mem.held > 100000);
    arena_reset(&mem);
    CHECK(mem.held == 4096 && (size_t)(mem.end - mem.next) == mem.held);
    arena_end(&mem);
    arena_reset(&mem);
    CHECK(mem.held == 0 && mem.next == NULL);
    CHECK(arena_alloc(&mem, 10000, 8) != NULL);         /* a large one is not kept */
    arena_reset(&mem);
    CHECK(mem.held == 0);
}

TEST(what_does_not_fit_is_null)
{
    struct arena mem;

    arena_init(&mem, 64);
    CHECK(arena_cstr(&mem, (str){0}) != NULL);
    CHECK(arena_dup(&mem, (str){0}).p != NULL);
    while (arena_alloc(&mem, 8, 1))
        ;
    CHECK(arena_cstr(&mem, STR("12345678")) == NULL);
    CHECK(arena_dup(&mem, STR("12345678")).p == NULL);
    arena_end(&mem);
    arena_init(&mem, 100);
    CHECK(arena_alloc(&mem, 97, 1) != NULL);
    CHECK(arena_alloc(&mem, 1, 16) == NULL);            /* three bytes, none of them aligned */
    arena_end(&mem);
    arena_init(&mem, SIZE_MAX / 2);
    CHECK(arena_alloc(&mem, SIZE_MAX / 4, 1) == NULL);  /* nor has the machine so much */
    CHECK(mem.held == 0);
    arena_end(&mem);
}

TEST(a_format_that_cannot_be_written_is_null)
{
    struct arena mem;

    arena_init(&mem, 1024);
    CHECK(arena_printf(&mem, "%lc", (wint_t)0x7fffffff).p == NULL);     /* no such character */
    arena_end(&mem);
}
