// SPDX-License-Identifier: MIT
/* adopt.c - look through accounts that another program made. */
#include "auth/adopt.h"

#include "auth/name.h"
#include "crypto/digest.h"
#include "crypto/password.h"

enum { PAGE = 256, PAGE_MEMORY = 4 << 20, ROW_MEMORY = 1 << 20 };

const char *const hash_kinds[HASH_KINDS] = { "$2a$", "$2b$", "$2y$" };

struct looking {
    struct adopt_report *report;
    struct arena scratch;
    int64_t after, seen;
    size_t page;
};

static void hash_count(struct adopt_report *r, str hash)
{
    int cost = hash.p ? password_cost(hash) : -1;

    if (!hash.p) {
        r->hashes_missing++;
        return;
    }
    for (size_t k = 0; k < HASH_KINDS && cost >= 0 && cost < HASH_COSTS; k++)
        if (str_starts(hash, str_of(hash_kinds[k]))) {
            r->hashes[k][cost]++;
            return;
        }
    r->hashes_unknown++;
}

static err name_count(struct arena *mem, struct known_names *names, int64_t id, str name)
{
    unsigned char key[SHA256_BYTES], spelling[SHA256_BYTES];
    struct known_name *k;
    str canonical;
    err e;

    if (!name.p) {
        names->empty++;
        return OK;
    }
    e = name_canonical(mem, name, &canonical);
    if (e == ERR_NOT_UNICODE || e == ERR_BAD_REQUEST) {
        names->unruly++;
        return OK;
    }
    if (e != OK || names->n == names->room)
        return e;
    digest_sha256(canonical, key);
    digest_sha256(name, spelling);
    k = &names->at[names->n++];
    k->id = id;
    memcpy(k->key, key, sizeof k->key);
    memcpy(&k->spelling, spelling, sizeof k->spelling);
    return OK;
}

static err row_look(void *arg, const struct user *user)
{
    struct looking *l = arg;
    err e;

    arena_reset(&l->scratch);
    hash_count(l->report, user->password);
    if ((e = name_count(&l->scratch, &l->report->names[0], user->id, user->username)) != OK ||
        (e = name_count(&l->scratch, &l->report->names[1], user->id, user->email)) != OK)
        return e;
    l->after = user->id;
    l->page++;
    return OK;
}

static int by_key(const void *a, const void *b)
{
    const struct known_name *x = a, *y = b;
    int order = memcmp(x->key, y->key, sizeof x->key);

    return order ? order : (x->id > y->id) - (x->id < y->id);
}

static err pages_look(struct db *db, const struct adopt_look *how, struct looking *l)
{
    struct arena page;
    err e = OK;

    arena_init(&page, PAGE_MEMORY);
    do {
        l->page = 0;
        arena_reset(&page);
        e = users_after(db, &page, l->after, PAGE, row_look, l);
        l->seen += (int64_t)l->page;
        if (how->progress)
            how->progress(how->arg, l->seen);
    } while (e == OK && l->page == PAGE);
    arena_end(&page);
    return e;
}

err adopt_look(struct db *db, const struct adopt_look *how, struct adopt_report *out)
{
    struct looking l = { .report = out };
    err e;

    *out = (struct adopt_report){0};
    for (size_t i = 0; i < 2; i++) {
        out->names[i].room = (size_t)how->users;
        out->names[i].at = NEW_ARRAY(how->mem, struct known_name, (size_t)how->users + 1);
        if (!out->names[i].at)
            return ERR_NO_MEMORY;
    }
    arena_init(&l.scratch, ROW_MEMORY);
    e = pages_look(db, how, &l);
    arena_end(&l.scratch);
    for (size_t i = 0; i < 2; i++)
        qsort(out->names[i].at, out->names[i].n, sizeof *out->names[i].at, by_key);
    return e;
}

size_t known_names_same(const struct known_names *names, size_t i, bool *exact)
{
    const struct known_name *first = &names->at[i];
    size_t n = 1;

    *exact = true;
    while (i + n < names->n && memcmp(names->at[i + n].key, first->key, sizeof first->key) == 0) {
        *exact &= names->at[i + n].spelling == first->spelling;
        n++;
    }
    return n;
}
