// SPDX-License-Identifier: MIT
/* wipe_test.c - memory for libraries, and that it keeps what realloc(3) promises. */
#include "../tests/test.h"
#include "base/wipe.h"

#include <stdlib.h>

/* The compiler shall not know what a size is. */
static volatile size_t huge = SIZE_MAX / 2;

TEST(a_block_keeps_its_bytes_when_it_moves)
{
    char *p = wipe_malloc(8, NULL);
    bool same = true;

    CHECK(p != NULL);
    memcpy(p, "hunter2", 8);
    for (size_t n = 16; n <= 1 << 16; n *= 4) {
        p = wipe_realloc(p, n, NULL);
        same = same && p && memcmp(p, "hunter2", 8) == 0;
    }
    p = wipe_realloc(p, 8, NULL);
    CHECK(same && p && memcmp(p, "hunter2", 8) == 0);
    wipe_free(p, NULL);
}

TEST(one_that_hardly_shrinks_stays_where_it_is)
{
    char *p = wipe_malloc(4000, NULL);

    CHECK(wipe_realloc(p, 3900, NULL) == p);
    wipe_free(p, NULL);
}

TEST(nothing_is_a_block_too)
{
    char *p = wipe_realloc(NULL, 16, NULL);

    CHECK(p != NULL);
    CHECK(wipe_realloc(p, 0, NULL) == NULL);
    wipe_free(NULL, NULL);
}

TEST(without_memory_the_old_block_is_as_it_was)
{
    char *p = wipe_calloc(1, 8, NULL);

    CHECK(p && memcmp(p, "\0\0\0\0\0\0\0", 8) == 0);
    memcpy(p, "hunter2", 8);
    CHECK(wipe_realloc(p, huge, NULL) == NULL);
    CHECK(memcmp(p, "hunter2", 8) == 0);
    wipe_free(p, NULL);
    CHECK(wipe_malloc(huge, NULL) == NULL);
    CHECK(wipe_calloc(huge, 4, NULL) == NULL);
}
