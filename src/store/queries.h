// SPDX-License-Identifier: MIT
/* queries.h - the names of all SQL statements; queries.c holds their texts. */
#ifndef STORE_QUERIES_H
#define STORE_QUERIES_H

#include <stdbool.h>

enum query {
    Q_USER_BY_ID,
    Q_USER_SHARED,
    Q_USER_HELD,
    Q_USER_BY_USERNAME,
    Q_USER_BY_EMAIL,
    Q_USER_BY_NAME_KEY,
    Q_USERS_AFTER,
    Q_USER_LAST_ID,
    Q_USER_HASH_FROM,
    Q_USER_INSERT,
    Q_USER_UPDATE_PASSWORD,
    Q_USER_REPLACE_HASH,
    Q_USER_DELETE,

    Q_NAME_HOLDER,
    Q_NAME_INSERT,
    Q_NAME_TAKE_OVER,
    Q_NAME_RELEASE,
    Q_NAMES_OF_USER_DELETE,

    Q_STATE_READ,
    Q_STATE_WRITE,
    Q_STATE_DELETE,
    Q_STANDING_OF_USER,

    Q_ROLES_ALL,
    Q_ROLES_OF_USER,
    Q_ROLE_NEXT_ID,
    Q_ROLE_INSERT,
    Q_ROLE_DELETE,
    Q_USER_ROLE_INSERT,
    Q_USER_ROLE_DELETE,
    Q_USER_ROLES_OF_USER_DELETE,
    Q_USER_ROLES_OF_ROLE_DELETE,

    Q_SESSION_BY_ID,
    Q_SESSION_TIMES,
    Q_SESSIONS_BY_USER,
    Q_SESSION_INSERT,
    Q_SESSION_ADVANCE,
    Q_SESSION_DELETE,
    Q_SESSIONS_OF_USER_DELETE,
    Q_SESSIONS_OF_USER_USED,
    Q_SESSIONS_OVER_DELETE,
    Q_SESSIONS_IDLE_DELETE,

    Q_REFRESH_BY_TOKEN,
    Q_REFRESH_INSERT,
    Q_REFRESH_DELETE,
    Q_REFRESHES_OF_USER_DELETE,

    Q_FAILURE_READ,
    Q_FAILURE_INSERT,
    Q_FAILURE_UPDATE,
    Q_FAILURE_DELETE,
    Q_FAILURES_NTH,
    Q_FAILURES_OLD_DELETE,
    Q_FAILURES_OF_KIND,

    Q_META_READ,
    Q_META_WRITE,

    Q_KEYS_NEWEST,
    Q_KEY_INSERT,
    Q_KEY_UPDATE,
    Q_REVOCATIONS_SINCE,
    Q_REVOCATION_WRITE,
    Q_REVOCATIONS_OVER_DELETE,
    Q_META_INSERT,
    Q_META_REPLACE,

    Q_TABLE_COUNT,
    Q_SCHEMA_HASH,
    Q_SCHEMA_LAST,
    Q_SCHEMA_INSERT,
    Q_SCHEMA_CLEAR,

    Q_TOOLS, /* from here on: for adopt and move, prepared at their first use */
    Q_INDEX_COUNT = Q_TOOLS,
    Q_COUNT_USERS,
    Q_COUNT_ROLES,
    Q_COUNT_USER_ROLES,
    Q_COUNT_REFRESH_TOKENS,
    Q_COUNT_NAMES,
    Q_COUNT_ACCOUNTS,
    Q_COUNT_META,
    Q_COUNT_WITHOUT_ROLE,
    Q_USERS_WITHOUT_ROLE,
    Q_ROLE_HOLDERS,
    Q_SCHEMA_FIRST_TIME,
    Q_ROLES_CLEAR,
    Q_META_DELETE,

    /* copy.c: a page of rows by key, the last key, a row put in */
    Q_PAGE_ROLES,
    Q_LAST_ROLES,
    Q_PUT_ROLES,
    Q_PAGE_USERS,
    Q_LAST_USERS,
    Q_PUT_USERS,
    Q_PAGE_USER_ROLES,
    Q_LAST_USER_ROLES,
    Q_PUT_USER_ROLES,
    Q_PAGE_REFRESH_TOKENS,
    Q_LAST_REFRESH_TOKENS,
    Q_PUT_REFRESH_TOKENS,
    Q_PAGE_NAMES,
    Q_LAST_NAMES,
    Q_PUT_NAMES,
    Q_PAGE_ACCOUNTS,
    Q_LAST_ACCOUNTS,
    Q_PUT_ACCOUNTS,
    Q_PAGE_SESSIONS,
    Q_LAST_SESSIONS,
    Q_PUT_SESSIONS,
    Q_COUNT_SESSIONS,
    Q_PAGE_FAILURES,
    Q_LAST_FAILURES,
    Q_PUT_FAILURES,
    Q_COUNT_FAILURES,
    Q_PAGE_KEYS,
    Q_LAST_KEYS,
    Q_PUT_KEYS,
    Q_COUNT_KEYS,
    Q_PAGE_REVOCATIONS,
    Q_LAST_REVOCATIONS,
    Q_PUT_REVOCATIONS,
    Q_COUNT_REVOCATIONS,
    Q_PAGE_META,
    Q_PUT_META,
    Q_COUNT
};

/* `?` marks a value in all three engines. The three after `any` only where an engine truly differs.
 * `late` is for a table that not every database has: prepared at its first use. */
struct sql { const char *any, *sqlite, *mysql, *pgsql; bool late; };

extern const struct sql queries[Q_COUNT];

#endif
