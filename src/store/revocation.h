// SPDX-License-Identifier: MIT
/* revocation.h - rows of latchkey_revocations: what ended before its access tokens did. */
#ifndef STORE_REVOCATION_H
#define STORE_REVOCATION_H

#include "store/db.h"

struct revocation {
    int64_t id; /* of what is told: the same fact has the same */
    int64_t at; /* ms since 1970 */
    int64_t user_id;
    int64_t session_id;    /* 0: all of the account's tokens ... */
    int64_t keep_id;       /* ... but those of this session (0: none) ... */
    int64_t issued_before; /* ... that were issued before, in seconds */
};

/* Those from `since` (ms) on, by time, `limit` at most. */
typedef err revocation_each(void *arg, const struct revocation *row);
struct revocation_walk {
    int64_t since, limit;
    revocation_each *each;
    void *arg;
};
err revocations_since(struct db *db, const struct revocation_walk *walk);

/* Inside db_write, both. Where the id is there, its row's times move on to these, never back. */
err revocation_write(struct db *db, const struct revocation *row);

/* Those from before `before` (ms), the oldest `limit` of them; *gone is how many there were. */
err revocations_over_delete(struct db *db, int64_t before, int64_t limit, int64_t *gone);

#endif
