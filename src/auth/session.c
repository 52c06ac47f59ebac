// SPDX-License-Identifier: MIT
/* session.c - being signed in: trade a name and a password for a token.
 *
 * The account is read before the hash and again behind it: in between nothing is held, so whoever
 * disables it or changes its password meanwhile wins. */
#include "auth/session.h"

#include "auth/access.h"
#include "auth/attempt.h"
#include "auth/decoy.h"
#include "auth/device.h"
#include "auth/name.h"
#include "auth/sequel.h"
#include "auth/sessions.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "store/role.h"

/* Longer ones are tried as they came only: no more composes to what may be chosen. */
enum { PASSWORD_COMPOSED_MAX = 4096 };

/* Of an account whose hash becomes another one each time. */
enum { HASHES_TRIED = 3 };

/* The NFC form, when it is another than what was typed; else p is NULL. */
static err composed_of(struct arena *mem, str password, str *out)
{
    str nfc;
    err e;

    *out = (str){0};
    if (password.n > PASSWORD_COMPOSED_MAX)
        return OK;
    if ((e = name_nfc(mem, password, &nfc)) != OK)
        return e;
    if (!str_is(nfc, password))
        *out = nfc;
    return OK;
}

/* As it came first: the tutorial's server hashed it so. A password that no hash can be made of (a
 * NUL in it) counts as one for which there is no hash: an unknown name would not tell either. */
static err password_try(struct hasher *hasher, str password, str composed, str hash)
{
    err e = hash.p ? password_check(hasher, password, hash) : ERR_HASH_UNKNOWN;

    if (e == ERR_PASSWORD_WRONG && composed.p)
        e = password_check(hasher, composed, hash);
    return e == ERR_NOT_UNICODE ? ERR_HASH_UNKNOWN : e;
}

/* Where no hash was there to check, spend what one would have cost; who would have found no place
 * in the queue finds none. */
static err time_spend(struct auth *a, str password, str composed)
{
    err e;

    if (!a->rules->strict_time)
        return ERR_PASSWORD_WRONG;
    e = password_waste(&a->hasher, password, &a->rules->password);
    if (e == OK && composed.p)
        e = password_waste(&a->hasher, composed, &a->rules->password);
    return e == OK ? ERR_PASSWORD_WRONG : e;
}

/* Whether the account is still what it was before the hash, and open. ERR_DB_AGAIN: it has another
 * hash now, and so has *user. */
static err account_again(struct auth *a, struct arena *mem, struct user *user,
                         struct account_state *state)
{
    struct user now;
    err e = user_by_id(a->db, mem, user->id, &now);

    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
    if (now.created_at != user->created_at)
        return ERR_PASSWORD_WRONG;
    if (!str_is(now.password, user->password)) {
        *user = now;
        return ERR_DB_AGAIN;
    }
    if ((e = account_state_of(a->db, user->id, user->created_at, state)) != OK)
        return e;
    return state->disabled_at ? ERR_PASSWORD_WRONG : OK;
}

