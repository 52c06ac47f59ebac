// SPDX-License-Identifier: MIT
/* move.h - copy everything to another database, and verify the copy.
 *
 * Rows go page by page, each page a transaction, in the order of their keys; so what the target
 * holds at any moment is where the copying goes on. A mark in its latchkey_meta says that a move is
 * under way, and from where; it goes when the copy was verified. Nothing may write to either
 * meanwhile. */
#ifndef AUTH_MOVE_H
#define AUTH_MOVE_H

#include "store/copy.h"

/* Told as it goes: `done` rows of `total` in a table. */
typedef void move_progress(void *arg, const char *what, int64_t done, int64_t total);

struct move {
    const struct db_config *from, *to;  /* passwords beside the URLs, not in them: `mark` */
    struct arena *mem;                /* some KB */
    move_progress *progress;
    void *arg;
    struct db *source, *target;       /* the rest is move_run's own */
    char mark[65];
    const char *table;                /* which one it was at when it failed */
    str why;                          /* what is wrong, in words; p == NULL: err_meaning says it */
    bool resumed;
};

/* What was verified of a table. */
struct move_sum { int64_t rows; uint64_t sum[4]; };

/* ERR_EXISTS: the target is not empty, or holds another move. ERR_DB_SCHEMA: the source is not of
 * this program's schema. ERR_IO: the copy differs from the source. Or a failure of either database.
 * Connections are left to move_end. */
err move_run(struct move *m);
void move_end(struct move *m);

/* Count and add up all rows of a table: equal where they hold the same rows, in whatever order. */
err move_sum_of(struct db *db, const struct copy_table *t, struct move_sum *out);

#endif
