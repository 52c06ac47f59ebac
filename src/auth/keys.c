// SPDX-License-Identifier: MIT
/* keys.c - the life of the keys that others verify tokens with.
 *
 * Each change names the edition that it goes on from, so of two at once, on any node, one starts
 * again from what the other left. Pairs are made before the transaction: RSA takes its time. */
#include "auth/keys.h"

#include "base/base64.h"
#include "base/clock.h"
#include "store/key.h"

static const char *const states[KEY_STATES] = {"next", "current", "old", "retired"};

const char *key_state_name(enum key_state state)
{
    return states[state];
}

/* --------------------------------------------------------------------------------- rows as keys */

struct collecting {
    struct arena *mem;
    struct keys *out;
    int64_t now;
};

/* A row that no version of this program wrote is nobody's key. */
static bool key_of_row(const struct key_row *row, int64_t now, struct key *out)
{
    enum key_state state = KEY_NEXT;

    while (state < KEY_STATES && !str_is(row->state, str_of(states[state])))
        state++;
    *out = (struct key){
        .id = row->id,
        .kid = row->kid,
        .state = state,
        .created_at = row->created_at,
        .current_at = row->current_at,
        .ends_at = row->ends_at,
        .public_key = row->public_key,
        .sealed = row->sealed,
    };
    if (state == KEY_OLD && row->ends_at <= now)
        out->state = KEY_RETIRED;
    return state < KEY_STATES && alg_parse(row->alg, &out->alg) && out->alg != ALG_HS256;
}

static err key_collect(void *arg, const struct key_row *row)
{
    struct collecting *c = arg;

    c->out->n += key_of_row(row, c->now, &c->out->at[c->out->n]);
    return OK;
}

static int by_id(const void *a, const void *b)
{
    const struct key *one = a, *other = b;

    return (one->id > other->id) - (one->id < other->id);
}

err keys_all(struct db *db, struct arena *mem, int64_t now, struct keys *out)
{
    struct collecting c = {mem, out, now};
    err e;

    *out = (struct keys){NEW_ARRAY(mem, struct key, KEYS_MAX), 0};
    if (!out->at)
        return ERR_NO_MEMORY;
    if ((e = keys_each(db, mem, &(struct key_walk){KEYS_MAX, key_collect, &c})) == OK)
        qsort(out->at, out->n, sizeof *out->at, by_id);
    return e;
}

static struct key *key_in(struct keys *keys, enum alg alg, enum key_state state)
{
    for (size_t i = 0; i < keys->n; i++)
        if (keys->at[i].alg == alg && keys->at[i].state == state)
            return &keys->at[i];
    return NULL;
}

static struct key_row row_of_key(const struct key *k)
{
    return (struct key_row){
        .id = k->id,
        .kid = k->kid,
        .alg = str_of(alg_name(k->alg)),
        .state = str_of(states[k->state]),
        .created_at = k->created_at,
        .current_at = k->current_at,
        .ends_at = k->ends_at,
        .public_key = k->public_key,
        .sealed = k->sealed,
    };
}

/* ------------------------------------------------------------------------------------- new ones */

/* What a seal belongs to. */
static str belongs(struct arena *mem, str kid, enum alg alg)
{
    return arena_printf(mem, "latchkey key " STR_FMT " %s", STR_ARG(kid), alg_name(alg));
}

static err base64url(struct arena *mem, str bytes, str *out)
{
    struct buf b;

    buf_init(&b, mem, bytes.n * 2 + 4);
    base64url_put(&b, bytes);
    *out = buf_str(&b);
    return buf_ok(&b);
}

static err key_write(const struct keypair *pair, struct arena *mem, const struct key_rules *rules,
                     struct key *out)
{
    str public, private, place;
    err e;

