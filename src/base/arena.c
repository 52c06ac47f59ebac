// SPDX-License-Identifier: MIT
/* arena.c - blocks from malloc, handed out from front to back, wiped at the end.
 *
 * Under AddressSanitizer what is not handed out is poisoned, so a pointer that outlives its request
 * is caught at its first use. */
#include "base/arena.h"

#include <stdarg.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(p, n)   ((void)(p), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(p, n) ((void)(p), (void)(n))
#endif

struct arena_block { struct arena_block *older; size_t size; char bytes[]; };

enum { BLOCK_FIRST = 4096, BLOCK_MOST = 64 << 10 };

void arena_init(struct arena *mem, size_t max)
{
    *mem = (struct arena){ .max = max };
}

static void block_free(struct arena *mem, struct arena_block *b, size_t used)
{
    ASAN_UNPOISON_MEMORY_REGION(b->bytes, b->size);
    explicit_bzero(b->bytes, used);
    mem->held -= b->size;
    free(b);
}

/* Give back all blocks but the oldest; mem->next is the end of what is used of the newest. */
static void drop_to_oldest(struct arena *mem)
{
    struct arena_block *b = mem->blocks;

    while (b && b->older) {
        struct arena_block *older = b->older;

        block_free(mem, b, (size_t)(mem->next - b->bytes));
        mem->blocks = b = older;
        mem->next = mem->end = b->bytes + b->size;
    }
}

void arena_end(struct arena *mem)
{
    drop_to_oldest(mem);
    if (mem->blocks)
        block_free(mem, mem->blocks, (size_t)(mem->next - mem->blocks->bytes));
    arena_init(mem, mem->max);
}

void arena_reset(struct arena *mem)
{
    struct arena_block *b;

    drop_to_oldest(mem);
    if ((b = mem->blocks) == NULL)
        return;
    if (b->size > BLOCK_FIRST) {
        arena_end(mem);
        return;
    }
    explicit_bzero(b->bytes, (size_t)(mem->next - b->bytes));
    ASAN_POISON_MEMORY_REGION(b->bytes, b->size);
    mem->next = b->bytes;
    mem->end = b->bytes + b->size;
}

/* A new block that holds at least `need` bytes; each is twice the one before. */
static bool grow(struct arena *mem, size_t need)
{
    size_t size = mem->blocks ? mem->blocks->size * 2 : BLOCK_FIRST;
    struct arena_block *b;

    if (size > BLOCK_MOST)
        size = BLOCK_MOST;
    if (size > mem->max - mem->held)
        size = mem->max - mem->held;
    if (size < need)
        size = need;
    if (size > mem->max - mem->held || (b = calloc(1, sizeof *b + size)) == NULL)
        return false;
    *b = (struct arena_block){ .older = mem->blocks, .size = size };
    ASAN_POISON_MEMORY_REGION(b->bytes, size);
    mem->blocks = b;
    mem->held += size;
    mem->next = b->bytes;
    mem->end = b->bytes + size;
    return true;
}

void *arena_alloc(struct arena *mem, size_t size, size_t align)
{
    size_t pad = (align - (uintptr_t)mem->next % align) % align;
    char *p;

    if (!mem->next || pad > (size_t)(mem->end - mem->next)
        || size > (size_t)(mem->end - mem->next) - pad) {
        if (size > mem->max || !grow(mem, size + align))
            return NULL;
        pad = (align - (uintptr_t)mem->next % align) % align;
    }
    p = mem->next + pad;
    mem->next = p + size;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;                       /* from calloc, or wiped by arena_reset: zero */
}

void *arena_array(struct arena *mem, size_t size, size_t n, size_t align)
{
    size_t all;

    return __builtin_mul_overflow(size, n, &all) ? NULL : arena_alloc(mem, all, align);
}

str arena_dup(struct arena *mem, str s)
{
    char *p = arena_alloc(mem, s.n ? s.n : 1, 1);

    if (p && s.n)
        memcpy(p, s.p, s.n);
    return (str){ p, p ? s.n : 0 };
}

char *arena_cstr(struct arena *mem, str s)
{
    char *p;

    if (s.n && memchr(s.p, 0, s.n))
        return NULL;
    if ((p = arena_alloc(mem, s.n + 1, 1)) != NULL && s.n)
        memcpy(p, s.p, s.n);
    return p;
}

str arena_vprintf(struct arena *mem, const char *format, va_list args)
{
    va_list again;
    char *p = NULL;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && (p = arena_alloc(mem, (size_t)n + 1, 1)) != NULL)
        (void)vsnprintf(p, (size_t)n + 1, format, again);   /* its length is known to fit */
    va_end(again);
    return (str){ p, p ? (size_t)n : 0 };
}

str arena_printf(struct arena *mem, const char *format, ...)
{
    va_list args;
    str out;

    va_start(args, format);
    out = arena_vprintf(mem, format, args);
    va_end(args);
    return out;
}
