// SPDX-License-Identifier: MIT
/* parse.c - fuzzes the HTTP parser: whatever the bytes, it must not matter where they are split.
 *
 * The first byte of an input says what it is (even: a head, odd: a chunked body) and how it is
 * cut. */
#include "http/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A head in pieces of `step` bytes: the status it gets, -1 while it is not complete. */
static int head_status(const char *b, size_t n, size_t step, struct head *out)
{
    struct head_scan scan = {0};
    size_t have = 0;

    while (have < n) {
        ptrdiff_t k;

        have = n - have < step ? n : have + step;
        k = head_find(&scan, b, have);
        if (k < 0)
            return 400;
        if (k > 0)
            return head_parse((str){ b, (size_t)k }, HTTP_HEADERS_MAX, out);
    }
    return -1;
}

static void heads(const char *b, size_t n, size_t step)
{
    static struct head whole, pieces;

    if (head_status(b, n, n, &whole) != head_status(b, n, step, &pieces))
        abort();
}

/* The outcome in the low bits, a sum over the data above. */
static uint64_t body_sum(const char *b, size_t n, size_t step)
{
    struct chunks c = {0};
    uint64_t sum = 0;
    int rc = 0;

    for (size_t at = 0, used; at < n && rc == 0; at += used) {
        str data;

        rc = chunks_next(&c, b + at, n - at < step ? n - at : step, &used, &data);
        for (size_t i = 0; i < data.n; i++)
            sum = sum * 31 + (unsigned char)data.p[i] + 1;
        if (rc == 0 && used == 0)
            abort();
    }
    return sum << 2 | (unsigned)(rc + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy;
    size_t step;

    if (size < 2)
        return 0;
    step = data[0] / 2 % 16 + 1;
    if ((copy = malloc(size - 1)) == NULL)   /* of its own size: an overrun is seen */
        return 0;
    memcpy(copy, data + 1, size - 1);
    if (data[0] % 2 == 0)
        heads(copy, size - 1, step);
    else if (body_sum(copy, size - 1, size) != body_sum(copy, size - 1, step))
        abort();
    free(copy);
    return 0;
}
