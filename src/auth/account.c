// SPDX-License-Identifier: MIT
/* account.c - accounts: sign up, find, change, disable, delete; their roles.
 *
 * A password is hashed before a transaction begins, never within one. Work inside db_write may run on
 * another thread's connection and more than once, so it lives on the struct it is given. */
#include "auth/account.h"

#include "auth/claim.h"
#include "auth/name.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "crypto/password.h"
#include "store/role.h"

enum {
    PASSWORD_TYPED_MAX = 1024,      /* bytes before NFC; composing does not shrink more to 72 */
    CHANGE_MEMORY = 256 << 10,
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

static err default_role(struct db *db, struct arena *mem, struct role *out)
{
    struct roles all;
    err e = role_by_name(db, mem, STR("user"), out);

    if (e != ERR_NOT_FOUND)
        return e;
    if ((e = roles_all(db, mem, &all)) != OK)
        return e;
    if (all.n == 0)
        return ERR_ROLE_UNKNOWN;
    *out = all.at[0];
    return OK;
}

/* A new password as it will be stored. */
static err password_store(struct auth *a, struct arena *mem, str password, str *hash)
{
    str nfc;
    err e;

    if (password.n > PASSWORD_TYPED_MAX)
        return ERR_PASSWORD_POLICY;
    if ((e = name_nfc(mem, password, &nfc)) != OK)
        return e;
    if (name_length(nfc) < a->rules->password_min)
        return ERR_PASSWORD_POLICY;
    db_rest(a->db);
    return password_hash(mem, nfc, a->rules->password_cost, hash);
}

/* A sign-up on its way into the database. */
struct creation {
    struct arena *mem;
    struct strs roles;
    struct user user;
    int64_t now;
};

static err creation_give_roles(struct db *db, const struct creation *c)
{
    struct role role;
    err e;

    if (c->roles.n == 0) {
        if ((e = default_role(db, c->mem, &role)) != OK)
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
        return e == ERR_EXISTS ? ERR_DB_AGAIN : e;     /* a name just taken, or rows put in past the ids' counter */
    if ((e = claim_insert(db, c->mem, NAME_USERNAME, &c->user)) != OK)
        return e == ERR_EXISTS ? ERR_USERNAME_TAKEN : e;
    if ((e = claim_insert(db, c->mem, NAME_EMAIL, &c->user)) != OK)
        return e == ERR_EXISTS ? ERR_EMAIL_TAKEN : e;
    return creation_give_roles(db, c);
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
    if ((e = password_store(a, mem, want->password, &c.user.password)) != OK)
        return e;

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

/* A change of one account on its way into the database. */
struct change {
    struct arena *mem;
    int64_t id, now;            /* now: ms */
    str hash, role;
    err (*apply)(struct db *db, const struct change *c, const struct user *user);
};

static err change_store(struct db *db, void *arg)
{
    const struct change *c = arg;
    struct user user;
    err e = user_by_id(db, c->mem, c->id, &user);

    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_USER_UNKNOWN : e;
    return c->apply(db, c, &user);
}

static err change_run(struct auth *a, struct change *c)
{
    c->now = clock_ms();
    return db_write(a->db, change_store, c);
}

/* For the changes whose callers bring no arena. */
static err change_alone(struct auth *a, struct change *c)
{
    struct arena mem;
    err e;

    arena_init(&mem, CHANGE_MEMORY);
    c->mem = &mem;
    e = change_run(a, c);
    arena_end(&mem);
    return e;
}

/* Times are whole seconds, so the cut-off lies behind the present one; it never moves back. */
static void tokens_cut(struct account_state *state, int64_t now)
{
    if (state->tokens_from < now / 1000 + 1)
        state->tokens_from = now / 1000 + 1;
}

static err state_of(struct db *db, const struct user *user, struct account_state *out)
{
    return account_state_of(db, user->id, user->created_at, out);
}

static err apply_password(struct db *db, const struct change *c, const struct user *user)
{
    struct account_state state;
    err e;

    if ((e = user_update_password(db, user->id, c->hash, c->now / 1000)) != OK)
        return e;
    if ((e = state_of(db, user, &state)) != OK)
        return e;
    tokens_cut(&state, c->now);
    return account_state_set(db, user->id, user->created_at, &state);
}

static err apply_disable(struct db *db, const struct change *c, const struct user *user)
{
    struct account_state state;
    err e;

    if ((e = state_of(db, user, &state)) != OK)
        return e;
    if (!state.disabled_at)
        state.disabled_at = c->now;
    tokens_cut(&state, c->now);
    return account_state_set(db, user->id, user->created_at, &state);
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
    (void)c;
    return user_delete(db, user->id);
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
    struct change c = { .mem = mem, .id = id, .apply = apply_password };
    err e;

    if ((e = password_store(a, mem, password, &c.hash)) != OK)
        return e;
    return change_run(a, &c);
}

err account_disable(struct auth *a, int64_t id)
{
    return change_alone(a, &(struct change){ .id = id, .apply = apply_disable });
}

err account_enable(struct auth *a, int64_t id)
{
    return change_alone(a, &(struct change){ .id = id, .apply = apply_enable });
}

err account_delete(struct auth *a, int64_t id)
{
    return change_alone(a, &(struct change){ .id = id, .apply = apply_delete });
}

err account_give_role(struct auth *a, struct arena *mem, int64_t id, str role)
{
    return change_run(a, &(struct change){ .mem = mem, .id = id, .role = role, .apply = apply_give_role });
}

err account_take_role(struct auth *a, struct arena *mem, int64_t id, str role)
{
    return change_run(a, &(struct change){ .mem = mem, .id = id, .role = role, .apply = apply_take_role });
}
