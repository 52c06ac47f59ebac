// SPDX-License-Identifier: MIT
/* survey.h - what is in a database that another program made: tables, indexes, counts, who holds
 * what.
 *
 * For commands, not for requests: these read whole tables. They work before a migration. */
#ifndef STORE_SURVEY_H
#define STORE_SURVEY_H

#include "store/db.h"

err survey_has_table(struct db *db, str name, bool *out);
err survey_has_index(struct db *db, str name, bool *out);

/* One of the Q_COUNT_ queries. ERR_DB_SCHEMA when its table, or a column, is not there. */
err survey_count(struct db *db, enum query q, int64_t *out);

/* Who holds a role, and since when. */
struct holder {
    int64_t id;
    str username;
    int64_t created_at, held_from;
}; /* seconds since 1970 */

/* Each by id, `limit` at most. Where only id and name are asked for the times are 0. */
typedef err holder_row(void *arg, const struct holder *holder);
struct holders {
    str role;
    int64_t limit;
    holder_row *row;
    void *arg;
}; /* role: not for the second */
err survey_holders(struct db *db, struct arena *mem, const struct holders *ask);
err survey_without_role(struct db *db, struct arena *mem, const struct holders *ask);

#endif
