// SPDX-License-Identifier: MIT
/* session.c - who is signed in where. */
#include "store/session.h"

#define TIMES_OUT(r) int_at(&(r)->user_id), int_at(&(r)->user_created), int_at(&(r)->created_at), \
                     int_at(&(r)->used_at), int_at(&(r)->expires_at), int_at(&(r)->counter)
#define TEXTS_OUT(r)                                                                               \
    text_at(&(r)->secret), text_at(&(r)->address), text_at(&(r)->agent), text_at(&(r)->name)

err session_by_id(struct db *db, struct arena *mem, int64_t id, struct session_row *out)
{
    *out = (struct session_row){ .id = id };
    return db_one(db, mem, Q_SESSION_BY_ID, IN(integer(id)),
                  OUT(TIMES_OUT(out), text_at(&out->secret)));
}

err session_times_by_id(struct db *db, int64_t id, struct session_row *out)
{
    struct arena none;

    arena_init(&none, 0);
    *out = (struct session_row){ .id = id };
    return db_one(db, &none, Q_SESSION_TIMES, IN(integer(id)), OUT(TIMES_OUT(out)));
}

struct walking { struct session_row row; const struct session_walk *walk; };

static err row_hand_over(void *arg)
{
    struct walking *w = arg;

    return w->walk->each(w->walk->arg, &w->row);
}

err sessions_by_user(struct db *db, struct arena *mem, const struct session_walk *walk)
{
    struct walking w = { .walk = walk };

    return db_each(db, mem, Q_SESSIONS_BY_USER, IN(integer(walk->user_id), integer(walk->limit)),
                   OUT(int_at(&w.row.id), TIMES_OUT(&w.row), TEXTS_OUT(&w.row)), row_hand_over, &w);
}

err session_insert(struct db *db, const struct session_row *r)
{
    return db_exec(db, Q_SESSION_INSERT,
                   IN(integer(r->id), integer(r->user_id), integer(r->user_created),
                      integer(r->created_at), integer(r->used_at), integer(r->expires_at),
                      integer(r->counter), text(r->secret), text(r->address), text(r->agent),
                      text(r->name)),
                   NULL);
}

err session_advance(struct db *db, int64_t id, int64_t counter, int64_t now, bool *won)
{
    int64_t changed;
    err e;

    if ((e = db_exec(db, Q_SESSION_ADVANCE,
                     IN(integer(counter + 1), integer(now), integer(id), integer(counter)),
                     &changed)) != OK)
        return e;
    *won = changed == 1;
    return OK;
}

err session_delete(struct db *db, int64_t id, int64_t user_id)
{
    int64_t changed;
    err e;

    if ((e = db_exec(db, Q_SESSION_DELETE, IN(integer(id), integer(user_id)), &changed)) != OK)
        return e;
    return changed ? OK : ERR_NOT_FOUND;
}

err sessions_of_user_used(struct db *db, int64_t user_id, int64_t but, int64_t *used_at)
{
    struct arena none;

    arena_init(&none, 0);
    return db_one(db, &none, Q_SESSIONS_OF_USER_USED, IN(integer(user_id), integer(but)),
                  OUT(int_at(used_at)));
}

err sessions_of_user_delete(struct db *db, int64_t user_id, int64_t but)
{
    return db_exec(db, Q_SESSIONS_OF_USER_DELETE, IN(integer(user_id), integer(but)), NULL);
}

err sessions_over_delete(struct db *db, int64_t now, int64_t user_id, int64_t used_before)
{
    err e = db_exec(db, Q_SESSIONS_OVER_DELETE, IN(integer(now)), NULL);

    return e != OK ? e
                   : db_exec(db, Q_SESSIONS_IDLE_DELETE, IN(integer(user_id), integer(used_before)),
                             NULL);
}
