// SPDX-License-Identifier: MIT
/* key_watch.h - the keys of a running server: a thread that looks whether they have changed. It
 * also forgets what is no longer told of ended sessions (auth/revocations.h). */
#ifndef APP_KEY_WATCH_H
#define APP_KEY_WATCH_H

#include "app/house.h"
#include "auth/keys.h"

#include <pthread.h>

struct held_keys;

struct key_watch {
    struct keychain chain;
    struct house *house;    /* where keyrings are published */
    struct held_keys *held; /* all that ever were: a request may stand on any */
    struct db_config db;
    int64_t every, forget_at; /* ms; the latter monotonic */
    pthread_t thread;
    pthread_mutex_t lock; /* guards the next two */
    pthread_cond_t wake;
    bool stops, asked;
    bool runs, troubled; /* troubled: the last look failed, and that was said */
};

/* The life of what a key signs, ms: a day, or token.ttl where that is longer. */
int64_t key_life(const struct settings *s);

/* Take what the settings say, secrets included, which are wiped there. */
void key_watch_init(struct key_watch *watch, struct settings *s);

/* Load the keys and publish them to `house`. What is wrong is said on standard error. */
err key_watch_open(struct key_watch *watch, struct house *house, const struct db_config *db);

/* Look again and again from now on. `db` is what requests use. */
err key_watch_start(struct key_watch *watch, const struct db_config *db);

void key_watch_now(struct key_watch *watch);  /* look at once; from any thread */
void key_watch_stop(struct key_watch *watch); /* fine when it never ran */
void key_watch_end(struct key_watch *watch);  /* wipes; no request runs any more */

#endif
