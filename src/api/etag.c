// SPDX-License-Identifier: MIT
/* etag.c - entity tags: made, kept, compared. */
#include "api/etag.h"

#include "base/base64.h"
#include "crypto/digest.h"

/* W/"2e-zML67HRz76J+vwxupX1SSxhOASY" */
static size_t tag_write(char to[static ETAG_MAX], str body)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char sha1[SHA1_BYTES];
    char digits[2 * sizeof body.n], text[32];
    size_t n = 0, at = sizeof digits;
    struct buf b = { .p = text, .cap = sizeof text, .max = sizeof text };

    digest_sha1(body, sha1);
    base64_put(&b, (str){ (char *)sha1, sizeof sha1 });
    do
        digits[--at] = hex[body.n & 15];
    while ((body.n >>= 4) != 0);
    memcpy(to, "W/\"", n = 3);
    memcpy(to + n, digits + at, sizeof digits - at);
    n += sizeof digits - at;
    to[n++] = '-';
    memcpy(to + n, text, 27);
    n += 27;
    to[n++] = '"';
    return n;
}

str etag_of(struct etags *etags, struct arena *mem, str body)
{
    size_t slot = (body.n + (body.n ? (unsigned char)body.p[body.n / 2] : 0)) % ETAGS;
    char *tag;

    if (!etags || body.n == 0 || body.n > ETAG_BODY_MAX) {
        if ((tag = arena_alloc(mem, ETAG_MAX, 1)) == NULL)
            return (str){0};
        return (str){ tag, tag_write(tag, body) };
    }
    if (etags->at[slot].n != body.n || memcmp(etags->at[slot].body, body.p, body.n) != 0) {
        memcpy(etags->at[slot].body, body.p, etags->at[slot].n = body.n);
        etags->at[slot].tag_n = tag_write(etags->at[slot].tag, body);
    }
    /* A later request of this thread may reuse the slot before this answer has left. */
    return arena_dup(mem, (str){ etags->at[slot].tag, etags->at[slot].tag_n });
}

/* Is `what` among the elements of a list, blanks around each aside? */
static bool list_has(str list, str what)
{
    bool more;
    str one;

    do {
        more = str_cut(list, ',', &one, &list);
        if (str_is(str_trim(one), what))
            return true;
    } while (more);
    return false;
}

static str strong(str tag)
{
    return str_starts(tag, STR("W/")) ? str_from(tag, 2) : tag;
}

bool etag_is_known(struct exchange *x, str tag)
{
    str list = http_header(x, STR("if-none-match"));
    bool more;
    str one;

    if (list.n == 0 || http_header(x, STR("if-modified-since")).n
        || list_has(http_header(x, STR("cache-control")), STR("no-cache")))
        return false;
    if (str_is(list, STR("*")))
        return true;
    do {
        more = str_cut(list, ',', &one, &list);
        if (tag.n && str_is(strong(str_trim(one)), strong(tag)))
            return true;
    } while (more);
    return false;
}
