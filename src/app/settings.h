// SPDX-License-Identifier: MIT
/* settings.h - every setting, once: settings.c holds the table that all ways of giving one come
 * from. */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "base/arena.h"
#include "base/err.h"

#include <stdio.h>

/* A secret has no .p that a log or a printf could reach by habit. */
struct secret { str bytes_; };

/* Where a value came from; a later one wins. */
enum setting_from { FROM_DEFAULT, FROM_FILE, FROM_ENVIRONMENT, FROM_FLAG };

enum { SETTINGS_ROWS_MAX = 96 };

struct settings {
    bool dev;                          /* which column of defaults */
    str config_file;                   /* p == NULL: none was read */
    str http_listen, http_origins;     /* origins: separated by blanks or commas */
    int64_t http_port, http_loops;     /* 0: a free port; one loop a core */
    int64_t http_connections;          /* in all loops together */
    int64_t http_memory;               /* KiB, likewise */
    int64_t http_head_ms, http_body_ms, http_idle_ms, http_write_ms, http_work_ms;
    bool http_forms;
    str welcome;                       /* the message of GET / */
    str db_url, db_shown;              /* shown: without the password that a file's URL may hold */
    struct secret db_password;         /* bytes_.p == NULL: none was given */
    str db_password_file, db_tls, db_tls_ca;
    int64_t db_wait, db_timeout;       /* ms: for the database at the start; one call to it */
    int64_t db_pool_max, db_pool_min, db_pool_acquire, db_pool_idle;     /* the last two: ms */
    int64_t db_threads, db_queue;
    struct secret token_secret;        /* bytes_.p == NULL: none was given */
    str token_secret_file;
    struct secret token_legacy;        /* bytes_.p == NULL: none was given */
    str token_legacy_file;
    bool token_accept_forgeable;
    int64_t token_ttl;                 /* s */
    str token_alg, token_issuer, token_audience;
    struct secret key_seal;            /* bytes_.p == NULL: none was given */
    str key_seal_file;
    int64_t key_lead, key_reread;      /* ms */
    str session_mode, session_compat;  /* none or own; off or sequel */
    str session_cookie;                /* off, lax or strict */
    int64_t session_idle, session_absolute, session_grace;   /* s */
    bool signup_open, signup_roles;
    str password_scheme;               /* auto, bcrypt or argon2id */
    int64_t argon2_memory, argon2_passes;    /* KiB */
    int64_t password_memory;           /* KiB */
    int64_t password_cost, password_min;
    int64_t password_threads, password_lanes;    /* 0: one a core; as the machine does best */
    int64_t password_queue, password_queue_each;
    int64_t password_queue_wait;       /* ms; 0: by the cost */
    bool throttle;
    int64_t address_burst, address_rate;             /* attempts; a minute */
    int64_t signup_burst, signup_rate;               /* of an address as well */
    int64_t account_free, account_most;              /* failures in a row */
    int64_t account_wait, account_wait_most;         /* ms */
    int64_t device_ttl;                              /* s */
    str log_level;                     /* info, warn or error */
    bool sandbox;
    str tls_listen, tls_cert, tls_key; /* addresses; names of files */
    str http_trusted_proxies;          /* networks */

    /* Where each row of the table got its value; `line` where that was the file. */
    unsigned char from[SETTINGS_ROWS_MAX];
    unsigned line[SETTINGS_ROWS_MAX];
};

enum {
    SETTINGS_FILE_MAX = 64 << 10,
    SECRET_BYTES_MAX = 4096,
    SETTINGS_MEMORY = 1 << 20, /* an arena of this size holds what settings_read puts there */
};

/* Read default < file < environment < command line. What is wrong is said on standard error, one
 * line each with where it stood; ERR_BAD_SETTING. Any other failure is said, too. Texts lie in
 * `mem`.
 *
 * argv    argv[0] is the command's name and passed over. `--http.port 8080`, `--http.port=8080` and
 *         `--config FILE` are ours: a flag that is ours has a dot in its name, or is --config.
 * rest    gets everything else in order: words, flags of the command's own (`--fresh`), and "--"
 * with all that follows it. NULL: there must be none.
 *
 * LATCHKEY_TOKEN_SECRET is taken out of the environment, its bytes wiped: once, before threads. */
err settings_read(struct settings *s, struct arena *mem, bool dev, int argc, char **argv,
                  struct strs *rest);

/* Read everything again but secrets, as SIGHUP asks for. What can only change with a restart keeps
 * its old value, and a line on standard error names it. On failure `s` is not to be used. */
err settings_reread(struct settings *s, struct arena *mem, const struct settings *old, int argc,
                    char **argv);

/* Read a configuration file's text into `s`. `name` is for complaints. ERR_BAD_SETTING. */
err settings_parse(struct settings *s, struct arena *mem, str name, str text);

/* Read a secret from a file: a regular one of ours or root's that group and others cannot touch
 * (that is not asked of a systemd credential, which the system guards). One newline at the end is
 * cut, every other byte is kept. ERR_BAD_SETTING, said on standard error. */
err secret_read(struct secret *secret, struct arena *mem, str path, bool credential);

void settings_help(FILE *to);          /* for --help: key, default, help */
void settings_sample(FILE *to);        /* `latchkey settings`: a commented latchkey.conf */
void settings_markdown(FILE *to);      /* docs/settings.md */

#endif
