// SPDX-License-Identifier: MIT
/* database.h - the settings' database: how it is opened, and waiting for one that is not there
 * yet. */
#ifndef APP_DATABASE_H
#define APP_DATABASE_H

#include "app/settings.h"
#include "store/db.h"

/* What `s` says of the database; its texts are those of `s`. `shared`: for a server's threads,
 * which lease connections; else each db_open has one of its own and waits a little longer. */
struct db_config database_config(const struct settings *s, bool shared);

/* Return once the database can be reached, or with why it cannot: ERR_DB_DOWN after s->db_wait.
 * Says once on standard error that it waits. A signal that is blocked ends the wait:
 * ERR_DB_DOWN. */
err database_wait(const struct settings *s);

/* A URL without its password, for logs and complaints. Lies in `mem`, or is `url`. */
str database_shown(struct arena *mem, str url);

#endif
