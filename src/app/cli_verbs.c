// SPDX-License-Identifier: MIT
/* cli_verbs.c - run a verb of a command: flags, database, messages. */
#include "app/cli.h"

#include "app/database.h"
#include "app/rules.h"
#include "base/buf.h"
#include "base/log.h"
#include "store/migrate.h"

#include <stdarg.h>
#include <unictype.h>
#include <unistr.h>

enum { CLI_MEMORY = 4 << 20 };

static void usage_print(FILE *to, const char *command, const struct cli_verb *verbs)
{
    for (const struct cli_verb *v = verbs; v->name; v++)
        fprintf(to, "%s latchkey %s %s%s%s\n", v == verbs ? "usage:" : "      ", command, v->name,
                *v->usage ? " " : "", v->usage);
    fputc('\n', to);
    for (const struct cli_verb *v = verbs; v->name; v++)
        fprintf(to, "  %-9s %s\n", v->name, v->help);
    fputs("\nThe database is a setting: --db.url URL, --config FILE, or LATCHKEY_DB_URL.\n", to);
}

static int verb_usage(const char *command, const struct cli_verb *v)
{
    fprintf(stderr, "usage: latchkey %s %s%s%s\n", command, v->name, *v->usage ? " " : "",
            v->usage);
    return 2;
}

static int no_memory(const char *command, const struct cli_verb *v)
{
    fprintf(stderr, "latchkey: %s %s: %s\n", command, v->name, err_meaning(ERR_NO_MEMORY));
    return 1;
}

static bool flag_take(struct cli *c, unsigned flag, str value)
{
    if (flag != FLAG_ROLE && (c->given & flag))
        return false;
    c->given |= flag;
    switch (flag) {
    case FLAG_YES:
        return true;
    case FLAG_EMAIL:
        c->email = value;
        return true;
    case FLAG_ID:
        return str_int(value, &c->id) && c->id > 0;
    default:
        if (c->roles.n == CLI_ROLES_MAX)
            return false;
        c->roles.at[c->roles.n++] = value;
        return true;
    }
}

/* Read `--name value` or `--name=value` at rest.at[*i]. */
static bool flag_read(struct cli *c, unsigned allowed, struct strs rest, size_t *i)
{
    static const struct { const char *name; unsigned flag;
    } flags[] = {
        {"--email", FLAG_EMAIL},
        {"--role", FLAG_ROLE},
        {"--id", FLAG_ID},
        {"--yes", FLAG_YES},
    };
    str name, value;
    bool joined = str_cut(rest.at[*i], '=', &name, &value);

    for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
        if (!str_is(name, str_of(flags[f].name)) || !(allowed & flags[f].flag))
            continue;
        if (flags[f].flag == FLAG_YES)
            return !joined && flag_take(c, FLAG_YES, value);
        if (!joined && *i + 1 == rest.n)
            return false;
        return flag_take(c, flags[f].flag, joined ? value : rest.at[++*i]);
    }
    return false;
}

/* Sort what is no setting into words and flags; behind "--" all are words. */
static bool rest_read(struct cli *c, const struct cli_verb *v, struct strs rest)
{
    bool flags = true;

    c->roles.at = c->roles_at;
    for (size_t i = 0; i < rest.n; i++) {
        if (flags && str_is(rest.at[i], STR("--")))
            flags = false;
        else if (!flags || !str_starts(rest.at[i], STR("--")))
            c->words.at[c->words.n++] = rest.at[i];
        else if (!flag_read(c, v->flags, rest, &i))
            return false;
    }
    if (v->of_account && !(c->given & FLAG_ID)) {
        if (c->words.n == 0)
            return false;
        c->name = c->words.at[0];
        c->words = (struct strs){ c->words.at + 1, c->words.n - 1 };
    }
    return c->words.n >= v->words_least && c->words.n <= v->words_most;
}

static err database_open(struct cli *c)
{
    struct db_config config = database_config(&c->settings, false);
    err e;

    if ((e = migrate(&config, MIGRATE_KEEP, OWNER_NONE)) != OK)
        return e;
    if ((e = migrate_adopted(&config, &c->adopted)) != OK)
        return e;
    return db_open(&config, &c->auth.db);
}

static int verb_run(struct cli *c, const char *command, const struct cli_verb *v)
{
    err e = database_open(c);

    c->rules = rules_of(&c->settings, c->adopted);
    c->auth.rules = &c->rules;
    if (e == OK)
        e = v->run(c);
    if (e != OK && !c->said)
        fprintf(stderr, "latchkey: %s %s: %s\n", command, v->name, err_meaning(e));
    if (c->auth.db)
        db_close(c->auth.db);
    if (fflush(stdout) != 0) {
        fprintf(stderr, "latchkey: %s %s: standard output cannot be written\n", command, v->name);
        return 1;
    }
    return e == OK ? 0 : e == ERR_BAD_REQUEST ? 2 : 1;
}

static bool asks_help(const char *word)
{
    return str_is(str_of(word), STR("--help")) || str_is(str_of(word), STR("-h"));
}

int cli_main(const struct cli_verb *verbs, int argc, char **argv)
{
    const struct cli_verb *v = verbs;
    struct cli c = {0};
    struct strs rest;
    int status;
    err e;

    if (argc < 2 || asks_help(argv[1])) {
        usage_print(argc < 2 ? stderr : stdout, argv[0], verbs);
        return argc < 2 ? 2 : 0;
    }
    while (v->name && strcmp(v->name, argv[1]) != 0)
        v++;
    if (!v->name) {
        usage_print(stderr, argv[0], verbs);
        return 2;
    }
    log_set_level(LOG_WARN);
    arena_init(&c.mem, CLI_MEMORY);
    if ((e = settings_read(&c.settings, &c.mem, false, argc - 1, argv + 1, &rest)) != OK)
        status = e == ERR_BAD_SETTING ? 2 : 1;          /* what is wrong with them was said */
    else if (!(c.words.at = NEW_ARRAY(&c.mem, str, rest.n + 1)))
        status = no_memory(argv[0], v);
    else
        status = rest_read(&c, v, rest) ? verb_run(&c, argv[0], v) : verb_usage(argv[0], v);
    arena_end(&c.mem);
    return status;
}

err cli_fail(struct cli *c, err e, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("latchkey: ", stderr);
    (void)vfprintf(stderr, format, args);      /* there is nowhere else to complain */
    fputc('\n', stderr);
    va_end(args);
    c->said = true;
    return e;
}

static bool is_shown(ucs4_t c)
{
    static const uint32_t hidden = UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Zl | UC_CATEGORY_MASK_Zp;

    return c != '\\' && !uc_is_general_category_withtable(c, hidden);
}

str cli_shown(struct arena *mem, str s)
{
    struct buf b;

    if (!s.p)
        return STR("\\N");
    buf_init(&b, mem, s.n * 10 + 1);
    for (size_t at = 0; at < s.n;) {
        ucs4_t c;
        int n = u8_mbtoucr(&c, (const uint8_t *)s.p + at, s.n - at);

        if (n <= 0)
            buf_printf(&b, "\\x%02x", (unsigned char)s.p[at]);
        else if (is_shown(c))
            buf_put(&b, (str){ s.p + at, (size_t)n });
        else if (c == '\\')
            buf_put(&b, STR("\\\\"));
        else
            buf_printf(&b, "\\u{%x}", (unsigned)c);
        at += n > 0 ? (size_t)n : 1;
    }
    return b.failed ? STR("?") : b.n ? buf_str(&b) : STR("");
}
