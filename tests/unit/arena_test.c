// SPDX-License-Identifier: MIT
/* arena_test.c - memory that ends all at once. */
#include "../tests/test.h"
#include "base/arena.h"

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
