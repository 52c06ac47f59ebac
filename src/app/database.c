// SPDX-License-Identifier: MIT
/* database.c - from the settings to a database that answers. */
#include "app/database.h"

#include "base/clock.h"

#include <signal.h>
#include <time.h>

enum { ALONE_MS = 5000, AGAIN_MS = 250 };

static enum db_tls tls_of(str name)
{
    static const char *const names[] = {
        [DB_TLS_OFF] = "off",
        [DB_TLS_PREFER] = "prefer",
        [DB_TLS_REQUIRE] = "require",
        [DB_TLS_VERIFY] = "verify",
    };
    enum db_tls tls = DB_TLS_OFF;

    while (tls < DB_TLS_VERIFY && !str_is(name, str_of(names[tls])))
        tls++;
    return tls;
}

struct db_config database_config(const struct settings *s, bool shared)
{
    struct db_config c = {
        .url = s->db_url, .password = s->db_password.bytes_, .wait_ms = s->db_timeout,
        .tls = tls_of(s->db_tls), .tls_ca = s->db_tls_ca,
    };

    if (!shared) {
        c.wait_ms = c.wait_ms > ALONE_MS ? c.wait_ms : ALONE_MS;
        return c;
    }
    c.pool_max = (unsigned)s->db_pool_max;
    c.pool_min = (unsigned)s->db_pool_min;
    c.acquire_ms = s->db_pool_acquire;
    c.wait_ms = c.wait_ms < c.acquire_ms / 2 ? c.wait_ms : c.acquire_ms / 2;
    c.idle_ms = s->db_pool_idle;
    return c;
}

/* False when a signal came that asks to end. */
static bool pause_a_little(void)
{
    const struct timespec wait = { .tv_nsec = AGAIN_MS * 1000000L };
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return sigtimedwait(&set, NULL, &wait) < 0;
}

err database_wait(const struct settings *s)
{
    struct db_config config = database_config(s, false);
    int64_t until = clock_mono_ms() + s->db_wait;
    struct db *db;
    err e;

    if (str_starts(s->db_url, STR("sqlite:")))
        return OK; /* a file is there or is made, and by nobody but who may */
    for (;;) {
        if ((e = db_open_raw(&config, &db)) == OK) {
            db_close(db);
            return OK;
        }
        if ((e != ERR_DB_DOWN && e != ERR_BUSY) || clock_mono_ms() >= until)
            return e;
        if (!config.quiet)
            fprintf(stderr, "latchkey: waiting for the database " STR_FMT "\n",
                    STR_ARG(s->db_shown));
        config.quiet = true;
        if (!pause_a_little())
            return ERR_DB_DOWN;
    }
}

str database_shown(struct arena *mem, str url)
{
    str before, after, name, password;

    if (str_starts(url, STR("sqlite:")) || !str_cut(url, '@', &before, &after))
        return url;
    if (!str_cut(str_from(before, sizeof "mysql://" - 1), ':', &name, &password))
        return url;
    return arena_printf(mem, STR_FMT STR_FMT "@" STR_FMT,
                        STR_ARG(str_head(before, sizeof "mysql://" - 1)), STR_ARG(name),
                        STR_ARG(after));
}
