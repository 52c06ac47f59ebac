// SPDX-License-Identifier: MIT
/* move.c - `latchkey move`: copy everything to another database, and verify it. */
#include "auth/move.h"

#include "app/commands.h"
#include "app/database.h"
#include "app/progress.h"
#include "app/setting.h"
#include "base/log.h"

/* One of the two sides, as the flags name it. */
struct side { const char *flag, *file_flag; str url; struct secret password; };

struct moving {
    struct settings settings;
    struct arena mem;
    struct side from, to;
    struct progress progress;
};

static void say(void *arg, const char *what, int64_t done, int64_t total)
{
    struct moving *m = arg;

    if (total < 0) {
        printf("%-18s %lld rows, verified\n", what, (long long)done);
        (void)fflush(stdout);          /* asked again at the end */
        return;
    }
    if (m->progress.what != what)
        m->progress = (struct progress){ .what = what };
    m->progress.total = total;
    progress_say(&m->progress, done);
}

static bool url_take(struct moving *m, struct side *side, str value)
{
    const struct setting *row = setting_by_key(STR("db.url"));
    const char *why;

    m->settings.from[setting_index(row)] = FROM_FLAG;      /* whatever the file says */
    why = setting_set(&m->settings, &m->mem, row, value);
    side->url = m->settings.db_url;
    if (why)
        fprintf(stderr, "latchkey: move: %s %s\n", side->flag, why);
    return !why;
}

/* `--from URL` or `--from=URL`, and the like of the password's file. */
static bool flag_take(struct moving *m, struct strs rest, size_t *i)
{
    struct side *sides[] = { &m->from, &m->to };
    str name, value;
    bool joined = str_cut(rest.at[*i], '=', &name, &value);

    if (!joined && *i + 1 == rest.n)
        return false;
    if (!joined)
        value = rest.at[++*i];
    for (size_t s = 0; s < 2; s++) {
        if (str_is(name, str_of(sides[s]->flag)) && !sides[s]->url.n)
            return url_take(m, sides[s], value);
        if (str_is(name, str_of(sides[s]->file_flag)))
            return secret_read(&sides[s]->password, &m->mem, value, false) == OK;
    }
    return false;
}

static int usage(FILE *to, int status)
{
    fputs("usage: latchkey move --from URL --to URL [--from-password-file FILE] "
          "[--to-password-file FILE]\n\n"
          "Copies everything to another database, of whichever engine, and verifies it: every "
          "table's rows are\n"
          "counted and added up on both sides. The target must be empty, or hold the beginning of "
          "this move:\n"
          "then it goes on from there. Stop what serves the two until it is done.\n",
          to);
    return status;
}

static struct db_config config_of(const struct moving *m, const struct side *side)
{
    struct db_config c = database_config(&m->settings, false);

    c.url = side->url;
    c.password = side->password.bytes_;
    c.wait_ms = m->settings.db_wait;
    return c;
}

static err move_both(struct moving *m)
{
    struct db_config from = config_of(m, &m->from), to = config_of(m, &m->to);
    struct move move = { .from = &from, .to = &to, .mem = &m->mem, .progress = say, .arg = m };
    err e = move_run(&move);

    move_end(&move);
    if (e == OK) {
        if (move.resumed)
            puts("An earlier, unfinished move was taken up.");
        printf("Moved. Start it with --db.url " STR_FMT "\n", STR_ARG(database_shown(&m->mem, to.url)));
        return OK;
    }
    fprintf(stderr, "latchkey: move: %s%s" STR_FMT "%s%s%s\n", move.table ? move.table : "",
            move.table ? ": " : "", STR_ARG(move.why), move.why.p ? " (" : "", err_meaning(e),
            move.why.p ? ")" : "");
    return e;
}

int move_main(int argc, char **argv)
{
    struct moving m = { .from = { .flag = "--from", .file_flag = "--from-password-file" },
                        .to = { .flag = "--to", .file_flag = "--to-password-file" } };
    struct strs rest = {0};
    bool good;
    err e = ERR_BAD_SETTING;

    for (int i = 1; i < argc; i++)
        if (str_is(str_of(argv[i]), STR("--help")) || str_is(str_of(argv[i]), STR("-h")))
            return usage(stdout, 0);
    log_set_level(LOG_ERROR);
    arena_init(&m.mem, SETTINGS_MEMORY);
    good = settings_read(&m.settings, &m.mem, false, argc, argv, &rest) == OK;
    for (size_t i = 0; good && i < rest.n; i++)
        good = flag_take(&m, rest, &i);
    if (good && m.from.url.n && m.to.url.n)
        e = move_both(&m);
    else
        (void)usage(stderr, 0);
    arena_end(&m.mem);
    return e == OK && fflush(stdout) == 0 ? 0 : e == ERR_BAD_SETTING ? 2 : 1;
}
