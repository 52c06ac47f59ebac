// SPDX-License-Identifier: MIT
/* account.c - accounts: sign up, find, change, disable, delete; their roles.
 *
 * A password is hashed before a transaction begins, never within one. Work inside db_write may run
 * on another thread's connection and more than once, so it lives on the struct it is given. */
#include "auth/account.h"

#include "auth/access.h"
#include "auth/claim.h"
#include "auth/name.h"
#include "auth/policy.h"
#include "auth/revocations.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "store/failure.h"
#include "store/refresh.h"
#include "store/role.h"
#include "store/session.h"

enum {
    PASSWORD_TYPED_MAX =
        4096, /* bytes before NFC; composing shrinks none of more to what is allowed */
    CHANGE_MEMORY = 256 << 10,
    AHEAD_MOST = JWT_LEEWAY / 2,    /* seconds; the rest is for clocks that differ */
};

static err name_check(str name)
{
    if (!utf8_is_well_formed(name))
        return ERR_NOT_UNICODE;
    return name_length(name) > NAME_LENGTH_MAX ? ERR_BAD_REQUEST : OK;
}

static err names_check(str username, str email)
{
    err e = name_check(username);

    return e != OK ? e : name_check(email);
}

static err free_check(struct db *db, struct arena *mem, str username, str email)
{
    struct user holder;
    err e = claim_by_name(db, mem, NAME_USERNAME, username, &holder);

    if (e != ERR_NOT_FOUND)
        return e == OK ? ERR_USERNAME_TAKEN : e;
    e = claim_by_name(db, mem, NAME_EMAIL, email, &holder);
    if (e != ERR_NOT_FOUND)
        return e == OK ? ERR_EMAIL_TAKEN : e;
    return OK;
}

err account_check_free(struct auth *a, struct arena *mem, str username, str email)
{
    bool news;
    err e;

    if ((e = names_check(username, email)) != OK)
        return e;
    if ((e = free_check(a->db, mem, username, email)) != OK)
        return e;
    if ((e = claim_foreign_rows(a, &news)) != OK)
        return e;
    return news ? free_check(a->db, mem, username, email) : OK;
}

static err role_named(struct db *db, struct arena *mem, str name, struct role *out)
{
    err e = name.p ? role_by_name(db, mem, name, out) : ERR_NOT_FOUND;

    return e == ERR_NOT_FOUND ? ERR_ROLE_UNKNOWN : e;
}

err roles_check_exist(struct auth *a, struct arena *mem, struct strs names, str *which)
{
    for (size_t i = 0; i < names.n; i++) {
        struct role role;
        err e = role_named(a->db, mem, names.at[i], &role);

        if (e == ERR_ROLE_UNKNOWN)
            *which = names.at[i];
        if (e != OK)
            return e;
    }
    return OK;
}

err role_default(struct db *db, struct arena *mem, struct role *out)
{
    bool is_there = false, is_named = false;
    struct roles all;
    err e;

    if ((e = roles_all(db, mem, &all)) != OK)
        return e;
    for (size_t i = 0; i < all.n && !is_named; i++) {
        is_named = str_is(all.at[i].name, STR("user"));
        if (!is_named && all.at[i].id != 1)
            continue;
        *out = all.at[i];
        is_there = true;
    }
    return is_there ? OK : ERR_ROLE_UNKNOWN;
}

/* A new password as it will be stored, of an account with these names. */
static err password_store(struct auth *a, struct arena *mem, str password, const struct user *owner,
                          str *hash)
{
    str nfc;
    err e;

    a->refusal = "too long";
    if (password.n > PASSWORD_TYPED_MAX)
        return ERR_PASSWORD_POLICY;
    if ((e = name_nfc(mem, password, &nfc)) != OK)
        return e;
    if ((e = policy_check(a->rules, mem, nfc, owner, &a->refusal)) != OK)
        return e;
    db_rest(a->db);
    return password_hash(&a->hasher, mem, nfc, &a->rules->password, hash);
}

/* A sign-up on its way into the database. */
struct creation {
    struct arena *mem;
    struct strs roles;
    struct user user;
    int64_t now;
    bool disabled;
};

