// SPDX-License-Identifier: MIT
/* wipe.c - malloc whose free() leaves nothing behind. */
#include "base/wipe.h"

#include "base/str.h"

#include <malloc.h>

void *wipe_malloc(size_t n, void *)
{
    return malloc(n);
}

void *wipe_calloc(size_t n, size_t size, void *)
{
    return calloc(n, size);
}

void wipe_free(void *p, void *)
{
    if (!p)
        return;
    explicit_bzero(p, malloc_usable_size(p));
    free(p);
}

/* realloc itself may move the bytes and leave them where they were. */
void *wipe_realloc(void *p, size_t n, void *)
{
    size_t had = p ? malloc_usable_size(p) : 0;
    void *q;

    if (n && n <= had && n > had / 2)
        return p;
    if (n == 0) {
        wipe_free(p, NULL);
        return NULL;
    }
    if ((q = malloc(n)) == NULL)
        return NULL;
    if (p)
        memcpy(q, p, had < n ? had : n);
    wipe_free(p, NULL);
    return q;
}
