// SPDX-License-Identifier: MIT
/* inflate.c - zlib on an arena, with a bound. */
#include "api/inflate.h"

#include "base/buf.h"

#include <zlib.h>

enum { STEP = 16 << 10 };

static void *arena_zalloc(void *mem, unsigned n, unsigned size)
{
    void *p = arena_array(mem, size, n, _Alignof(max_align_t));

    return p ? p : Z_NULL;
}

static void arena_zfree(void *, void *)
{
}

/* One call of inflate(): more room, more bytes. */
static int unfold_some(z_stream *z, struct buf *to)
{
    size_t room = to->max - to->n < STEP ? to->max - to->n : STEP;
    int rc;

    if (!buf_room(to, room))
        return Z_MEM_ERROR;
    z->next_out = (unsigned char *)to->p + to->n;
    z->avail_out = (unsigned)room;
    rc = inflate(z, Z_NO_FLUSH);
    to->n += room - z->avail_out;
    return rc;
}

/* gzip allows several members one after the other (RFC 1952 section 2.2). */
static bool another_member(const z_stream *z)
{
    return z->avail_in >= 2 && z->next_in[0] == 0x1f && z->next_in[1] == 0x8b;
}

static err unfold(z_stream *z, struct buf *to, size_t max, bool members)
{
    for (;;) {
        int rc = unfold_some(z, to);

        if (to->n > max)
            return ERR_BODY_TOO_LARGE;
        if (rc == Z_MEM_ERROR)
            return ERR_NO_MEMORY;
        if (rc == Z_STREAM_END && !(members && another_member(z)))
            return OK;
        if (rc == Z_STREAM_END)
            rc = inflateReset(z);
        if (rc != Z_OK || (z->avail_in == 0 && z->avail_out))
            return ERR_BODY_BROKEN;
    }
}

err inflate_read(struct arena *mem, enum inflate_format format, str folded, size_t max, str *out)
{
    z_stream z = { .zalloc = arena_zalloc, .zfree = arena_zfree, .opaque = mem };
    struct buf to;
    err e;

    *out = (str){0};
    if (folded.n == 0)
        return OK;                                       /* Node unfolds nothing to nothing */
    buf_init(&to, mem, max + 1);                         /* one more: to see that it is too long */
    if (inflateInit2(&z, format == INFLATE_GZIP ? MAX_WBITS + 16 : MAX_WBITS) != Z_OK)
        return ERR_NO_MEMORY;
    z.next_in = (unsigned char *)(uintptr_t)folded.p;
    z.avail_in = (unsigned)folded.n;
    e = unfold(&z, &to, max, format == INFLATE_GZIP);
    (void)inflateEnd(&z);                                /* its memory is the arena's */
    *out = buf_str(&to);
    return e;
}
