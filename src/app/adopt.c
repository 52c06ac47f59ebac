// SPDX-License-Identifier: MIT
/* adopt.c - `latchkey adopt`: take over the database of the tutorial's server, in place.
 *
 * Without --yes nothing is written: it says what is there, what it would add, and what it would
 * leave alone. No row that is there is changed or deleted either way. */
#include "app/cli.h"
#include "app/commands.h"
#include "app/database.h"
#include "app/progress.h"
#include "app/setting.h"
#include "auth/adopt.h"
#include "auth/claim.h"
#include "base/log.h"
#include "store/migrate.h"
#include "store/role.h"
#include "store/survey.h"

enum {
    SHOWN_MAX = 50,                     /* groups or accounts named in one list */
    GROUP_SHOWN_MAX = 10,               /* accounts of one group */
    HOLDERS_MAX = 100000,
    SIGNUP_SECONDS = 5,                 /* a role held so soon was chosen at the sign-up */
};

struct adopt {
    struct arena mem;
    struct settings settings;
    struct db_config config;
    str shown;                          /* its URL */
    struct db *db;
    bool yes, sequel;
    int64_t users, roles;
    struct adopt_report report;
};

static void count_print(const char *what, int64_t n)
{
    printf("  %-34s %lld\n", what, (long long)n);
}

static err count_of(struct adopt *a, enum query q, const char *what, int64_t *out)
{
    int64_t n;
    err e;

    if ((e = survey_count(a->db, q, &n)) != OK)
        return e;
    count_print(what, n);
    if (out)
        *out = n;
    return OK;
}

/* -------------------------------------------------------------------------------- what is there */

static err tables_print(struct adopt *a)
{
    static const char *const names[] = { "users", "roles", "user_roles" };
    bool there;
    err e;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if ((e = survey_has_table(a->db, str_of(names[i]), &there)) != OK)
            return e;
        if (!there) {
            fprintf(
                stderr,
                "latchkey: adopt: there is no table `%s`: this is not the tutorial's database\n",
                names[i]);
            return ERR_DB_SCHEMA;
        }
    }
    puts("\nFound:");
    if ((e = count_of(a, Q_COUNT_USERS, "users", &a->users)) != OK ||
        (e = count_of(a, Q_COUNT_ROLES, "roles", &a->roles)) != OK)
        return e;
    return count_of(a, Q_COUNT_USER_ROLES, "roles held by users", NULL);
}

static err sequel_print(struct adopt *a)
{
    err e;

    if ((e = survey_has_table(a->db, STR("refreshTokens"), &a->sequel)) != OK || !a->sequel)
        return e;
    if ((e = count_of(a, Q_COUNT_REFRESH_TOKENS, "refresh tokens of the sequel", NULL)) != OK)
        return e;
    puts("      The table refreshTokens is the tutorial's sequel's. It is left as it is; its "
         "tokens count,\n"
         "      and its front-end goes on as it was, with session.compat = sequel.");
    return OK;
}

static void hashes_print(const struct adopt_report *r)
{
    char what[40];

    for (size_t k = 0; k < HASH_KINDS; k++)
        for (int cost = 0; cost < HASH_COSTS; cost++)
            if (r->hashes[k][cost]) {
                (void)snprintf(what, sizeof what, "passwords hashed %s cost %d", hash_kinds[k],
                               cost);
                count_print(what, r->hashes[k][cost]);
            }
    if (r->hashes_missing)
        count_print("users without a password", r->hashes_missing);
    if (r->hashes_unknown)
        count_print("hashes that nobody can read", r->hashes_unknown);
}

static void name_print(struct adopt *a, const struct known_name *k, size_t kind, const char *before)
{
    str shown = STR("?");
    struct arena mem;
    struct user user;

    arena_init(&mem, 64 << 10);
    if (user_by_id(a->db, &mem, k->id, &user) == OK)
        shown = cli_shown(&mem, kind ? user.email : user.username);
    printf("%s" STR_FMT " (id %lld)", before, STR_ARG(shown), (long long)k->id);
    arena_end(&mem);
}

