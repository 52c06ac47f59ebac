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

#define REFRESH "SELECT id, \"expiryDate\", \"createdAt\", \"userId\" FROM \"refreshTokens\" WHERE"

/* A user's text column is asked for twice, with the same value: MySQL's first look goes by the
 * column's collation, which its index serves and which finds `zoe` for `Zoe`; its second by bytes. */
#define EXACT(column)       USER " WHERE " column " = ? AND " column " = ? ORDER BY id LIMIT 1"
#define EXACT_MYSQL(column) USER " WHERE " column " = ? AND BINARY CONVERT(" column " USING utf8mb4) = ?" \
                            " ORDER BY id LIMIT 1"

const struct sql queries[Q_COUNT] = {
    [Q_USER_BY_ID]           = { USER " WHERE id = ?" },
    [Q_USER_BY_USERNAME]     = { EXACT("username"), .mysql = EXACT_MYSQL("username") },
    [Q_USER_BY_EMAIL]        = { EXACT("email"), .mysql = EXACT_MYSQL("email") },
    [Q_USER_BY_NAME_KEY]     = { USER_U ", n.created_at FROM latchkey_names n JOIN users u"
                                 " ON u.id = n.user_id WHERE n.kind = ? AND n.name_key = ?" },
    [Q_USERS_AFTER]          = { USER " WHERE id > ? ORDER BY id LIMIT ?" },
    [Q_USER_INSERT]          = { USER_INSERT, .pgsql = USER_INSERT " RETURNING id" },
    [Q_USER_UPDATE_PASSWORD] = { "UPDATE users SET password = ?, \"updatedAt\" = ? WHERE id = ?" },
    [Q_USER_REPLACE_HASH]    = { "UPDATE users SET password = ? WHERE id = ? AND password = ?",
                        .mysql = "UPDATE users SET password = ? WHERE id = ?"
                                 " AND BINARY CONVERT(password USING utf8mb4) = ?" },
    [Q_USER_DELETE]          = { "DELETE FROM users WHERE id = ?" },

    [Q_NAME_HOLDER]          = { "SELECT n.user_id, n.created_at, u.id, u.\"createdAt\""
                                 " FROM latchkey_names n LEFT JOIN users u ON u.id = n.user_id"
                                 " WHERE n.kind = ? AND n.name_key = ?" },
    [Q_NAME_INSERT]          = { "INSERT INTO latchkey_names (kind, name_key, user_id, created_at)"
                                 " VALUES (?, ?, ?, ?)" },
    [Q_NAME_TAKE_OVER]       = { "UPDATE latchkey_names SET user_id = ?, created_at = ? WHERE kind = ?"
                                 " AND name_key = ? AND user_id = ? AND created_at = ?" },
    [Q_NAME_RELEASE]         = { "DELETE FROM latchkey_names WHERE kind = ? AND name_key = ? AND user_id = ?" },
    [Q_NAMES_OF_USER_DELETE] = { "DELETE FROM latchkey_names WHERE user_id = ?" },

    [Q_STATE_READ]           = { "SELECT created_at, disabled_at, tokens_from FROM latchkey_accounts"
                                 " WHERE user_id = ?" },
    [Q_STATE_WRITE]          = { "INSERT INTO latchkey_accounts"
                                 " (user_id, created_at, disabled_at, tokens_from) VALUES (?, ?, ?, ?)"
                                 " ON CONFLICT (user_id) DO UPDATE SET created_at = excluded.created_at,"
                                 " disabled_at = excluded.disabled_at,"
                                 " tokens_from = excluded.tokens_from",
                        .mysql = "INSERT INTO latchkey_accounts"
                                 " (user_id, created_at, disabled_at, tokens_from) VALUES (?, ?, ?, ?)"
                                 " ON DUPLICATE KEY UPDATE created_at = VALUES(created_at),"
                                 " disabled_at = VALUES(disabled_at),"
                                 " tokens_from = VALUES(tokens_from)" },
    [Q_STATE_DELETE]         = { "DELETE FROM latchkey_accounts WHERE user_id = ?" },

    [Q_ROLES_ALL]            = { "SELECT id, name FROM roles ORDER BY id LIMIT ?" },
    [Q_ROLES_OF_USER]        = { "SELECT r.id, r.name FROM user_roles ur JOIN roles r ON r.id = ur.\"roleId\""
                                 " WHERE ur.\"userId\" = ? ORDER BY r.id LIMIT ?" },
    [Q_ROLE_NEXT_ID]         = { "SELECT COALESCE(MAX(id), 0) + 1 FROM roles" },
    [Q_ROLE_INSERT]          = { "INSERT INTO roles (id, name, \"createdAt\", \"updatedAt\")"
                                 " VALUES (?, ?, ?, ?)" },
    [Q_ROLE_DELETE]          = { "DELETE FROM roles WHERE id = ?" },
    [Q_USER_ROLE_INSERT]     = { "INSERT INTO user_roles (\"createdAt\", \"updatedAt\", \"roleId\","
                                 " \"userId\") VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        .mysql = "INSERT INTO user_roles (\"createdAt\", \"updatedAt\", \"roleId\","
                                 " \"userId\") VALUES (?, ?, ?, ?)"
                                 " ON DUPLICATE KEY UPDATE \"roleId\" = VALUES(\"roleId\")" },
    [Q_USER_ROLE_DELETE]     = { "DELETE FROM user_roles WHERE \"userId\" = ? AND \"roleId\" = ?" },
    [Q_USER_ROLES_OF_USER_DELETE] = { "DELETE FROM user_roles WHERE \"userId\" = ?" },
    [Q_USER_ROLES_OF_ROLE_DELETE] = { "DELETE FROM user_roles WHERE \"roleId\" = ?" },

    [Q_REFRESH_BY_TOKEN]     = { .any = REFRESH " token = ? AND token = ? ORDER BY id LIMIT 1", .late = true,
                        .mysql = REFRESH " token = ? AND BINARY CONVERT(token USING utf8mb4) = ? ORDER BY id LIMIT 1" },
    [Q_REFRESH_INSERT]       = { .any = "INSERT INTO \"refreshTokens\" (token, \"expiryDate\", \"createdAt\","
                                 " \"updatedAt\", \"userId\") VALUES (?, ?, ?, ?, ?)", .late = true },
    [Q_REFRESH_DELETE]       = { .any = "DELETE FROM \"refreshTokens\" WHERE id = ?", .late = true },
    [Q_REFRESHES_OF_USER_DELETE] = { .any = "DELETE FROM \"refreshTokens\" WHERE \"userId\" = ?", .late = true },

    [Q_META_READ]            = { "SELECT value FROM latchkey_meta WHERE meta_key = ?" },
    [Q_META_WRITE]           = { "INSERT INTO latchkey_meta (meta_key, value) VALUES (?, ?)"
                                 " ON CONFLICT (meta_key) DO UPDATE SET value = excluded.value",
                        .mysql = "INSERT INTO latchkey_meta (meta_key, value) VALUES (?, ?)"
                                 " ON DUPLICATE KEY UPDATE value = VALUES(value)" },

    [Q_TABLE_COUNT]          = { .sqlite = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table'"
                                           " AND name = ?",
                                 .mysql  = "SELECT COUNT(*) FROM information_schema.tables"
                                           " WHERE table_schema = DATABASE() AND table_name = ?",
                                 .pgsql  = "SELECT COUNT(*) FROM information_schema.tables"
                                           " WHERE table_schema = CURRENT_SCHEMA AND table_name = ?" },
    [Q_SCHEMA_HASH]          = { "SELECT hash FROM latchkey_schema WHERE number = ?" },
    [Q_SCHEMA_LAST]          = { "SELECT MAX(number) FROM latchkey_schema" },
    [Q_SCHEMA_INSERT]        = { "INSERT INTO latchkey_schema (number, name, hash, applied_at)"
                                 " VALUES (?, ?, ?, ?)" },
    [Q_SCHEMA_CLEAR]         = { "DELETE FROM latchkey_schema" },
};
