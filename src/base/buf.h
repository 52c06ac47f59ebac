// SPDX-License-Identifier: MIT
/* buf.h - a growing run of bytes with a maximum from birth. Failure sticks.
 *
 * When the maximum or the memory is reached the buffer stays failed and further writes do nothing:
 * whoever sends it asks once, with buf_ok(). What is given back, and what is left behind when it
 * grows, is wiped. A buf made with an arena grows there and needs no buf_end(). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"
#include "base/err.h"

struct buf {
    char *p;
    size_t n, cap, max;
    struct arena *mem;      /* NULL: from malloc, given back by buf_end() */
    bool failed;
};

void buf_init(struct buf *b, struct arena *mem, size_t max);
void buf_end(struct buf *b);      /* wipes; gives back what came from malloc */
void buf_clear(struct buf *b);    /* wipes the bytes, keeps the room, forgets a failure */

/* Room for `n` more bytes, to be written at b->p + b->n. False (and failed) when there is none. */
bool buf_room(struct buf *b, size_t n);

void buf_put(struct buf *b, str s);
void buf_byte(struct buf *b, char c);
void buf_int(struct buf *b, int64_t v);                                   /* decimal */
[[gnu::format(printf, 2, 3)]] void buf_printf(struct buf *b, const char *format, ...);

/* Drop the first `n` bytes. */
void buf_drop(struct buf *b, size_t n);

static inline str buf_str(const struct buf *b)
{
    return (str){ b->p, b->n };
}

/* OK, or ERR_NO_MEMORY when any write did not fit. */
static inline err buf_ok(const struct buf *b)
{
    return b->failed ? ERR_NO_MEMORY : OK;
}

#endif