static void group_print(struct adopt *a, size_t kind, size_t from, size_t n)
{
    const struct known_names *names = &a->report.names[kind];

    for (size_t i = 0; i < n && i < GROUP_SHOWN_MAX; i++)
        name_print(a, &names->at[from + i], kind, i == 0 ? "      " : ", ");
    if (n > GROUP_SHOWN_MAX)
        printf(" and %zu more", n - GROUP_SHOWN_MAX);
    putchar('\n');
}

/* Groups of one kind whose spellings are all alike, or not. */
static size_t groups_print(struct adopt *a, size_t kind, bool alike, bool prints)
{
    const struct known_names *names = &a->report.names[kind];
    size_t groups = 0;
    bool exact;

    for (size_t i = 0, n; i < names->n; i += n) {
        n = known_names_same(names, i, &exact);
        if (n == 1 || exact != alike)
            continue;
        if (prints && groups < SHOWN_MAX)
            group_print(a, kind, i, n);
        groups++;
    }
    if (prints && groups > SHOWN_MAX)
        printf("      and %zu more\n", groups - SHOWN_MAX);
    return groups;
}

static bool duplicates_print(struct adopt *a)
{
    static const char *const whats[2][2] = {
        { "names that differ only in spelling", "names held twice" },
        { "addresses that differ in spelling", "addresses held twice" },
    };
    static const char *const empty[2] = { "users without a name", "users without an address" };
    bool any = false;

    for (size_t kind = 0; kind < 2; kind++) {
        const struct known_names *names = &a->report.names[kind];

        for (size_t alike = 2; alike-- > 0;) {
            size_t groups = groups_print(a, kind, alike, false);

            count_print(whats[kind][alike], (int64_t)groups);
            (void)groups_print(a, kind, alike, true);
            any |= groups > 0;
        }
        if (names->empty)
            count_print(empty[kind], names->empty);
        if (names->unruly)
            count_print(kind ? "addresses that are not Unicode" : "names that are not Unicode",
                        names->unruly);
    }
    return any;
}

/* Accounts being listed. */
struct listing { struct adopt *a; int64_t n, suspect; };

static err stray_print(void *arg, const struct holder *h)
{
    struct listing *l = arg;
    str name = cli_shown(&l->a->mem, h->username);

    if (l->n++ < SHOWN_MAX)
        printf("      " STR_FMT " (id %lld)\n", STR_ARG(name), (long long)h->id);
    return OK;
}

static err strays_print(struct adopt *a)
{
    struct listing l = { .a = a };
    int64_t all;
    err e;

    if ((e = count_of(a, Q_COUNT_WITHOUT_ROLE, "users without a role", &all)) != OK || all == 0)
        return e;
    if ((e = survey_without_role(
             a->db, &a->mem,
             &(struct holders){.limit = SHOWN_MAX, .row = stray_print, .arg = &l})) != OK)
        return e;
    if (all > SHOWN_MAX)
        printf("      and %lld more\n", (long long)all - SHOWN_MAX);
    return OK;
}

static err holder_print(void *arg, const struct holder *h)
{
    bool chosen = h->held_from - h->created_at <= SIGNUP_SECONDS;
    struct listing *l = arg;
    str name;

    l->suspect += chosen;
    if (l->n++ >= SHOWN_MAX)
        return OK;
    name = cli_shown(&l->a->mem, h->username);
    printf("      " STR_FMT " (id %lld)%s\n", STR_ARG(name), (long long)h->id,
           chosen ? ", from his own sign-up: the tutorial lets anyone ask for it" : "");
    return OK;
}