static err creation_give_roles(struct db *db, const struct creation *c)
{
    struct role role;
    err e;

    if (c->roles.n == 0) {
        if ((e = role_default(db, c->mem, &role)) != OK)
            return e;
        return user_role_insert(db, c->user.id, role.id, c->now);
    }
    for (size_t i = 0; i < c->roles.n; i++) {
        if ((e = role_named(db, c->mem, c->roles.at[i], &role)) != OK)
            return e;
        if ((e = user_role_insert(db, c->user.id, role.id, c->now)) != OK)
            return e;
    }
    return OK;
}

static err creation_store(struct db *db, void *arg)
{
    struct creation *c = arg;
    err e;

    if ((e = free_check(db, c->mem, c->user.username, c->user.email)) != OK)
        return e;
    if ((e = user_insert(db, &c->user, c->now)) != OK)
        return e == ERR_EXISTS ? ERR_DB_AGAIN
                               : e; /* a name just taken, or rows put in past the ids' counter */
    if ((e = claim_insert(db, c->mem, NAME_USERNAME, &c->user)) != OK)
        return e == ERR_EXISTS ? ERR_USERNAME_TAKEN : e;
    if ((e = claim_insert(db, c->mem, NAME_EMAIL, &c->user)) != OK)
        return e == ERR_EXISTS ? ERR_EMAIL_TAKEN : e;
    if ((e = creation_give_roles(db, c)) != OK || !c->disabled)
        return e;
    return account_state_set(db, c->user.id, c->user.created_at,
                             &(struct account_state){.disabled_at = c->now * 1000});
}

err account_create(struct auth *a, struct arena *mem, const struct new_account *want, int64_t *id)
{
    struct creation c = { .mem = mem, .roles = want->roles };
    str which;
    err e;

    if ((e = account_check_free(a, mem, want->username, want->email)) != OK)
        return e;
    if ((e = roles_check_exist(a, mem, want->roles, &which)) != OK)
        return e;
    c.user = (struct user){ .username = want->username, .email = want->email };
    if ((e = password_store(a, mem, want->password, &c.user, &c.user.password)) != OK)
        return e;

    c.now = clock_ms() / 1000;
    if ((e = db_write(a->db, creation_store, &c)) != OK)
        return e;
    *id = c.user.id;
    return OK;
}

/* ERR_EXISTS: one account holds both names. */
static err both_names_check(struct auth *a, struct arena *mem, const struct new_account *want)
{
    struct user by_name, by_email;
    err e = claim_by_name(a->db, mem, NAME_USERNAME, want->username, &by_name);

    if (e == OK)
        e = claim_by_name(a->db, mem, NAME_EMAIL, want->email, &by_email);
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    return by_name.id == by_email.id ? ERR_EXISTS : OK;
}

err account_import(struct auth *a, struct arena *mem, const struct imported *want, int64_t *id)
{
    const struct new_account *account = &want->account;
    struct creation c = { .mem = mem, .roles = account->roles, .disabled = want->disabled };
    str which;
    err e, both;

    if (password_cost_us(account->password) < 0)
        return ERR_HASH_UNKNOWN;
    e = account_check_free(a, mem, account->username, account->email);
    if (e == ERR_USERNAME_TAKEN || e == ERR_EMAIL_TAKEN)
        return (both = both_names_check(a, mem, account)) == OK ? e : both;
    if (e != OK)
        return e;
    if ((e = roles_check_exist(a, mem, account->roles, &which)) != OK || want->dry)
        return e;
    c.user = (struct user){
        .username = account->username, .email = account->email, .password = account->password};
    c.now = clock_ms() / 1000;
    if ((e = db_write(a->db, creation_store, &c)) != OK)
        return e;
    *id = c.user.id;
    return OK;
}

err account_by_name(struct auth *a, struct arena *mem, str username, struct user *out)
{
    bool news = false;
    err e = name_check(username);

    if (e == ERR_BAD_REQUEST)
        return ERR_USER_UNKNOWN;
    if (e != OK)
        return e;
    e = claim_by_name(a->db, mem, NAME_USERNAME, username, out);
    if (e != ERR_NOT_FOUND)
        return e;
    if ((e = claim_foreign_rows(a, &news)) != OK)
        return e;
    e = news ? claim_by_name(a->db, mem, NAME_USERNAME, username, out) : ERR_NOT_FOUND;
    return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
}

