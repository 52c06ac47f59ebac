// SPDX-License-Identifier: MIT
/* throttle.c - buckets of addresses, and attempts that are under way.
 *
 * A bucket is one number: when it will be full again, which is the time of the generic cell rate
 * algorithm. The table is made of sets of eight entries, a set in two lines of cache. */
#include "auth/throttle.h"

#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum { SET = 8, HEADS = 1024, WAITERS_MAX = 32 };

/* name 0: nobody's. */
struct entry { uint64_t name; int64_t full_at; };

/* Attempts whose keys fall together. */
struct head { struct flight *first; struct flight_past past; unsigned waiting; };

struct throttle {
    pthread_mutex_t lock;
    struct entry *entries;
    size_t sets;                      /* a power of two */
    unsigned char key[SIP_KEY_BYTES];

    pthread_mutex_t flights_lock;
    pthread_cond_t landed;
    struct head heads[HEADS];
};

struct throttle *throttle_new(size_t addresses)
{
    struct throttle *t = calloc(1, sizeof *t);
    pthread_condattr_t monotonic;

    if (!t)
        return NULL;
    for (t->sets = 1; t->sets * SET < addresses; t->sets *= 2)
        ;
    if ((t->entries = calloc(t->sets * SET, sizeof *t->entries)) == NULL) {
        free(t);
        return NULL;
    }
    random_bytes(t->key, sizeof t->key);
    pthread_mutex_init(&t->lock, NULL);
    pthread_mutex_init(&t->flights_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&t->landed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    return t;
}

void throttle_free(struct throttle *t)
{
    if (!t)
        return;
    pthread_cond_destroy(&t->landed);
    pthread_mutex_destroy(&t->flights_lock);
    pthread_mutex_destroy(&t->lock);
    free(t->entries);
    free(t);
}

/* ------------------------------------------------------------------------------------ addresses */

static bool is_ipv4(const unsigned char *address)
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

    return memcmp(address, mapped, sizeof mapped) == 0;
}

static uint64_t name_of(const struct throttle *t, const struct bucket_rule *rule,
                        const unsigned char *address)
{
    str what = { (const char *)address, is_ipv4(address) ? THROTTLE_ADDRESS_BYTES : 8 };
    uint64_t name = digest_sip(t->key, what) ^ (rule->kind ? 0x9e3779b97f4a7c15 : 0);

    return name ? name : 1;
}

static struct entry *set_of(struct throttle *t, uint64_t name)
{
    return t->entries + (name & (t->sets - 1)) * SET;
}

static struct entry *entry_of(struct throttle *t, uint64_t name)
{
    struct entry *set = set_of(t, name);

    for (size_t i = 0; i < SET; i++)
        if (set[i].name == name)
            return &set[i];
    return NULL;
}

/* The place of whoever lost least by giving it up. What he had taken stays taken. */
static struct entry *entry_make(struct throttle *t, uint64_t name)
{
    struct entry *set = set_of(t, name), *best = set;

    for (size_t i = 1; i < SET; i++)
        if (set[i].full_at < best->full_at)
            best = &set[i];
    best->name = name;
    return best;
}

/* ms until one more attempt has come in. */
static int64_t interval_of(const struct bucket_rule *rule)
{
    int64_t ms = 60000 / rule->per_minute;

    return ms ? ms : 1;
}

static void level_of(const struct bucket_rule *rule, int64_t full_at, int64_t now,
                     struct bucket_level *out)
{
    int64_t interval = interval_of(rule), missing = full_at > now ? full_at - now : 0;

    out->left = rule->burst - (missing + interval - 1) / interval;
    out->wait_ms = missing % interval;
    if (out->left < 0) {              /* the rule was another when it was taken */
        out->wait_ms = missing - (rule->burst - 1) * interval;
        out->left = 0;
    }
    if (missing && !out->wait_ms)
        out->wait_ms = interval;
}

bool bucket_take(struct throttle *t, const struct bucket_rule *rule,
                 const unsigned char address[static THROTTLE_ADDRESS_BYTES], int64_t now,
                 struct bucket_level *level)
{
    uint64_t name = name_of(t, rule, address);
    struct entry *entry;
    bool may;

    pthread_mutex_lock(&t->lock);
    if ((entry = entry_of(t, name)) == NULL)
        entry = entry_make(t, name);
    level_of(rule, entry->full_at, now, level);
    may = level->left > 0;
    if (may) {
        entry->full_at = (entry->full_at > now ? entry->full_at : now) + interval_of(rule);
        level_of(rule, entry->full_at, now, level);
    }
    pthread_mutex_unlock(&t->lock);
    return may;
}

