// SPDX-License-Identifier: MIT
/* keys.h - the life of the keys that others verify tokens with: made, rotated, retired.
 *
 * Of each algorithm there is one key that signs (current) and one that will (next). The next one is
 * published long before it signs, so that whoever keeps a copy of the published keys has it by
 * then. A key that is replaced (old) verifies until what it signed has expired; its private half is
 * gone at once. A retired one verifies nothing. Private halves lie in the database, sealed with a
 * key that does not. */
#ifndef AUTH_KEYS_H
#define AUTH_KEYS_H

#include "crypto/keyring.h"
#include "crypto/seal.h"
#include "store/db.h"

enum key_state { KEY_NEXT, KEY_CURRENT, KEY_OLD, KEY_RETIRED, KEY_STATES };
enum { KEYS_MAX = 1000, KEYS_MEMORY = 16 << 20 };

const char *key_state_name(enum key_state state);

struct key {
    int64_t id;
    str kid;
    enum alg alg;
    enum key_state state;
    int64_t created_at, current_at, ends_at; /* ms since 1970; 0: not yet */
    str public_key, sealed;                  /* as store/key.h has them */
};

struct keys {
    struct key *at;
    size_t n;
};

/* All of them, oldest first, as they are `now` (ms): one whose end has come is retired. Of more than
 * KEYS_MAX the oldest that neither sign nor will are left out. */
err keys_all(struct db *db, struct arena *mem, int64_t now, struct keys *out);

/* What keys are made by. */
struct key_rules {
    const struct seal_key *seal;
    enum alg alg;
    int64_t lead; /* ms: how long a key is published before it signs */
    int64_t life; /* ms: how long what a key signed may be good */
    bool at_once; /* rotate without waiting for that */
};

/* Make the next key; and the current one, where there is none. ERR_EXISTS: both are there. */
err keys_new(struct db *db, struct arena *mem, const struct key_rules *rules);

/* The next key becomes the current one, that becomes old, and a new next one is made.
 * ERR_NOT_FOUND: there is no next one. ERR_KEY_NEW: it is not published for long enough. */
err keys_rotate(struct db *db, struct arena *mem, const struct key_rules *rules);

/* The key whose kid begins so verifies nothing any more, and signs nothing: where it was the
 * current one, the next takes its place. ERR_NOT_FOUND; ERR_EXISTS: several do. *kid is whole. */
err keys_retire(struct db *db, struct arena *mem, str begins, str *kid);

/* What a server has loaded of them. Pairs stay until its end: keyrings point at them. */
struct keychain {
    struct seal_key seal;
    enum alg alg;        /* what it signs with; ALG_HS256: the secret of the base */
    int64_t life;        /* ms, as in key_rules */
    struct keyring base; /* what all keyrings have: secrets, issuer, audience */
    struct link *links;
    int64_t edition; /* -1: nothing was loaded yet */
};

/* Make `out` of what the database says; *changed is false, and `out` untouched, when that is what
 * it was. `before` is the keyring in force, or NULL: it goes on signing as long as its key may,
 * where the database's current one does not open.
 *
 * ERR_NOT_FOUND: there is no key that signs. ERR_KEY_SEALED: it is there but does not open. With
 * both `out` is written all the same: it verifies all that it should, and may be mute. */
err keychain_load(struct keychain *chain, struct db *db, const struct keyring *before,
                  struct keyring *out, bool *changed);

void keychain_end(struct keychain *chain); /* wipes; no keyring is used any more */

#endif
