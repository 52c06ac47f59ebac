// SPDX-License-Identifier: MIT
/* queries.c - every SQL statement the server runs. `?` marks a value, in all three engines.
 *
 * Keep to what all three understand; where that is not possible, give the odd engine its own text.
 * Double quotes hold names that have capitals (MySQL's session is opened with ANSI_QUOTES). */
#include "store/queries.h"

#include <stddef.h>

#define USER   "SELECT id, username, email, password, \"createdAt\", \"updatedAt\" FROM users"
#define USER_INSERT "INSERT INTO users (username, email, password, \"createdAt\", \"updatedAt\")" \
                    " VALUES (?, ?, ?, ?, ?)"
#define USER_U "SELECT u.id, u.username, u.email, u.password, u.\"createdAt\", u.\"updatedAt\""

#define SESSION_TIMES "user_id, user_created, created_at, used_at, expires_at, counter"
#define SESSION_TEXTS "secret, address, agent, name"
#define REFRESH "SELECT id, \"expiryDate\", \"createdAt\", \"userId\" FROM \"refreshTokens\" WHERE"

/* A user's text column is asked for twice, with the same value: MySQL's first look goes by the
 * column's collation, which its index serves and which finds `zoe` for `Zoe`; its second by
 * bytes. */
#define EXACT(column)       USER " WHERE " column " = ? AND " column " = ? ORDER BY id LIMIT 1"
#define EXACT_MYSQL(column)                                                                        \
    USER " WHERE " column " = ? AND BINARY CONVERT(" column " USING utf8mb4) = ?"                  \
         " ORDER BY id LIMIT 1"

#define META_WRITE "INSERT INTO latchkey_meta (meta_key, value) VALUES (?, ?)" \
                   " ON CONFLICT (meta_key) DO UPDATE SET value = excluded.value"
#define META_WRITE_MYSQL "INSERT INTO latchkey_meta (meta_key, value) VALUES (?, ?)" \
                         " ON DUPLICATE KEY UPDATE value = VALUES(value)"

/* Rows by key. Of a key of two columns MySQL finds the range only where it is spelled out. */
#define PAGE(columns, table, key) \
    "SELECT " columns " FROM " table " WHERE " key " > ? ORDER BY " key " LIMIT ?"
#define PAGE_2(columns, table, a, b)                                                               \
    "SELECT " columns " FROM " table " WHERE " a " >= ? AND (" a ", " b ") > (?, ?) ORDER BY " a   \
    ", " b " LIMIT ?"
#define PAGE_2_MYSQL(columns, table, a, b) \
    "SELECT " columns " FROM " table " WHERE " a " > ? OR (" a " = ? AND " b " > ?)" \
    " ORDER BY " a ", " b " LIMIT ?"
#define LAST(table, key)    "SELECT " key " FROM " table " ORDER BY " key " DESC LIMIT 1"
#define LAST_2(table, a, b)                                                                        \
    "SELECT " a ", " b " FROM " table " ORDER BY " a " DESC, " b " DESC LIMIT 1"
#define PUT(table, columns) "INSERT INTO " table " (" columns ")"

/* Of what is told again the later times stay. */
#define LATER(table, column)                                                           \
    column " = CASE WHEN excluded." column " > " table "." column                      \
           " THEN excluded." column " ELSE " table "." column " END"
#define LATER_MYSQL(column) column " = GREATEST(" column ", VALUES(" column "))"

#define FAILURE_COLUMNS "kind, who, failures, last_at, wait_until"
#define SESSION_COLUMNS "id, user_id, user_created, created_at, used_at, expires_at," \
                        " counter, secret, address, agent, name"

#define REVOCATION_COLUMNS "id, at, user_id, session_id, keep_id, issued_before"
#define REVOCATION_PUT \
    PUT("latchkey_revocations", REVOCATION_COLUMNS) " VALUES (?, ?, ?, ?, ?, ?)"
#define KEY_COLUMNS "id, kid, alg, state, created_at, current_at, ends_at, public_key, sealed"

