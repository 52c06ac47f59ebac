// SPDX-License-Identifier: MIT
/* move.c - copy everything to another database, and verify the copy. */
#include "auth/move.h"

#include "base/buf.h"
#include "crypto/digest.h"
#include "store/migrate.h"
#include "store/survey.h"
#include "store/user.h"

enum { PAGE_MEMORY = 64 << 20, ROW_MAX = 4 << 20 };

static const str mark_key = { "move_source", 11 };

static err fail(struct move *m, err e, const char *table, const char *why)
{
    m->table = table;
    m->why = str_of(why);
    return e;
}

static bool is_missing(struct db *db, const struct copy_table *t, err *e)
{
    bool there = true;

    *e = t->optional ? survey_has_table(db, str_of(t->name), &there) : OK;
    return *e == OK && !there;
}

/* ------------------------------------------------------------------------------------ checksums */

/* A row as text that no other row has: each value with its type and its length. */
static void row_write(struct buf *b, const struct copy_table *t, const struct copy_row *row)
{
    buf_clear(b);
    for (size_t c = 0; t->types[c]; c++) {
        if (t->types[c] != 't')
            buf_printf(b, "i%lld;", (long long)row->i[c]);
        else if (!row->s[c].p)
            buf_put(b, STR("n;"));
        else {
            buf_printf(b, "t%zu:", row->s[c].n);
            buf_put(b, row->s[c]);
        }
    }
}

static err rows_add(struct buf *b, const struct copy_table *t, const struct copy_page *page,
                    struct move_sum *sum)
{
    unsigned char hash[SHA256_BYTES];
    uint64_t words[4];
    err e;

    for (size_t i = 0; i < page->n; i++) {
        row_write(b, t, &page->rows[i]);
        if ((e = buf_ok(b)) != OK)
            return e;
        digest_sha256(buf_str(b), hash);
        memcpy(words, hash, sizeof words);
        for (size_t w = 0; w < 4; w++)
            sum->sum[w] += words[w];
        sum->rows++;
    }
    return OK;
}

err move_sum_of(struct db *db, const struct copy_table *t, struct move_sum *out)
{
    struct copy_page *page;
    struct copy_row last;
    struct arena mem, texts[2];
    struct buf b;
    size_t turn = 0;
    err e;

    *out = (struct move_sum){0};
    if (is_missing(db, t, &e) || e != OK)
        return e;
    arena_init(&mem, sizeof *page + (1 << 12));
    arena_init(&texts[0], PAGE_MEMORY);
    arena_init(&texts[1], PAGE_MEMORY);
    buf_init(&b, NULL, ROW_MAX);
    page = NEW(&mem, struct copy_page);
    e = page ? copy_page_read(db, &texts[0], t, NULL, page) : ERR_NO_MEMORY;
    while (e == OK && page->n && (e = rows_add(&b, t, page, out)) == OK) {
        last = page->rows[page->n - 1];        /* its texts stay while the next page is read */
        turn ^= 1;
        arena_reset(&texts[turn]);
        e = copy_page_read(db, &texts[turn], t, &last, page);
    }
    buf_end(&b);
    arena_end(&texts[0]);
    arena_end(&texts[1]);
    arena_end(&mem);
    return e;
}

/* ---------------------------------------------------------------------------- the two databases */

/* A database is known by its URL and by when it was made. */
static err mark_make(struct move *m)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[SHA256_BYTES];
    int64_t made;
    str told;
    err e;

    if ((e = survey_count(m->source, Q_SCHEMA_FIRST_TIME, &made)) != OK)
        return e;
    told = arena_printf(m->mem, STR_FMT " %lld", STR_ARG(m->from->url), (long long)made);
    if (!told.p)
        return ERR_NO_MEMORY;
    digest_sha256(told, hash);
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        m->mark[2 * i] = digits[hash[i] >> 4];
        m->mark[2 * i + 1] = digits[hash[i] & 15];
    }
    m->mark[64] = '\0';
    return OK;
}

/* No more than the three roles that a migration puts there. */
static err roles_check(struct move *m, const struct copy_table *t, int64_t n)
{
    static const char *const seeded[] = { "user", "moderator", "admin" };
    struct copy_page *page = NEW(m->mem, struct copy_page);
    bool same = page && n <= 3;
    err e;

    if (same && (e = copy_page_read(m->target, m->mem, t, NULL, page)) != OK)
        return e;
    for (size_t i = 0; same && i < page->n; i++)
        same =
            page->rows[i].i[0] == (int64_t)i + 1 && str_is(page->rows[i].s[1], str_of(seeded[i]));
    return same ? OK : fail(m, ERR_EXISTS, t->name, "the target holds roles of its own");
}

static err target_check_empty(struct move *m)
{
    for (const struct copy_table *t = copy_tables; t->name; t++) {
        bool there;
        int64_t n = 0;
        err e = survey_has_table(m->target, str_of(t->name), &there);

        if (e == OK && there && !t->whole)
            e = survey_count(m->target, t->count, &n);
        if (e == OK && n && t->put == Q_PUT_ROLES)
            e = roles_check(m, t, n);
        else if (e == OK && n)
            e = fail(m, ERR_EXISTS, t->name, "the target is not empty");
        if (e != OK)
            return e;
    }
    return OK;
}

/* An empty database, or one that holds the beginning of this move. */
static err target_check(struct move *m)
{
    bool there;
    str mark;
    err e;

    if ((e = survey_has_table(m->target, STR("latchkey_meta"), &there)) != OK)
        return e;
    e = there ? meta_read(m->target, m->mem, mark_key, &mark) : ERR_NOT_FOUND;
    if (e == ERR_NOT_FOUND)
        return target_check_empty(m);
    if (e != OK)
        return e;
    m->resumed = str_is(mark, str_of(m->mark));
    return m->resumed ? OK
                      : fail(m, ERR_EXISTS, NULL,
                             "the target holds the unfinished move from another database");
}