/* A role without a name, which the tables allow, is none that a client could read. */
static err roles_named(struct db *db, struct arena *mem, int64_t user_id, struct strs *out)
{
    struct strs all;
    size_t n = 0;
    err e;

    if ((e = roles_of_user(db, mem, user_id, &all)) != OK)
        return e;
    for (size_t i = 0; i < all.n; i++)
        if (all.at[i].p)
            all.at[n++] = all.at[i];
    *out = (struct strs){ all.at, n };
    return OK;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The token's time lies behind everything that access_by_token measures it by: on another machine
 * the clock that dated the account may be a little ahead of ours. Before, s->issued_at is a time at
 * which neither the state nor what the token hangs on had been read: what ends that dates itself
 * later. */
static err token_issue(struct auth *a, struct arena *mem, struct session *s,
                       const struct account_state *state)
{
    const struct user *user = &s->user;
    struct claims claims = { .user_id = user->id, .has_issued_at = true, .session_id = s->id };
    int64_t all_from;
    err e;

    if ((e = access_tokens_from(a->db, mem, &all_from)) != OK)
        return e;
    claims.issued_at =
        later(later(s->issued_at, user->created_at), later(state->tokens_from, all_from));
    s->issued_at = claims.issued_at;
    claims.expires_at = claims.issued_at + a->rules->access_ttl;
    if (s->id && claims.expires_at > s->ends_at / 1000)
        claims.expires_at = s->ends_at / 1000;      /* who verifies by himself meets its end too */
    return jwt_sign(mem, a->keys, &claims, &s->access_token);
}

/* What a sign-in leaves behind. */
static err session_begin(struct auth *a, struct arena *mem, struct proven *who,
                         struct session *out)
{
    out->issued_at = clock_ms() / 1000;
    out->refresh_token = (str){0};
    out->id = 0;
    switch (a->rules->sessions) {
    case SESSIONS_NONE:
        return proven_look(a->db, mem, who);
    case SESSIONS_SEQUEL:
        return sequel_begin(a, mem, who, &out->refresh_token);
    case SESSIONS_OWN:
        out->ends_at = clock_ms() + (a->rules->session_idle < a->rules->session_absolute
                                         ? a->rules->session_idle
                                         : a->rules->session_absolute);
        return sessions_begin(a, mem, who, &out->id, &out->refresh_token);
    }
    return ERR_BUG;
}

/* The queue had no place for it, or what may be tried is used up: next time, then. */
static bool hash_was_refused(err e)
{
    return e == ERR_BUSY || e == ERR_TOO_MANY || e == ERR_CLIENT_GONE;
}

/* A hash on its way to replace a weaker one. */
struct rehash { int64_t id; str from, to; };

static err rehash_store(struct db *db, void *arg)
{
    const struct rehash *r = arg;

    return user_replace_hash(db, r->id, r->from, r->to);
}

/* Hash anew what the policy asks more for. Whoever signed in stays so when it fails; a password
 * that was changed meanwhile stays what it was changed to. What the policy's scheme cannot take
 * keeps its hash. */
static void password_renew(struct auth *a, struct arena *mem, str password, str composed,
                           struct proven *who)
{
    struct rehash r = { .id = who->user->id, .from = who->hash };
    err e;

    if (!password_is_weak(r.from, &a->rules->password) || !password_is_read_whole(password, r.from))
        return;
    if (!a->rules->rehash)
        return;
    db_rest(a->db);
    e = password_hash(&a->hasher, mem, composed.p ? composed : password, &a->rules->password,
                      &r.to);
    if (e == OK)
        e = db_write(a->db, rehash_store, &r);
    if (e == OK) {
        who->hash = r.to;
        log_info("rehashed", int_kv("id", r.id));
    } else if (e != ERR_PASSWORD_POLICY && e != ERR_NOT_FOUND && !hash_was_refused(e))
        log_warn("not_rehashed", int_kv("id", r.id), text_kv("err", str_of(err_name(e))));
}

/* A sign-in: what was typed, and whom it names; `there` when that is somebody. */
struct asking { str username, password, composed; struct user *user; bool there; };

/* Spend a hash, and what it says. No connection is held meanwhile. */
static err password_spend(struct auth *a, const struct asking *q, str hash)
{
    err e;

    db_rest(a->db);
    e = password_try(&a->hasher, q->password, q->composed, hash);
    return e == ERR_HASH_UNKNOWN ? time_spend(a, q->password, q->composed) : e;
}

/* For an unknown name a hash that no password opens, the same way that a wrong password goes. A
 * hash that became another one meanwhile opens nothing, and neither is that a wrong password:
 * another sign-in may have made it anew (password_renew). What stands there now is asked. */
static err password_prove(struct auth *a, struct arena *mem, const struct asking *q,
                          struct account_state *state)
{
    err e = ERR_DB_AGAIN;

    if (!q->there) {
        e = password_spend(a, q, a->rules->strict_time ? decoy_of(a, mem, q->username) : (str){0});
        return e == OK || e == ERR_PASSWORD_WRONG ? ERR_USER_UNKNOWN : e;
    }
    for (int tries = 0; tries < HASHES_TRIED && e == ERR_DB_AGAIN; tries++) {
        if ((e = password_spend(a, q, q->user->password)) == OK)
            e = account_again(a, mem, q->user, state);
        else if (e == ERR_PASSWORD_WRONG && a->rules->strict_time)
            account_ask_on(a, mem, q->username, q->user);
    }
    return e;
}

/* A refusal spends no hash that would hide how much was done before it. For a known name, look up
 * what an unknown one was looked up for besides, by a name that hardly anybody has: to find a row
 * takes longer than to miss it. For an unknown one, draw the hash that stands for a row's. */
static void refusal_ask_on(struct auth *a, struct arena *mem, const struct asking *q)
{
    struct user other = { .username = arena_printf(mem, "\1" STR_FMT, STR_ARG(q->username)) };

    if (!q->there)
        (void)decoy_of(a, mem, q->username);
    else if (other.username.p && str_is(q->user->username, q->username))
        account_ask_on(a, mem, other.username, &other);
    else
        account_ask_on(a, mem, q->username, q->user);
}

/* The same within what may be tried. */
static err password_ask(struct auth *a, struct arena *mem, const struct asking *q,
                        struct account_state *state)
{
    struct attempt attempt;
    err e = attempt_begin(a, mem, q->there ? q->user : NULL, q->username, &attempt);

    if (e == OK)
        e = attempt_end(a, &attempt, password_prove(a, mem, q, state));
    if (hash_was_refused(e) && a->rules->strict_time)
        refusal_ask_on(a, mem, q);
    return e;
}

/* Another hash may be one of the same password: another sign-in made it anew. Then it opens, as it
 * would have a moment ago. */
static err session_begin_proven(struct auth *a, struct arena *mem, const struct asking *q,
                                struct proven *who, struct session *out)
{
    err e = session_begin(a, mem, who, out);

    for (int tries = 1; tries < HASHES_TRIED && e == ERR_PASSWORD_WRONG && who->other.p; tries++) {
        who->hash = who->other;
        db_rest(a->db);
        e = password_try(&a->hasher, q->password, q->composed, who->hash);
        if (e != OK)
            return e == ERR_HASH_UNKNOWN ? ERR_PASSWORD_WRONG : e;
        e = session_begin(a, mem, who, out);
    }
    return e;
}

err session_open(struct auth *a, struct arena *mem, str username, str password, struct session *out)
{
    struct asking q = { .username = username, .password = password, .user = &out->user };
    struct proven who = { .user = &out->user };
    str composed;
    err e;

    if (!utf8_is_well_formed(password))
        return ERR_NOT_UNICODE;
    if ((e = composed_of(mem, password, &composed)) != OK)
        return e;
    q.composed = composed;
    if ((e = attempt_check(a)) != OK)
        return e;
    if (a->rules->strict_time)
        decoys_follow(a, mem);
    e = account_by_name(a, mem, username, &out->user);
    if (e != OK && e != ERR_USER_UNKNOWN)
        return e;
    q.there = e == OK;
    if ((e = password_ask(a, mem, &q, &who.state)) != OK)
        return e;
    who.hash = out->user.password;
    password_renew(a, mem, password, composed, &who);
    if ((e = roles_named(a->db, mem, out->user.id, &out->roles)) != OK)
        return e;
    if ((e = session_begin_proven(a, mem, &q, &who, out)) != OK)
        return e;
    if ((e = token_issue(a, mem, out, &who.state)) != OK)
        return e;
    return device_proofs(a, mem, &out->user, out->issued_at, &out->device_proofs);
}

static err refresh_own(struct auth *a, struct arena *mem, struct session *s,
                       struct account_state *state)
{
    struct refreshed next;
    err e;

    if ((e = sessions_refresh(a, mem, s->refresh_token, &next)) != OK)
        return e;
    s->user = next.user;
    *state = next.state;
    s->issued_at = next.now / 1000;
    s->id = next.session_id;
    s->ends_at = next.ends_at;
    s->refresh_token = next.token;
    return OK;
}

err session_refresh(struct auth *a, struct arena *mem, str refresh_token, struct session *out)
{
    struct account_state state;
    err e = ERR_BUG;

    *out = (struct session){ .refresh_token = refresh_token, .issued_at = clock_ms() / 1000 };
    if (a->rules->sessions == SESSIONS_SEQUEL)
        e = sequel_refresh(a, mem, refresh_token, &out->user, &state);
    if (a->rules->sessions == SESSIONS_OWN)
        e = refresh_own(a, mem, out, &state);
    return e != OK ? e : token_issue(a, mem, out, &state);
}

static err current_prove(struct auth *a, struct arena *mem, const struct password_change *want,
                         str composed, struct user *user)
{
    struct attempt attempt;
    err e;

    if ((e = user_by_id(a->db, mem, want->user_id, user)) != OK)
        return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
    if ((e = attempt_begin(a, mem, user, user->username, &attempt)) != OK)
        return e;
    db_rest(a->db);
    e = password_try(&a->hasher, want->current, composed, user->password);
    if (e == ERR_HASH_UNKNOWN || e == ERR_PASSWORD_WRONG)
        e = ERR_CURRENT_WRONG;
    return attempt_end(a, &attempt, e);
}

static err current_change(struct auth *a, struct arena *mem, const struct password_change *want,
                          str composed, struct user *user, bool *is_proven)
{
    err e = current_prove(a, mem, want, composed, user);

    *is_proven = e == OK;
    return e != OK ? e
                   : account_change_password(a, mem,
                                             &(struct new_password){ want->user_id, want->next,
                                                                     user->password,
                                                                     want->session_id });
}

/* A sign-in may make the hash anew behind the proof (password_renew): then it is asked again. */
err session_change_password(struct auth *a, struct arena *mem, struct password_change *want)
{
    struct account_state state;
    struct user user;
    bool is_proven;
    str composed;
    err e;

    if ((e = composed_of(mem, want->current, &composed)) != OK)
        return e;
    e = current_change(a, mem, want, composed, &user, &is_proven);
    if (e == ERR_CURRENT_WRONG && is_proven)
        e = current_change(a, mem, want, composed, &user, &is_proven);
    if (e != OK)
        return e;
    /* The password is another one by now. Without a proof the device is a stranger's next time. */
    if (account_state_of(a->db, user.id, user.created_at, &state) == OK)
        (void)device_proofs(a, mem, &user, later(clock_ms() / 1000, state.tokens_from),
                            &want->device_proofs);
    return OK;
}
