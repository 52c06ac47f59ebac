// SPDX-License-Identifier: MIT
/* role.h - rows of `roles` and of `user_roles`, the tutorial's tables. */
#ifndef STORE_ROLE_H
#define STORE_ROLE_H

#include "store/db.h"

struct role { int64_t id; str name; };
struct roles { struct role *at; size_t n; };

enum { ROLES_MAX = 256 }; /* that are read of one table or one account; more is ERR_NO_MEMORY */

err roles_all(struct db *db, struct arena *mem, struct roles *out);                  /* by id */
err roles_of_user(struct db *db, struct arena *mem, int64_t user_id,
                  struct strs *out); /* by role id */
err role_by_name(struct db *db, struct arena *mem, str name, struct role *out);      /* exact */
err role_insert(struct db *db, int64_t id, str name, int64_t now);   /* id 0: the next free one */
err role_delete(struct db *db, int64_t id);                           /* with who holds it */
err user_role_insert(struct db *db, int64_t user_id, int64_t role_id,
                     int64_t now); /* twice is OK */
err user_role_delete(struct db *db, int64_t user_id, int64_t role_id);

#endif
