// SPDX-License-Identifier: MIT
/* session.h - being signed in: trade a name and a password for a token, and that for the next. */
#ifndef AUTH_SESSION_H
#define AUTH_SESSION_H

#include "auth/account.h"

struct session {
    struct user user;
    struct strs roles;              /* names as the table spells them, in role order */
    str access_token;
    int64_t issued_at;              /* seconds since 1970 */
    int64_t id;                     /* 0: rules->sessions gives none */
    int64_t ends_at;                /* when it ends unless it is used, ms since 1970 */
    str device_proofs;              /* for the client to keep (device.h); p == NULL: none */
    str refresh_token;              /* p == NULL: rules->sessions gives none */
};

/* ERR_USER_UNKNOWN, ERR_PASSWORD_WRONG (also for a disabled account, and for a stored hash that
 * nobody can read), ERR_NOT_UNICODE; ERR_TOO_MANY (attempt.h). Under rules->strict_time an unknown
 * name costs as much as a wrong password. Hashes: not on a loop's thread. */
err session_open(struct auth *a, struct arena *mem, str username, str password,
                 struct session *out);

/* Trade a refresh token, as rules->sessions has them, for a new access token: sets out->user and
 * both tokens, no roles. ERR_REFRESH_UNKNOWN, ERR_REFRESH_EXPIRED; ERR_BUG where there are none. */
err session_refresh(struct auth *a, struct arena *mem, str refresh_token, struct session *out);

struct password_change {
    int64_t user_id, session_id;
    str current, next;
    str device_proofs;              /* written: as of struct session */
};

/* Change a password by who knows the current one; ends all sessions but session_id, and all tokens
 * without one. ERR_CURRENT_WRONG (also when somebody else changed it meanwhile), ERR_TOKEN_INVALID
 * (the account was disabled, or the session ended); ERR_TOO_MANY; else as account_set_password.
 * Hashes twice; twice again when a sign-in made the hash anew meanwhile. */
err session_change_password(struct auth *a, struct arena *mem, struct password_change *want);

#endif
