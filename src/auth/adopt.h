// SPDX-License-Identifier: MIT
/* adopt.h - look through accounts that another program made: hashes, and names that are the same.
 *
 * Reads every row and writes none; for the command line. */
#ifndef AUTH_ADOPT_H
#define AUTH_ADOPT_H

#include "auth/auth.h"
#include "store/user.h"

enum { HASH_KINDS = 3, HASH_COSTS = 32 };

extern const char *const hash_kinds[HASH_KINDS];     /* "$2a$" and so on */

/* One account's name or address. Of a group with the same key the first has the lowest id. */
struct known_name {
    uint64_t key[2];              /* of the canonical form: equal where name.h says the names are */
    uint64_t spelling;            /* of the bytes themselves */
    int64_t id;
};

struct known_names {
    struct known_name *at;        /* by key, then by id */
    size_t n, room;
    int64_t empty;                /* NULL: nobody can ask for it twice */
    int64_t unruly;               /* not Unicode, or too long: nobody's but its row's */
};

struct adopt_report {
    int64_t hashes[HASH_KINDS][HASH_COSTS];
    int64_t hashes_missing, hashes_unknown;
    struct known_names names[2];  /* user names, addresses */
};

/* Called now and then with how many rows were seen. */
typedef void adopt_progress(void *arg, int64_t done);

struct adopt_look {
    struct arena *mem;            /* holds the report: 64 bytes an account and 64 KB */
    int64_t users;                /* how many there are; rows that come later are left out */
    adopt_progress *progress;
    void *arg;
};

err adopt_look(struct db *db, const struct adopt_look *how, struct adopt_report *out);

/* How many names from `i` on are the same as it; *exact: all spelled alike. 1 for one that is
 * alone. */
size_t known_names_same(const struct known_names *names, size_t i, bool *exact);

#endif
