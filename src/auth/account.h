// SPDX-License-Identifier: MIT
/* account.h - accounts: sign up, find, change, disable, delete; their roles.
 *
 * Nothing here decides who may call it: the web's steps and the command line do. */
#ifndef AUTH_ACCOUNT_H
#define AUTH_ACCOUNT_H

#include "auth/auth.h"
#include "store/role.h"
#include "store/user.h"

/* A sign-up. username and email may be NULL strs (p == NULL) where the tutorial's may; NULL equals
 * NULL, as there. */
struct new_account {
    str username, email, password;
    struct strs roles; /* names, repeated or not; n == 0: the default role */
};

/* Is the name, or else the address, taken?  OK, ERR_USERNAME_TAKEN, ERR_EMAIL_TAKEN;
 * ERR_NOT_UNICODE, ERR_BAD_REQUEST (over 255 code points). A first look: account_create decides. */
err account_check_free(struct auth *a, struct arena *mem, str username, str email);

/* Do all these roles exist?  OK, or ERR_ROLE_UNKNOWN with *which set to the first that does not. */
err roles_check_exist(struct auth *a, struct arena *mem, struct strs names, str *which);

/* The role of who names none: "user", else the one whose id is 1, as the tutorial has it. Without
 * both there is none, ERR_ROLE_UNKNOWN: whatever is left may be more than anybody shall get. */
err role_default(struct db *db, struct arena *mem, struct role *out);

/* Hash the password (its NFC), then store account, names and roles in one transaction; of any
 * number of simultaneous calls for one name exactly one succeeds. ERR_USERNAME_TAKEN,
 * ERR_EMAIL_TAKEN, ERR_ROLE_UNKNOWN (also when there is no default one), ERR_PASSWORD_POLICY
 * (policy.h; a->refusal says why), ERR_NOT_UNICODE, ERR_BAD_REQUEST (a name over 255 code points).
 * Hashes: not on a loop's thread. */
err account_create(struct auth *a, struct arena *mem, const struct new_account *want, int64_t *id);

/* Store an account whose password was hashed elsewhere: `want->password` is the hash, of a kind
 * that password_check reads. Everything of it is stored or nothing. `dry`: find out what would
 * happen, store nothing. ERR_EXISTS when the account is there already, by both its names;
 * ERR_USERNAME_TAKEN and ERR_EMAIL_TAKEN when another has one; ERR_HASH_UNKNOWN; else as
 * account_create. */
struct imported { struct new_account account; bool disabled, dry; };

err account_import(struct auth *a, struct arena *mem, const struct imported *want, int64_t *id);

/* The account behind a name, however it is spelled (name.h): an exact spelling first, of several
 * the lowest id. Rows that another program wrote beside us are found too. ERR_USER_UNKNOWN,
 * ERR_NOT_UNICODE. */
err account_by_name(struct auth *a, struct arena *mem, str username, struct user *out);

/* Ask what account_by_name would have asked on had `username` not found `user`: for the time that
 * it takes. */
void account_ask_on(struct auth *a, struct arena *mem, str username, const struct user *user);

/* All of these: ERR_USER_UNKNOWN when there is no such account. What a change cuts off is every
 * token issued before it, those too that are dated a little ahead; session_open dates later ones
 * behind it. ERR_BUSY: an owner has cut off so often within seconds that those would lie too far
 * ahead. */

/* Its tokens stop. Fails as account_create does about the password, and hashes too. */
err account_set_password(struct auth *a, struct arena *mem, int64_t id, str password);

/* By who knows `verified`, the hash of the old one, in the session `keep`, which stays (0: none).
 * ERR_CURRENT_WRONG: it has another hash by now; ERR_TOKEN_INVALID: the account was disabled, or
 * that session is over. Without a hash (p == NULL) neither is asked. */
struct new_password { int64_t id; str password, verified; int64_t keep; };

err account_change_password(struct auth *a, struct arena *mem, const struct new_password *want);

err account_sign_out(struct auth *a, int64_t id, int64_t keep);      /* everywhere but in `keep` */
err account_disable(struct auth *a, int64_t id);        /* its tokens stop at the next request */
err account_enable(struct auth *a, int64_t id);         /* tokens from before stay refused */
err account_unlock(struct auth *a, int64_t id);         /* its failed attempts are forgotten */
err account_delete(struct auth *a, int64_t id);         /* with its roles and names */

/* Twice is OK, and so is taking what it does not hold. ERR_ROLE_UNKNOWN. */
err account_give_role(struct auth *a, struct arena *mem, int64_t id, str role);
err account_take_role(struct auth *a, struct arena *mem, int64_t id, str role);

#endif