static err powers_print(struct adopt *a)
{
    static const char *const roles[] = { "admin", "moderator" };
    err e;

    for (size_t i = 0; i < 2; i++) {
        struct listing l = { .a = a };
        struct holders ask = { str_of(roles[i]), HOLDERS_MAX, holder_print, &l };

        printf("  Who holds %s:\n", roles[i]);
        if ((e = survey_holders(a->db, &a->mem, &ask)) != OK)
            return e;
        if (l.n > SHOWN_MAX)
            printf("      and %lld more\n", (long long)l.n - SHOWN_MAX);
        printf("      %s%lld in all, %lld of them may have given it to themselves\n",
               l.n >= HOLDERS_MAX ? "at least " : "", (long long)l.n, (long long)l.suspect);
    }
    return OK;
}

/* --------------------------------------------------------------------------------- what it adds */

static err additions_print(struct adopt *a)
{
    static const struct { const char *name; bool is_index; const char *what; } added[] = {
        { "latchkey_names", false, "which account holds a name or an address" },
        { "latchkey_accounts", false, "who is disabled, whose tokens are cut off" },
        { "latchkey_sessions", false, "who is signed in where" },
        { "latchkey_failures", false, "failed attempts in a row" },
        { "latchkey_keys", false, "keys whose public halves verify tokens" },
        { "latchkey_revocations", false, "what ended before its tokens did" },
        { "latchkey_meta", false, "small facts, such as the time of the adoption" },
        { "latchkey_schema", false, "which migrations were applied" },
        { "latchkey_users_username", true, "plain index on users.username" },
        { "latchkey_users_email", true, "plain index on users.email" },
    };
    bool there;
    err e;

    puts(a->yes ? "\nAdds:" : "\nWould add:");
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        str name = str_of(added[i].name);

        e = added[i].is_index ? survey_has_index(a->db, name, &there)
                              : survey_has_table(a->db, name, &there);
        if (e != OK)
            return e;
        printf("  %-26s %s%s\n", added[i].name, added[i].what, there ? " (is there already)" : "");
    }
    if (a->roles == 0)
        puts("  three rows in roles        user, moderator, admin: the table is empty");
    puts("\nDoes not touch:\n"
         "  the rows, columns and keys of users, roles, user_roles and of every other table");
    return OK;
}

static void warnings_print(bool duplicates)
{
    puts("\nMind:\n"
         "  The tutorial's server, as the tutorial has it, drops users, roles and user_roles at "
         "each of its\n"
         "  own starts (sync({force: true}) in server.js). Change that before it starts again.\n"
         "  While it runs beside Latchkey it does not ask who holds a name: it can still write a "
         "second one.");
    if (duplicates)
        puts("  Of accounts with one name the one with the lowest id keeps it; whoever spells his "
             "exactly signs\n"
             "  in to his own. The others stay as they are.");
}

/* ------------------------------------------------------------------------------------- doing it */

static err time_store(struct db *db, void *arg)
{
    char number[24];
    int n = snprintf(number, sizeof number, "%lld", (long long)(clock_ms() / 1000));

    (void)arg;
    return meta_write(db, STR("adopted_at"), (str){ number, (size_t)n });
}

/* The first adoption's time stays: what ends a day after it does not begin anew. */
static err time_keep(struct adopt *a)
{
    str value;
    err e = meta_read(a->db, &a->mem, STR("adopted_at"), &value);

    return e == ERR_NOT_FOUND ? db_write(a->db, time_store, NULL) : e;
}

static err names_claim(struct adopt *a)
{
    struct progress p = { .what = "rows claimed", .total = a->users };
    struct auth auth = { .db = a->db };
    int64_t from = 0, done = 0;
    bool more = true;
    err e;

    while (more) {
        if ((e = claim_rows_behind(&auth, &from, &more)) != OK)
            return e;
        done += 256;
        progress_say(&p, done < a->users ? done : a->users);
    }
    return OK;
}

static err take_over(struct adopt *a)
{
    int64_t names;
    err e;

    db_close(a->db);
    a->db = NULL;
    if ((e = migrate(&a->config, MIGRATE_KEEP, OWNER_ADOPT)) != OK ||
        (e = db_open(&a->config, &a->db)) != OK || (e = time_keep(a)) != OK ||
        (e = names_claim(a)) != OK || (e = survey_count(a->db, Q_COUNT_NAMES, &names)) != OK)
        return e;
    printf("\nTaken over: %lld names and addresses are claimed. Start it with\n"
           "  latchkey serve --db.url " STR_FMT " --token.secret-file FILE%s\n",
           (long long)names, STR_ARG(a->shown), a->sequel ? " --session.compat sequel" : "");
    return OK;
}

