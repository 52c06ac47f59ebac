// SPDX-License-Identifier: MIT
/* run.h - open, serve, stop: what `latchkey dev` and `latchkey serve` share. */
#ifndef APP_RUN_H
#define APP_RUN_H

#include "api/api.h"
#include "app/settings.h"
#include "store/migrate.h"

/* What one of the two says of itself; everything else is settings. */
struct run_mode {
    bool dev;
    enum manner manner;
    enum owner owner;
    const char *usage;                                      /* for --help, above the settings */
    /* Secret and database: may this start?  Says on standard error why not. `mem` as
     * settings_read. */
    err (*prepare)(struct settings *s, struct arena *mem, const struct db_config *db);
    /* To standard error, once it listens. `adopted`: as rules_of. */
    void (*say)(const struct settings *s, bool adopted);
};

/* Read settings, open everything, print "listening on http://ADDRESS:PORT" on standard output,
 * serve until SIGTERM or SIGINT, answer what was accepted, close everything. Returns the exit
 * status. */
int run_main(const struct run_mode *mode, int argc, char **argv);

#endif
