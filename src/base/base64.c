// SPDX-License-Identifier: MIT
/* base64.c - base64 and base64url by table, strict. */
#include "base/base64.h"

#include <endian.h>

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char for_urls[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void put(struct buf *b, str bytes, const char *alphabet, bool pad)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    size_t left = bytes.n;

    if (!buf_room(b, (bytes.n + 2) / 3 * 4))
        return;
    for (; left; p += 3, left -= left < 3 ? left : 3) {
        unsigned v =
            (unsigned)p[0] << 16 | (left > 1 ? (unsigned)p[1] << 8 : 0) | (left > 2 ? p[2] : 0);

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

/* 128 + value for each character of an alphabet; 0 for what is not in it. */
#define LETTERS_AND_DIGITS                                                                         \
    ['A'] = 128, 129, 130, 131, 132, 133, 134, 135, 136, 137, 138, 139, 140, 141, 142, 143, 144,   \
    145, 146, 147, 148, 149, 150, 151, 152, 153, ['a'] = 154, 155, 156, 157, 158, 159, 160, 161,   \
    162, 163, 164, 165, 166, 167, 168, 169, 170, 171, 172, 173, 174, 175, 176, 177, 178,           \
    179, ['0'] = 180, 181, 182, 183, 184, 185, 186, 187, 188, 189

static const unsigned char standard_values[256] = { LETTERS_AND_DIGITS, ['+'] = 190, ['/'] = 191 };
static const unsigned char url_values[256] = { LETTERS_AND_DIGITS, ['-'] = 190, ['_'] = 191 };

/* The one to three bytes of the last, short group. */
static bool read_rest(str rest, const unsigned char values[static 256], unsigned char *out,
                      size_t *n)
{
    uint32_t bits = 0;
    size_t spare = rest.n == 3 ? 2 : 4;

    for (size_t i = 0; i < rest.n; i++) {
        unsigned char v = values[(unsigned char)rest.p[i]];

        if (v == 0)
            return false;
        bits = bits << 6 | (v & 63u);
    }
    if (bits & ((1u << spare) - 1))              /* RFC 4648 section 3.5: unused bits are zero */
        return false;
    bits >>= spare;
    if (rest.n == 3)
        out[(*n)++] = (unsigned char)(bits >> 8);
    out[(*n)++] = (unsigned char)bits;
    return true;
}

/* Four characters, three bytes: 0 when one of them does not belong. The fourth byte that is stored
 * lies in the two that BASE64_BYTES has to spare, or is written over by the next group. */
static unsigned read_group(const char *text, const unsigned char values[static 256],
                           unsigned char *out)
{
    uint32_t w, bits;
    unsigned a, b, c, d;

    memcpy(&w, text, sizeof w);
    w = le32toh(w);
    a = values[w & 255], b = values[w >> 8 & 255], c = values[w >> 16 & 255], d = values[w >> 24];
    bits = htobe32((a & 63) << 26 | (b & 63) << 20 | (c & 63) << 14 | (d & 63) << 8);
    memcpy(out, &bits, sizeof bits);
    return a & b & c & d & 128;
}

/* Whether all belonged is asked once, at the end: tokens pass here on each request. */
static bool read_text(str text, const unsigned char values[static 256], unsigned char *out,
                      size_t *n)
{
    size_t at = 0, whole = text.n & ~(size_t)3;
    unsigned all = 128;

    if (text.n % 4 == 1)
        return false;
    for (size_t i = 0; i < whole; i += 4, at += 3)
        all &= read_group(text.p + i, values, out + at);
    if (all == 0)
        return false;
    if (text.n > whole && !read_rest(str_from(text, whole), values, out, &at))
        return false;
    *n = at;
    return true;
}

bool base64url_read(str text, unsigned char *out, size_t *n)
{
    return read_text(text, url_values, out, n);
}

bool base64_read(str text, unsigned char *out, size_t *n)
{
    if (text.n % 4 == 0 && text.n && text.p[text.n - 1] == '=')
        text.n -= text.p[text.n - 2] == '=' ? 2 : 1;
    return read_text(text, standard_values, out, n);
}
