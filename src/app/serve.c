// SPDX-License-Identifier: MIT
/* serve.c - `latchkey serve`: the same API for production, with safe defaults. */
#include "app/commands.h"
#include "app/legacy.h"
#include "app/rules.h"
#include "app/run.h"
#include "crypto/key.h"
#include "store/remote.h"

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

/* Does what is said to the database leave this machine where others can read it? */
static bool is_db_readable(const struct settings *s)
{
    str scheme, place;
    struct remote r;
    bool far = false;

    if (!str_cut(s->db_url, ':', &scheme, &place) || str_is(scheme, STR("sqlite")) ||
        remote_parse(place, (str){0}, &r) != OK || r.socket[0])
        return false;
    for (unsigned i = 0; i < r.hosts_n; i++) {
        str host = str_of(r.hosts[i].host);

        far |= host.n && !str_is(host, STR("localhost")) && !str_is(host, STR("::1")) &&
               !str_starts(host, STR("127.")) && host.p[0] != '/';
    }
    return far && (str_is(s->db_tls, STR("off")) || str_is(s->db_tls, STR("prefer")));
}

/* What was switched off that a safe server has: nobody shall find out the hard way. */
static void serve_say(const struct settings *s, bool adopted)
{
    struct auth_rules rules = rules_of(s, adopted);
    const struct { bool is_weak; const char *what; } weak[] = {
        { !s->throttle,
          "throttle.enabled is off: anyone may guess passwords as fast as he can." },
        { s->signup_roles,
          "signup.roles is on: whoever signs up may make himself an administrator." },
        { s->password_min < 8,
          "password.min is under 8: passwords may be short enough to be guessed." },
        { rules.password.scheme == SCHEME_BCRYPT && s->password_cost < 10,
          "password.cost is under 10: stolen hashes are cheap to guess." },
        { s->http_forms,
          "http.forms is on: pages of any origin may send bodies as their forms do." },
        { rules.sessions == SESSIONS_SEQUEL,
          "session.compat is sequel: refresh tokens lie in the database as they are." },
        { is_db_readable(s),
          "db.tls is off or prefer: whoever sits before the database can read and change all." },
    };

    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
        if (weak[i].is_weak)
            fprintf(stderr, "latchkey: %s\n", weak[i].what);
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
