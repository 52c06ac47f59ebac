// SPDX-License-Identifier: MIT
/* main.c - picks a subcommand from a table. */
#include "app/cli.h"
#include "app/commands.h"
#include "base/str.h"
#include "crypto/secure.h"

#include <sys/stat.h>

// clang-format off
static const struct { const char *name; int (*run)(int argc, char **argv); const char *help; } commands[] = {
    { "dev",      dev_main,      "Run the tutorial's server, to the letter, on this machine only." },
    { "serve",    serve_main,    "Run the server for production: same API, safe defaults." },
    { "user",     user_main,     "Add, list, disable and delete accounts; give and take roles." },
    { "role",     role_main,     "Add, list and remove roles." },
    { "key",      key_main,      "Make, rotate and retire the keys that others verify tokens with." },
    { "jwt",      jwt_main,      "Verify tokens by the server's rules." },
    { "adopt",    adopt_main,    "Take over the database of the tutorial's server, in place." },
    { "move",     move_main,     "Copy everything to another database, and verify it." },
    { "migrate",  migrate_main,  "Bring the database up to date." },
    { "settings", settings_main, "Print every setting with its help, as a sample file." },
    { "version",  version_main,  "Print the version." },
};
// clang-format on

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int help(FILE *to, int status)
{
    fputs("usage: latchkey COMMAND [ARGUMENT ...]\n\n", to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-10s%s\n", commands[i].name, commands[i].help);
    fputs("\n`latchkey COMMAND --help` says more. The manual is latchkey(8).\n", to);
    return status;
}

int main(int argc, char **argv)
{
    str name = str_of(argc > 1 ? argv[1] : "");

    /* A database of password hashes and a secret are nobody else's to read. */
    (void)umask(077);
    secure_begin();
    for (size_t i = 0; i < COMMANDS; i++)
        if (str_is(name, str_of(commands[i].name)))
            return commands[i].run(argc - 1, argv + 1);
    if (str_is(name, STR("--help")) || str_is(name, STR("-h")) || str_is(name, STR("help")))
        return help(stdout, 0);
    if (str_is(name, STR("--version")))
        return version_main(argc - 1, argv + 1);
    if (name.n)
        fprintf(stderr, "latchkey: there is no command `%.64s`\n", argv[1]);
    return help(stderr, 2);
}
