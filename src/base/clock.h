// SPDX-License-Identifier: MIT
/* clock.h - what time it is. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/str.h"

int64_t clock_ms(void);        /* wall clock, ms since 1970-01-01 UTC */
int64_t clock_mono_ms(void);   /* only moves forward; for deadlines and durations */

/* "2026-11-23 19:04:11" (the tutorial's DATETIME, UTC) from seconds since 1970; 19 bytes and a
 * NUL. */
void clock_datetime(int64_t seconds, char out[static 20]);

/* The way back; a fraction and a zone "+00:00" or "Z" may follow (Sequelize writes them on SQLite)
 * and are ignored. False when it is no such time. */
bool clock_from_datetime(str text, int64_t *seconds);

#endif
