// SPDX-License-Identifier: MIT
/* progress.h - say on standard error how far a long command is: once a second at most. */
#ifndef APP_PROGRESS_H
#define APP_PROGRESS_H

#include "base/clock.h"

#include <stdio.h>

struct progress { const char *what; int64_t total, next; };   /* next: ms, monotonic; 0 at first */

static inline void progress_say(void *arg, int64_t done)
{
    struct progress *p = arg;
    int64_t now = clock_mono_ms();

    if (p->next == 0)
        p->next = now + 1000;
    if (now < p->next)
        return;
    p->next = now + 1000;
    fprintf(stderr, "latchkey: %s: %lld of %lld\n", p->what, (long long)done, (long long)p->total);
}

#endif
