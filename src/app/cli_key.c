// SPDX-License-Identifier: MIT
/* cli_key.c - `latchkey key`: the keys that others verify tokens with. */
#include "app/cli.h"

#include "app/key_watch.h"
#include "base/clock.h"
#include "crypto/key.h"

/* What the settings say of keys. */
static err rules_read(struct cli *c, struct seal_key *seal, struct key_rules *out)
{
    const struct settings *s = &c->settings;
    const char *why;

    *out = (struct key_rules){
        .seal = seal,
        .lead = s->key_lead,
        .life = key_life(s),
        .at_once = c->given & FLAG_YES,
    };
    if (!alg_parse(s->token_alg, &out->alg) || out->alg == ALG_HS256)
        return cli_fail(c, ERR_BAD_REQUEST,
                        "token.alg must be ES256, EdDSA or RS256: HS256 signs "
                        "with the secret, which is no key of these");
    if (!s->key_seal.bytes_.n)
        return cli_fail(c, ERR_BAD_REQUEST,
                        "key.seal-file is missing; it holds what private keys in the database are "
                        "sealed with. Make one:\n"
                        "    (umask 077; head -c 32 /dev/urandom | base64 > key.seal)");
    if (secret_check(s->key_seal.bytes_, &why) != OK)
        return cli_fail(c, ERR_BAD_REQUEST, "the key that seals %s", why);
    seal_key_init(seal, s->key_seal.bytes_);
    return OK;
}

static void time_print(int64_t ms)
{
    char text[20];

    clock_datetime(ms / 1000, text);
    printf("\t%s", ms ? text : "-");
}

static err key_list(struct cli *c)
{
    struct keys keys;
    err e;

    if ((e = keys_all(c->auth.db, &c->mem, clock_ms(), &keys)) != OK)
        return e;
    puts("kid\talg\tstate\tmade\tsigns since\tends");
    for (size_t i = 0; i < keys.n; i++) {
        const struct key *k = &keys.at[i];
        str kid = cli_shown(&c->mem, k->kid);

        printf(STR_FMT "\t%s\t%s", STR_ARG(kid), alg_name(k->alg), key_state_name(k->state));
        time_print(k->created_at);
        time_print(k->current_at);
        time_print(k->ends_at);
        putchar('\n');
    }
    return OK;
}

/* What signs now, and what will. */
static err now_print(struct cli *c, enum alg alg)
{
    struct keys keys;
    err e;

    if ((e = keys_all(c->auth.db, &c->mem, clock_ms(), &keys)) != OK)
        return e;
    for (size_t i = 0; i < keys.n; i++)
        if (keys.at[i].alg == alg &&
            (keys.at[i].state == KEY_CURRENT || keys.at[i].state == KEY_NEXT)) {
            str kid = cli_shown(&c->mem, keys.at[i].kid);

            printf("%s\t" STR_FMT "\n", key_state_name(keys.at[i].state), STR_ARG(kid));
        }
    return OK;
}

static err key_new(struct cli *c)
{
    struct key_rules rules;
    struct seal_key seal = {0};
    err e;

    if ((e = rules_read(c, &seal, &rules)) != OK)
        return e;
    e = keys_new(c->auth.db, &c->mem, &rules);
    seal_key_end(&seal);
    if (e == ERR_EXISTS)
        return cli_fail(c, e, "there is a next key for %s; `latchkey key rotate` puts it to use",
                        alg_name(rules.alg));
    return e == OK ? now_print(c, rules.alg) : e;
}

static err key_rotate(struct cli *c)
{
    struct key_rules rules;
    struct seal_key seal = {0};
    err e;

    if ((e = rules_read(c, &seal, &rules)) != OK)
        return e;
    e = keys_rotate(c->auth.db, &c->mem, &rules);
    seal_key_end(&seal);
    if (e == ERR_NOT_FOUND)
        return cli_fail(c, e, "there is no next key for %s; `latchkey key new` makes it",
                        alg_name(rules.alg));
    if (e == ERR_KEY_NEW)
        return cli_fail(c, e,
                        "the next key has not been published for key.lead yet: who keeps a copy of "
                        "the published keys may not know it. --yes rotates all the same");
    return e == OK ? now_print(c, rules.alg) : e;
}

static err key_retire(struct cli *c)
{
    str given = cli_shown(&c->mem, c->words.at[0]), kid;
    err e = keys_retire(c->auth.db, &c->mem, c->words.at[0], &kid);

    if (e == ERR_NOT_FOUND)
        return cli_fail(c, e, "no key's id begins with \"" STR_FMT "\"", STR_ARG(given));
    if (e == ERR_EXISTS)
        return cli_fail(c, e, "the ids of several keys begin with \"" STR_FMT "\"", STR_ARG(given));
    if (e != OK)
        return e;
    kid = cli_shown(&c->mem, kid);
    printf(STR_FMT " retired: what it signed is refused from now on\n", STR_ARG(kid));
    return OK;
}

// clang-format off
static const struct cli_verb verbs[] = {
    /* name     account least most flags                */
    { "list",   false,  0,  0, 0,        key_list,   "",
      "List all keys: next ones, current ones, old ones that still verify, retired ones." },
    { "new",    false,  0,  0, 0,        key_new,    "--token.alg ALG --key.seal-file FILE",
      "Make the next key of an algorithm, and the current one where there is none." },
    { "rotate", false,  0,  0, FLAG_YES, key_rotate, "--token.alg ALG --key.seal-file FILE [--yes]",
      "Sign with the next key from now on, and make another next one." },
    { "retire", false,  1,  1, 0,        key_retire, "KID",
      "Refuse what a key signed, at once; the next one takes the place of the current one." },
    {0},
};
// clang-format on

int key_main(int argc, char **argv)
{
    return cli_main(verbs, argc, argv);
}
