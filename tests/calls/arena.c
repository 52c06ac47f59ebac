// SPDX-License-Identifier: MIT
/* arena.c - linked in front of base/arena.c (ld --wrap) so that an arena, too, can be full at any
 * call.
 *
 * An arena asks malloc for a block now and then only: which of its callers meets a failure depends
 * on what came before. Here each of them does. The rest of the program are the objects of the
 * release. */
#include "base/arena.h"

#include <stdarg.h>

__attribute__((weak)) bool fault_in_arena(void);      /* preload.c */

static bool fails(void)
{
    return fault_in_arena && fault_in_arena();
}

void *__real_arena_alloc(struct arena *mem, size_t size, size_t align);
void *__wrap_arena_alloc(struct arena *mem, size_t size, size_t align);
void *__wrap_arena_alloc(struct arena *mem, size_t size, size_t align)
{
    return fails() ? NULL : __real_arena_alloc(mem, size, align);
}

void *__real_arena_array(struct arena *mem, size_t size, size_t n, size_t align);
void *__wrap_arena_array(struct arena *mem, size_t size, size_t n, size_t align);
void *__wrap_arena_array(struct arena *mem, size_t size, size_t n, size_t align)
{
    return fails() ? NULL : __real_arena_array(mem, size, n, align);
}

str __real_arena_dup(struct arena *mem, str s);
str __wrap_arena_dup(struct arena *mem, str s);
str __wrap_arena_dup(struct arena *mem, str s)
{
    return fails() ? (str){0} : __real_arena_dup(mem, s);
}

char *__real_arena_cstr(struct arena *mem, str s);
char *__wrap_arena_cstr(struct arena *mem, str s);
char *__wrap_arena_cstr(struct arena *mem, str s)
{
    return fails() ? NULL : __real_arena_cstr(mem, s);
}

[[gnu::format(printf, 2, 3)]] str __wrap_arena_printf(struct arena *mem, const char *format, ...);
str __wrap_arena_printf(struct arena *mem, const char *format, ...)
{
    va_list args;
    str out;

    if (fails())
        return (str){0};
    va_start(args, format);
    out = arena_vprintf(mem, format, args);
    va_end(args);
    return out;
}
