// SPDX-License-Identifier: MIT
/* migrate.h - bring a database's schema up to date: forward only, one text for three engines.
 *
 * Migrations are the files of migrations/, embedded, numbered, never edited once released. In them
 * {id}, {text}, {time}, {flag}, {blob}, {key} are spelled as the engine spells them, and a line
 * that begins `-- only mysql:` (or sqlite, pgsql) is for that engine alone. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/db.h"

enum migrate_how {
    MIGRATE_KEEP,      /* make what is missing, insert the tutorial's roles when `roles` is empty */
    MIGRATE_FRESH,     /* first drop what `dev` itself made: the tutorial's sync({force: true}) */
};

/* Who made or adopted the database, kept in latchkey_meta: dev refuses what serve or adopt used. */
enum owner { OWNER_NONE, OWNER_DEV, OWNER_SERVE, OWNER_ADOPT };    /* read, adopt's is serve's */

/* Bring it up to date. Each migration runs in a transaction with its number and hash; two programs
 * at once are safe. ERR_DB_SCHEMA when the database is newer than this program, when an applied
 * migration's hash differs, or when MIGRATE_FRESH meets tables that `dev` did not make. What was
 * adopted stays so when it is served. */
err migrate(const struct db_config *config, enum migrate_how how, enum owner owner);

/* Make the sequel's table of refresh tokens where it is missing, and note who did. Not a numbered
 * migration: only who sets session.compat has it, and the sequel's own server may have made it. */
err migrate_sequel(const struct db_config *config, enum owner owner);

/* The same on a connection that is open, migrated before. */
err migrate_sequel_in(struct db *db, enum owner owner);

/* Who owns it; OWNER_NONE for an empty database or one that never saw Latchkey. */
err migrate_owner(const struct db_config *config, enum owner *out);

/* Whether another program made the tables, as the tutorial's server does, and may use them
 * still. */
err migrate_adopted(const struct db_config *config, bool *out);

/* One migration's text as `engine` ("sqlite", "mysql", "pgsql") runs it. ERR_BUG for an unknown
 * word in braces. */
err migration_expand(struct arena *mem, str text, const char *engine, str *out);

#endif
