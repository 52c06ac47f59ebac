// SPDX-License-Identifier: MIT
/* clock.c - what time it is. */
#include "base/clock.h"

#include <time.h>

static int64_t ms_of(clockid_t which)
{
    struct timespec t;

    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_ms(void)
{
    return ms_of(CLOCK_REALTIME);
}

int64_t clock_mono_ms(void)
{
    return ms_of(CLOCK_MONOTONIC);
}

void clock_datetime(int64_t seconds, char out[static 20])
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || strftime(out, 20, "%Y-%m-%d %H:%M:%S", &tm) == 0)
        out[0] = '\0';
}

/* `n` digits at `at`; -1 when they are not digits. */
static int digits(str s, size_t at, size_t n)
{
    int v = 0;

    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    return v;
}

bool clock_from_datetime(str s, int64_t *seconds)
{
    struct tm tm;

    if (s.n < 19 || s.p[4] != '-' || s.p[7] != '-' || (s.p[10] != ' ' && s.p[10] != 'T')
        || s.p[13] != ':' || s.p[16] != ':')
        return false;
    tm = (struct tm){ .tm_year = digits(s, 0, 4) - 1900, .tm_mon = digits(s, 5, 2) - 1,
                      .tm_mday = digits(s, 8, 2), .tm_hour = digits(s, 11, 2),
                      .tm_min = digits(s, 14, 2), .tm_sec = digits(s, 17, 2) };
    if (tm.tm_year < -1900 || tm.tm_mon < 0 || tm.tm_mon > 11 || tm.tm_mday < 0 || tm.tm_mday > 31
        || tm.tm_hour < 0 || tm.tm_hour > 23 || tm.tm_min < 0 || tm.tm_min > 59 || tm.tm_sec < 0
        || tm.tm_sec > 60)
        return false;
    *seconds = (int64_t)timegm(&tm);
    return true;
}
