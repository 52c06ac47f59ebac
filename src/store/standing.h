// SPDX-License-Identifier: MIT
/* standing.h - what one statement says of an account: all that a check of a token and of a role
 * wants to know, since behind a socket each further one is another way there and back. */
#ifndef STORE_STANDING_H
#define STORE_STANDING_H

#include "store/session.h"
#include "store/user.h"

struct standing {
    int64_t created_at;             /* seconds; the row's createdAt */
    struct account_state state;
    int64_t tokens_from;            /* the cut-off for all accounts, seconds; 0: none */
    struct session_row session;     /* its times; id 0 when there is none of the wanted id */
    struct strs roles;              /* in no order */
};

/* `session_id` may be 0. ERR_NOT_FOUND without such an account. */
err standing_of_user(struct db *db, struct arena *mem, int64_t user_id, int64_t session_id,
                     struct standing *out);

#endif
