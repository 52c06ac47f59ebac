// SPDX-License-Identifier: MIT
/* buf.c - a growing run of bytes with a maximum from birth. */
#include "base/buf.h"

#include <stdarg.h>

enum { CAP_FIRST = 256 };

void buf_init(struct buf *b, struct arena *mem, size_t max)
{
    *b = (struct buf){ .mem = mem, .max = max };
}

void buf_end(struct buf *b)
{
    if (b->p)
        explicit_bzero(b->p, b->cap);
    if (!b->mem)
        free(b->p);
    buf_init(b, b->mem, b->max);
}

void buf_clear(struct buf *b)
{
    if (b->n)
        explicit_bzero(b->p, b->n);
    b->n = 0;
    b->failed = false;
}

/* Move to `cap` bytes; realloc would leave the old bytes about, so copy and wipe. */
static bool move(struct buf *b, size_t cap)
{
    char *p = b->mem ? arena_alloc(b->mem, cap, 1) : malloc(cap);

    if (!p)
        return false;
    if (b->n)
        memcpy(p, b->p, b->n);
    if (b->p)
        explicit_bzero(b->p, b->n);
    if (!b->mem)
        free(b->p);
    b->p = p;
    b->cap = cap;
    return true;
}

bool buf_room(struct buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : CAP_FIRST;

    if (b->failed || n > b->max - b->n) {
        b->failed = true;
        return false;
    }
    if (n <= b->cap - b->n)
        return true;
    while (cap - b->n < n)
        cap *= 2;
    if (cap > b->max)
        cap = b->max;
    b->failed = !move(b, cap);
    return !b->failed;
}

void buf_put(struct buf *b, str s)
{
    if (s.n == 0 || !buf_room(b, s.n))
        return;
    memcpy(b->p + b->n, s.p, s.n);
    b->n += s.n;
}

void buf_byte(struct buf *b, char c)
{
    if (buf_room(b, 1))
        b->p[b->n++] = c;
}

void buf_int(struct buf *b, int64_t v)
{
    char digits[24];
    size_t at = sizeof digits;
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        digits[--at] = '-';
    buf_put(b, (str){ digits + at, sizeof digits - at });
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args, again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    if (n >= 0 && buf_room(b, (size_t)n + 1)) {
        (void)vsnprintf(b->p + b->n, (size_t)n + 1, format, again);   /* known to fit */
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(args);
}

void buf_drop(struct buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n);
    explicit_bzero(b->p + b->n - n, n);
    b->n -= n;
}