bool bucket_holds(struct throttle *t, const struct bucket_rule *rule,
                  const unsigned char address[static THROTTLE_ADDRESS_BYTES], int64_t now,
                  struct bucket_level *level)
{
    const struct entry *entry;

    pthread_mutex_lock(&t->lock);
    entry = entry_of(t, name_of(t, rule, address));
    level_of(rule, entry ? entry->full_at : 0, now, level);
    pthread_mutex_unlock(&t->lock);
    return level->left > 0;
}

bool bucket_return(struct throttle *t, const struct bucket_rule *rule,
                   const unsigned char address[static THROTTLE_ADDRESS_BYTES], int64_t now,
                   struct bucket_level *level)
{
    struct entry *entry;

    pthread_mutex_lock(&t->lock);
    if ((entry = entry_of(t, name_of(t, rule, address))) != NULL) {
        entry->full_at -= interval_of(rule);
        level_of(rule, entry->full_at, now, level);
    }
    pthread_mutex_unlock(&t->lock);
    return entry != NULL;
}

size_t throttle_addresses(struct throttle *t)
{
    size_t n = 0;

    pthread_mutex_lock(&t->lock);
    for (size_t i = 0; i < t->sets * SET; i++)
        n += t->entries[i].name != 0;
    pthread_mutex_unlock(&t->lock);
    return n;
}

/* --------------------------------------------------------------------------- attempts under way */

static struct head *head_of(struct throttle *t, const struct failure_key *key)
{
    return &t->heads[digest_sip(t->key, (str){ key->who, sizeof key->who }) % HEADS];
}

static bool is_same(const struct failure_key *a, const struct failure_key *b)
{
    return a->kind == b->kind && memcmp(a->who, b->who, sizeof a->who) == 0;
}

/* Attempts at a key; all, or those that are not written. */
static int64_t flights_at(const struct head *head, const struct failure_key *key, bool all)
{
    int64_t n = 0;

    for (const struct flight *f = head->first; f; f = f->next)
        n += (all || !f->written) && is_same(&f->key, key);
    return n;
}

struct flight_past flights_past(struct throttle *t, const struct failure_key *key)
{
    struct head *head = head_of(t, key);
    struct flight_past past;

    pthread_mutex_lock(&t->flights_lock);
    past = head->past;
    pthread_mutex_unlock(&t->flights_lock);
    return past;
}

bool flight_begin(struct throttle *t, struct flight *flight, int64_t most,
                  const struct flight_past *past, bool *stale)
{
    struct head *head = head_of(t, &flight->key);
    bool may;

    pthread_mutex_lock(&t->flights_lock);
    *stale = head->past.failed != past->failed;
    may = !*stale && flights_at(head, &flight->key, false) < most;
    if (may) {
        flight->written = false;
        flight->next = head->first;
        head->first = flight;
    }
    pthread_mutex_unlock(&t->flights_lock);
    return may;
}

void flight_end(struct throttle *t, struct flight *flight, bool failed)
{
    struct head *head = head_of(t, &flight->key);
    struct flight **at = &head->first;

    pthread_mutex_lock(&t->flights_lock);
    while (*at && *at != flight)
        at = &(*at)->next;
    if (*at)
        *at = flight->next;
    head->past.ended++;
    head->past.failed += failed;
    if (head->waiting)
        pthread_cond_broadcast(&t->landed);
    pthread_mutex_unlock(&t->flights_lock);
}

void flight_is_written(struct throttle *t, struct flight *flight)
{
    pthread_mutex_lock(&t->flights_lock);
    flight->written = true;
    pthread_mutex_unlock(&t->flights_lock);
}

bool flight_wait(struct throttle *t, const struct failure_key *key, const struct flight_past *past,
                 int64_t deadline)
{
    struct timespec at = { deadline / 1000, deadline % 1000 * 1000000 };
    struct head *head = head_of(t, key);
    bool ended;
    int rc = 0;

    pthread_mutex_lock(&t->flights_lock);
    ended = head->past.ended != past->ended;
    if (!ended && head->waiting < WAITERS_MAX && flights_at(head, key, true)) {
        head->waiting++;
        while (head->past.ended == past->ended && rc == 0)
            rc = pthread_cond_timedwait(&t->landed, &t->flights_lock, &at);
        head->waiting--;
        ended = head->past.ended != past->ended;
    }
    pthread_mutex_unlock(&t->flights_lock);
    return ended;
}
