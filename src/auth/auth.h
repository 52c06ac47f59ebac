// SPDX-License-Identifier: MIT
/* auth.h - what every call into the domain gets: a connection, the keys, the rules.
 *
 * The domain knows accounts, sessions and roles; neither HTTP nor SQL. One `struct auth` a thread;
 * what it points to and is const may be shared by all. */
#ifndef AUTH_AUTH_H
#define AUTH_AUTH_H

#include "auth/throttle.h"
#include "crypto/jwt.h"
#include "crypto/password.h"
#include "store/db.h"

/* What a sign-in leaves behind besides an access token. */
enum session_mode {
    SESSIONS_NONE,   /* nothing, as the tutorial */
    SESSIONS_SEQUEL, /* a refresh token in the sequel's table, in clear, never replaced */
    SESSIONS_OWN,    /* a session of ours that can be seen and ended (sessions.h) */
};

/* How often one may fail (attempt.h). Times in ms. */
struct throttle_rules {
    bool on;
    struct bucket_rule address;       /* failures */
    struct bucket_rule signups;       /* asked for, of a free name or not */
    int64_t account_free;             /* failures in a row that cost no wait */
    int64_t account_wait, account_wait_most;
    int64_t account_most;             /* in a row, then no more until somebody unlocks it; 0: any */
    int64_t device_ttl;               /* seconds that a known device is known; 0: none is */
};

/* The rules, out of the settings. Read-only while the server runs; a reload makes a new one. */
struct auth_rules {
    int64_t access_ttl;               /* seconds a token lives */
    int64_t token_life;               /* ms that one from before a change of that may live */
    enum session_mode sessions;
    int64_t refresh_ttl;              /* seconds a refresh token of the sequel lives */
    int64_t session_idle, session_absolute, session_grace;      /* ms */
    struct password_policy password;  /* how new hashes are made */
    size_t password_min;              /* code points; 0 in dev */
    bool rehash;                      /* a weaker hash is made anew at sign-in */
    bool password_common;             /* one that everyone chooses is allowed (dev) */
    bool signup_open;                 /* strangers may register */
    bool signup_roles;                /* they may choose their roles (dev) */
    bool strict_time;                 /* a hash is spent on unknown names too */
    bool iat_required;                /* a token without iat is refused */
    struct throttle_rules throttle;
};

struct access_cache;                  /* access.h */
struct decoys;

/* How far this thread has looked through rows that other programs wrote (claim.c). */
struct claim_look {
    int64_t seen;                     /* ids up to this one; 0: start from the watermark */
    int64_t again_at;                 /* ms, monotonic: when to start from it anyhow */
    int64_t unsaved;                  /* rows since the watermark was last moved */
};

/* What a session remembers of who signs in; printable ASCII (name: UTF-8), or p == NULL. */
struct device { str address, agent, name; };

/* What became of this request's attempt, for the client to read. */
struct limit {
    enum { LIMIT_NONE, LIMIT_ADDRESS, LIMIT_ACCOUNT } by;       /* who refused it */
    int64_t retry_ms;                 /* how long, then */
    int64_t quota, window;            /* of the address: attempts, seconds; 0: it was not asked */
    int64_t left, wait_ms;            /* of them; until there is one more */
};

struct auth {
    struct device device;             /* of this request's client; zero where nobody says */
    struct db *db;                    /* this thread's */
    const struct keyring *keys;       /* what signs, and verifies first */
    const struct auth_rules *rules;
    struct jwt_cache *tokens;         /* this thread's; NULL: none */
    struct access_cache *accesses;    /* this thread's; NULL: none */
    struct decoys *decoys;            /* decoy.h; shared by all threads; NULL: none */
    struct hasher hasher;             /* who hashes, and for this request's client */
    struct claim_look look;           /* zero at first */
    struct throttle *throttle;        /* shared by all threads; NULL: nothing is counted */
    str proofs;                       /* of known devices, that this client showed (device.h) */
    int64_t known_device;             /* which one that is; 0: none */
    struct limit limit;               /* written by attempt.h */
    const char *refusal;              /* written with ERR_PASSWORD_POLICY: "too short" and so on */
};

#endif
