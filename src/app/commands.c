// SPDX-License-Identifier: MIT
/* commands.c - the small commands: migrate, settings, version. */
#include "app/commands.h"
#include "app/database.h"
#include "app/settings.h"
#include "store/migrate.h"

static bool asks_help(int argc, char **argv)
{
    return argc > 1 &&
           (str_is(str_of(argv[1]), STR("--help")) || str_is(str_of(argv[1]), STR("-h")));
}

int version_main(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("latchkey " LATCHKEY_VERSION);
    return 0;
}

int settings_main(int argc, char **argv)
{
    if (argc == 1)
        settings_sample(stdout);
    else if (argc == 2 && str_is(str_of(argv[1]), STR("--markdown")))
        settings_markdown(stdout);
    else {
        bool asked = asks_help(argc, argv);

        fputs("usage: latchkey settings             print a sample latchkey.conf\n"
              "       latchkey settings --markdown  print the table of docs/settings.md\n",
              asked ? stdout : stderr);
        return asked ? 0 : 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}

int migrate_main(int argc, char **argv)
{
    struct db_config db;
    struct settings s;
    struct arena mem;
    err e;

    if (asks_help(argc, argv)) {
        puts("usage: latchkey migrate [--config FILE] [--db.url URL]\n\n"
             "Brings the database up to date: makes the tables that are missing, keeps every row.");
        return 0;
    }
    arena_init(&mem, SETTINGS_MEMORY);
    if ((e = settings_read(&s, &mem, false, argc, argv, NULL)) == OK) {
        db = database_config(&s, false);
        if ((e = migrate(&db, MIGRATE_KEEP, OWNER_SERVE)) != OK)
            fprintf(stderr, "latchkey: migrate: %s\n", err_meaning(e));
    }
    arena_end(&mem);
    return e == OK ? 0 : e == ERR_BAD_SETTING ? 2 : 1;
}
