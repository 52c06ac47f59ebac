// SPDX-License-Identifier: MIT
/* standing.c - an account, its state, its session and its roles in one statement: a row a role. */
#include "store/standing.h"

#include "store/role.h"

enum { ROLES_FIRST = 8 };           /* room to begin with; most accounts hold one to three */

struct reading {
    struct arena *mem;
    struct standing *out;
    str *names;
    size_t n, room;
    bool found;
    int64_t bound_to;               /* whose state it is: latchkey_accounts.created_at */
    str tokens_from, role;
};

static err room_make(struct reading *r)
{
    size_t room = r->room ? r->room * 2 : ROLES_FIRST;
    str *at;

    if (r->n == ROLES_MAX || !(at = NEW_ARRAY(r->mem, str, room)))
        return ERR_NO_MEMORY;
    if (r->n)
        memcpy(at, r->names, r->n * sizeof *at);
    r->names = at;
    r->room = room;
    return OK;
}

static err row_keep(void *arg)
{
    struct reading *r = arg;
    err e;

    r->found = true;
    if (!r->role.p)
        return OK; /* no role, or one without a name, which gives nobody anything */
    if (r->n == r->room && (e = room_make(r)) != OK)
        return e;
    r->names[r->n++] = r->role;
    return OK;
}

err standing_of_user(struct db *db, struct arena *mem, int64_t user_id, int64_t session_id,
                     struct standing *out)
{
    struct reading r = { .mem = mem, .out = out };
    struct session_row *s = &out->session;
    err e;

    *out = (struct standing){0};
    e = db_each(db, mem, Q_STANDING_OF_USER,
                IN(integer(session_id), integer(user_id), integer(ROLES_MAX + 1)),
                OUT(datetime_at(&out->created_at), int_at(&r.bound_to),
                    int_at(&out->state.disabled_at), int_at(&out->state.tokens_from),
                    text_at(&r.tokens_from), int_at(&s->id), int_at(&s->user_id),
                    int_at(&s->user_created), int_at(&s->created_at), int_at(&s->used_at),
                    int_at(&s->expires_at), int_at(&s->counter), text_at(&r.role)),
                row_keep, &r);
    if (e != OK || !r.found)
        return e != OK ? e : ERR_NOT_FOUND;
    if (r.bound_to != out->created_at)
        out->state = (struct account_state){0};         /* of an earlier account with this id */
    (void)str_int(r.tokens_from, &out->tokens_from);    /* what is no number leaves 0 */
    out->roles = (struct strs){ r.names, r.n };
    return OK;
}
