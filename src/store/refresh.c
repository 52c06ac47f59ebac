// SPDX-License-Identifier: MIT
/* refresh.c - the sequel's refresh tokens. */
#include "store/refresh.h"

err refresh_by_token(struct db *db, str token, struct refresh *out)
{
    struct arena none;

    arena_init(&none, 0);
    return db_one(db, &none, Q_REFRESH_BY_TOKEN, IN(text(token), text(token)),
                  OUT(int_at(&out->id), datetime_at(&out->expires_at),
                      datetime_at(&out->created_at), int_at(&out->user_id)));
}

err refresh_insert(struct db *db, str token, int64_t user_id, int64_t expires_at, int64_t now)
{
    return db_exec(
        db, Q_REFRESH_INSERT,
        IN(text(token), datetime(expires_at), datetime(now), datetime(now), integer(user_id)),
        NULL);
}

err refresh_delete(struct db *db, int64_t id)
{
    return db_exec(db, Q_REFRESH_DELETE, IN(integer(id)), NULL);
}

/* Asked first: a statement that fails would break PostgreSQL's transaction off. */
err refreshes_of_user_delete(struct db *db, int64_t user_id)
{
    struct arena none;
    int64_t there;
    err e;

    arena_init(&none, 0);
    if ((e = db_one(db, &none, Q_TABLE_COUNT, IN(text(STR("refreshTokens"))),
                    OUT(int_at(&there)))) != OK)
        return e;
    return there ? db_exec(db, Q_REFRESHES_OF_USER_DELETE, IN(integer(user_id)), NULL) : OK;
}
