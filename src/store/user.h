// SPDX-License-Identifier: MIT
/* user.h - rows of `users` (the tutorial's six columns), and of our own tables about them:
 * latchkey_names (which canonical name belongs to which account, unique) and latchkey_accounts
 * (disabled, tokens' cut-off). Ours are bound to (id, createdAt), so a reused id inherits
 * nothing. */
#ifndef STORE_USER_H
#define STORE_USER_H

#include "store/db.h"

struct user {
    int64_t id;
    str username, email, password;        /* p == NULL where the column is NULL */
    int64_t created_at, updated_at;       /* seconds since 1970 */
};

/* What our own tables say of an account; all 0 where they say nothing. */
struct account_state {
    int64_t disabled_at;                  /* ms since 1970; 0: it is not */
    int64_t tokens_from;                  /* seconds: tokens issued before are refused */
};

enum name_kind { NAME_USERNAME = 1, NAME_EMAIL = 2 };

err user_by_id(struct db *db, struct arena *mem, int64_t id, struct user *out);

/* The same inside db_write: who holds a row is alone with it until that is over; who shares it only
 * keeps those out who hold it. */
err user_by_id_shared(struct db *db, struct arena *mem, int64_t id, struct user *out);
err user_by_id_held(struct db *db, struct arena *mem, int64_t id, struct user *out);

err user_by_username(struct db *db, struct arena *mem, str username, struct user *out);  /* exact */
err user_by_email(struct db *db, struct arena *mem, str email, struct user *out);        /* exact */

/* The account that holds a canonical name's key (64 hex digits), when its row is still the one that
 * claimed it. ERR_NOT_FOUND. */
err user_by_name_key(struct db *db, struct arena *mem, enum name_kind kind, str key,
                     struct user *out);

/* createdAt and updatedAt become `now` (seconds). Sets user->id. Inside db_write. */
err user_insert(struct db *db, struct user *user, int64_t now);
err user_update_password(struct db *db, int64_t id, str hash, int64_t now);

/* Put `to` in the place of the hash `from`, as long as it is still there; ERR_NOT_FOUND when not.
 * updatedAt stays: the password is the same. Inside db_write. */
err user_replace_hash(struct db *db, int64_t id, str from, str to);

err user_delete(struct db *db, int64_t id);       /* with its roles, names and state */

/* Claim a name for an account. ERR_EXISTS when a living account holds it; a claim whose account is
 * gone, or is another by createdAt, is taken over. Inside db_write. */
err name_claim(struct db *db, enum name_kind kind, str key, int64_t user_id, int64_t created_at);

/* Give up the claim on a name that this account holds; no claim is OK. Inside db_write. */
err name_release(struct db *db, enum name_kind kind, str key, int64_t user_id);

/* Accounts by id from `after` on, `limit` at most. */
typedef err user_row(void *arg, const struct user *user);
err users_after(struct db *db, struct arena *mem, int64_t after, int64_t limit, user_row *row,
                void *arg);

/* The highest id; 0 where there is none. */
err user_last_id(struct db *db, int64_t *id);

/* The first account from an id on, and its hash. ERR_NOT_FOUND behind the last. */
err user_hash_from(struct db *db, struct arena *mem, int64_t from, int64_t *id, str *hash);

err account_state_of(struct db *db, int64_t id, int64_t created_at, struct account_state *out);
err account_state_set(struct db *db, int64_t id, int64_t created_at,
                      const struct account_state *state);

/* How far rows that others wrote have been claimed: ids up to this one need no look (name_watermark
 * is kept in latchkey_meta). */
err watermark_read(struct db *db, int64_t *id);
err watermark_write(struct db *db, int64_t id);

/* Small facts that the program keeps: one text a key. ERR_NOT_FOUND. */
err meta_read(struct db *db, struct arena *mem, str key, str *value);
err meta_write(struct db *db, str key, str value);

#endif
