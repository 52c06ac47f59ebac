// SPDX-License-Identifier: MIT
/* setting.h - one row of the settings table, for the files that read and print them. */
#ifndef APP_SETTING_H
#define APP_SETTING_H

#include "app/settings.h"

/* What a value looks like. Units are in the kind, not in the name: a duration is `500ms`, `10s`,
 * `15m`, `24h` or `7d`. */
enum kind {
    KIND_INTEGER,
    KIND_MS,      /* a duration, kept in ms */
    KIND_SECONDS, /* a duration, kept in s */
    KIND_YES_NO,
    KIND_TEXT,
    KIND_SECRET, /* the name of a file that holds it; also NAME without -file in the environment */
};

struct setting {
    const char *key;                   /* section.name */
    enum kind kind;
    size_t at;                         /* in struct settings */
    size_t secret;                     /* KIND_SECRET: where the bytes go */
    const char *def, *dev;             /* for serve; for dev where it differs */
    int64_t min, max;                  /* of the number kept, or of the text's bytes */
    const char *(*check)(const struct settings *s, str value);   /* NULL: fine, else why not */
    const char *env;                   /* a second name in the environment */
    bool reread;                       /* SIGHUP changes it */
    const char *help;
};

/* Ended by a row of zeros. */
extern const struct setting settings_table[];

/* The row of a key, or NULL. */
const struct setting *setting_by_key(str key);

/* Store a value given as text. NULL, or what is wrong with it, to be said behind the key. */
const char *setting_set(struct settings *s, struct arena *mem, const struct setting *row,
                        str value);

enum { SETTING_ENV_MAX = 64 };

/* LATCHKEY_HTTP_PORT from http.port, written to `out` and ended by NUL; without the "-file" of a
 * secret when `bare`. Needs no memory: a variable is never overlooked for want of some. */
str setting_env(char out[static SETTING_ENV_MAX], const struct setting *row, bool bare);

/* Set every row to its default. ERR_NO_MEMORY when one is refused: each passes its own check. */
err settings_default(struct settings *s, struct arena *mem);

static inline size_t setting_index(const struct setting *row)
{
    return (size_t)(row - settings_table);
}

#endif