/* What comes of it is of no interest, nor whether it fails. */
void account_ask_on(struct auth *a, struct arena *mem, str username, const struct user *user)
{
    struct user holder;
    bool news;

    if (str_is(user->username, username))
        (void)claim_by_key(a->db, mem, NAME_USERNAME, username, &holder);
    (void)claim_foreign_rows(a, &news);
}

/* A change of one account on its way into the database. */
struct change {
    struct arena *mem;
    int64_t id, now;            /* now: ms, when its turn came */
    int64_t keep;               /* a session that does not end; 0: none */
    bool signs_out;             /* and no more */
    str hash, verified, role;
    err (*apply)(struct db *db, const struct change *c, const struct user *user);
};

static err change_store(struct db *db, void *arg)
{
    struct change *c = arg;
    struct user user;
    err e = user_by_id_held(db, c->mem, c->id, &user);

    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
    c->now = clock_ms();
    return c->apply(db, c, &user);
}

/* For the changes whose callers bring no arena. */
static err change_alone(struct auth *a, struct change *c)
{
    struct arena mem;
    err e;

    arena_init(&mem, CHANGE_MEMORY);
    c->mem = &mem;
    e = db_write(a->db, change_store, c);
    arena_end(&mem);
    return e;
}

static err state_of(struct db *db, const struct user *user, struct account_state *out)
{
    return account_state_of(db, user->id, user->created_at, out);
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Behind all tokens that there are, the sessions of which were used last at `used_at` (ms; 0: there
 * are none). Times are whole seconds, and a token of this one may be dated ahead of it: by a clock
 * ahead of ours, by an earlier cut-off, or by whatever else token_issue puts it behind. */
static err tokens_cut(struct db *db, const struct change *c, const struct user *user,
                      int64_t used_at, struct account_state *state)
{
    int64_t now = clock_ms() / 1000, soon = now + AHEAD_MOST - 1, from;
    err e = access_tokens_from(db, c->mem, &from);

    if (e != OK)
        return e;
    /* Where no session is there to end, what is dated ahead was cut off before. */
    if (c->signs_out && !used_at && state->tokens_from > now)
        return OK;
    from = later(later(from, now), later(user->created_at, state->tokens_from));
    from = later(from, used_at / 1000 < soon ? used_at / 1000 : soon);
    /* Who signs in and out without a pause would date his tokens so far ahead that they open nothing
     * for long. What an operator does is done. */
    if (from - now >= AHEAD_MOST && (c->signs_out || c->verified.p))
        return ERR_BUSY;
    state->tokens_from = from + 1;
    return OK;
}

/* Access tokens without a session by the cut-off, all else by its rows. The clock is read
 * behind the rows: what used one before it was gone has dated its token before. */
static err sessions_end(struct db *db, const struct change *c, const struct user *user,
                        struct account_state *state)
{
    int64_t used_at;
    err e;

    if ((e = sessions_of_user_used(db, user->id, c->keep, &used_at)) != OK)
        return e;
    if ((e = sessions_of_user_delete(db, user->id, c->keep)) != OK)
        return e;
    if ((e = tokens_cut(db, c, user, used_at, state)) != OK)
        return e;
    if ((e = revocation_of_user(db, user->id, c->keep, state->tokens_from)) != OK)
        return e;
    return refreshes_of_user_delete(db, user->id);
}

static err cut_off(struct db *db, const struct change *c, const struct user *user,
                   struct account_state *state)
{
    err e = sessions_end(db, c, user, state);

    return e != OK ? e : account_state_set(db, user->id, user->created_at, state);
}

static err failures_forget(struct db *db, const struct user *user)
{
    struct failure_key key = failure_key_of_account(user->id, user->created_at);

    return failure_delete(db, &key);
}

/* Whoever proved the old password did so before two hashes and a queue. */
static err verified_check(struct db *db, const struct change *c, const struct user *user,
                          const struct account_state *state)
{
    struct session_row row;
    err e;

    if (!c->verified.p)
        return OK;
    if (state->disabled_at)
        return ERR_TOKEN_INVALID;
    if (!str_is(user->password, c->verified))
        return ERR_CURRENT_WRONG;
    if (!c->keep)
        return OK;
    e = session_times_by_id(db, c->keep, &row);
    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_TOKEN_INVALID : e;
    return row.user_id == user->id && row.user_created == user->created_at ? OK
                                                                           : ERR_TOKEN_INVALID;
}

/* Guesses at the old password say nothing of the new one. */
static err apply_password(struct db *db, const struct change *c, const struct user *user)
{
    struct account_state state;
    err e;

    if ((e = state_of(db, user, &state)) != OK)
        return e;
    if ((e = verified_check(db, c, user, &state)) != OK)
        return e;
    if ((e = failures_forget(db, user)) != OK)
        return e;
    if ((e = user_update_password(db, user->id, c->hash, c->now / 1000)) != OK)
        return e;
    return cut_off(db, c, user, &state);
}

static err apply_disable(struct db *db, const struct change *c, const struct user *user)
{
    struct account_state state;
    err e;

    if ((e = state_of(db, user, &state)) != OK)
        return e;
    if (!state.disabled_at)
        state.disabled_at = c->now;
    return cut_off(db, c, user, &state);
}

static err apply_enable(struct db *db, const struct change *c, const struct user *user)
{
    struct account_state state;
    err e;

    (void)c;                    /* every change has one shape */
    if ((e = state_of(db, user, &state)) != OK)
        return e;
    state.disabled_at = 0;
    return account_state_set(db, user->id, user->created_at, &state);
}

static err apply_delete(struct db *db, const struct change *c, const struct user *user)
{
    struct account_state state;
    err e;

    if ((e = state_of(db, user, &state)) != OK)
        return e;
    if ((e = sessions_end(db, c, user, &state)) != OK)
        return e;
    e = failures_forget(db, user);
    return e != OK ? e : user_delete(db, user->id);
}

static err apply_unlock(struct db *db, const struct change *c, const struct user *user)
{
    (void)c;                    /* every change has one shape */
    return failures_forget(db, user);
}

static err apply_sign_out(struct db *db, const struct change *c, const struct user *user)
{
    struct account_state state;
    err e;

    if ((e = state_of(db, user, &state)) != OK)
        return e;
    return cut_off(db, c, user, &state);
}

static err apply_give_role(struct db *db, const struct change *c, const struct user *user)
{
    struct role role;
    err e;

    if ((e = role_named(db, c->mem, c->role, &role)) != OK)
        return e;
    return user_role_insert(db, user->id, role.id, c->now / 1000);
}

static err apply_take_role(struct db *db, const struct change *c, const struct user *user)
{
    struct role role;
    err e;

    if ((e = role_named(db, c->mem, c->role, &role)) != OK)
        return e;
    e = user_role_delete(db, user->id, role.id);
    return e == ERR_NOT_FOUND ? OK : e;
}

err account_set_password(struct auth *a, struct arena *mem, int64_t id, str password)
{
    return account_change_password(
        a, mem, &(struct new_password){.id = id, .password = password});
}

err account_change_password(struct auth *a, struct arena *mem, const struct new_password *want)
{
    struct change c = { .mem = mem, .id = want->id, .keep = want->keep,
                        .verified = want->verified, .apply = apply_password };
    struct user user;
    err e;

    if ((e = user_by_id(a->db, mem, want->id, &user)) != OK)
        return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
    if ((e = password_store(a, mem, want->password, &user, &c.hash)) != OK)
        return e;
    return db_write(a->db, change_store, &c);
}

err account_sign_out(struct auth *a, int64_t id, int64_t keep)
{
    return change_alone(
        a, &(struct change){.id = id, .keep = keep, .signs_out = true, .apply = apply_sign_out});
}

err account_disable(struct auth *a, int64_t id)
{
    return change_alone(a, &(struct change){ .id = id, .apply = apply_disable });
}

err account_enable(struct auth *a, int64_t id)
{
    return change_alone(a, &(struct change){ .id = id, .apply = apply_enable });
}

err account_unlock(struct auth *a, int64_t id)
{
    return change_alone(a, &(struct change){ .id = id, .apply = apply_unlock });
}

err account_delete(struct auth *a, int64_t id)
{
    return change_alone(a, &(struct change){ .id = id, .apply = apply_delete });
}

err account_give_role(struct auth *a, struct arena *mem, int64_t id, str role)
{
    return db_write(
        a->db, change_store,
        &(struct change){.mem = mem, .id = id, .role = role, .apply = apply_give_role});
}

err account_take_role(struct auth *a, struct arena *mem, int64_t id, str role)
{
    return db_write(
        a->db, change_store,
        &(struct change){.mem = mem, .id = id, .role = role, .apply = apply_take_role});
}
