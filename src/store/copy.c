// SPDX-License-Identifier: MIT
/* copy.c - every row of a database, page by page. */
#include "store/copy.h"

// clang-format off
const struct copy_table copy_tables[] = {
    { "roles",             "itdd",   1, Q_COUNT_ROLES,          Q_PAGE_ROLES,          Q_LAST_ROLES,          Q_PUT_ROLES,          false, false },
    { "users",             "itttdd", 1, Q_COUNT_USERS,          Q_PAGE_USERS,          Q_LAST_USERS,          Q_PUT_USERS,          false, false },
    { "user_roles",        "iidd",   2, Q_COUNT_USER_ROLES,     Q_PAGE_USER_ROLES,     Q_LAST_USER_ROLES,     Q_PUT_USER_ROLES,     false, false },
    { "refreshTokens",     "itDddI", 1, Q_COUNT_REFRESH_TOKENS, Q_PAGE_REFRESH_TOKENS, Q_LAST_REFRESH_TOKENS, Q_PUT_REFRESH_TOKENS, true,  false },
    { "latchkey_names",    "itii",   2, Q_COUNT_NAMES,          Q_PAGE_NAMES,          Q_LAST_NAMES,          Q_PUT_NAMES,          false, false },
    { "latchkey_accounts", "iiii",   1, Q_COUNT_ACCOUNTS,       Q_PAGE_ACCOUNTS,       Q_LAST_ACCOUNTS,       Q_PUT_ACCOUNTS,       false, false },
    { "latchkey_sessions", "iiiiiiitttt", 1, Q_COUNT_SESSIONS,  Q_PAGE_SESSIONS,       Q_LAST_SESSIONS,       Q_PUT_SESSIONS,       false, false },
    { "latchkey_failures", "itiii",  2, Q_COUNT_FAILURES,       Q_PAGE_FAILURES,       Q_LAST_FAILURES,       Q_PUT_FAILURES,       false, false },
    { "latchkey_keys", "itttiiitt",  1, Q_COUNT_KEYS,           Q_PAGE_KEYS,           Q_LAST_KEYS,           Q_PUT_KEYS,           false, false },
    { "latchkey_revocations", "iiiiii", 1, Q_COUNT_REVOCATIONS, Q_PAGE_REVOCATIONS,    Q_LAST_REVOCATIONS,    Q_PUT_REVOCATIONS,    false, false },
    { "latchkey_meta",     "tt",     1, Q_COUNT_META,           Q_PAGE_META,           Q_COUNT,               Q_PUT_META,           false, true  },
    {0}
};
// clang-format on

/* SQLite and MySQL move their counters when a row is put in with its id. */
static const char pgsql_counters[] =
    "SELECT setval(pg_get_serial_sequence('users', 'id'), (SELECT COALESCE(MAX(id), 1) FROM users),"
    " EXISTS (SELECT 1 FROM users));";
static const char pgsql_sequel_counter[] =
    "SELECT setval(pg_get_serial_sequence('\"refreshTokens\"', 'id'),"
    " (SELECT COALESCE(MAX(id), 1) FROM \"refreshTokens\"), EXISTS (SELECT 1 FROM "
    "\"refreshTokens\"));";

static struct in value_in(char type, const struct copy_row *row, size_t c)
{
    switch (type) {
    case 't': return text(row->s[c]);
    case 'd': return datetime(row->i[c]);
    case 'D': return row->i[c] ? datetime(row->i[c]) : text((str){0});
    case 'I': return row->i[c] ? integer(row->i[c]) : text((str){0});
    default:  return integer(row->i[c]);
    }
}

/* Where a row's columns arrive: the first `n`. */
static void places(const struct copy_table *t, size_t n, struct copy_row *row,
                   struct out out[static COPY_VALUES_MAX + 1])
{
    for (size_t c = 0; c < n; c++)
        out[c] = t->types[c] == 't'                          ? text_at(&row->s[c])
               : t->types[c] == 'd' || t->types[c] == 'D'    ? datetime_at(&row->i[c])
                                                             : int_at(&row->i[c]);
    out[n] = (struct out){0};
}

struct reading { struct copy_row row; struct copy_page *page; };

static err row_keep(void *arg)
{
    struct reading *r = arg;

    if (r->page->n == COPY_PAGE)
        return ERR_BUG;
    r->page->rows[r->page->n++] = r->row;
    return OK;
}

/* In a key of two columns the first is asked for twice. */
static size_t key_in(const struct copy_table *t, const struct copy_row *after,
                     struct in in[static 5])
{
    size_t n = 0;

    in[n++] = value_in(t->types[0], after, 0);
    if (t->keys == 2)
        in[n++] = value_in(t->types[0], after, 0);
    if (t->keys == 2)
        in[n++] = value_in(t->types[1], after, 1);
    return n;
}

err copy_page_read(struct db *db, struct arena *mem, const struct copy_table *t,
                   const struct copy_row *after, struct copy_page *out)
{
    struct copy_row first = { .i = { INT32_MIN, INT32_MIN }, .s = { STR(""), STR("") } };
    struct reading r = { .page = out };
    struct out to[COPY_VALUES_MAX + 1];
    struct in in[5] = {0};
    size_t n = key_in(t, after ? after : &first, in);

    in[n] = integer(COPY_PAGE);
    places(t, strlen(t->types), &r.row, to);
    out->n = 0;
    return db_each(db, mem, t->page, in, to, row_keep, &r);
}

struct writing { const struct copy_table *table; const struct copy_page *page; };

static err page_put(struct db *db, void *arg)
{
    const struct writing *w = arg;
    size_t n = strlen(w->table->types);
    err e;

    for (size_t i = 0; i < w->page->n; i++) {
        struct in in[COPY_VALUES_MAX + 1] = {0};

        for (size_t c = 0; c < n; c++)
            in[c] = value_in(w->table->types[c], &w->page->rows[i], c);
        if ((e = db_exec(db, w->table->put, in, NULL)) != OK)
            return e;
    }
    return OK;
}

err copy_page_write(struct db *db, const struct copy_table *t, const struct copy_page *page)
{
    struct writing w = { t, page };

    return page->n ? db_write(db, page_put, &w) : OK;
}

err copy_last(struct db *db, struct arena *mem, const struct copy_table *t, struct copy_row *out)
{
    struct out to[COPY_VALUES_MAX + 1];

    *out = (struct copy_row){0};
    places(t, t->keys, out, to);
    return db_one(db, mem, t->last, IN_NONE, to);
}

err copy_end(struct db *db)
{
    struct arena none;
    int64_t there;
    err e;

    if (strcmp(db_engine(db), "pgsql") != 0)
        return OK;
    arena_init(&none, 0);
    if ((e = db_script(db, str_of(pgsql_counters))) != OK ||
        (e = db_one(db, &none, Q_TABLE_COUNT, IN(text(STR("refreshTokens"))),
                    OUT(int_at(&there)))) != OK)
        return e;
    return there ? db_script(db, str_of(pgsql_sequel_counter)) : OK;
}
