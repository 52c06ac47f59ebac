// SPDX-License-Identifier: MIT
/* claim.c - claims on names, and the look through rows that others wrote.
 *
 * The look starts behind a mark: the last row this thread saw, or the watermark that all share. A
 * mark is trusted while its row is there and claimed. When tables are emptied or made anew, ids
 * start again below it; then the look starts from the nearest row that is claimed, or from the
 * first.
 *
 * Behind a socket a row can appear below ids that were seen, when its transaction ends late.
 * Therefore the watermark only passes rows that are a minute old, and each thread starts from it
 * again every ten seconds. SQLite has one writer at a time: its ids appear in order. */
#include "auth/claim.h"

#include "auth/name.h"
#include "base/clock.h"
#include "base/log.h"

enum {
    BATCH = 256, BATCHES = 16,          /* rows at a time, times a call */
    BATCH_MEMORY = 4 << 20, ROW_MEMORY = 1 << 20,
    SETTLED_S = 60, AGAIN_MS = 10 * 1000,
    UNSAVED_MAX = 1024,                 /* rows seen before the watermark follows */
};

/* Some rows on their way from the look to the transaction that claims them. */
struct batch {
    struct arena *mem;                  /* holds the rows */
    struct arena *scratch;              /* emptied row by row */
    struct user rows[BATCH];
    size_t n;
    int64_t settled_to;                 /* 0: the watermark stays */
    bool lowers;                        /* the watermark is too high */
};

static const enum name_kind kinds[] = { NAME_USERNAME, NAME_EMAIL };

static str name_of(const struct user *user, enum name_kind kind)
{
    return kind == NAME_USERNAME ? user->username : user->email;
}

/* A name that no rule covers is nobody's but its row's. */
static bool is_unclaimable(err e)
{
    return e == ERR_NOT_UNICODE || e == ERR_BAD_REQUEST;
}

static bool goes_by(struct arena *mem, const struct user *user, enum name_kind kind, str key)
{
    str own;

    return name_key(mem, name_of(user, kind), &own) == OK && str_is(own, key);
}

err claim_by_key(struct db *db, struct arena *mem, enum name_kind kind, str name, struct user *out)
{
    struct user row;
    str key;
    err e;

    if ((e = name_key(mem, name, &key)) != OK)
        return e;
    if ((e = user_by_name_key(db, mem, kind, key, &row)) != OK)
        return e;
    if (!goes_by(mem, &row, kind, key))
        return ERR_NOT_FOUND;
    *out = row;
    return OK;
}

err claim_by_name(struct db *db, struct arena *mem, enum name_kind kind, str name, struct user *out)
{
    err e = ERR_NOT_FOUND;

    if (name.p)
        e = kind == NAME_USERNAME ? user_by_username(db, mem, name, out)
                                  : user_by_email(db, mem, name, out);
    return e == ERR_NOT_FOUND ? claim_by_key(db, mem, kind, name, out) : e;
}

err claim_insert(struct db *db, struct arena *mem, enum name_kind kind, const struct user *user)
{
    struct user row;
    str key;
    err e;

    if ((e = name_key(mem, name_of(user, kind), &key)) != OK)
        return e;
    e = user_by_name_key(db, mem, kind, key, &row);
    if (e == OK && row.id == user->id)
        return OK;
    if (e == OK && goes_by(mem, &row, kind, key))
        return ERR_EXISTS;
    if (e == OK)        /* its row was renamed behind our back */
        e = name_release(db, kind, key, row.id);
    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    return name_claim(db, kind, key, user->id, user->created_at);
}

/* OK when both names are claimed by this row; ERR_NOT_FOUND when one is free, ERR_EXISTS when one
 * is another's. */
static err row_check(struct db *db, struct arena *mem, const struct user *row)
{
    err worst = OK, e;
    struct user holder;

    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        e = claim_by_key(db, mem, kinds[i], name_of(row, kinds[i]), &holder);
        if (e == ERR_NOT_FOUND)
            return e;
        if (e != OK && !is_unclaimable(e))
            return e;
        if (e == OK && holder.id != row->id && name_of(row, kinds[i]).p)
            worst = ERR_EXISTS;
    }
    return worst;
}

static err id_keep(void *arg, const struct user *user)
{
    *(int64_t *)arg = user->id;
    return OK;
}

/* The last row below `mark`, or 0, by halving: an index probe each, 63 at most. */
static err row_before(struct db *db, struct arena *mem, int64_t mark, int64_t *out)
{
    int64_t low = 0, high = mark;

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2, id = 0;
        err e = users_after(db, mem, middle, 1, id_keep, &id);

        if (e != OK)
            return e;
        if (id && id < mark)
            low = id;
        else
            high = middle;
    }
    *out = low;
    return OK;
}

/* Where to look on: behind `mark` while its row is there and claimed. */
static err mark_check(struct db *db, struct arena *mem, int64_t mark, int64_t *from)
{
    struct user row;
    err e = mark > 0 ? user_by_id(db, mem, mark, &row) : ERR_NOT_FOUND;

    *from = 0;
    if (e == ERR_NOT_FOUND && mark > 0) {
        if ((e = row_before(db, mem, mark, &mark)) != OK)
            return e;
        e = mark ? user_by_id(db, mem, mark, &row) : ERR_NOT_FOUND;
    }
    if (e == OK)
        e = row_check(db, mem, &row);
    if (e == OK || e == ERR_EXISTS)
        *from = mark;
    return e == ERR_NOT_FOUND || e == ERR_EXISTS ? OK : e;
}

