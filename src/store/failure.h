// SPDX-License-Identifier: MIT
/* failure.h - rows of latchkey_failures: failed attempts in a row.
 *
 * No row is ever locked: a change names the row as it was read, so of two that are made at once one
 * finds it no more. */
#ifndef STORE_FAILURE_H
#define STORE_FAILURE_H

#include "store/db.h"

enum failure_kind { FAILURE_ACCOUNT = 1, FAILURE_NAME = 2, FAILURE_DEVICE = 3 };

enum { FAILURE_WHO_CHARS = 64 };

struct failure_key { enum failure_kind kind; char who[FAILURE_WHO_CHARS]; };

/* Times in ms since 1970. All 0, and not `there`: nothing has failed. */
struct failure_row { int64_t failures, last_at, wait_until; bool there; };

/* The key of an account, by its id and the seconds of its createdAt; of one of its devices. */
struct failure_key failure_key_of_account(int64_t id, int64_t created_at);
struct failure_key failure_key_of_device(int64_t id, int64_t created_at, int64_t device);

err failure_read(struct db *db, const struct failure_key *key, struct failure_row *out);

/* Put `to` in the place of `from`, as it was read. *won is false when it changed meanwhile. Runs
 * its own db_write. */
err failure_replace(struct db *db, const struct failure_key *key, const struct failure_row *from,
                    const struct failure_row *to, bool *won);

/* Forget it. No row is OK. Inside db_write. */
err failure_delete(struct db *db, const struct failure_key *key);

/* Keep the `most` newest rows of a kind. Runs its own db_write. */
err failures_bound(struct db *db, enum failure_kind kind, int64_t most);

err failures_count(struct db *db, enum failure_kind kind, int64_t *n);

#endif
