// SPDX-License-Identifier: MIT
/* charset.c - UTF-8, UTF-16 (RFC 2781) and UTF-7 (RFC 2152) to UTF-8. */
#include "api/charset.h"

#include "base/utf8.h"

enum charset charset_of(str name)
{
    static const struct { const char *name; enum charset charset;
    } known[] = {
        {"utf-8", CHARSET_UTF8},       {"utf-16", CHARSET_UTF16}, {"utf-16le", CHARSET_UTF16LE},
        {"utf-16be", CHARSET_UTF16BE}, {"utf-7", CHARSET_UTF7},
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (str_is_nocase(name, str_of(known[i].name)))
            return known[i].charset;
    return CHARSET_NONE;
}

/* UTF-16 units on their way to UTF-8: `high` is a surrogate that waits for its other half. */
struct units { struct buf *to; uint32_t high; };

static void unit_put(struct units *u, uint32_t unit)
{
    bool low = unit >= 0xdc00 && unit < 0xe000;

    if (u->high) {
        utf8_put(u->to, low ? 0x10000 + ((u->high - 0xd800) << 10) + (unit - 0xdc00) : 0xfffd);
        u->high = 0;
        if (low)
            return;
    }
    if (unit >= 0xd800 && unit < 0xdc00)
        u->high = unit;
    else
        utf8_put(u->to, low ? 0xfffd : unit);
}

static void units_end(struct units *u)
{
    if (u->high)
        utf8_put(u->to, 0xfffd);
    u->high = 0;
}

static void utf16_decode(struct buf *to, str text, bool big)
{
    const unsigned char *p = (const unsigned char *)text.p;
    struct units u = { .to = to };

    for (size_t i = 0; i + 1 < text.n; i += 2)
        unit_put(&u, big ? (uint32_t)(p[i] << 8 | p[i + 1]) : (uint32_t)(p[i + 1] << 8 | p[i]));
    units_end(&u);
}

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

/* A run of UTF-16 in base64, after its '+'; returns what is behind it. */
static str utf7_run(struct buf *to, str s)
{
    struct units u = { .to = to };
    uint32_t bits = 0;
    int n = 0, digit;
    size_t at = 0;

    for (; at < s.n && (digit = base64_digit(s.p[at])) >= 0; at++) {
        bits = bits << 6 | (uint32_t)digit;
        n += 6;
        if (n >= 16) {
            n -= 16;
            unit_put(&u, bits >> n & 0xffff);
        }
    }
    units_end(&u);
    if (at == 0 && at < s.n && s.p[at] == '-')
        buf_byte(to, '+');                               /* "+-" stands for '+' */
    return str_from(s, at + (at < s.n && s.p[at] == '-'));
}

static void utf7_decode(struct buf *to, str s)
{
    while (s.n) {
        char c = s.p[0];

        s = str_from(s, 1);
        if (c == '+')
            s = utf7_run(to, s);
        else
            utf8_put(to, (unsigned char)c < 0x80 ? (unsigned char)c : 0xfffd);
    }
}

static str without_bom(str s)
{
    return str_starts(s, STR("\xef\xbb\xbf")) ? str_from(s, 3) : s;
}

err charset_decode(struct arena *mem, enum charset charset, str text, str *out)
{
    bool big = charset == CHARSET_UTF16BE
               || (charset == CHARSET_UTF16 && str_starts(text, STR("\xfe\xff")));
    struct buf to;

    if (charset == CHARSET_UTF8) {
        *out = utf8_repair(mem, without_bom(text));
        return out->p || text.n == 0 ? OK : ERR_NO_MEMORY;
    }
    buf_init(&to, mem, text.n * 3 + 3);
    if (charset == CHARSET_UTF7)
        utf7_decode(&to, text);
    else
        utf16_decode(&to, text, big);
    *out = without_bom(buf_str(&to));
    return buf_ok(&to);
}
