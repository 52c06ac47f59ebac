// SPDX-License-Identifier: MIT
/* role.c - which roles there are, and who holds them. */
#include "store/role.h"

enum { ROLES_FIRST = 8 };       /* room to begin with; most tables hold three */

/* Roles being read: `row` receives each, `all` grows. */
struct reading {
    struct arena *mem;
    struct role row;
    struct roles all;
    size_t room;
};

static err room_make(struct reading *r)
{
    size_t room = r->room ? r->room * 2 : ROLES_FIRST;
    struct role *at;

    if (r->all.n == ROLES_MAX || !(at = NEW_ARRAY(r->mem, struct role, room)))
        return ERR_NO_MEMORY;
    if (r->all.n)
        memcpy(at, r->all.at, r->all.n * sizeof *at);
    r->all.at = at;
    r->room = room;
    return OK;
}

static err role_keep(void *arg)
{
    struct reading *r = arg;
    err e;

    if (!r->row.name.p)
        return OK;                        /* a role without a name gives nobody anything */
    if (r->all.n == r->room && (e = room_make(r)) != OK)
        return e;
    r->all.at[r->all.n++] = r->row;
    return OK;
}

err roles_all(struct db *db, struct arena *mem, struct roles *out)
{
    struct reading r = { .mem = mem };
    err e;

    if ((e = db_each(db, mem, Q_ROLES_ALL, IN(integer(ROLES_MAX + 1)),
                     OUT(int_at(&r.row.id), text_at(&r.row.name)), role_keep, &r)) != OK)
        return e;
    *out = r.all;
    return OK;
}

err roles_of_user(struct db *db, struct arena *mem, int64_t user_id, struct strs *out)
{
    struct reading r = { .mem = mem };
    str *names;
    err e;

    if ((e = db_each(db, mem, Q_ROLES_OF_USER, IN(integer(user_id), integer(ROLES_MAX + 1)),
                     OUT(int_at(&r.row.id), text_at(&r.row.name)), role_keep, &r)) != OK)
        return e;
    if (!(names = NEW_ARRAY(mem, str, r.all.n ? r.all.n : 1)))
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < r.all.n; i++)
        names[i] = r.all.at[i].name;
    *out = (struct strs){ names, r.all.n };
    return OK;
}

/* Compared here: in MySQL the column's collation would find `User` for `user`. */
err role_by_name(struct db *db, struct arena *mem, str name, struct role *out)
{
    struct roles all;
    err e;

    if ((e = roles_all(db, mem, &all)) != OK)
        return e;
    for (size_t i = 0; i < all.n; i++)
        if (str_is(all.at[i].name, name)) {
            *out = all.at[i];
            return OK;
        }
    return ERR_NOT_FOUND;
}

err role_insert(struct db *db, int64_t id, str name, int64_t now)
{
    struct arena none;
    err e;

    arena_init(&none, 0);
    if (id == 0 && (e = db_one(db, &none, Q_ROLE_NEXT_ID, IN_NONE, OUT(int_at(&id)))) != OK)
        return e;
    return db_exec(db, Q_ROLE_INSERT, IN(integer(id), text(name), datetime(now), datetime(now)),
                   NULL);
}

err role_delete(struct db *db, int64_t id)
{
    int64_t changed;
    err e;

    if ((e = db_exec(db, Q_USER_ROLES_OF_ROLE_DELETE, IN(integer(id)), NULL)) != OK ||
        (e = db_exec(db, Q_ROLE_DELETE, IN(integer(id)), &changed)) != OK)
        return e;
    return changed ? OK : ERR_NOT_FOUND;
}

err user_role_insert(struct db *db, int64_t user_id, int64_t role_id, int64_t now)
{
    return db_exec(db, Q_USER_ROLE_INSERT,
                   IN(datetime(now), datetime(now), integer(role_id), integer(user_id)), NULL);
}

err user_role_delete(struct db *db, int64_t user_id, int64_t role_id)
{
    int64_t changed;
    err e;

    if ((e = db_exec(db, Q_USER_ROLE_DELETE, IN(integer(user_id), integer(role_id)), &changed)) !=
        OK)
        return e;
    return changed ? OK : ERR_NOT_FOUND;
}
