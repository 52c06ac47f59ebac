// SPDX-License-Identifier: MIT
/* survey.c - what is in a database that another program made. */
#include "store/survey.h"

static err is_there(struct db *db, enum query q, str name, bool *out)
{
    struct arena none;
    int64_t n;
    err e;

    arena_init(&none, 0);
    if ((e = db_one(db, &none, q, IN(text(name)), OUT(int_at(&n)))) != OK)
        return e;
    *out = n > 0;
    return OK;
}

err survey_has_table(struct db *db, str name, bool *out)
{
    return is_there(db, Q_TABLE_COUNT, name, out);
}

err survey_has_index(struct db *db, str name, bool *out)
{
    return is_there(db, Q_INDEX_COUNT, name, out);
}

err survey_count(struct db *db, enum query q, int64_t *out)
{
    struct arena none;

    arena_init(&none, 0);
    return db_one(db, &none, q, IN_NONE, OUT(int_at(out)));
}

/* The row that is being read, and who wants it. */
struct reading { struct holder at; const struct holders *ask; };

static err hand_over(void *arg)
{
    struct reading *r = arg;

    return r->ask->row(r->ask->arg, &r->at);
}

err survey_holders(struct db *db, struct arena *mem, const struct holders *ask)
{
    struct reading r = { .ask = ask };

    return db_each(db, mem, Q_ROLE_HOLDERS, IN(text(ask->role), integer(ask->limit)),
                   OUT(int_at(&r.at.id), text_at(&r.at.username), datetime_at(&r.at.created_at),
                       datetime_at(&r.at.held_from)),
                   hand_over, &r);
}

err survey_without_role(struct db *db, struct arena *mem, const struct holders *ask)
{
    struct reading r = { .ask = ask };

    return db_each(db, mem, Q_USERS_WITHOUT_ROLE, IN(integer(ask->limit)),
                   OUT(int_at(&r.at.id), text_at(&r.at.username)), hand_over, &r);
}
