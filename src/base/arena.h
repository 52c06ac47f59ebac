// SPDX-License-Identifier: MIT
/* arena.h - memory that ends all at once, wiped.
 *
 * Who makes an arena ends it. What lies in it is good until then, and is never freed alone. A
 * function that takes `struct arena *mem` may allocate there; one that does not, allocates nothing.
 * A request's arena travels with it to a worker and back, so it has one user at any moment; when
 * the last byte of the answer has left it is reset, which wipes it: passwords and tokens never
 * outlive the request. Things that are not memory (files, statements, contexts) never go in.
 *
 * It grows in blocks from malloc up to its maximum. One arena belongs to one thread at a time. */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

#include <stdarg.h>

struct arena_block;

struct arena {
    char *next, *end;            /* free bytes of the newest block */
    struct arena_block *blocks;  /* newest first */
    size_t held, max;            /* bytes in all blocks; never more than max */
};

#define NEW(mem, type)          ((type *)arena_alloc((mem), sizeof(type), _Alignof(type)))
#define NEW_ARRAY(mem, type, n) ((type *)arena_array((mem), sizeof(type), (n), _Alignof(type)))

/* An empty arena that will hold `max` bytes at most. Takes no memory yet. */
void arena_init(struct arena *mem, size_t max);

/* Wipe and give back everything. The arena may be used again as if just initialised. */
void arena_end(struct arena *mem);

/* Wipe what was used and keep one small block for the next use. */
void arena_reset(struct arena *mem);

/* Zeroed memory, or NULL at the limit. `align` is a power of two. */
void *arena_alloc(struct arena *mem, size_t size, size_t align);

/* The same for `n` things of `size` bytes; NULL also where the product overflows. */
void *arena_array(struct arena *mem, size_t size, size_t n, size_t align);

/* A copy. At the limit .p is NULL and .n is 0; a copy of the empty string is empty, .p not NULL. */
str arena_dup(struct arena *mem, str s);

/* A NUL-terminated copy for libc; NULL at the limit or when `s` holds a NUL itself. */
char *arena_cstr(struct arena *mem, str s);

/* Formatted text; .p is NULL at the limit. */
[[gnu::format(printf, 2, 3)]] str arena_printf(struct arena *mem, const char *format, ...);
[[gnu::format(printf, 2, 0)]] str arena_vprintf(struct arena *mem, const char *format,
                                                va_list args);

#endif
