// SPDX-License-Identifier: MIT
/* proven.h - an account as a sign-in proved it, and whether it is that still.
 *
 * Between the proof and what the sign-in leaves behind lie other writes and perhaps a whole hash.
 * What ended the account's sessions meanwhile did not see this one, so it is asked for again. */
#ifndef AUTH_PROVEN_H
#define AUTH_PROVEN_H

#include "store/user.h"

struct proven {
    const struct user *user;
    str hash;                       /* that the password opens */
    struct account_state state;
    str other;                      /* written: nothing but the hash differs, and it is this */
};

/* OK; ERR_USER_UNKNOWN; ERR_PASSWORD_WRONG: it was disabled or cut off, or has another hash. Inside
 * db_write: it stays so until that is over. `mem` takes what is read. */
err proven_hold(struct db *db, struct arena *mem, struct proven *p);

/* The same for the moment, outside of one. */
err proven_look(struct db *db, struct arena *mem, struct proven *p);

#endif
