// SPDX-License-Identifier: MIT
/* cli_import.c - `latchkey user import`: accounts with their hashes from CSV or JSON lines. */
#include "app/cli.h"

#include "auth/account.h"
#include "auth/name.h"
#include "base/json.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#include <errno.h>

enum {
    LINE_MAX_BYTES = 16 << 10,
    ROWS_MAX = 1000000,
    SEEN_SLOTS = 1 << 22,
    ROW_MEMORY = 4 << 20,
    ROLES_IN_ROW = 64,
};

enum column { USERNAME, EMAIL, HASH, ROLES, DISABLED, COLUMNS };

/* A name that stood in an earlier line. */
static const char no_room[] = "does not fit in memory";

struct seen { uint64_t hash; unsigned line; };

struct import {
    struct cli *c;
    FILE *file;
    struct arena mem;              /* for a row */
    char line[LINE_MAX_BYTES + 1];
    unsigned number;               /* of the line, from 1 */
    bool csv;
    enum column columns[COLUMNS];  /* CSV: what stands where */
    size_t columns_n;
    struct seen *seen;
    unsigned char seed[SIP_KEY_BYTES];
    unsigned added, present, refused;
};

/* A row as it was read. */
struct row { str at[COLUMNS]; str roles_at[ROLES_IN_ROW]; struct strs roles; bool disabled; };

static bool column_of(str name, enum column *out)
{
    static const struct { const char *name; enum column column;
    } names[] = {
        {"username", USERNAME}, {"email", EMAIL}, {"hash", HASH},
        {"password", HASH},     {"roles", ROLES}, {"disabled", DISABLED},
    };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (str_is_nocase(name, str_of(names[i].name))) {
            *out = names[i].column;
            return true;
        }
    return false;
}

/* The next line without its end; false at the end. *fits: whether all of it is there. */
static bool line_read(struct import *in, str *out, bool *fits)
{
    size_t n = 0;
    int c;

    *fits = true;
    while ((c = getc_unlocked(in->file)) != EOF && c != '\n') {
        if (n < LINE_MAX_BYTES)
            in->line[n++] = (char)c;
        else
            *fits = false;
    }
    if (c == EOF && n == 0)
        return false;
    if (n && in->line[n - 1] == '\r')
        n--;
    in->number++;
    *out = (str){ in->line, n };
    return true;
}

/* A field of RFC 4180 off the head of *rest; a quoted one may hold commas and, doubled, quotes, no
 * line ends. *more: another follows. Unquoting happens in the line itself. False for a broken
 * one. */
static bool field_read(str *rest, str *out, bool *more)
{
    char *p = (char *)(uintptr_t)rest->p;
    size_t from = 1, to = 0;

    if (rest->n == 0 || p[0] != '"') {
        *more = str_cut(*rest, ',', out, rest);
        return out->n == 0 || !memchr(out->p, '"', out->n);
    }
    for (; from < rest->n; from++, to++) {
        if (p[from] == '"' && (from + 1 == rest->n || p[from + 1] != '"'))
            break;
        from += p[from] == '"';
        p[to] = p[from];
    }
    if (from >= rest->n || (from + 1 < rest->n && p[from + 1] != ','))
        return false;
    *out = (str){ p, to };
    *more = from + 1 < rest->n;
    *rest = str_from(*rest, from + 2);
    return true;
}

static const char *header_read(struct import *in, str line)
{
    bool more = true;
    unsigned had = 0;
    str name;

    if (str_starts(line, STR("\xef\xbb\xbf")))
        line = str_from(line, 3);
    while (more) {
        if (in->columns_n == COLUMNS || !field_read(&line, &name, &more))
            return "the first line names columns that are unknown, or too many";
        if (!column_of(str_trim(name), &in->columns[in->columns_n]) ||
            (had & 1u << in->columns[in->columns_n]))
            return "the first line names a column that is unknown, or twice";
        had |= 1u << in->columns[in->columns_n++];
    }
    if ((had & 7u) != 7u)
        return "the first line must name username, email and hash";
    return NULL;
}

static const char *yes_or_no(str s, bool *out)
{
    *out = str_is_nocase(s, STR("true")) || str_is_nocase(s, STR("yes")) || str_is(s, STR("1"));
    if (*out || s.n == 0 || str_is_nocase(s, STR("false")) || str_is_nocase(s, STR("no")) ||
        str_is(s, STR("0")))
        return NULL;
    return "disabled is neither true nor false";
}