    *out = (struct key){.alg = rules->alg, .kid = arena_dup(mem, keypair_kid(pair))};
    place = belongs(mem, out->kid, out->alg);
    if (!out->kid.p || !place.p)
        return ERR_NO_MEMORY;
    if ((e = keypair_public(pair, mem, &public)) != OK ||
        (e = base64url(mem, public, &out->public_key)) != OK)
        return e;
    if ((e = keypair_private(pair, mem, &private)) != OK)
        return e;
    return seal_close(rules->seal, mem, private, place, &out->sealed);
}

static err key_make(struct arena *mem, const struct key_rules *rules, struct key *out)
{
    struct keypair *pair;
    err e;

    if ((e = keypair_new(rules->alg, &pair)) != OK)
        return e;
    e = key_write(pair, mem, rules, out);
    keypair_free(pair);
    return e;
}

/* ---------------------------------------------------------------------------------- the changes */

/* One on its way into the database. */
struct change {
    struct arena *mem;
    const struct key_rules *rules;
    struct key made[2]; /* not in the database yet */
    str begins, kid;
    int64_t now;
    err (*apply)(struct db *db, struct change *c, struct keys *keys, int64_t edition);
};

static err change_work(struct db *db, void *arg)
{
    struct change *c = arg;
    struct arena mem;
    struct keys keys = {0};
    int64_t edition;
    err e;

    arena_init(&mem, KEYS_MEMORY);
    c->now = clock_ms();
    if ((e = keys_edition(db, &edition)) == OK && (e = keys_all(db, &mem, c->now, &keys)) == OK &&
        (e = c->apply(db, c, &keys, edition)) == OK)
        e = keys_edition_advance(db, edition);
    arena_end(&mem);
    return e;
}

static err key_put_in(struct db *db, struct key *k, int64_t id, enum key_state state, int64_t now)
{
    struct key_row row;

    k->id = id;
    k->state = state;
    k->created_at = now;
    k->current_at = state == KEY_CURRENT ? now : 0;
    row = row_of_key(k);
    return key_insert(db, &row);
}

static err key_change(struct db *db, struct key *k, enum key_state state)
{
    struct key_row row;

    k->state = state;
    if (state == KEY_OLD || state == KEY_RETIRED)
        k->sealed = STR(""); /* it signs nothing any more */
    row = row_of_key(k);
    return key_update(db, &row);
}

/* The ids of an edition's new keys: it adds two at most. */
static int64_t id_of(int64_t edition, int which)
{
    return 2 * edition + 1 + which;
}

static err apply_new(struct db *db, struct change *c, struct keys *keys, int64_t edition)
{
    bool has_current = key_in(keys, c->rules->alg, KEY_CURRENT);
    bool has_next = key_in(keys, c->rules->alg, KEY_NEXT);
    err e;

    if (has_current && has_next)
        return ERR_EXISTS;
    if (!has_current &&
        (e = key_put_in(db, &c->made[0], id_of(edition, 0), KEY_CURRENT, c->now)) != OK)
        return e;
    return has_next ? OK : key_put_in(db, &c->made[1], id_of(edition, 1), KEY_NEXT, c->now);
}

err keys_new(struct db *db, struct arena *mem, const struct key_rules *rules)
{
    struct change c = {.mem = mem, .rules = rules, .apply = apply_new};
    err e;

    if ((e = key_make(mem, rules, &c.made[0])) != OK ||
        (e = key_make(mem, rules, &c.made[1])) != OK)
        return e;
    return db_write(db, change_work, &c);
}

static err apply_rotate(struct db *db, struct change *c, struct keys *keys, int64_t edition)
{
    struct key *current = key_in(keys, c->rules->alg, KEY_CURRENT);
    struct key *next = key_in(keys, c->rules->alg, KEY_NEXT);
    err e;

    if (!next)
        return ERR_NOT_FOUND;
    if (!c->rules->at_once && c->now - next->created_at < c->rules->lead)
        return ERR_KEY_NEW;
    if (current) {
        current->ends_at = c->now + c->rules->life;
        if ((e = key_change(db, current, KEY_OLD)) != OK)
            return e;
    }
    next->current_at = c->now;
    if ((e = key_change(db, next, KEY_CURRENT)) != OK)
        return e;
    return key_put_in(db, &c->made[0], id_of(edition, 0), KEY_NEXT, c->now);
}

