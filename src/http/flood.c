// SPDX-License-Identifier: MIT
/* flood.c - how much of what costs us more than its sender one HTTP/2 connection may send. */
#include "http/flood.h"

enum {
    CONTINUATIONS_MAX = 16,
    RESETS_MAX = 200,                 /* at once, ... */
    RESETS_S = 20,                    /* ... and further ones a second */
    NOISE_MAX = 500,
    NOISE_S = 50,
    NOISE_EARNED = 4,                 /* by an answer and by a frame of data that went out */
    STRAY_MAX = 64 << 10,             /* bytes of frames of unknown types */
    STRAY_EARNED = 1 << 10,           /* by an answer */
    UPLOAD_MAX = 80 << 10,            /* a stream's window and the heads of its frames */
    UPLOADS_MAX = 16,                 /* on their way at once */
};

static void spend(struct flood *f, struct bucket *b, int64_t n, int64_t now)
{
    int64_t earned = (now - b->at) * b->a_second / 1000;

    if (earned > 0) {
        b->at = now;
        b->left = b->left + earned < b->most ? b->left + earned : b->most;
    }
    b->left = b->left - n < b->most ? b->left - n : b->most;
    if (b->left < 0)
        f->over = true;
}

void flood_init(struct flood *f, int64_t now)
{
    *f = (struct flood){
        .resets = { RESETS_MAX, RESETS_MAX, RESETS_S, now },
        .noise = { NOISE_MAX, NOISE_MAX, NOISE_S, now },
    };
}

void flood_frame(struct flood *f, size_t n, bool continues)
{
    f->stray -= (int64_t)n;
    f->continuations = continues ? f->continuations + 1 : 0;
    if (f->continuations > CONTINUATIONS_MAX)
        f->over = true;
}

void flood_reset(struct flood *f, int64_t now)
{
    spend(f, &f->resets, 1, now);
}

void flood_refused(struct flood *f)
{
    if (f->stray > -(int64_t)UPLOAD_MAX * UPLOADS_MAX)
        f->stray -= UPLOAD_MAX;
}

void flood_noise(struct flood *f, int64_t now)
{
    spend(f, &f->noise, 1, now);
}

void flood_answer(struct flood *f, int64_t now)
{
    spend(f, &f->noise, -NOISE_EARNED, now);
    f->stray -= f->stray > STRAY_EARNED ? STRAY_EARNED : 0;
}

void flood_data(struct flood *f, int64_t now)
{
    spend(f, &f->noise, -NOISE_EARNED, now);
}

void flood_bytes(struct flood *f, size_t n)
{
    f->stray += (int64_t)n;
    if (f->stray > STRAY_MAX)
        f->over = true;
}
