// SPDX-License-Identifier: MIT
/* key.c - what signs tokens so that others can verify. */
#include "store/key.h"

#include "store/user.h"

#define EDITION STR("keys_edition")

struct walking {
    struct key_row row;
    const struct key_walk *walk;
};

static err row_hand_over(void *arg)
{
    struct walking *w = arg;

    return w->walk->each(w->walk->arg, &w->row);
}

err keys_each(struct db *db, struct arena *mem, const struct key_walk *walk)
{
    struct walking w = {.walk = walk};
    struct key_row *r = &w.row;

    return db_each(db, mem, Q_KEYS_NEWEST, IN(integer(walk->limit)),
                   OUT(int_at(&r->id), text_at(&r->kid), text_at(&r->alg), text_at(&r->state),
                       int_at(&r->created_at), int_at(&r->current_at), int_at(&r->ends_at),
                       text_at(&r->public_key), text_at(&r->sealed)),
                   row_hand_over, &w);
}

err keys_edition(struct db *db, int64_t *out)
{
    struct arena mem;
    str value;
    err e;

    arena_init(&mem, 4096);
    e = meta_read(db, &mem, EDITION, &value);
    if (e == ERR_NOT_FOUND) {
        *out = 0;
        e = OK;
    } else if (e == OK && !str_int(value, out)) {
        e = ERR_DB_SCHEMA;
    }
    arena_end(&mem);
    return e;
}

static str number(char to[static 24], int64_t n)
{
    return (str){to, (size_t)snprintf(to, 24, "%lld", (long long)n)};
}

err keys_edition_advance(struct db *db, int64_t edition)
{
    char was[24], is[24];
    int64_t changed;
    err e;

    if (edition == 0) {
        e = db_exec(db, Q_META_INSERT, IN(text(EDITION), text(STR("1"))), NULL);
        return e == ERR_EXISTS ? ERR_DB_AGAIN : e;
    }
    if ((e = db_exec(db, Q_META_REPLACE,
                     IN(text(number(is, edition + 1)), text(EDITION), text(number(was, edition))),
                     &changed)) != OK)
        return e;
    return changed == 1 ? OK : ERR_DB_AGAIN;
}

err key_insert(struct db *db, const struct key_row *r)
{
    return db_exec(db, Q_KEY_INSERT,
                   IN(integer(r->id), text(r->kid), text(r->alg), text(r->state),
                      integer(r->created_at), integer(r->current_at), integer(r->ends_at),
                      text(r->public_key), text(r->sealed)),
                   NULL);
}

err key_update(struct db *db, const struct key_row *r)
{
    return db_exec(db, Q_KEY_UPDATE,
                   IN(text(r->state), integer(r->current_at), integer(r->ends_at), text(r->sealed),
                      integer(r->id)),
                   NULL);
}
