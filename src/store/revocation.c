// SPDX-License-Identifier: MIT
/* revocation.c - what ended before its access tokens did. */
#include "store/revocation.h"

struct walking {
    struct revocation row;
    const struct revocation_walk *walk;
};

static err row_hand_over(void *arg)
{
    struct walking *w = arg;

    return w->walk->each(w->walk->arg, &w->row);
}

err revocations_since(struct db *db, const struct revocation_walk *walk)
{
    struct walking w = {.walk = walk};
    struct revocation *r = &w.row;
    struct arena none;

    arena_init(&none, 0);
    return db_each(db, &none, Q_REVOCATIONS_SINCE, IN(integer(walk->since), integer(walk->limit)),
                   OUT(int_at(&r->id), int_at(&r->at), int_at(&r->user_id), int_at(&r->session_id),
                       int_at(&r->keep_id), int_at(&r->issued_before)),
                   row_hand_over, &w);
}

err revocation_write(struct db *db, const struct revocation *r)
{
    return db_exec(db, Q_REVOCATION_WRITE,
                   IN(integer(r->id), integer(r->at), integer(r->user_id), integer(r->session_id),
                      integer(r->keep_id), integer(r->issued_before)),
                   NULL);
}

err revocations_over_delete(struct db *db, int64_t before, int64_t limit, int64_t *gone)
{
    return db_exec(db, Q_REVOCATIONS_OVER_DELETE,
                   IN(integer(before), integer(before), integer(limit)), gone);
}
