// SPDX-License-Identifier: MIT
/* key_watch.c - the keys of a running server.
 *
 * Whoever changes keys, on whatever node, changes the database, so that is what is looked at: one
 * small row each time. No request waits for it. */
#include "app/key_watch.h"

#include "auth/revocations.h"
#include "base/clock.h"
#include "base/log.h"

enum { LIFE_LEAST = 24 * 3600 * 1000, FORGET_EVERY = 10 * 60 * 1000 };

struct held_keys {
    struct keyring keys;
    struct held_keys *before;
};

int64_t key_life(const struct settings *s)
{
    return s->token_ttl * 1000 > LIFE_LEAST ? s->token_ttl * 1000 : LIFE_LEAST;
}

static void secret_wipe(struct secret *secret)
{
    if (secret->bytes_.n)
        explicit_bzero((char *)(uintptr_t)secret->bytes_.p, secret->bytes_.n);
}

void key_watch_init(struct key_watch *watch, struct settings *s)
{
    struct keyring *base = &watch->chain.base;
    pthread_condattr_t monotonic;

    watch->chain.edition = -1;
    (void)alg_parse(s->token_alg, &watch->chain.alg); /* the setting's check did */
    watch->chain.life = key_life(s);
    watch->every = s->key_reread;
    keyring_init(base, s->token_secret.bytes_);
    base->lax = s->dev;
    base->jti = !s->dev;
    base->issuer = s->token_issuer;
    base->audience = s->token_audience.n ? s->token_audience : s->token_issuer;
    if (s->key_seal.bytes_.n)
        seal_key_init(&watch->chain.seal, s->key_seal.bytes_);
    secret_wipe(&s->token_secret);
    secret_wipe(&s->key_seal);
    (void)pthread_mutex_init(&watch->lock, NULL); /* none of these fails on Linux */
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

/* Load what has changed and publish it. */
static err look(struct key_watch *watch, struct db *db)
{
    const struct keyring *now = watch->held ? &watch->held->keys : NULL;
    struct held_keys *held = calloc(1, sizeof *held);
    bool changed = false;
    err e;

    if (!held)
        return ERR_NO_MEMORY;
    e = keychain_load(&watch->chain, db, now, &held->keys, &changed);
    if (!changed) {
        free(held);
        return e;
    }
    held->before = watch->held;
    watch->held = held;
    atomic_store_explicit(&watch->house->keys, &held->keys, memory_order_release);
    return e;
}

static void refusal_say(const struct key_watch *watch, err e)
{
    const char *alg = alg_name(watch->chain.alg);

    if (e == ERR_NOT_FOUND)
        fprintf(stderr,
                "latchkey: token.alg is %s, and the database holds no such key. Make one:\n"
                "    latchkey key new --token.alg %s --key.seal-file FILE --db.url URL\n",
                alg, alg);
    else if (e == ERR_KEY_SEALED)
        fputs("latchkey: the database's key does not open: key.seal-file names no file, or not the "
              "one that it was sealed with\n",
              stderr);
    else
        fprintf(stderr, "latchkey: the keys cannot be read: %s\n", err_meaning(e));
}

err key_watch_open(struct key_watch *watch, struct house *house, const struct db_config *config)
{
    struct db *db;
    err e;

    watch->house = house;
    if ((e = db_open(config, &db)) == OK) {
        e = look(watch, db);
        db_close(db);
    }
    if (e != OK)
        refusal_say(watch, e);
    return e == ERR_NOT_FOUND || e == ERR_KEY_SEALED ? ERR_BAD_SETTING : e;
}

/* One line when it begins to fail, one when that is over, one a change. */
static void look_say(struct key_watch *watch, err e, bool changed)
{
    const struct keyring_pair *by = keyring_signer(&watch->held->keys);

    if (e != OK && (!watch->troubled || changed))
        log_error("keys_not_read", text_kv("err", str_of(err_name(e))));
    else if (changed || (e == OK && watch->troubled))
        log_warn("keys_read", int_kv("edition", watch->chain.edition),
                 text_kv("signs", by ? keypair_kid(by->pair) : STR("the secret")));
    watch->troubled = e != OK;
}

/* False when it is time to stop. */
static bool wait_for_turn(struct key_watch *watch)
{
    int64_t until = clock_mono_ms() + watch->every;
    const struct timespec at = {until / 1000, until % 1000 * 1000000};
    bool goes_on;
    int rc = 0;

    (void)pthread_mutex_lock(&watch->lock);
    while (!watch->stops && !watch->asked && rc == 0)
        rc = pthread_cond_timedwait(&watch->wake, &watch->lock, &at);
    watch->asked = false;
    goes_on = !watch->stops;
    (void)pthread_mutex_unlock(&watch->lock);
    return goes_on;
}

/* By the rules in force: tokens may live for longer by now than when this began. */
static err forget(struct key_watch *watch, struct db *db)
{
    const struct edition *edition = atomic_load(&watch->house->now);
    int64_t now = clock_mono_ms();

    if (now < watch->forget_at)
        return OK;
    watch->forget_at = now + FORGET_EVERY;
    return revocations_forget(db, edition ? edition->rules.token_life : watch->chain.life);
}

static void *watch_run(void *arg)
{
    struct key_watch *watch = arg;
    struct db *db = NULL;

    while (wait_for_turn(watch)) {
        int64_t edition = watch->chain.edition;
        err e = db ? OK : db_open(&watch->db, &db);

        if (e == OK) {
            e = look(watch, db);
            if (e == OK)
                e = forget(watch, db);
            db_over(db);
        }
        look_say(watch, e, watch->chain.edition != edition);
    }
    if (db)
        db_close(db);
    return NULL;
}

err key_watch_start(struct key_watch *watch, const struct db_config *db)
{
    watch->db = *db;
    watch->db.quiet = true; /* requests say that it is down */
    watch->runs = pthread_create(&watch->thread, NULL, watch_run, watch) == 0;
    return watch->runs ? OK : ERR_NO_MEMORY;
}

static void tell(struct key_watch *watch, bool *what)
{
    (void)pthread_mutex_lock(&watch->lock);
    *what = true;
    (void)pthread_cond_signal(&watch->wake);
    (void)pthread_mutex_unlock(&watch->lock);
}

void key_watch_now(struct key_watch *watch)
{
    tell(watch, &watch->asked);
}

void key_watch_stop(struct key_watch *watch)
{
    if (!watch->runs)
        return;
    tell(watch, &watch->stops);
    (void)pthread_join(watch->thread, NULL);
    watch->runs = false;
}

void key_watch_end(struct key_watch *watch)
{
    while (watch->held) {
        struct held_keys *held = watch->held;

        watch->held = held->before;
        keyring_end(&held->keys);
        free(held);
    }
    keychain_end(&watch->chain);
}
