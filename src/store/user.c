// SPDX-License-Identifier: MIT
/* user.c - accounts: the tutorial's `users`, and what our own tables say of them. */
#include "store/user.h"

enum { META_KEY_MAX = 64 };

#define USER_OUT(u)                                                                                \
    int_at(&(u)->id), text_at(&(u)->username), text_at(&(u)->email), text_at(&(u)->password),      \
        datetime_at(&(u)->created_at), datetime_at(&(u)->updated_at)

err user_by_id(struct db *db, struct arena *mem, int64_t id, struct user *out)
{
    return db_one(db, mem, Q_USER_BY_ID, IN(integer(id)), OUT(USER_OUT(out)));
}

err user_by_id_shared(struct db *db, struct arena *mem, int64_t id, struct user *out)
{
    return db_one(db, mem, Q_USER_SHARED, IN(integer(id)), OUT(USER_OUT(out)));
}

err user_by_id_held(struct db *db, struct arena *mem, int64_t id, struct user *out)
{
    return db_one(db, mem, Q_USER_HELD, IN(integer(id)), OUT(USER_OUT(out)));
}

err user_by_username(struct db *db, struct arena *mem, str username, struct user *out)
{
    return db_one(db, mem, Q_USER_BY_USERNAME, IN(text(username), text(username)),
                  OUT(USER_OUT(out)));
}

err user_by_email(struct db *db, struct arena *mem, str email, struct user *out)
{
    return db_one(db, mem, Q_USER_BY_EMAIL, IN(text(email), text(email)), OUT(USER_OUT(out)));
}

err user_by_name_key(struct db *db, struct arena *mem, enum name_kind kind, str key,
                     struct user *out)
{
    struct user found;
    int64_t claimed;
    err e;

    if ((e = db_one(db, mem, Q_USER_BY_NAME_KEY, IN(integer(kind), text(key)),
                    OUT(USER_OUT(&found), int_at(&claimed)))) != OK)
        return e;
    if (claimed != found.created_at)
        return ERR_NOT_FOUND;
    *out = found;
    return OK;
}

err user_insert(struct db *db, struct user *user, int64_t now)
{
    user->created_at = user->updated_at = now;
    return db_insert(db, Q_USER_INSERT,
                     IN(text(user->username), text(user->email), text(user->password),
                        datetime(now), datetime(now)),
                     &user->id);
}

err user_update_password(struct db *db, int64_t id, str hash, int64_t now)
{
    int64_t changed;
    err e;

    if ((e = db_exec(db, Q_USER_UPDATE_PASSWORD, IN(text(hash), datetime(now), integer(id)),
                     &changed)) != OK)
        return e;
    return changed ? OK : ERR_NOT_FOUND;
}

err user_replace_hash(struct db *db, int64_t id, str from, str to)
{
    int64_t changed;
    err e;

    if ((e = db_exec(db, Q_USER_REPLACE_HASH, IN(text(to), integer(id), text(from)), &changed)) !=
        OK)
        return e;
    return changed ? OK : ERR_NOT_FOUND;
}

err user_delete(struct db *db, int64_t id)
{
    static const enum query with[] = {
        Q_USER_ROLES_OF_USER_DELETE, Q_NAMES_OF_USER_DELETE, Q_STATE_DELETE,
    };
    int64_t changed;
    err e;

    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        if ((e = db_exec(db, with[i], IN(integer(id)), NULL)) != OK)
            return e;
    if ((e = db_exec(db, Q_USER_DELETE, IN(integer(id)), &changed)) != OK)
        return e;
    return changed ? OK : ERR_NOT_FOUND;
}

/* The condition names the old holder: of two that take it over at once, one finds it changed. */
static err name_take_over(struct db *db, enum name_kind kind, str key, const int64_t from[2],
                          const int64_t to[2])
{
    int64_t changed;
    err e;

    if ((e = db_exec(db, Q_NAME_TAKE_OVER,
                     IN(integer(to[0]), integer(to[1]), integer(kind), text(key),
                        integer(from[0]), integer(from[1])),
                     &changed)) != OK)
        return e;
    return changed ? OK : ERR_EXISTS;
}

