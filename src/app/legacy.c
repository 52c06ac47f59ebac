// SPDX-License-Identifier: MIT
/* legacy.c - tokens that the server before this one signed. */
#include "app/legacy.h"

#include "base/clock.h"
#include "crypto/key.h"
#include "store/user.h"

#include <stdio.h>

enum { FORGEABLE_SECONDS = 24 * 3600 };

static bool is_forgeable(const struct settings *s, const char **why)
{
    return secret_check(s->token_legacy.bytes_, why) != OK;
}

err legacy_check(const struct settings *s)
{
    const char *why = NULL;

    if (!s->token_legacy.bytes_.n || !is_forgeable(s, &why) || s->token_accept_forgeable)
        return OK;
    fprintf(stderr,
            "latchkey: the legacy token secret %s, so anyone can forge tokens with it; leave"
            " token.legacy-secret-file out, or accept that with --accept-forgeable-tokens\n",
            why);
    return ERR_BAD_SETTING;
}

/* Seconds since 1970; 0 when `latchkey adopt` has not seen the database. */
static err adopted_at(const struct db_config *config, int64_t *out)
{
    struct arena mem;
    struct db *db;
    str value;
    err e;

    *out = 0;
    if ((e = db_open_raw(config, &db)) != OK)
        return e;
    arena_init(&mem, 4096);
    e = meta_read(db, &mem, STR("adopted_at"), &value);
    if (e == OK && !str_int(value, out))
        *out = 0;
    arena_end(&mem);
    db_close(db);
    return e == ERR_NOT_FOUND ? OK : e;
}

static void say_until(int64_t adopted, int64_t until)
{
    char when[20];

    clock_datetime(until, when);
    if (adopted == 0)
        fputs("latchkey: forgeable tokens are refused: `latchkey adopt` has not taken this "
              "database over\n",
              stderr);
    else if (until <= clock_ms() / 1000)
        fprintf(
            stderr,
            "latchkey: forgeable tokens are refused since %s UTC, 24 hours after the adoption\n",
            when);
    else
        fprintf(
            stderr,
            "latchkey: anyone can forge tokens until %s UTC; they open what the role user opens\n",
            when);
}

err legacy_open(struct keyring *keys, const struct settings *s, const struct db_config *db)
{
    str secret = s->token_legacy.bytes_;
    const char *why;
    bool forgeable = secret.n && is_forgeable(s, &why);
    int64_t adopted, until = INT64_MAX;
    err e;

    if (!secret.n)
        return OK;
    if (forgeable) {
        if ((e = adopted_at(db, &adopted)) != OK)
            return e;
        until = adopted > 0 ? adopted + FORGEABLE_SECONDS : 0;
        say_until(adopted, until);
    }
    keyring_add_legacy(keys, secret, until, forgeable);
    explicit_bzero((char *)(uintptr_t)secret.p, secret.n);
    return OK;
}