static err adopt_run(struct adopt *a)
{
    struct progress p = { .what = "rows read" };
    struct adopt_look how = { .mem = &a->mem, .progress = progress_say, .arg = &p };
    bool duplicates;
    err e;

    printf("latchkey adopt " STR_FMT "%s\n", STR_ARG(a->shown),
           a->yes ? "" : ": a dry run, nothing is changed");
    if ((e = db_open_raw(&a->config, &a->db)) != OK || (e = tables_print(a)) != OK)
        return e;
    how.users = p.total = a->users;
    arena_init(&a->mem, (size_t)a->users * 2 * sizeof(struct known_name) + (64 << 20));
    if ((e = adopt_look(a->db, &how, &a->report)) != OK)
        return e;
    hashes_print(&a->report);
    duplicates = duplicates_print(a);
    if ((e = strays_print(a)) != OK || (e = powers_print(a)) != OK || (e = sequel_print(a)) != OK ||
        (e = additions_print(a)) != OK)
        return e;
    warnings_print(duplicates);
    if (a->yes)
        return take_over(a);
    puts("\nTo do it: the same command with --yes.");
    return OK;
}

static int adopt_usage(FILE *to, int status)
{
    fputs("usage: latchkey adopt URL [--yes] [--SETTING VALUE ...]\n\n"
          "Takes over the database of the tutorial's server, in place: mysql://user@host/database, "
          "or what its\n"
          "Sequelize wrote to pgsql://... or sqlite:FILE. Says what is there and what it would "
          "add; with --yes\n"
          "it adds it. No row that is there is changed or deleted. It may be run again.\n",
          to);
    return status;
}

static bool words_read(struct adopt *a, struct strs rest)
{
    const struct setting *row = setting_by_key(STR("db.url"));
    bool url = false;

    for (size_t i = 0; i < rest.n; i++) {
        const char *why;

        if (str_is(rest.at[i], STR("--yes"))) {
            a->yes = true;
            continue;
        }
        if (url || str_starts(rest.at[i], STR("--")))
            return false;
        url = true;
        a->settings.from[setting_index(row)] = FROM_FLAG;  /* whatever the file says */
        if ((why = setting_set(&a->settings, &a->mem, row, rest.at[i])) != NULL) {
            fprintf(stderr, "latchkey: adopt: the URL %s\n", why);
            return false;
        }
    }
    return url;
}

int adopt_main(int argc, char **argv)
{
    struct adopt a = {0};
    struct arena mem;
    struct strs rest;
    err e = ERR_BAD_SETTING;

    for (int i = 1; i < argc; i++)
        if (str_is(str_of(argv[i]), STR("--help")) || str_is(str_of(argv[i]), STR("-h")))
            return adopt_usage(stdout, 0);
    arena_init(&mem, SETTINGS_MEMORY);
    arena_init(&a.mem, SETTINGS_MEMORY);
    log_set_level(LOG_ERROR);
    if (settings_read(&a.settings, &mem, false, argc, argv, &rest) == OK && words_read(&a, rest)) {
        a.config = database_config(&a.settings, false);
        a.config.url = arena_dup(&mem, a.settings.db_url);
        a.config.wait_ms = a.settings.db_wait;
        a.shown = database_shown(&mem, a.config.url);
        arena_end(&a.mem);
        if ((e = adopt_run(&a)) != OK)
            fprintf(stderr, "latchkey: adopt: %s\n", err_meaning(e));
    } else
        (void)adopt_usage(stderr, 0);
    arena_end(&a.mem);
    if (a.db)
        db_close(a.db);
    arena_end(&mem);
    return e == OK && fflush(stdout) == 0 ? 0 : e == ERR_BAD_SETTING ? 2 : 1;
}
