// SPDX-License-Identifier: MIT
/* flood.h - how much of what costs us more than its sender one HTTP/2 connection may send.
 *
 * Resets and noise (settings, pings, empty frames ...) are let through at a rate, and answers earn
 * some back; a head in many pieces and frames that nobody knows have a limit. `over` stays. */
#ifndef HTTP_FLOOD_H
#define HTTP_FLOOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bucket { int64_t left, most, a_second, at; /* monotonic ms */ };

struct flood {
    struct bucket resets, noise;
    int64_t stray;                    /* bytes that came, less those of frames that were told of */
    unsigned continuations;           /* frames in a row */
    bool over;                        /* too much came */
};

/* `now` here and below: monotonic ms. */
void flood_init(struct flood *f, int64_t now);

/* A frame of a known type began, `n` bytes with its head. */
void flood_frame(struct flood *f, size_t n, bool continues);

/* A stream was reset, by whom ever. */
void flood_reset(struct flood *f, int64_t now);

/* A stream was answered before its body was there. What was on its way then belongs to no stream:
 * nobody will be told of those frames. */
void flood_refused(struct flood *f);

/* A frame came that asks for work and brings none. */
void flood_noise(struct flood *f, int64_t now);

/* An answer, or a frame of its body, goes out: who asks may acknowledge. */
void flood_answer(struct flood *f, int64_t now);
void flood_data(struct flood *f, int64_t now);

/* So many bytes were read, those of frames that flood_frame was told of among them. */
void flood_bytes(struct flood *f, size_t n);

#endif
