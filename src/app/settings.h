// SPDX-License-Identifier: MIT
/* settings.h - every setting, once: settings.c holds the table that all ways of giving one come from. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "base/arena.h"
#include "base/err.h"

#include <stdio.h>

/* A secret has no .p that a log or a printf could reach by habit. */
struct secret { str bytes_; };

struct settings {
    bool dev;                          /* which column of defaults */
    str http_listen, http_origins;     /* origins: separated by blanks or commas */
    int64_t http_port, http_loops;
    str welcome;                       /* the message of GET / */
    str db_url;
    int64_t db_wait;                   /* ms */
    struct secret token_secret;
    str token_secret_file;
    int64_t token_ttl;                 /* s */
    bool signup_open, signup_roles;
    int64_t password_cost, password_min, password_threads, password_queue;
    str log_level;
};

enum { SETTINGS_FILE_MAX = 64 << 10 };

/* Read default < file < environment < command line. What is wrong is said on standard error, one line
 * each with where it stood; ERR_BAD_SETTING. `rest` gets the arguments that are no flags. Texts lie
 * in `mem`. */
err settings_read(struct settings *s, struct arena *mem, bool dev, int argc, char **argv, struct strs *rest);

void settings_help(FILE *to);          /* for --help: key, default, help */
void settings_sample(FILE *to);        /* `latchkey settings`: a commented latchkey.conf */
void settings_markdown(FILE *to);      /* docs/settings.md */

#endif
