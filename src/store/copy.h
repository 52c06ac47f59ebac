// SPDX-License-Identifier: MIT
/* copy.h - every row of a database, page by page and in the order of its key, out of one engine and
 * into another. */
#ifndef STORE_COPY_H
#define STORE_COPY_H

#include "store/db.h"

enum { COPY_VALUES_MAX = 11, COPY_PAGE = 512 };

/* A table as it is copied. `types` has a letter a column: i number, t text, d time; I and D where
 * NULL stands for 0. The first `keys` columns are the primary key. */
struct copy_table {
    const char *name, *types;
    unsigned keys;
    enum query count, page, last, put;
    bool optional;                    /* the sequel's: may be missing */
    bool whole;                       /* few rows, put in again each time; `last` is not asked */
};

/* In an order in which no row comes before one that it refers to. Ended by a row of zeros. */
extern const struct copy_table copy_tables[];

/* One row: a column's value lies in i[] or in s[], by its type. */
struct copy_row { int64_t i[COPY_VALUES_MAX]; str s[COPY_VALUES_MAX]; };

struct copy_page { size_t n; struct copy_row rows[COPY_PAGE]; };

/* The next rows behind the key of `after`; NULL: the first ones. Their texts lie in `mem`. */
err copy_page_read(struct db *db, struct arena *mem, const struct copy_table *t,
                   const struct copy_row *after, struct copy_page *out);

/* Put all of them in, or none. */
err copy_page_write(struct db *db, const struct copy_table *t, const struct copy_page *page);

/* The key of the last row. ERR_NOT_FOUND. */
err copy_last(struct db *db, struct arena *mem, const struct copy_table *t, struct copy_row *out);

/* Let the engine give ids behind the last one that was copied. */
err copy_end(struct db *db);

#endif
