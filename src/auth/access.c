// SPDX-License-Identifier: MIT
/* access.c - who is calling, and may they.
 *
 * On a hit nothing is allocated and the database is asked for its version only. The version is
 * taken before the reading, so what changes in between makes the entry stale, never wrong. */
#include "auth/access.h"

#include "auth/sessions.h"
#include "store/role.h"
#include "store/standing.h"

enum { SLOTS = 256, ROLES_BYTES = 208, ROLES_NOT_READ = -1 };

/* What is known of one account under one version of the database. */
struct facts {
    int64_t id;
    int64_t created_at;             /* seconds; its row's createdAt */
    int64_t issued_from;            /* seconds: tokens issued before are refused */
    int64_t session_from; /* the same for tokens of sessions: without the account's cut-off */
    bool is_open;                   /* its row is there and not disabled */
    bool is_cut;                    /* it has a cut-off of its own */
    short roles_n;                  /* bytes in roles[], or ROLES_NOT_READ */
    char roles[ROLES_BYTES];        /* names, each behind a byte that holds its length */
};

struct slot { int64_t version; struct facts facts; };

/* When the session that a claim names ends, by those rules; 0: it is over, or not this claim's. */
struct session_slot {
    int64_t version;
    struct session_claim claim;
    const struct auth_rules *rules;
    int64_t ends_at;
};

struct access_cache { struct slot slots[SLOTS]; struct session_slot sessions[SLOTS]; };

struct access_cache *access_cache_new(void)
{
    struct access_cache *cache = calloc(1, sizeof *cache);

    for (size_t i = 0; cache && i < SLOTS; i++)
        cache->slots[i].version = cache->sessions[i].version = -1;
    return cache;
}

void access_cache_free(struct access_cache *cache)
{
    free(cache);
}

static struct slot *slot_of(struct auth *a, int64_t id)
{
    return a->accesses ? &a->accesses->slots[(uint64_t)id % SLOTS] : NULL;
}

/* -1 without a cache: nobody would look. */
static int64_t version_of(struct auth *a)
{
    return a->accesses ? db_version(a->db) : -1;
}

static struct facts *facts_kept(struct auth *a, int64_t version, int64_t id)
{
    struct slot *slot = slot_of(a, id);

    return slot && version >= 0 && slot->version == version && slot->facts.id == id ? &slot->facts
                                                                                    : NULL;
}

err access_tokens_from(struct db *db, struct arena *mem, int64_t *out)
{
    str value;
    err e = meta_read(db, mem, STR("tokens_from"), &value);

    *out = 0;
    if (e == OK)
        (void)str_int(value, out);      /* what is no number leaves 0 */
    return e == ERR_NOT_FOUND ? OK : e;
}

static int64_t latest(int64_t a, int64_t b, int64_t c)
{
    int64_t ab = a > b ? a : b;

    return ab > c ? ab : c;
}

/* Pack the names, or leave them unread where they do not fit. */
static void roles_pack(struct facts *f, struct strs roles)
{
    size_t n = 0;

    for (size_t i = 0; i < roles.n; i++) {
        str name = roles.at[i];

        if (name.n > 255 || name.n + 1 > ROLES_BYTES - n)
            return;
        f->roles[n++] = (char)(unsigned char)name.n;
        if (name.n)
            memcpy(f->roles + n, name.p, name.n);
        n += name.n;
    }
    f->roles_n = (short)n;
}

/* One statement: each is a way to the database and back. */
static err facts_read(struct db *db, struct arena *mem, const struct claims *claims,
                      struct standing *read, struct facts *out)
{
    err e = standing_of_user(db, mem, claims->user_id, claims->session_id, read);

    *out = (struct facts){ .id = claims->user_id, .roles_n = ROLES_NOT_READ };
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    out->created_at = read->created_at;
    out->is_open = read->state.disabled_at == 0;
    out->is_cut = read->state.tokens_from != 0;
    out->issued_from = latest(read->created_at, read->state.tokens_from, read->tokens_from);
    out->session_from = latest(read->created_at, read->tokens_from, 0);
    roles_pack(out, read->roles);
    return OK;
}

static bool is_accepted(const struct auth *a, const struct facts *f, const struct claims *claims)
{
    if (!f->is_open)
        return false;
    if (!claims->has_issued_at)
        return !a->rules->iat_required && !f->is_cut && !claims->session_id;
    return claims->issued_at >= (claims->session_id ? f->session_from : f->issued_from);
}

/* Keep what was read under `version`; from then on it is the kept one that counts. */
static void facts_keep(struct auth *a, int64_t version, const struct facts *facts)
{
    struct slot *slot = slot_of(a, facts->id);

    if (slot && version >= 0)
        *slot = (struct slot){ version, *facts };
}

