// SPDX-License-Identifier: MIT
/* refresh.h - rows of `refreshTokens`, the table that the tutorial's sequel keeps beside the three.
 *
 * Not every database has it (migrate_sequel makes it): ERR_DB_SCHEMA where it is missing. */
#ifndef STORE_REFRESH_H
#define STORE_REFRESH_H

#include "store/db.h"

struct refresh {
    int64_t id;
    int64_t user_id;              /* 0: its account is gone */
    int64_t expires_at;           /* seconds since 1970; 0: the column says nothing */
    int64_t created_at;           /* seconds since 1970 */
};

/* The row of a token, compared byte by byte on every engine. ERR_NOT_FOUND. */
err refresh_by_token(struct db *db, str token, struct refresh *out);

/* Inside db_write, all three. Times in seconds since 1970. */
err refresh_insert(struct db *db, str token, int64_t user_id, int64_t expires_at, int64_t now);
err refresh_delete(struct db *db, int64_t id);
err refreshes_of_user_delete(struct db *db, int64_t user_id); /* OK where there is no such table */

#endif