err keys_rotate(struct db *db, struct arena *mem, const struct key_rules *rules)
{
    struct change c = {.mem = mem, .rules = rules, .apply = apply_rotate};
    err e;

    if ((e = key_make(mem, rules, &c.made[0])) != OK)
        return e;
    return db_write(db, change_work, &c);
}

static err key_by_beginning(const struct change *c, struct keys *keys, struct key **out)
{
    *out = NULL;
    for (size_t i = 0; i < keys->n; i++) {
        if (!c->begins.n || !str_starts(keys->at[i].kid, c->begins))
            continue;
        if (*out)
            return ERR_EXISTS;
        *out = &keys->at[i];
    }
    return *out ? OK : ERR_NOT_FOUND;
}

static err apply_retire(struct db *db, struct change *c, struct keys *keys, int64_t)
{
    struct key *k, *next = NULL;
    err e;

    if ((e = key_by_beginning(c, keys, &k)) != OK)
        return e;
    if ((c->kid = arena_dup(c->mem, k->kid)).p == NULL)
        return ERR_NO_MEMORY;
    if (k->state == KEY_CURRENT)
        next = key_in(keys, k->alg, KEY_NEXT);
    k->ends_at = c->now;
    if ((e = key_change(db, k, KEY_RETIRED)) != OK || !next)
        return e;
    next->current_at = c->now;
    return key_change(db, next, KEY_CURRENT);
}

err keys_retire(struct db *db, struct arena *mem, str begins, str *kid)
{
    struct change c = {.mem = mem, .begins = begins, .apply = apply_retire};
    err e = db_write(db, change_work, &c);

    *kid = c.kid;
    return e;
}

/* --------------------------------------------------------------------------- what signs, loaded */

struct link {
    struct keypair *pair;
    struct link *next;
};

static err link_add(struct keychain *chain, struct keypair *pair)
{
    struct link *l = calloc(1, sizeof *l);

    if (!l) {
        keypair_free(pair);
        return ERR_NO_MEMORY;
    }
    *l = (struct link){pair, chain->links};
    chain->links = l;
    return OK;
}

static const struct keypair *link_by_kid(const struct keychain *chain, str kid, bool private)
{
    for (const struct link *l = chain->links; l; l = l->next)
        if (str_is(keypair_kid(l->pair), kid) && (!private || keypair_is_private(l->pair)))
            return l->pair;
    return NULL;
}

static err pair_open(const struct keychain *chain, struct arena *mem, const struct key *k,
                     struct keypair **out)
{
    str der, place = belongs(mem, k->kid, k->alg);
    err e;

    if (!place.p)
        return ERR_NO_MEMORY;
    if ((e = seal_open(&chain->seal, mem, k->sealed, place, &der)) != OK)
        return e == ERR_BAD_SETTING ? ERR_KEY_SEALED : e;
    return keypair_by_private(der, out);
}

static err pair_read(struct arena *mem, const struct key *k, struct keypair **out)
{
    unsigned char *der = arena_alloc(mem, BASE64_BYTES(k->public_key.n), 1);
    size_t n;

    if (!der)
        return ERR_NO_MEMORY;
    if (!base64url_read(k->public_key, der, &n))
        return ERR_BAD_SETTING;
    return keypair_by_public((str){(const char *)der, n}, out);
}

/* The pair of a row, loaded once. A row whose key is not the one that its kid and alg name is
 * refused. */