static struct session_slot *session_slot_of(struct auth *a, int64_t version, int64_t id)
{
    return a->accesses && version >= 0 ? &a->accesses->sessions[(uint64_t)id % SLOTS] : NULL;
}

/* `read`: what was read of it just now, or NULL. */
static err session_check(struct auth *a, int64_t version, const struct session_claim *claim,
                         const struct session_row *read, int64_t now)
{
    struct session_slot *slot = session_slot_of(a, version, claim->id);
    int64_t ends_at;
    err e;

    if (slot && !read && slot->version == version && slot->rules == a->rules &&
        memcmp(&slot->claim, claim, sizeof *claim) == 0)
        return slot->ends_at > now ? OK : ERR_TOKEN_INVALID;
    if (read)
        ends_at = sessions_end_of_row(a->rules, claim, read);
    else if ((e = sessions_end_of(a, claim, &ends_at)) != OK)
        return e;
    if (slot)
        *slot = (struct session_slot){ version, *claim, a->rules, ends_at };
    return ends_at > now ? OK : ERR_TOKEN_INVALID;
}

/* The sequel's client refreshes where it is told that the token expired. */
static err invalid_or_expired(const struct auth *a, struct arena *mem, str token, int64_t now)
{
    const struct jwt_trial trial = { .keys = a->keys, .now = now };
    const char *reason;
    str payload;

    if (a->rules->sessions != SESSIONS_SEQUEL)
        return ERR_TOKEN_INVALID;
    (void)jwt_check(mem, &trial, token, &reason, &payload);     /* fails: the reason is asked for */
    return str_is(str_of(reason), STR("expired")) ? ERR_TOKEN_EXPIRED : ERR_TOKEN_INVALID;
}

err access_by_token(struct auth *a, struct arena *mem, str token, int64_t now, struct caller *out)
{
    struct claims claims;
    struct facts *kept, fresh;
    struct standing read;
    int64_t version;
    err e;

    e = a->tokens ? jwt_verify_cached(a->tokens, mem, a->keys, token, now, &claims)
                  : jwt_verify(mem, a->keys, token, now, &claims);
    if (e != OK)
        return e == ERR_TOKEN_INVALID ? invalid_or_expired(a, mem, token, now) : e;
    version = version_of(a);
    if ((kept = facts_kept(a, version, claims.user_id)) == NULL) {
        if ((e = facts_read(a->db, mem, &claims, &read, &fresh)) != OK)
            return e;
        facts_keep(a, version, &fresh);
        kept = &fresh;
    }
    if (!is_accepted(a, kept, &claims))
        return ERR_TOKEN_INVALID;
    *out = (struct caller){ claims.user_id, claims.forgeable, claims.session_id, false, {0} };
    if (kept == &fresh && version < 0) {
        out->roles_read = true;
        out->roles = read.roles;
    }
    if (!claims.session_id)
        return OK;
    return session_check(
        a, version, &(struct session_claim){claims.session_id, claims.user_id, kept->created_at},
        kept == &fresh ? &read.session : NULL, now * 1000);
}

static bool is_asked_for(str any_of, str role)
{
    str name;

    do {
        (void)str_cut(any_of, '|', &name, &any_of);      /* the last one has no '|' behind it */
        if (name.n && str_is(name, role))
            return true;
    } while (any_of.n);
    return false;
}

static bool packed_has(const struct facts *f, str any_of)
{
    for (short i = 0; i < f->roles_n;) {
        str name = { f->roles + i + 1, (unsigned char)f->roles[i] };

        if (is_asked_for(any_of, name))
            return true;
        i = (short)(i + 1 + (short)name.n);
    }
    return false;
}

static err account_has_role(struct auth *a, struct arena *mem, const struct caller *caller,
                            str any_of)
{
    int64_t version = version_of(a);
    struct facts *kept = facts_kept(a, version, caller->user_id);
    struct strs roles = caller->roles;
    err e;

    if (kept && kept->roles_n != ROLES_NOT_READ)
        return packed_has(kept, any_of) ? OK : ERR_ROLE_MISSING;
    if (!caller->roles_read && (e = roles_of_user(a->db, mem, caller->user_id, &roles)) != OK)
        return e;
    for (size_t i = 0; i < roles.n; i++)
        if (is_asked_for(any_of, roles.at[i]))
            return OK;
    return ERR_ROLE_MISSING;
}

err access_has_role(struct auth *a, struct arena *mem, struct caller caller, str any_of)
{
    if (!caller.forgeable)
        return account_has_role(a, mem, &caller, any_of);
    if (!is_asked_for(any_of, STR("user")))
        return ERR_ROLE_MISSING;
    return account_has_role(a, mem, &caller, STR("user"));
}