/* Mark it. A migration has put roles into it, which may not be the source's. */
static err mark_store(struct db *db, void *arg)
{
    const struct move *m = arg;
    int64_t users;
    err e;

    if ((e = survey_count(db, Q_COUNT_USERS, &users)) != OK ||
        (users == 0 && (e = db_exec(db, Q_ROLES_CLEAR, IN_NONE, NULL)) != OK))
        return e;
    return meta_write(db, mark_key, str_of(m->mark));
}

static err mark_drop(struct db *db, void *arg)
{
    (void)arg;
    return db_exec(db, Q_META_DELETE, IN(text(mark_key)), NULL);
}

static err both_open(struct move *m)
{
    bool sequel;
    err e;

    if ((e = db_open(m->from, &m->source)) != OK)
        return fail(m, e, NULL,
                    e == ERR_DB_SCHEMA
                        ? "the source wants `latchkey migrate` first, or another Latchkey"
                        : "the source cannot be opened");
    if ((e = mark_make(m)) != OK)
        return e;
    if ((e = db_open_raw(m->to, &m->target)) != OK)
        return fail(m, e, NULL, "the target cannot be opened");
    if ((e = target_check(m)) != OK)
        return e;
    db_close(m->target);
    m->target = NULL;
    if ((e = migrate(m->to, MIGRATE_KEEP, OWNER_NONE)) != OK ||
        (e = db_open(m->to, &m->target)) != OK)
        return fail(m, e, NULL, "the target's tables cannot be made");
    if ((e = db_write(m->target, mark_store, m)) != OK ||
        (e = survey_has_table(m->source, STR("refreshTokens"), &sequel)) != OK)
        return e;
    return sequel ? migrate_sequel_in(m->target, OWNER_SERVE) : OK;
}

/* -------------------------------------------------------------------------------------- copying */

/* Where to go on: behind the last row that is there. */
static err start_of(struct move *m, const struct copy_table *t, struct copy_row *last, bool *any)
{
    err e = t->whole ? ERR_NOT_FOUND : copy_last(m->target, m->mem, t, last);

    *any = e == OK;
    return e == ERR_NOT_FOUND ? OK : e;
}

static err pages_copy(struct move *m, const struct copy_table *t, struct copy_page *page,
                      struct arena texts[static 2])
{
    struct copy_row last;
    int64_t total, done = 0;
    size_t turn = 0;
    bool any;
    err e;

    if ((e = survey_count(m->source, t->count, &total)) != OK ||
        (e = start_of(m, t, &last, &any)) != OK ||
        (any && (e = survey_count(m->target, t->count, &done)) != OK))
        return e;
    do {
        turn ^= 1;
        arena_reset(&texts[turn]);
        if ((e = copy_page_read(m->source, &texts[turn], t, any ? &last : NULL, page)) != OK ||
            (e = copy_page_write(m->target, t, page)) != OK)
            return e;
        if (page->n)
            last = page->rows[page->n - 1];    /* its texts stay while the next page is read */
        any |= page->n > 0;
        done += (int64_t)page->n;
        m->progress(m->arg, t->name, done, total);
    } while (page->n);
    return OK;
}

static err table_copy(struct move *m, const struct copy_table *t, struct copy_page *page)
{
    struct arena texts[2];
    err e;

    if (is_missing(m->source, t, &e) || e != OK)
        return e;
    arena_init(&texts[0], PAGE_MEMORY);
    arena_init(&texts[1], PAGE_MEMORY);
    e = pages_copy(m, t, page, texts);
    arena_end(&texts[0]);
    arena_end(&texts[1]);
    return e == OK ? OK : fail(m, e, t->name, "cannot be copied");
}

static err table_verify(struct move *m, const struct copy_table *t)
{
    struct move_sum from, to;
    int64_t all = 0;
    err e;

    if ((e = move_sum_of(m->source, t, &from)) != OK || (e = move_sum_of(m->target, t, &to)) != OK)
        return fail(m, e, t->name, "cannot be verified");
    all = from.rows;
    if (!t->whole && !is_missing(m->source, t, &e) && e == OK)
        e = survey_count(m->source, t->count, &all);
    if (e != OK || all != from.rows)
        return fail(m, e == OK ? ERR_IO : e, t->name, "holds rows that no look by key finds");
    if (memcmp(&from, &to, sizeof from) != 0)
        return fail(m, ERR_IO, t->name,
                    "differs from the source: something wrote to one of the two meanwhile");
    m->progress(m->arg, t->name, to.rows, -1);
    return OK;
}

err move_run(struct move *m)
{
    struct copy_page *page = NEW(m->mem, struct copy_page);
    err e;

    if (!page)
        return ERR_NO_MEMORY;
    if (str_is(m->from->url, m->to->url))
        return fail(m, ERR_EXISTS, NULL, "the two are the same database");
    if ((e = both_open(m)) != OK)
        return e;
    for (const struct copy_table *t = copy_tables; t->name; t++)
        if ((e = table_copy(m, t, page)) != OK)
            return e;
    for (const struct copy_table *t = copy_tables; t->name; t++)
        if ((e = table_verify(m, t)) != OK)
            return e;
    if ((e = copy_end(m->target)) != OK)
        return e;
    return db_write(m->target, mark_drop, NULL);
}

void move_end(struct move *m)
{
    db_close(m->source);
    db_close(m->target);
    m->source = m->target = NULL;
}
