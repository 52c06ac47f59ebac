// SPDX-License-Identifier: MIT
/* serve.c - `latchkey serve`: the same API for production, with safe defaults. */
#include "app/commands.h"
#include "app/legacy.h"
#include "app/run.h"
#include "crypto/key.h"

static err serve_secret(const struct settings *s)
{
    const char *why = NULL;

    if (!s->token_secret.bytes_.n) {
        fputs("latchkey: serve needs a secret to sign tokens with, and will not make one up. Make "
              "one:\n"
              "    (umask 077; head -c 32 /dev/urandom | base64 > token.secret)\n"
              "and name it with --token.secret-file token.secret\n",
              stderr);
        return ERR_BAD_SETTING;
    }
    if (secret_check(s->token_secret.bytes_, &why) != OK) {
        fprintf(stderr, "latchkey: the token secret %s\n", why);
        return ERR_BAD_SETTING;
    }
    if (s->key_seal.bytes_.n && secret_check(s->key_seal.bytes_, &why) != OK) {
        fprintf(stderr, "latchkey: the key that seals %s\n", why);
        return ERR_BAD_SETTING;
    }
    return legacy_check(s);
}

static err serve_prepare(struct settings *s, struct arena *mem, const struct db_config *db)
{
    enum owner owner;
    err e;

    (void)mem;
    if ((e = serve_secret(s)) != OK)
        return e;
    if ((e = migrate_owner(db, &owner)) != OK) {
        fprintf(stderr, "latchkey: " STR_FMT ": %s\n", STR_ARG(s->db_shown), err_meaning(e));
        return e;
    }
    if (owner == OWNER_DEV)
        fprintf(stderr,
                "latchkey: `latchkey dev` made this database: whoever signed up there chose his "
                "own roles.\n"
                "Look at them: latchkey user list --db.url " STR_FMT "\n",
                STR_ARG(s->db_shown));
    return OK;
}

/* What was switched off that a safe server has: nobody shall find out the hard way. */
static void serve_say(const struct settings *s)
{
    if (!s->throttle)
        fputs("latchkey: throttle.enabled is off: anyone may guess passwords as fast as he can.\n",
              stderr);
    if (s->signup_roles)
        fputs("latchkey: signup.roles is on: whoever signs up may make himself an administrator.\n",
              stderr);
}

int serve_main(int argc, char **argv)
{
    static const struct run_mode mode = {
        .dev = false,
        .manner = AS_SERVER,
        .owner = OWNER_SERVE,
        .prepare = serve_prepare,
        .say = serve_say,
        .usage = "usage: latchkey serve --token.secret-file FILE [--accept-forgeable-tokens] "
                 "[--SETTING VALUE ...]\n\n"
                 "The server for production: same API, safe defaults. SIGTERM answers what was "
                 "accepted and\n"
                 "ends; SIGHUP reads the settings again.\n",
    };

    return run_main(&mode, argc, argv);
}