static bool ids_come_in_order(struct db *db)
{
    return str_is(str_of(db_engine(db)), STR("sqlite"));
}

static err row_keep(void *arg, const struct user *user)
{
    struct batch *b = arg;

    if (b->n == BATCH)
        return ERR_BUG;
    b->rows[b->n++] = *user;
    return OK;
}

/* The last of the rows from the first on that no transaction can slip below of any more; 0:
 * none. */
static int64_t settled_to(const struct batch *b, bool in_order)
{
    int64_t now = clock_ms() / 1000, id = 0;

    for (size_t i = 0; i < b->n; i++) {
        int64_t age = now - b->rows[i].created_at;

        /* A row from the future was written by a clock that is wrong: no reason to wait for it. */
        if (!in_order && age < SETTLED_S && age > -SETTLED_S)
            break;
        id = b->rows[i].id;
    }
    return id;
}

/* Claim the names of one row. Inside db_write. */
static err row_claim(struct db *db, struct arena *mem, const struct user *row, bool tells)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        err e = claim_insert(db, mem, kinds[i], row);

        if (e == ERR_EXISTS && tells && name_of(row, kinds[i]).p)
            log_warn("name-held-by-another", int_kv("id", row->id),
                     text_kv("name", name_of(row, kinds[i])));
        if (e != OK && e != ERR_EXISTS && !is_unclaimable(e))
            return e;
    }
    return OK;
}

static err batch_store(struct db *db, void *arg)
{
    struct batch *b = arg;
    int64_t watermark = 0;
    err e = watermark_read(db, &watermark);

    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    for (size_t i = 0; i < b->n; i++) {
        arena_reset(b->scratch);
        if ((e = row_claim(db, b->scratch, &b->rows[i], b->rows[i].id > watermark)) != OK)
            return e;
    }
    if (b->settled_to == 0 || (b->settled_to <= watermark && !b->lowers))
        return OK;
    return watermark_write(db, b->settled_to);
}

/* Does one of the rows want something written? */
static err batch_check(struct db *db, const struct batch *b, bool *wants)
{
    *wants = b->lowers;
    for (size_t i = 0; i < b->n && !*wants; i++) {
        err e;

        arena_reset(b->scratch);
        e = row_check(db, b->scratch, &b->rows[i]);
        if (e != OK && e != ERR_NOT_FOUND && e != ERR_EXISTS)
            return e;
        *wants = e != OK;
    }
    return OK;
}

/* Look through the rows behind *from, and move it. `moves`: the watermark may follow. */
static err batch_look(struct auth *a, struct batch *b, int64_t *from, bool moves, bool *news)
{
    bool wants;
    err e;

    b->n = 0;
    if ((e = users_after(a->db, b->mem, *from, BATCH, row_keep, b)) != OK || b->n == 0)
        return e;
    b->settled_to = moves ? settled_to(b, ids_come_in_order(a->db)) : 0;
    if ((e = batch_check(a->db, b, &wants)) != OK)
        return e;
    a->look.unsaved += (int64_t)b->n;
    if (wants || (moves && a->look.unsaved >= UNSAVED_MAX)) {
        if ((e = db_write(a->db, batch_store, b)) != OK)
            return e;
        a->look.unsaved = 0;
        b->lowers = false;
    }
    *news |= wants;
    *from = a->look.seen = b->rows[b->n - 1].id;
    return OK;
}

/* Choose the mark. *moves: everything behind the watermark will be seen. */
static err look_start(struct auth *a, struct batch *b, int64_t *from, bool *moves)
{
    int64_t now = clock_mono_ms(), mark = a->look.seen;
    err e = OK;

    *moves = ids_come_in_order(a->db);
    if (mark == 0 || (!*moves && now >= a->look.again_at)) {
        mark = 0;
        if ((e = watermark_read(a->db, &mark)) != OK && e != ERR_NOT_FOUND)
            return e;
        a->look.again_at = now + AGAIN_MS;
        *moves = true;
    }
    if ((e = mark_check(a->db, b->scratch, mark, from)) != OK)
        return e;
    b->lowers = *from < mark;
    a->look.seen = *from;
    return OK;
}

err claim_foreign_rows(struct auth *a, bool *news)
{
    struct arena mem, scratch;
    struct batch b;
    int64_t from = 0;
    bool moves;
    err e;

    arena_init(&mem, BATCH_MEMORY);
    arena_init(&scratch, ROW_MEMORY);
    b = (struct batch){ .mem = &mem, .scratch = &scratch };
    *news = false;
    e = look_start(a, &b, &from, &moves);
    for (int i = 0; i < BATCHES && e == OK; i++) {
        arena_reset(&mem);
        e = batch_look(a, &b, &from, moves, news);
        if (b.n < BATCH)
            break;
    }
    arena_end(&scratch);
    arena_end(&mem);
    return e;
}

err claim_rows_behind(struct auth *a, int64_t *from, bool *more)
{
    struct arena mem, scratch;
    struct batch b;
    bool news = false;
    err e;

    arena_init(&mem, BATCH_MEMORY);
    arena_init(&scratch, ROW_MEMORY);
    b = (struct batch){ .mem = &mem, .scratch = &scratch };
    e = batch_look(a, &b, from, true, &news);
    *more = b.n == BATCH;
    arena_end(&scratch);
    arena_end(&mem);
    return e;
}
