// SPDX-License-Identifier: MIT
/* queries.h - the names of all SQL statements; queries.c holds their texts. */
#ifndef STORE_QUERIES_H
#define STORE_QUERIES_H

#include <stdbool.h>

enum query {
    Q_USER_BY_ID,
    Q_USER_BY_USERNAME,
    Q_USER_BY_EMAIL,
    Q_USER_BY_NAME_KEY,
    Q_USERS_AFTER,
    Q_USER_INSERT,
    Q_USER_UPDATE_PASSWORD,
    Q_USER_REPLACE_HASH,
    Q_USER_DELETE,

    Q_NAME_HOLDER,
    Q_NAME_INSERT,
    Q_NAME_TAKE_OVER,
    Q_NAME_RELEASE, Q_NAMES_OF_USER_DELETE,

    Q_STATE_READ,
    Q_STATE_WRITE,
    Q_STATE_DELETE,

    Q_ROLES_ALL,
    Q_ROLES_OF_USER,
    Q_ROLE_NEXT_ID,
    Q_ROLE_INSERT,
    Q_ROLE_DELETE,
    Q_USER_ROLE_INSERT,
    Q_USER_ROLE_DELETE,
    Q_USER_ROLES_OF_USER_DELETE,
    Q_USER_ROLES_OF_ROLE_DELETE,

    Q_REFRESH_BY_TOKEN, Q_REFRESH_INSERT, Q_REFRESH_DELETE, Q_REFRESHES_OF_USER_DELETE,

    Q_META_READ,
    Q_META_WRITE,

    Q_TABLE_COUNT,
    Q_SCHEMA_HASH,
    Q_SCHEMA_LAST,
    Q_SCHEMA_INSERT,
    Q_SCHEMA_CLEAR,
    Q_COUNT
};

/* `?` marks a value in all three engines. The three after `any` only where an engine truly differs.
 * `late` is for a table that not every database has: prepared at its first use. */
struct sql { const char *any, *sqlite, *mysql, *pgsql; bool late; };

extern const struct sql queries[Q_COUNT];

#endif