err name_claim(struct db *db, enum name_kind kind, str key, int64_t user_id, int64_t created_at)
{
    int64_t holder[2], living[2], me[2] = { user_id, created_at };
    struct arena none;
    err e;

    arena_init(&none, 0);
    e = db_one(
        db, &none, Q_NAME_HOLDER, IN(integer(kind), text(key)),
        OUT(int_at(&holder[0]), int_at(&holder[1]), int_at(&living[0]), datetime_at(&living[1])));
    if (e == ERR_NOT_FOUND) {
        e = db_exec(db, Q_NAME_INSERT,
                    IN(integer(kind), text(key), integer(user_id), integer(created_at)), NULL);
        /* Somebody was faster. PostgreSQL runs nothing more in this transaction; the next one reads
         * who holds it. */
        return e == ERR_EXISTS ? ERR_DB_AGAIN : e;
    }
    if (e != OK || memcmp(holder, me, sizeof me) == 0)
        return e;
    if (memcmp(holder, living, sizeof holder) == 0)
        return ERR_EXISTS;
    return name_take_over(db, kind, key, holder, me);
}

err name_release(struct db *db, enum name_kind kind, str key, int64_t user_id)
{
    return db_exec(db, Q_NAME_RELEASE, IN(integer(kind), text(key), integer(user_id)), NULL);
}

struct users_after { struct user user; user_row *row; void *arg; };

static err user_hand_over(void *arg)
{
    struct users_after *a = arg;

    return a->row(a->arg, &a->user);
}

err users_after(struct db *db, struct arena *mem, int64_t after, int64_t limit, user_row *row,
                void *arg)
{
    struct users_after a = { .row = row, .arg = arg };

    return db_each(db, mem, Q_USERS_AFTER, IN(integer(after), integer(limit)),
                   OUT(USER_OUT(&a.user)), user_hand_over, &a);
}

err user_last_id(struct db *db, int64_t *id)
{
    struct arena none;

    arena_init(&none, 0);
    return db_one(db, &none, Q_USER_LAST_ID, IN_NONE, OUT(int_at(id)));
}

err user_hash_from(struct db *db, struct arena *mem, int64_t from, int64_t *id, str *hash)
{
    return db_one(db, mem, Q_USER_HASH_FROM, IN(integer(from)), OUT(int_at(id), text_at(hash)));
}

err account_state_of(struct db *db, int64_t id, int64_t created_at, struct account_state *out)
{
    struct account_state found;
    struct arena none;
    int64_t bound_to;
    err e;

    arena_init(&none, 0);
    e = db_one(db, &none, Q_STATE_READ, IN(integer(id)),
               OUT(int_at(&bound_to), int_at(&found.disabled_at), int_at(&found.tokens_from)));
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    *out = e == OK && bound_to == created_at ? found : (struct account_state){0};
    return OK;
}

err account_state_set(struct db *db, int64_t id, int64_t created_at,
                      const struct account_state *state)
{
    return db_exec(db, Q_STATE_WRITE,
                   IN(integer(id), integer(created_at), integer(state->disabled_at),
                      integer(state->tokens_from)),
                   NULL);
}

err watermark_read(struct db *db, int64_t *id)
{
    struct arena mem;
    str value;
    err e;

    arena_init(&mem, 4096);
    e = meta_read(db, &mem, STR("name_watermark"), &value);
    if (e == ERR_NOT_FOUND || (e == OK && !str_int(value, id))) {
        *id = 0;
        e = OK;
    }
    arena_end(&mem);
    return e;
}

err watermark_write(struct db *db, int64_t id)
{
    char number[24];
    int n = snprintf(number, sizeof number, "%lld", (long long)id);

    return meta_write(db, STR("name_watermark"), (str){ number, (size_t)n });
}

err meta_read(struct db *db, struct arena *mem, str key, str *value)
{
    return db_one(db, mem, Q_META_READ, IN(text(key)), OUT(text_at(value)));
}

err meta_write(struct db *db, str key, str value)
{
    if (key.n > META_KEY_MAX)
        return ERR_BUG;
    return db_exec(db, Q_META_WRITE, IN(text(key), text(value)), NULL);
}
