// SPDX-License-Identifier: MIT
/* session.h - rows of latchkey_sessions: who is signed in where. */
#ifndef STORE_SESSION_H
#define STORE_SESSION_H

#include "store/db.h"

struct session_row {
    int64_t id;
    int64_t user_id, user_created;                /* the account; seconds of its createdAt */
    int64_t created_at, used_at, expires_at;      /* ms since 1970 */
    int64_t counter; /* of the refresh token that is good now, from 1 */
    str secret;                                   /* 32 hex digits */
    str address, agent, name;                     /* of the client, for people to read */
};

/* Without what is for people to read: a refresh has no use for it, and a session that is there
 * shall not take longer to refuse than one that is not. ERR_NOT_FOUND. */
err session_by_id(struct db *db, struct arena *mem, int64_t id, struct session_row *out);

/* The same without its texts, and so without memory. */
err session_times_by_id(struct db *db, int64_t id, struct session_row *out);

/* An account's sessions, the one used last first, `limit` at most. */
typedef err session_each(void *arg, const struct session_row *row);
struct session_walk { int64_t user_id, limit; session_each *each; void *arg; };
err sessions_by_user(struct db *db, struct arena *mem, const struct session_walk *walk);

/* Inside db_write, all of these. ERR_EXISTS for an id that is taken. */
err session_insert(struct db *db, const struct session_row *row);

/* Go from `counter` to the next. *won is false when somebody else did. */
err session_advance(struct db *db, int64_t id, int64_t counter, int64_t now, bool *won);

err session_delete(struct db *db, int64_t id, int64_t user_id);               /* ERR_NOT_FOUND */

/* All of an account `but` one (an id, or 0): delete them; when one was used last, 0 where there is
 * none. */
err sessions_of_user_delete(struct db *db, int64_t user_id, int64_t but);
err sessions_of_user_used(struct db *db, int64_t user_id, int64_t but, int64_t *used_at);

/* All accounts' sessions that are past their end, and one's that nobody used since
 * `used_before`. */
err sessions_over_delete(struct db *db, int64_t now, int64_t user_id, int64_t used_before);

#endif
