// SPDX-License-Identifier: MIT
/* utf8.c - check, repair and write UTF-8. */
#include "base/utf8.h"

/* How many bytes from `p` on are one well-formed character, or 0 with *bad set to the length of the
 * maximal part that could have begun one (at least 1). Unicode 15 table 3-7. */
static size_t character(const unsigned char *p, size_t n, size_t *bad)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t more;

    *bad = 1;
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0;
    more = p[0] < 0xe0 ? 1 : p[0] < 0xf0 ? 2 : 3;
    if (p[0] == 0xe0) low = 0xa0;
    if (p[0] == 0xed) high = 0x9f;
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f;
    for (size_t i = 1; i <= more; i++, low = 0x80, high = 0xbf) {
        if (i == n || p[i] < low || p[i] > high) {
            *bad = i;
            return 0;
        }
    }
    return more + 1;
}

bool utf8_is_well_formed(str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t bad;

    for (size_t at = 0; at < s.n;) {
        size_t n = character(p + at, s.n - at, &bad);

        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

str utf8_repair(struct arena *mem, str s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    struct buf out;

    if (utf8_is_well_formed(s))
        return s;
    buf_init(&out, mem, s.n * 3);
    for (size_t at = 0; at < s.n;) {
        size_t bad, n = character(p + at, s.n - at, &bad);

        buf_put(&out, n ? (str){ s.p + at, n } : STR("\xef\xbf\xbd"));
        at += n ? n : bad;
    }
    return out.failed ? (str){0} : buf_str(&out);
}

void utf8_put(struct buf *b, uint32_t code)
{
    if (code < 0x80) {
        buf_byte(b, (char)code);
        return;
    }
    if (code < 0x800)
        buf_byte(b, (char)(0xc0 | code >> 6));
    else if (code < 0x10000)
        buf_byte(b, (char)(0xe0 | code >> 12));
    else {
        buf_byte(b, (char)(0xf0 | code >> 18));
        buf_byte(b, (char)(0x80 | (code >> 12 & 0x3f)));
    }
    if (code >= 0x800)
        buf_byte(b, (char)(0x80 | (code >> 6 & 0x3f)));
    buf_byte(b, (char)(0x80 | (code & 0x3f)));
}
