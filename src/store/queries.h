// SPDX-License-Identifier: MIT
/* queries.h - the names of all SQL statements; queries.c holds their texts. */
#ifndef STORE_QUERIES_H
#define STORE_QUERIES_H

enum query {
    Q_USER_BY_ID,
    Q_COUNT
};

/* `?` marks a value in all three engines. The last three only where an engine truly differs. */
struct sql { const char *any, *sqlite, *mysql, *pgsql; };

extern const struct sql queries[Q_COUNT];

#endif