const struct sql queries[Q_COUNT] = {
    [Q_USER_BY_ID] = {USER " WHERE id = ?"},
    /* SQLite has one writer at a time. */
    [Q_USER_SHARED] = {USER " WHERE id = ?", .mysql = USER " WHERE id = ? LOCK IN SHARE MODE",
                       .pgsql = USER " WHERE id = ? FOR SHARE"},
    [Q_USER_HELD] = {USER " WHERE id = ?", .mysql = USER " WHERE id = ? FOR UPDATE",
                     .pgsql = USER " WHERE id = ? FOR UPDATE"},
    [Q_USER_BY_USERNAME] = {EXACT("username"), .mysql = EXACT_MYSQL("username")},
    [Q_USER_BY_EMAIL] = {EXACT("email"), .mysql = EXACT_MYSQL("email")},
    [Q_USER_BY_NAME_KEY] = {USER_U ", n.created_at FROM latchkey_names n JOIN users u"
                                   " ON u.id = n.user_id WHERE n.kind = ? AND n.name_key = ?"},
    [Q_USERS_AFTER] = {USER " WHERE id > ? ORDER BY id LIMIT ?"},
    [Q_USER_LAST_ID] = {"SELECT COALESCE(MAX(id), 0) FROM users"},
    [Q_USER_HASH_FROM] = {"SELECT id, password FROM users WHERE id >= ? ORDER BY id LIMIT 1"},
    [Q_USER_INSERT] = {USER_INSERT, .pgsql = USER_INSERT " RETURNING id"},
    [Q_USER_UPDATE_PASSWORD] = {"UPDATE users SET password = ?, \"updatedAt\" = ? WHERE id = ?"},
    [Q_USER_REPLACE_HASH] = {"UPDATE users SET password = ? WHERE id = ? AND password = ?",
                             .mysql = "UPDATE users SET password = ? WHERE id = ?"
                                      " AND BINARY CONVERT(password USING utf8mb4) = ?"},
    [Q_USER_DELETE] = {"DELETE FROM users WHERE id = ?"},

    [Q_NAME_HOLDER] = {"SELECT n.user_id, n.created_at, u.id, u.\"createdAt\""
                       " FROM latchkey_names n LEFT JOIN users u ON u.id = n.user_id"
                       " WHERE n.kind = ? AND n.name_key = ?"},
    [Q_NAME_INSERT] = {"INSERT INTO latchkey_names (kind, name_key, user_id, created_at)"
                       " VALUES (?, ?, ?, ?)"},
    [Q_NAME_TAKE_OVER] = {"UPDATE latchkey_names SET user_id = ?, created_at = ? WHERE kind = ?"
                          " AND name_key = ? AND user_id = ? AND created_at = ?"},
    [Q_NAME_RELEASE] =
        {"DELETE FROM latchkey_names WHERE kind = ? AND name_key = ? AND user_id = ?"},
    [Q_NAMES_OF_USER_DELETE] = {"DELETE FROM latchkey_names WHERE user_id = ?"},

    [Q_STATE_READ] = {"SELECT created_at, disabled_at, tokens_from FROM latchkey_accounts"
                      " WHERE user_id = ?"},
    [Q_STATE_WRITE] = {"INSERT INTO latchkey_accounts"
                       " (user_id, created_at, disabled_at, tokens_from) VALUES (?, ?, ?, ?)"
                       " ON CONFLICT (user_id) DO UPDATE SET created_at = excluded.created_at,"
                       " disabled_at = excluded.disabled_at,"
                       " tokens_from = excluded.tokens_from",
                       .mysql =
                           "INSERT INTO latchkey_accounts"
                           " (user_id, created_at, disabled_at, tokens_from) VALUES (?, ?, ?, ?)"
                           " ON DUPLICATE KEY UPDATE created_at = VALUES(created_at),"
                           " disabled_at = VALUES(disabled_at),"
                           " tokens_from = VALUES(tokens_from)"},
    [Q_STATE_DELETE] = {"DELETE FROM latchkey_accounts WHERE user_id = ?"},

    /* Outer joins all the way: what is not there comes as NULL. */
    [Q_STANDING_OF_USER] =
        {"SELECT u.\"createdAt\", a.created_at, a.disabled_at, a.tokens_from, m.value, s.id,"
         " s.user_id, s.user_created, s.created_at, s.used_at, s.expires_at, s.counter, r.name"
         " FROM users u LEFT JOIN latchkey_accounts a ON a.user_id = u.id"
         " LEFT JOIN latchkey_meta m ON m.meta_key = 'tokens_from'"
         " LEFT JOIN latchkey_sessions s ON s.id = ?"
         " LEFT JOIN user_roles ur ON ur.\"userId\" = u.id"
         " LEFT JOIN roles r ON r.id = ur.\"roleId\" WHERE u.id = ? LIMIT ?"},

    [Q_ROLES_ALL] = {"SELECT id, name FROM roles ORDER BY id LIMIT ?"},
    [Q_ROLES_OF_USER] =
        {"SELECT r.id, r.name FROM user_roles ur JOIN roles r ON r.id = ur.\"roleId\""
         " WHERE ur.\"userId\" = ? ORDER BY r.id LIMIT ?"},
    [Q_ROLE_NEXT_ID] = {"SELECT COALESCE(MAX(id), 0) + 1 FROM roles"},
    [Q_ROLE_INSERT] = {"INSERT INTO roles (id, name, \"createdAt\", \"updatedAt\")"
                       " VALUES (?, ?, ?, ?)"},
    [Q_ROLE_DELETE] = {"DELETE FROM roles WHERE id = ?"},
    [Q_USER_ROLE_INSERT] = {"INSERT INTO user_roles (\"createdAt\", \"updatedAt\", \"roleId\","
                            " \"userId\") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                            .mysql =
                                "INSERT INTO user_roles (\"createdAt\", \"updatedAt\", \"roleId\","
                                " \"userId\") VALUES (?, ?, ?, ?)"
                                " ON DUPLICATE KEY UPDATE \"roleId\" = VALUES(\"roleId\")"},
    [Q_USER_ROLE_DELETE] = {"DELETE FROM user_roles WHERE \"userId\" = ? AND \"roleId\" = ?"},
    [Q_USER_ROLES_OF_USER_DELETE] = {"DELETE FROM user_roles WHERE \"userId\" = ?"},
    [Q_USER_ROLES_OF_ROLE_DELETE] = {"DELETE FROM user_roles WHERE \"roleId\" = ?"},

    [Q_SESSION_BY_ID] = {"SELECT " SESSION_TIMES ", secret FROM latchkey_sessions WHERE id = ?"},
    [Q_SESSION_TIMES] = {"SELECT " SESSION_TIMES " FROM latchkey_sessions WHERE id = ?"},
    [Q_SESSIONS_BY_USER] = {"SELECT id, " SESSION_TIMES ", " SESSION_TEXTS " FROM latchkey_sessions"
                            " WHERE user_id = ? ORDER BY used_at DESC, id LIMIT ?"},
    [Q_SESSION_INSERT] = {"INSERT INTO latchkey_sessions (id, " SESSION_TIMES ", " SESSION_TEXTS ")"
                          " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    [Q_SESSION_ADVANCE] =
        {"UPDATE latchkey_sessions SET counter = ?, used_at = ? WHERE id = ? AND counter = ?"},
    [Q_SESSION_DELETE] = {"DELETE FROM latchkey_sessions WHERE id = ? AND user_id = ?"},
    [Q_SESSIONS_OF_USER_DELETE] = {"DELETE FROM latchkey_sessions WHERE user_id = ? AND id <> ?"},
    [Q_SESSIONS_OF_USER_USED] = {"SELECT COALESCE(MAX(used_at), 0) FROM latchkey_sessions"
                                 " WHERE user_id = ? AND id <> ?"},
    [Q_SESSIONS_OVER_DELETE] = {"DELETE FROM latchkey_sessions WHERE expires_at <= ?"},
    [Q_SESSIONS_IDLE_DELETE] = {"DELETE FROM latchkey_sessions WHERE user_id = ? AND used_at < ?"},

    [Q_REFRESH_BY_TOKEN] =
        {.any = REFRESH " token = ? AND token = ? ORDER BY id LIMIT 1",
         .late = true,
         .mysql =
             REFRESH " token = ? AND BINARY CONVERT(token USING utf8mb4) = ? ORDER BY id LIMIT 1"},
    [Q_REFRESH_INSERT] = {.any =
                              "INSERT INTO \"refreshTokens\" (token, \"expiryDate\", \"createdAt\","
                              " \"updatedAt\", \"userId\") VALUES (?, ?, ?, ?, ?)",
                          .late = true},
    [Q_REFRESH_DELETE] = {.any = "DELETE FROM \"refreshTokens\" WHERE id = ?", .late = true},
    [Q_REFRESHES_OF_USER_DELETE] = {.any = "DELETE FROM \"refreshTokens\" WHERE \"userId\" = ?",
                                    .late = true},

    [Q_FAILURE_READ] = {"SELECT failures, last_at, wait_until FROM latchkey_failures"
                        " WHERE kind = ? AND who = ?"},
    [Q_FAILURE_INSERT] = {"INSERT INTO latchkey_failures (" FAILURE_COLUMNS ")"
                          " VALUES (?, ?, ?, ?, ?)"},
    [Q_FAILURE_UPDATE] =
        {"UPDATE latchkey_failures SET failures = ?, last_at = ?, wait_until = ?"
         " WHERE kind = ? AND who = ? AND failures = ? AND wait_until = ?"},
    [Q_FAILURE_DELETE] = {"DELETE FROM latchkey_failures WHERE kind = ? AND who = ?"},
    [Q_FAILURES_NTH] = {"SELECT last_at FROM latchkey_failures WHERE kind = ?"
                        " ORDER BY last_at DESC LIMIT 1 OFFSET ?"},
    [Q_FAILURES_OLD_DELETE] = {"DELETE FROM latchkey_failures WHERE kind = ? AND last_at <= ?"},
    [Q_FAILURES_OF_KIND] = {"SELECT COUNT(*) FROM latchkey_failures WHERE kind = ?"},

    [Q_META_READ] = {"SELECT value FROM latchkey_meta WHERE meta_key = ?"},
    [Q_META_WRITE] = {META_WRITE, .mysql = META_WRITE_MYSQL},

    [Q_KEYS_NEWEST] = {"SELECT " KEY_COLUMNS " FROM latchkey_keys ORDER BY CASE state"
                       " WHEN 'next' THEN 0 WHEN 'current' THEN 0 ELSE 1 END, id DESC LIMIT ?"},
    [Q_KEY_INSERT] = {PUT("latchkey_keys", KEY_COLUMNS) " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    [Q_KEY_UPDATE] = {"UPDATE latchkey_keys SET state = ?, current_at = ?, ends_at = ?, sealed = ?"
                      " WHERE id = ?"},
    [Q_REVOCATIONS_SINCE] = {"SELECT " REVOCATION_COLUMNS " FROM latchkey_revocations WHERE at >= ?"
                             " ORDER BY at, id LIMIT ?"},
    [Q_REVOCATION_WRITE] =
        {REVOCATION_PUT " ON CONFLICT (id) DO UPDATE SET " LATER("latchkey_revocations", "at") ", "
             LATER("latchkey_revocations", "issued_before"),
         .mysql = REVOCATION_PUT " ON DUPLICATE KEY UPDATE " LATER_MYSQL("at") ", "
             LATER_MYSQL("issued_before")},
    /* The time is asked twice: a row may be told again between the look and the deletion. */
    [Q_REVOCATIONS_OVER_DELETE] =
        {"DELETE FROM latchkey_revocations WHERE at < ? AND id IN (SELECT id FROM"
         " latchkey_revocations WHERE at < ? ORDER BY at LIMIT ?)",
         .mysql = "DELETE FROM latchkey_revocations WHERE at < ? AND at < ? ORDER BY at LIMIT ?"},
    [Q_META_INSERT] = {"INSERT INTO latchkey_meta (meta_key, value) VALUES (?, ?)"},
    [Q_META_REPLACE] = {"UPDATE latchkey_meta SET value = ? WHERE meta_key = ? AND value = ?"},

    [Q_TABLE_COUNT] = {.sqlite = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"
                                 " AND name = ?",
                       .mysql = "SELECT COUNT(*) FROM information_schema.tables"
                                " WHERE table_schema = DATABASE() AND table_name = ?",
                       .pgsql = "SELECT COUNT(*) FROM information_schema.tables"
                                " WHERE table_schema = CURRENT_SCHEMA AND table_name = ?"},
    [Q_SCHEMA_HASH] = {"SELECT hash FROM latchkey_schema WHERE number = ?"},
    [Q_SCHEMA_LAST] = {"SELECT MAX(number) FROM latchkey_schema"},
    [Q_SCHEMA_INSERT] = {"INSERT INTO latchkey_schema (number, name, hash, applied_at)"
                         " VALUES (?, ?, ?, ?)"},
    [Q_SCHEMA_CLEAR] = {"DELETE FROM latchkey_schema"},

    [Q_INDEX_COUNT] = {.sqlite =
                           "SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND name = ?",
                       .mysql = "SELECT COUNT(*) FROM information_schema.statistics"
                                " WHERE table_schema = DATABASE() AND index_name = ?",
                       .pgsql = "SELECT COUNT(*) FROM pg_indexes"
                                " WHERE schemaname = CURRENT_SCHEMA AND indexname = ?"},
    [Q_COUNT_USERS] = {"SELECT COUNT(*) FROM users"},
    [Q_COUNT_ROLES] = {"SELECT COUNT(*) FROM roles"},
    [Q_COUNT_USER_ROLES] = {"SELECT COUNT(*) FROM user_roles"},
    [Q_COUNT_REFRESH_TOKENS] = {"SELECT COUNT(*) FROM \"refreshTokens\""},
    [Q_COUNT_NAMES] = {"SELECT COUNT(*) FROM latchkey_names"},
    [Q_COUNT_ACCOUNTS] = {"SELECT COUNT(*) FROM latchkey_accounts"},
    [Q_COUNT_META] = {"SELECT COUNT(*) FROM latchkey_meta"},
    [Q_COUNT_WITHOUT_ROLE] =
        {"SELECT COUNT(*) FROM users u LEFT JOIN user_roles ur ON ur.\"userId\" = u.id"
         " WHERE ur.\"userId\" IS NULL"},
    [Q_USERS_WITHOUT_ROLE] =
        {"SELECT u.id, u.username FROM users u LEFT JOIN user_roles ur"
         " ON ur.\"userId\" = u.id WHERE ur.\"userId\" IS NULL ORDER BY u.id LIMIT ?"},
    [Q_ROLE_HOLDERS] =
        {"SELECT u.id, u.username, u.\"createdAt\", ur.\"createdAt\" FROM user_roles ur"
         " JOIN roles r ON r.id = ur.\"roleId\" JOIN users u ON u.id = ur.\"userId\""
         " WHERE r.name = ? ORDER BY u.id LIMIT ?"},
    [Q_SCHEMA_FIRST_TIME] = {"SELECT MIN(applied_at) FROM latchkey_schema"},
    [Q_ROLES_CLEAR] = {"DELETE FROM roles"},
    [Q_META_DELETE] = {"DELETE FROM latchkey_meta WHERE meta_key = ?"},

    [Q_PAGE_ROLES] = {PAGE("id, name, \"createdAt\", \"updatedAt\"", "roles", "id")},
    [Q_LAST_ROLES] = {LAST("roles", "id")},
    [Q_PUT_ROLES] = {PUT("roles", "id, name, \"createdAt\", \"updatedAt\"") " VALUES (?, ?, ?, ?)"},
    [Q_PAGE_USERS] = {PAGE("id, username, email, password, \"createdAt\", \"updatedAt\"", "users",
                           "id")},
    [Q_LAST_USERS] = {LAST("users", "id")},
    [Q_PUT_USERS] = {PUT(
        "users", "id, username, email, password, \"createdAt\", \"updatedAt\"") " VALUES (?, ?, ?, "
                                                                                "?, ?, ?)"},
    [Q_PAGE_USER_ROLES] = {PAGE_2("\"roleId\", \"userId\", \"createdAt\", \"updatedAt\"",
                                  "user_roles", "\"roleId\"", "\"userId\""),
                           .mysql =
                               PAGE_2_MYSQL("\"roleId\", \"userId\", \"createdAt\", \"updatedAt\"",
                                            "user_roles", "\"roleId\"", "\"userId\"")},
    [Q_LAST_USER_ROLES] = {LAST_2("user_roles", "\"roleId\"", "\"userId\"")},
    [Q_PUT_USER_ROLES] = {PUT(
        "user_roles",
        "\"roleId\", \"userId\", \"createdAt\", \"updatedAt\"") " VALUES (?, ?, ?, ?)"},
    [Q_PAGE_REFRESH_TOKENS] = {PAGE(
        "id, token, \"expiryDate\", \"createdAt\", \"updatedAt\", \"userId\"", "\"refreshTokens\"",
        "id")},
    [Q_LAST_REFRESH_TOKENS] = {LAST("\"refreshTokens\"", "id")},
    [Q_PUT_REFRESH_TOKENS] = {PUT("\"refreshTokens\"",
                                  "id, token, \"expiryDate\", \"createdAt\", \"updatedAt\", "
                                  "\"userId\"") " VALUES (?, ?, ?, ?, ?, ?)"},
    [Q_PAGE_NAMES] = {PAGE_2("kind, name_key, user_id, created_at", "latchkey_names", "kind",
                             "name_key"),
                      .mysql = PAGE_2_MYSQL("kind, name_key, user_id, created_at", "latchkey_names",
                                            "kind", "name_key")},
    [Q_LAST_NAMES] = {LAST_2("latchkey_names", "kind", "name_key")},
    [Q_PUT_NAMES] = {PUT("latchkey_names",
                         "kind, name_key, user_id, created_at") " VALUES (?, ?, ?, ?)"},
    [Q_PAGE_ACCOUNTS] = {PAGE("user_id, created_at, disabled_at, tokens_from", "latchkey_accounts",
                              "user_id")},
    [Q_LAST_ACCOUNTS] = {LAST("latchkey_accounts", "user_id")},
    [Q_PUT_ACCOUNTS] = {PUT(
        "latchkey_accounts",
        "user_id, created_at, disabled_at, tokens_from") " VALUES (?, ?, ?, ?)"},
    [Q_PAGE_SESSIONS] = {PAGE(SESSION_COLUMNS, "latchkey_sessions", "id")},
    [Q_LAST_SESSIONS] = {LAST("latchkey_sessions", "id")},
    [Q_PUT_SESSIONS] = {PUT("latchkey_sessions",
                            SESSION_COLUMNS) " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    [Q_COUNT_SESSIONS] = {"SELECT COUNT(*) FROM latchkey_sessions"},
    [Q_PAGE_FAILURES] = {PAGE_2(FAILURE_COLUMNS, "latchkey_failures", "kind", "who"),
                         .mysql = PAGE_2_MYSQL(FAILURE_COLUMNS, "latchkey_failures", "kind",
                                               "who")},
    [Q_LAST_FAILURES] = {LAST_2("latchkey_failures", "kind", "who")},
    [Q_PUT_FAILURES] = {PUT("latchkey_failures", FAILURE_COLUMNS) " VALUES (?, ?, ?, ?, ?)"},
    [Q_COUNT_FAILURES] = {"SELECT COUNT(*) FROM latchkey_failures"},
    [Q_PAGE_KEYS] = {PAGE(KEY_COLUMNS, "latchkey_keys", "id")},
    [Q_LAST_KEYS] = {LAST("latchkey_keys", "id")},
    [Q_PUT_KEYS] = {PUT("latchkey_keys", KEY_COLUMNS) " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"},
    [Q_COUNT_KEYS] = {"SELECT COUNT(*) FROM latchkey_keys"},
    [Q_PAGE_REVOCATIONS] = {PAGE(REVOCATION_COLUMNS, "latchkey_revocations", "id")},
    [Q_LAST_REVOCATIONS] = {LAST("latchkey_revocations", "id")},
    [Q_PUT_REVOCATIONS] = {REVOCATION_PUT},
    [Q_COUNT_REVOCATIONS] = {"SELECT COUNT(*) FROM latchkey_revocations"},
    /* Without what each database has of its own. */
    [Q_PAGE_META] = {"SELECT meta_key, value FROM latchkey_meta WHERE meta_key NOT IN"
                     " ('move_source', 'tables_made_by', 'refresh_tokens_made_by')"
                     " AND meta_key > ? ORDER BY meta_key LIMIT ?"},
    [Q_PUT_META] = {META_WRITE, .mysql = META_WRITE_MYSQL},
};
