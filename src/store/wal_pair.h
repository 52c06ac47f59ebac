// SPDX-License-Identifier: MIT
/* wal_pair.h - which write-ahead log stands beside which SQLite file.
 *
 * Beside a file that took the other's place the old log would be written into it: SQLite cannot
 * tell. Any thread. */
#ifndef STORE_WAL_PAIR_H
#define STORE_WAL_PAIR_H

#include <stdbool.h>

/* The file at `place` is the one that is open, and so is the log beside it. */
void wal_pair_note(const char *place);

/* The log that stands there was noted beside another file. True also when memory is short. */
bool wal_is_another_files(const char *place);

#endif
