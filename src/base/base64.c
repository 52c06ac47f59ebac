// SPDX-License-Identifier: MIT
/* base64.c - base64 and base64url by table, strict. */
#include "base/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put(struct buf *b, str bytes, const char *alphabet, bool pad)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t left = bytes.n;

    if (!buf_room(b, (bytes.n + 2) / 3 * 4))
        return;
    for (; left; p += 3, left -= left < 3 ? left : 3) {
        unsigned v = (unsigned)p[0] << 16 | (left > 1 ? (unsigned)p[1] << 8 : 0) | (left > 2 ? p[2] : 0);

        b->p[b->n++] = alphabet[v >> 18];
        b->p[b->n++] = alphabet[v >> 12 & 63];
        if (left > 1)
            b->p[b->n++] = alphabet[v >> 6 & 63];
        else if (pad)
            b->p[b->n++] = '=';
        if (left > 2)
            b->p[b->n++] = alphabet[v & 63];
        else if (pad)
            b->p[b->n++] = '=';
    }
}

void base64url_put(struct buf *b, str bytes)
{
    put(b, bytes, for_urls, false);
}

void base64_put(struct buf *b, str bytes)
{
    put(b, bytes, standard, true);
}

/* 1 + value for each character of both alphabets; 0 for what is in neither. '+' and '-' are 63,
 * '/' and '_' 64: which pair counts is asked apart. */
static const unsigned char value_of[256] = {
    ['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    ['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49,
    50, 51, 52, ['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, ['+'] = 63, ['-'] = 63, ['/'] = 64,
    ['_'] = 64,
};

static bool read_text(str text, const char *foreign, unsigned char *out, size_t *n)
{
    uint32_t bits = 0;
    size_t held = 0, at = 0;

    if (text.n % 4 == 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i], v = value_of[c];

        if (v == 0 || c == (unsigned char)foreign[0] || c == (unsigned char)foreign[1])
            return false;
        bits = bits << 6 | (v - 1u);
        if ((held += 6) >= 8) {
            held -= 8;
            out[at++] = (unsigned char)(bits >> held);
        }
    }
    *n = at;
    return (bits & ((1u << held) - 1)) == 0;     /* RFC 4648 section 3.5: unused bits are zero */
}

bool base64url_read(str text, unsigned char *out, size_t *n)
{
    return read_text(text, "+/", out, n);
}

bool base64_read(str text, unsigned char *out, size_t *n)
{
    if (text.n % 4 == 0 && text.n && text.p[text.n - 1] == '=')
        text.n -= text.p[text.n - 2] == '=' ? 2 : 1;
    return read_text(text, "-_", out, n);
}
