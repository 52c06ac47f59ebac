// SPDX-License-Identifier: MIT
/* decoy.c - a hash for each name that nobody has. */
#include "auth/decoy.h"

#include "auth/name.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/user.h"

#include <pthread.h>

enum { ROWS = 256, GROUPS = 32, AGAIN_MS = 600000, ROW_MEMORY = 4096, SPOILT_AT = 8 };

/* Stored hashes that cost the same, and one of them, spoilt. */
struct group {
    int64_t cost_us;                      /* -1: nobody can read them, and there is no text */
    unsigned rows;
    size_t n;
    char text[PASSWORD_HASH_MAX];
};

struct sample { struct group at[GROUPS]; unsigned groups, rows; };

struct decoys {
    pthread_mutex_t lock;                 /* over what follows */
    struct sample sample;
    int64_t due;                          /* ms, monotonic; 0: at once */
};

struct decoys *decoys_new(void)
{
    struct decoys *d = calloc(1, sizeof *d);

    if (d && pthread_mutex_init(&d->lock, NULL) != 0) {
        free(d);
        return NULL;
    }
    return d;
}

void decoys_free(struct decoys *d)
{
    if (!d)
        return;
    (void)pthread_mutex_destroy(&d->lock);             /* nobody holds it */
    explicit_bzero(d, sizeof *d);
    free(d);
}

/* ---------------------------------------------------------------------------------- the sample */

static int order(const struct group *a, const struct group *b)
{
    size_t n = a->n < b->n ? a->n : b->n;
    int c;

    if (a->cost_us != b->cost_us)
        return a->cost_us < b->cost_us ? -1 : 1;
    c = memcmp(a->text, b->text, n < 4 ? n : 4);       /* $2a$ and $2b$, though it matters little */
    return c ? c : (a->n > b->n) - (a->n < b->n);
}

/* A digit of the sum becomes another, so that no password opens it and what is kept of a user's
 * hash is of no use. Digits stand in every alphabet that hashes are written in, and so far from the
 * end none is padding. */
static void spoil(struct group *g)
{
    char *c = g->text + g->n - SPOILT_AT;

    *c = *c == '0' ? '1' : '0';
}

static struct group group_of(str hash)
{
    struct group g = { .cost_us = -1, .rows = 1 };

    if (hash.n < SPOILT_AT || hash.n > PASSWORD_HASH_MAX || password_cost_us(hash) < 0)
        return g;
    memcpy(g.text, hash.p, hash.n);
    g.n = hash.n;
    spoil(&g);
    g.cost_us = password_cost_us((str){ g.text, g.n });
    if (g.cost_us < 0)
        g.n = 0;
    return g;
}

/* In order, so that a name's draw stays where it is when the sample is taken again. Kinds beyond
 * the last group count for none. */
static void sample_add(struct sample *s, str hash)
{
    struct group g = group_of(hash);
    unsigned i = 0;
    int c = -1;

    while (i < s->groups && (c = order(&s->at[i], &g)) < 0)
        i++;
    if (i < s->groups && c == 0) {
        s->at[i].rows++;
        s->rows++;
    } else if (s->groups < GROUPS) {
        memmove(&s->at[i + 1], &s->at[i], (s->groups - i) * sizeof g);
        s->at[i] = g;
        s->groups++;
        s->rows++;
    }
    explicit_bzero(&g, sizeof g);
}

/* Every account where there are few; else so many at equal distances, the same ones each time. */
static err sample_take(struct db *db, struct sample *s)
{
    struct arena mem;
    int64_t last, id = 0;
    err e;

    if ((e = user_last_id(db, &last)) != OK)
        return e;
    arena_init(&mem, ROW_MEMORY);
    for (int64_t i = 0; i < ROWS && id < last && e == OK; i++) {
        int64_t from = last / ROWS * i + last % ROWS * i / ROWS + 1;
        str hash;

        arena_reset(&mem);
        e = user_hash_from(db, &mem, from > id ? from : id + 1, &id, &hash);
        if (e == OK)
            sample_add(s, hash);
    }
    arena_end(&mem);
    return e == ERR_NOT_FOUND ? OK : e;
}

/* Whether it is this caller's to take; others go on with what there is. */
static bool is_due(struct decoys *d)
{
    int64_t now = clock_mono_ms();
    bool due;

    pthread_mutex_lock(&d->lock);
    due = now >= d->due;
    if (due)
        d->due = now + AGAIN_MS;
    pthread_mutex_unlock(&d->lock);
    return due;
}

void decoys_follow(struct auth *a, struct arena *mem)
{
    struct decoys *d = a->decoys;
    struct sample *next;
    err e;

    if (!d || !is_due(d) || (next = NEW(mem, struct sample)) == NULL)
        return;
    if ((e = sample_take(a->db, next)) != OK) {
        log_warn("hashes_not_sampled", text_kv("err", str_of(err_name(e))));
        return;
    }
    pthread_mutex_lock(&d->lock);
    d->sample = *next;
    pthread_mutex_unlock(&d->lock);
}

/* ------------------------------------------------------------------------------------ the draw */

/* A place from 0 up to 1, in 2^32nds. What the server's key signs elsewhere holds a dot, which this
 * does not. */
static uint64_t place_of(const struct auth *a, struct arena *mem, str name)
{
    unsigned char mac[SHA256_BYTES];
    str key, text = {0};

    if (name_key(mem, name, &key) == OK)
        text = arena_printf(mem, "latchkey unknown name " STR_FMT, STR_ARG(key));
    mac_sha256(&a->keys->hs256, text, mac);
    return (uint64_t)mac[0] << 24 | (uint64_t)mac[1] << 16 | (uint64_t)mac[2] << 8 | mac[3];
}

str decoy_of(struct auth *a, struct arena *mem, str name)
{
    struct decoys *d = a->decoys;
    const struct group *g;
    uint64_t row;
    str hash = {0};

    if (!d)
        return hash;
    row = place_of(a, mem, name);
    pthread_mutex_lock(&d->lock);
    row = row * d->sample.rows >> 32;
    g = d->sample.at;
    if (d->sample.rows) {
        for (; row >= g->rows; g++)
            row -= g->rows;
        if (g->n)
            hash = arena_dup(mem, (str){ g->text, g->n });
    }
    pthread_mutex_unlock(&d->lock);
    return hash;
}
