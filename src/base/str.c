// SPDX-License-Identifier: MIT
/* str.c - slices of bytes: compare, cut, trim, find, read a number. */
#include "base/str.h"

#include <strings.h>

bool str_is_nocase(str a, str b)
{
    if (a.n != b.n)
        return false;
    if (a.n == 0 || memcmp(a.p, b.p, a.n) == 0)
        return true;
    for (size_t i = 0; i < a.n; i++) {
        unsigned char x = (unsigned char)a.p[i], y = (unsigned char)b.p[i];

        if (x != y && ((x ^ y) != 0x20 || (x | 0x20) < 'a' || (x | 0x20) > 'z'))
            return false;
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

str str_trim(str s)
{
    while (s.n && is_blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool str_cut(str s, char at, str *head, str *tail)
{
    const char *p = s.n ? memchr(s.p, at, s.n) : NULL;

    if (!p) {
        *head = s;
        *tail = (str){0};
        return false;
    }
    *head = (str){ s.p, (size_t)(p - s.p) };
    *tail = str_from(s, head->n + 1);
    return true;
}

ptrdiff_t str_find(str s, str what)
{
    const char *p;

    if (what.n == 0)
        return 0;
    if (s.n < what.n)
        return -1;
    p = memmem(s.p, s.n, what.p, what.n);
    return p ? p - s.p : -1;
}

bool str_int(str s, int64_t *out)
{
    bool minus = s.n && s.p[0] == '-';
    int64_t v = 0;

    if (s.n == (size_t)minus)
        return false;
    for (size_t i = minus; i < s.n; i++) {
        int d = s.p[i] - '0';

        if (d < 0 || d > 9 || __builtin_mul_overflow(v, 10, &v)
            || __builtin_add_overflow(v, minus ? -d : d, &v))
            return false;
    }
    *out = v;
    return true;
}
