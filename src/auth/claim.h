// SPDX-License-Identifier: MIT
/* claim.h - which account holds a name: claims by canonical name, and rows that other programs
 * wrote.
 *
 * A claim is a row of latchkey_names: a canonical name's key, unique, and the account it belongs
 * to. The tutorial's Node server beside us, or an operator with the engine's own client, writes
 * rows without one. They are claimed when somebody asks for a name that nobody holds: all rows with
 * an id above the watermark, in batches. At start-up nothing is scanned. */
#ifndef AUTH_CLAIM_H
#define AUTH_CLAIM_H

#include "auth/auth.h"
#include "store/user.h"

/* The account whose name is the same as `name` (name.h; NULL equals NULL): an exact spelling first,
 * then whoever claimed it. A claim whose row goes by another name now counts as none.
 * ERR_NOT_FOUND; ERR_NOT_UNICODE and ERR_BAD_REQUEST as name_canonical. */
err claim_by_name(struct db *db, struct arena *mem, enum name_kind kind, str name,
                  struct user *out);

/* Its second half: whoever claimed it. */
err claim_by_key(struct db *db, struct arena *mem, enum name_kind kind, str name, struct user *out);

/* Claim for a row that is there. ERR_EXISTS when another living account holds the name. Inside
 * db_write. */
err claim_insert(struct db *db, struct arena *mem, enum name_kind kind, const struct user *user);

/* Claim what others wrote since the last look, some thousands of rows at most; of two rows with one
 * name the first keeps it, and the log says so. *news: something was claimed, so look again. */
err claim_foreign_rows(struct auth *a, bool *news);

/* Claim the rows behind *from, some hundreds of them, and move *from to the last one; *more: there
 * may be others. From 0 on this visits every row, whatever the watermark says. */
err claim_rows_behind(struct auth *a, int64_t *from, bool *more);

#endif