static const char *role_add(struct row *row, str name)
{
    if (row->roles.n == ROLES_IN_ROW)
        return "there are too many roles";
    row->roles_at[row->roles.n++] = name;
    return NULL;
}

static const char *roles_split(struct row *row, str text)
{
    const char *why = NULL;
    str name;

    while (text.n && !why) {
        (void)str_cut(text, '|', &name, &text);    /* the last one ends where the text does */
        name = str_trim(name);
        if (name.n)
            why = role_add(row, name);
    }
    return why;
}

static const char *csv_parse(struct import *in, str line, struct row *row)
{
    bool more = true;
    const char *why;
    size_t i = 0;

    for (; more; i++)
        if (i == in->columns_n || !field_read(&line, &row->at[in->columns[i]], &more))
            return "has another number of fields than the first line, or a stray quote";
    if (i != in->columns_n)
        return "has fewer fields than the first line";
    if ((why = yes_or_no(str_trim(row->at[DISABLED]), &row->disabled)) != NULL)
        return why;
    return roles_split(row, row->at[ROLES]);
}

static const char *json_roles(struct row *row, const struct json *v)
{
    const char *why = NULL;

    if (v->kind == JSON_TEXT)
        return roles_split(row, v->text);
    if (v->kind != JSON_LIST)
        return v->kind == JSON_NULL ? NULL : "roles is neither a list nor a text";
    for (const struct json *role = v->first; role && !why; role = role->next)
        why = role->kind == JSON_TEXT ? role_add(row, role->text) : "a role is no text";
    return why;
}

static const char *json_member_read(struct row *row, const struct json *v)
{
    enum column column;

    if (!column_of(v->key, &column))
        return "names a member that is unknown";
    if (column == ROLES)
        return json_roles(row, v);
    if (column == DISABLED) {
        row->disabled = v->kind == JSON_TRUE;
        return v->kind == JSON_TRUE || v->kind == JSON_FALSE ? NULL
                                                             : "disabled is neither true nor false";
    }
    if (v->kind != JSON_TEXT || v->lone_surrogate)
        return "a member is no well-formed text";
    row->at[column] = v->text;
    return NULL;
}

static const char *json_row_parse(struct import *in, str line, struct row *row)
{
    const struct json_rules rules = { .depth_max = 2, .values_max = 128, .unique = true };
    const char *why = NULL;
    struct json *object;
    err e = json_parse(&in->mem, line, &rules, &object);

    if (e == ERR_NO_MEMORY)
        return no_room;
    if (e != OK || object->kind != JSON_OBJECT)
        return "is no JSON object with simple members";
    for (const struct json *v = object->first; v && !why; v = v->next)
        why = json_member_read(row, v);
    return why;
}

/* The line that had this name before, or 0; from now on this one has. */
static err seen_before(struct import *in, const char *kind, str name, unsigned *line)
{
    str key, text;
    uint64_t hash;
    size_t i;
    err e;

    *line = 0;
    if ((e = name_key(&in->mem, name, &key)) != OK)
        return e == ERR_NO_MEMORY ? e : OK;    /* what is no name is refused for that */
    if (!(text = arena_printf(&in->mem, "%s" STR_FMT, kind, STR_ARG(key))).p)
        return ERR_NO_MEMORY;
    hash = digest_sip(in->seed, text) | 1;
    for (i = hash % SEEN_SLOTS; in->seen[i].hash; i = (i + 1) % SEEN_SLOTS)
        if (in->seen[i].hash == hash) {
            *line = in->seen[i].line;
            return OK;
        }
    in->seen[i] = (struct seen){ hash, in->number };
    return OK;
}

static const char *row_check(struct import *in, const struct row *row)
{
    unsigned name_line, email_line, before;
    str why;

    if (!row->at[USERNAME].n || !row->at[EMAIL].n || !row->at[HASH].n)
        return "lacks its username, email or hash";
    for (enum column i = USERNAME; i <= HASH; i++)
        if (!utf8_is_well_formed(row->at[i]) || memchr(row->at[i].p, 0, row->at[i].n))
            return "is not well-formed text";
    if (seen_before(in, "u", row->at[USERNAME], &name_line) != OK ||
        seen_before(in, "e", row->at[EMAIL], &email_line) != OK)
        return no_room;
    if (!name_line && !email_line)
        return NULL;
    before = name_line ? name_line : email_line;
    why = arena_printf(&in->mem, "has the same %s as line %u", name_line ? "username" : "email",
                       before);
    return why.p ? why.p : no_room;
}