static err pair_of(struct keychain *chain, struct arena *mem, const struct key *k, bool private,
                   const struct keypair **out)
{
    struct keypair *pair;
    err e;

    if ((*out = link_by_kid(chain, k->kid, private)) != NULL)
        return OK;
    e = private ? pair_open(chain, mem, k, &pair) : pair_read(mem, k, &pair);
    if (e != OK)
        return e;
    if (!str_is(keypair_kid(pair), k->kid) || keypair_alg(pair) != k->alg) {
        keypair_free(pair);
        return ERR_BAD_SETTING;
    }
    *out = pair;
    return link_add(chain, pair);
}

static bool is_signer(const struct keychain *chain, const struct key *k)
{
    return k->state == KEY_CURRENT && k->alg == chain->alg;
}

/* Put one key into the keyring. *why tells of a current one that cannot sign. */
static err key_load(struct keychain *chain, struct arena *mem, const struct key *k,
                    const struct keyring *before, struct keyring *out, err *why)
{
    const struct keyring_pair *last = before ? keyring_signer(before) : NULL;
    int64_t until = k->ends_at ? k->ends_at / 1000 : INT64_MAX;
    bool signs = is_signer(chain, k);
    const struct keypair *pair;
    err e = pair_of(chain, mem, k, signs, &pair);

    if (e != OK && signs) {
        *why = e;
        signs = false;
        e = pair_of(chain, mem, k, false, &pair);
    } else if (signs) {
        *why = OK;
    }
    if (e == ERR_BAD_SETTING)
        return OK; /* no key of ours: whoever signs with it is refused */
    if (e != OK)
        return e;
    if (!signs && !out->signer && last && str_is(keypair_kid(last->pair), k->kid) &&
        k->state != KEY_RETIRED && keypair_is_private(last->pair)) {
        pair = last->pair; /* until a current one is found */
        signs = true;
    }
    return keyring_add_pair(out, pair, until, signs);
}

/* The secret's tokens, once a pair signs: they last as long as one of a server that was started
 * before. */
static int64_t secret_until(const struct keychain *chain, const struct keys *keys)
{
    int64_t first = 0;

    for (size_t i = 0; i < keys->n; i++)
        if (keys->at[i].current_at && (!first || keys->at[i].current_at < first))
            first = keys->at[i].current_at;
    return chain->alg == ALG_HS256 || !first ? INT64_MAX : (first + chain->life) / 1000;
}

/* *why is OK when something signs. */
static err all_load(struct keychain *chain, struct arena *mem, const struct keys *keys,
                    const struct keyring *before, struct keyring *out, err *why)
{
    err e;

    *why = ERR_NOT_FOUND;
    keyring_copy(out, &chain->base);
    out->secret_until = secret_until(chain, keys);
    for (size_t i = keys->n; i-- > 0;) { /* the newest first, should there be many */
        const struct key *k = &keys->at[i];

        if (k->state == KEY_RETIRED || out->pairs_n == KEYRING_PAIRS)
            continue;
        if ((e = key_load(chain, mem, k, before, out, why)) != OK)
            return e;
    }
    out->mute = chain->alg != ALG_HS256 && !out->signer;
    if (chain->alg == ALG_HS256)
        *why = OK;
    return OK;
}

err keychain_load(struct keychain *chain, struct db *db, const struct keyring *before,
                  struct keyring *out, bool *changed)
{
    struct keyring made;
    struct arena mem;
    struct keys keys = {0};
    int64_t edition;
    err e, why;

    *changed = false;
    if ((e = keys_edition(db, &edition)) != OK || edition == chain->edition)
        return e;
    arena_init(&mem, KEYS_MEMORY);
    if ((e = keys_all(db, &mem, clock_ms(), &keys)) == OK)
        e = all_load(chain, &mem, &keys, before, &made, &why);
    arena_end(&mem);
    if (e != OK)
        return e;
    *out = made;
    *changed = true;
    chain->edition = edition;
    return why;
}

void keychain_end(struct keychain *chain)
{
    while (chain->links) {
        struct link *l = chain->links;

        chain->links = l->next;
        keypair_free(l->pair);
        free(l);
    }
    seal_key_end(&chain->seal);
    keyring_end(&chain->base);
}
