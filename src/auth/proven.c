// SPDX-License-Identifier: MIT
/* proven.c - whether an account is still what a sign-in proved it to be. */
#include "auth/proven.h"

/* The state goes first: a hash that came with a cut-off is no other hash of the same password. */
static err is_still(struct db *db, struct proven *p, const struct user *now)
{
    struct account_state state;
    err e;

    if (now->created_at != p->user->created_at)
        return ERR_PASSWORD_WRONG;
    if ((e = account_state_of(db, now->id, now->created_at, &state)) != OK)
        return e;
    if (state.disabled_at || state.tokens_from != p->state.tokens_from)
        return ERR_PASSWORD_WRONG;
    if (str_is(now->password, p->hash))
        return OK;
    p->other = now->password;
    return ERR_PASSWORD_WRONG;
}

err proven_hold(struct db *db, struct arena *mem, struct proven *p)
{
    struct user now;
    err e = user_by_id_shared(db, mem, p->user->id, &now);

    p->other = (str){0};
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
    return is_still(db, p, &now);
}

err proven_look(struct db *db, struct arena *mem, struct proven *p)
{
    struct user now;
    err e = user_by_id(db, mem, p->user->id, &now);

    p->other = (str){0};
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
    return is_still(db, p, &now);
}
