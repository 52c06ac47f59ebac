// SPDX-License-Identifier: MIT
/* str.h - a slice of bytes: a pointer and a length, owned by someone else.
 *
 * A str never owns memory and is passed by value. It may hold any byte, NUL included, and is not
 * NUL-terminated: hand it to libc only through arena_cstr(). The empty string is (str){0}; where a
 * database column may be NULL, `p == NULL` says so. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/banned.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct { const char *p; size_t n; } str;

/* Several strs in a row, owned by whoever owns the first. */
struct strs { str *at; size_t n; };

/* `"" literal` refuses a pointer at compile time: its length would be wrong. */
#define STR(literal) ((str){ "" literal, sizeof(literal) - 1 })
#define STR_FMT      "%.*s"
#define STR_ARG(s)   (int)(s).n, (s).p

static inline str str_of(const char *z)
{
    return (str){ z, z ? strlen(z) : 0 };
}

static inline bool str_is(str a, str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool str_starts(str s, str with)
{
    return s.n >= with.n && (with.n == 0 || memcmp(s.p, with.p, with.n) == 0);
}

/* The bytes from `at` on; empty when there are none. */
static inline str str_from(str s, size_t at)
{
    return at < s.n ? (str){ s.p + at, s.n - at } : (str){ s.p + s.n, 0 };
}

/* The first `n` bytes; all of them when there are fewer. */
static inline str str_head(str s, size_t n)
{
    return (str){ s.p, n < s.n ? n : s.n };
}

/* Equal but for the case of ASCII letters; other bytes must be the same. */
bool str_is_nocase(str a, str b);

/* Without the blanks (space and tab) at both ends. */
str str_trim(str s);

/* Cut at the first `at`. True when there is one; else *head is all of `s` and *tail is empty. */
bool str_cut(str s, char at, str *head, str *tail);

/* Where `what` begins in `s`, or -1. An empty `what` is found at 0. */
ptrdiff_t str_find(str s, str what);

/* A decimal number: an optional '-' and digits, nothing else. False when it is not one or does not
 * fit; *out is written only on true. */
bool str_int(str s, int64_t *out);

#endif
