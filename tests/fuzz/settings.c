// SPDX-License-Identifier: MIT
/* settings.c - the reader of latchkey.conf never crashes, and what it accepts is within its
 * bounds. */
#include "app/settings.h"

#include <fcntl.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct settings s = {0};
    struct arena mem;
    int null = open("/dev/null", O_WRONLY), kept = dup(2);

    if (n > SETTINGS_FILE_MAX || null < 0 || kept < 0)
        n = 0;
    (void)dup2(null, 2);                  /* complaints are many and beside the point */
    arena_init(&mem, SETTINGS_MEMORY);
    if (settings_parse(&s, &mem, STR("fuzz"), (str){ (const char *)data, n }) == OK)
        if (s.http_port < 0 || s.http_port > 65535 || s.password_cost > 16 || s.db_url.n > 1023)
            abort();
    arena_end(&mem);
    (void)dup2(kept, 2);
    (void)close(null);
    (void)close(kept);
    return 0;
}
