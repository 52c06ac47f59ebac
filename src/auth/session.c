// SPDX-License-Identifier: MIT
/* session.c - being signed in: trade a name and a password for a token.
 *
 * The account is read before the hash and again behind it: in between nothing is held, so whoever
 * disables it or changes its password meanwhile wins. */
#include "auth/session.h"

#include "auth/access.h"
#include "auth/name.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "crypto/password.h"
#include "store/role.h"

/* Longer ones are tried as they came only: no more composes to what bcrypt reads. */
enum { PASSWORD_COMPOSED_MAX = 1024 };

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

/* As it came first: the tutorial's server hashed it so. A password that no hash can be made of (a NUL
 * in it) counts as one for which there is no hash: an unknown name would not tell either. */
static err password_try(str password, str composed, str hash)
{
    err e = hash.p ? password_check(password, hash) : ERR_HASH_UNKNOWN;

    if (e == ERR_PASSWORD_WRONG && composed.p)
        e = password_check(composed, hash);
    return e == ERR_NOT_UNICODE ? ERR_HASH_UNKNOWN : e;
}

/* What an unknown name costs. One cost for all names as long as one policy made the hashes. */
static int waste_cost(const struct auth *a, str username)
{
    (void)username;
    return a->rules->password_cost;
}

/* Where no hash was there to check, spend what one would have cost. */
static void time_spend(const struct auth *a, str username, str password, str composed)
{
    if (!a->rules->strict_time)
        return;
    db_rest(a->db);
    password_waste(password, waste_cost(a, username));
    if (composed.p)
        password_waste(composed, waste_cost(a, username));
}

/* Whether the account is still what it was before the hash, and open. */
static err account_again(struct auth *a, struct arena *mem, const struct user *user, struct account_state *state)
{
    struct user now;
    err e = user_by_id(a->db, mem, user->id, &now);

    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
    if (now.created_at != user->created_at || !str_is(now.password, user->password))
        return ERR_PASSWORD_WRONG;
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
 * the clock that dated the account may be a little ahead of ours. */
static err token_issue(struct auth *a, struct arena *mem, const struct user *user,
                       const struct account_state *state, str *out)
{
    struct claims claims = { .user_id = user->id, .has_issued_at = true };
    int64_t all_from;
    err e;

    if ((e = access_tokens_from(a->db, mem, &all_from)) != OK)
        return e;
    claims.issued_at = later(later(clock_ms() / 1000, user->created_at), later(state->tokens_from, all_from));
    claims.expires_at = claims.issued_at + a->rules->access_ttl;
    return jwt_sign(mem, a->keys, &claims, out);
}

err session_open(struct auth *a, struct arena *mem, str username, str password, struct session *out)
{
    struct account_state state;
    str composed;
    err e;

    if (!utf8_is_well_formed(password))
        return ERR_NOT_UNICODE;
    if ((e = composed_of(mem, password, &composed)) != OK)
        return e;
    e = account_by_name(a, mem, username, &out->user);
    if (e == ERR_USER_UNKNOWN)
        time_spend(a, username, password, composed);
    if (e != OK)
        return e;
    db_rest(a->db);
    e = password_try(password, composed, out->user.password);
    if (e == ERR_HASH_UNKNOWN) {
        time_spend(a, username, password, composed);
        return ERR_PASSWORD_WRONG;
    }
    if (e != OK)
        return e;

    if ((e = account_again(a, mem, &out->user, &state)) != OK)
        return e;
    if ((e = roles_named(a->db, mem, out->user.id, &out->roles)) != OK)
        return e;
    return token_issue(a, mem, &out->user, &state, &out->access_token);
}