static const char *refusal_of(err e)
{
    switch (e) {
    case ERR_USERNAME_TAKEN:
        return "another account has that username";
    case ERR_EMAIL_TAKEN:
        return "another account has that email";
    case ERR_ROLE_UNKNOWN:
        return "names a role that does not exist";
    case ERR_HASH_UNKNOWN:
        return "has a hash of no kind that can be checked, or one that costs too much";
    case ERR_BAD_REQUEST:
        return "has a name of more than 255 characters";
    case ERR_NOT_UNICODE:
        return "is not well-formed text";
    default:
        return NULL;           /* the database's: nothing of the line */
    }
}

static void line_refuse(struct import *in, const char *why)
{
    in->refused++;
    fprintf(stderr, "line %u: %s\n", in->number, why);
}

static err row_store(struct import *in, struct row *row)
{
    struct imported want = {
        .account = {row->at[USERNAME],
                    row->at[EMAIL],
                    row->at[HASH],
                    {row->roles_at, row->roles.n}},
        .disabled = row->disabled,
        .dry = !(in->c->given & FLAG_YES),
    };
    int64_t id;
    err e = account_import(&in->c->auth, &in->mem, &want, &id);

    in->added += e == OK;
    in->present += e == ERR_EXISTS;
    if (e == OK || e == ERR_EXISTS)
        return OK;
    if (!refusal_of(e))
        return e;
    line_refuse(in, refusal_of(e));
    return OK;
}

static err line_import(struct import *in, str line)
{
    struct row row = {0};
    const char *why;

    why = in->csv ? csv_parse(in, line, &row) : json_row_parse(in, line, &row);
    if (!why)
        why = row_check(in, &row);
    if (!why)
        return row_store(in, &row);
    line_refuse(in, why);
    return OK;
}

/* The first line that is not empty decides: JSON begins with a brace. */
static err first_line(struct import *in, str line)
{
    const char *why;

    in->csv = line.p[0] != '{';
    if (!in->csv)
        return line_import(in, line);
    if ((why = header_read(in, line)) != NULL)
        return cli_fail(in->c, ERR_BAD_SETTING, "%s", why);
    return OK;
}

static err file_import(struct import *in)
{
    bool fits, first = true;
    err e = OK;
    str line;

    while (e == OK && line_read(in, &line, &fits)) {
        arena_reset(&in->mem);
        if (in->number > ROWS_MAX)
            return cli_fail(in->c, ERR_BAD_SETTING, "the file has more than %d lines; split it",
                            ROWS_MAX);
        if (fits && str_trim(line).n == 0)
            continue;
        if (!fits)
            line_refuse(in, "is longer than 16 KiB");
        else
            e = first ? first_line(in, line) : line_import(in, line);
        first = false;
    }
    return e == OK && ferror(in->file) ? ERR_IO : e;
}

static err report(const struct import *in)
{
    bool yes = in->c->given & FLAG_YES;

    printf("%u %s, %u already there, %u refused\n", in->added, yes ? "added" : "would be added",
           in->present, in->refused);
    if (!yes)
        puts("nothing was written; --yes writes");
    if (in->refused == 0)
        return OK;
    in->c->said = true;
    return ERR_EXISTS;
}

err user_import(struct cli *c)
{
    struct import *in = calloc(1, sizeof *in);
    char *path = arena_cstr(&c->mem, c->words.at[0]);
    err e = ERR_NO_MEMORY;

    if (in && path && (in->seen = calloc(SEEN_SLOTS, sizeof *in->seen)) != NULL) {
        in->c = c;
        random_bytes(in->seed, sizeof in->seed);
        arena_init(&in->mem, ROW_MEMORY);
        if ((in->file = fopen(path, "re")) == NULL)
            e = cli_fail(c, ERR_IO, "%s: %s", path, strerror(errno));
        else if ((e = file_import(in)) == OK)
            e = report(in);
        if (in->file)
            (void)fclose(in->file);        /* only read from */
        arena_end(&in->mem);
        free(in->seen);
    }
    free(in);
    return e;
}
