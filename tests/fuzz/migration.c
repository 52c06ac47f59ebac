// SPDX-License-Identifier: MIT
/* migration.c - a migration's text for each engine: bounded, never a word in braces left. */
#include "base/banned.h"
#include "store/migrate.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expand(const char *p, size_t n, const char *engine)
{
    struct arena mem;
    str out;

    arena_init(&mem, 1 << 20);
    if (migration_expand(&mem, (str){p, n}, engine, &out) == OK && out.n &&
        memchr(out.p, '{', out.n))
        abort();
    arena_end(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const engines[] = {"sqlite", "mysql", "pgsql"};
    char *copy = malloc(size ? size : 1);      /* of its own size: an overrun is seen */

    if (!copy)
        return 0;
    memcpy(copy, data, size);
    for (size_t i = 0; i < sizeof engines / sizeof *engines; i++)
        expand(copy, size, engines[i]);
    free(copy);
    return 0;
}
