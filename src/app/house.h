// SPDX-License-Identifier: MIT
/* house.h - what follows from the settings and may change while the server runs.
 *
 * SIGHUP makes a new edition; requests that stand on an old one finish there, so editions are kept
 * to the end of the process: some KB each. One thread publishes, any thread reads. */
#ifndef APP_HOUSE_H
#define APP_HOUSE_H

#include "api/api.h"
#include "app/settings.h"

#include <stdatomic.h>

struct edition {
    struct edition *before;
    struct arena mem;
    struct settings settings;
    struct auth_rules rules;
    struct api api;
};

/* The newest edition, and what all share. */
struct house {
    _Atomic(struct edition *) now;
    _Atomic(const struct keyring *) keys;      /* the newest; set before house_init */
    struct api_config config;          /* manner, database, pools: the same in all editions */
    bool adopted;                      /* as rules_of asks; set before house_init */
    struct http_app app;               /* the api's callbacks */
    int argc;
    char **argv;
};

/* Publish the first edition. The texts of `s` outlive the house. */
err house_init(struct house *house, const struct settings *s);

/* Where each kind of work runs; before the server does. */
void house_set_pools(struct house *house, struct pool *const pools[static WORKS]);

/* Give back all editions; no thread runs requests any more. */
void house_end(struct house *house);

/* Read the settings again and publish them. A failure is logged and changes nothing. */
void house_reread(struct house *house);

/* What the server and the pools call, with a `struct house` as their app. */
struct http_app house_app(struct house *house);
void *house_thread_begin(void *house);
void *house_waiter_begin(void *house);      /* for the pool whose threads wait for hashes */
void house_thread_end(void *house, void *own);

#endif
