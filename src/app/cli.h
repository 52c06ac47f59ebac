// SPDX-License-Identifier: MIT
/* cli.h - the commands that work on a database and end: what a verb is, and what it gets.
 *
 * A command is a table of verbs. cli_main reads settings and flags, opens the database and runs the
 * verb; a verb says on standard output what it found or did, and its failure comes back as an err,
 * which cli_main says on standard error. Exit status: 0 done, 1 failed, 2 not understood. */
#ifndef APP_CLI_H
#define APP_CLI_H

#include "app/settings.h"
#include "auth/auth.h"

/* Flags that verbs may take. Each has a value but FLAG_YES; FLAG_ROLE may be repeated. */
enum { FLAG_EMAIL = 1, FLAG_ROLE = 2, FLAG_ID = 4, FLAG_YES = 8 };

enum { CLI_ROLES_MAX = 64 };

struct cli {
    struct arena mem;               /* for the whole run */
    struct settings settings;
    struct auth auth;
    struct auth_rules rules;
    bool adopted;                   /* another program made the tables */
    str name;                       /* of the account, when it is not given by --id */
    struct strs words;              /* the others behind the verb */
    unsigned given;                 /* FLAG_... that were */
    str email;
    int64_t id;
    str roles_at[CLI_ROLES_MAX];
    struct strs roles;
    bool said;                      /* the failure was said already */
};

struct cli_verb {
    const char *name;
    bool of_account;                /* its first word names an account, which --id may do instead */
    unsigned words_least, words_most, flags;     /* words: besides that one */
    err (*run)(struct cli *c);
    const char *usage, *help;       /* usage: what follows the verb */
};

/* Run the verb that argv[1] names; argv[0] is the command's name. `verbs` ends with a row of
 * zeros. */
int cli_main(const struct cli_verb *verbs, int argc, char **argv);

/* Say why something failed, better than err_meaning can: one line on standard error. Hands `e`
 * through; cli_main says nothing more. */
[[gnu::format(printf, 3, 4)]] err cli_fail(struct cli *c, err e, const char *format, ...);

/* Ask for a password: on a terminal without echo, twice; else the first line of standard input. The
 * text lies in c->mem. Never over 1024 bytes: ERR_PASSWORD_POLICY. */
err cli_password(struct cli *c, str *out);

/* A text for a terminal or a column: control, format and unassigned characters, and the backslash,
 * escaped; NULL as \N. Lies in `mem`. */
str cli_shown(struct arena *mem, str s);

err user_import(struct cli *c);              /* cli_import.c: a verb of `user` */

int user_main(int argc, char **argv);        /* cli_user.c */
int role_main(int argc, char **argv);        /* cli_role.c */
int key_main(int argc, char **argv);         /* cli_key.c */
int jwt_main(int argc, char **argv);         /* cli_jwt.c */

#endif
