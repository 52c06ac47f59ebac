// SPDX-License-Identifier: MIT
/* key.h - rows of latchkey_keys: what signs tokens so that others can verify. */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "store/db.h"

struct key_row {
    int64_t id;
    str kid, alg, state;                     /* next, current, old, retired */
    int64_t created_at, current_at, ends_at; /* ms since 1970; 0: not yet */
    str public_key, sealed;                  /* base64url; sealed is empty when it is gone */
};

/* `limit` at most: those that sign or will first, then the others, the newest of each first. */
typedef err key_each(void *arg, const struct key_row *row);
struct key_walk {
    int64_t limit;
    key_each *each;
    void *arg;
};
err keys_each(struct db *db, struct arena *mem, const struct key_walk *walk);

/* How often they were changed; 0 for never. Allocates nothing that stays. */
err keys_edition(struct db *db, int64_t *out);

/* Inside db_write, the next three. Go on from `edition`: ERR_DB_AGAIN when somebody else did. */
err keys_edition_advance(struct db *db, int64_t edition);

err key_insert(struct db *db, const struct key_row *row);
err key_update(struct db *db, const struct key_row *row); /* state, times, sealed; by id */

#endif
