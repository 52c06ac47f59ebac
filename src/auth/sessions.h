// SPDX-License-Identifier: MIT
/* sessions.h - sessions of our own: begun by a sign-in, kept up by refresh tokens, ended by many.
 *
 * A refresh token is 48 bytes in base64url: the session's id, a counter, and an HMAC-SHA-256 over
 * both, keyed with the session's own 128-bit secret and the server's key together. Neither a leaked
 * key nor a leaked database forges one, and none is stored. Each use answers the token with the
 * next counter. The one before is answered with that same token within rules->session_grace: two
 * tabs, or an answer that was lost. An older one is somebody else's copy: it ends the session and
 * is the event refresh_reused. */
#ifndef AUTH_SESSIONS_H
#define AUTH_SESSIONS_H

#include "auth/auth.h"
#include "auth/proven.h"
#include "store/session.h"
#include "store/user.h"

enum {
    SESSION_TOKEN_CHARS = 64,
    SESSIONS_PER_USER = 64,           /* one more ends the one that was not used for longest */
    SESSION_TEXT_MAX = 255,           /* bytes of what a client says of itself */
};

/* Begin one for an account, with what a->device says of the client. The token lies in `mem`.
 * Fails as proven_hold does. */
err sessions_begin(struct auth *a, struct arena *mem, struct proven *who, int64_t *id, str *token);

struct refreshed {
    struct user user;
    struct account_state state;
    int64_t now;                      /* ms; it and the state are from before the token's use */
    int64_t session_id, ends_at;      /* ms */
    str token;
};

/* Use a refresh token. Of any number of simultaneous uses of one, one goes on to the next token and
 * the others are answered the same one. ERR_REFRESH_UNKNOWN for whatever is wrong with it: forged,
 * used before, its session over, its account gone or disabled. */
err sessions_refresh(struct auth *a, struct arena *mem, str token, struct refreshed *out);

/* End the session of a refresh token, whichever of its tokens that is. OK also when it is
 * nobody's. */
err sessions_end_by_token(struct auth *a, struct arena *mem, str token);

/* What an access token says of its session; user_created is the account's, in seconds. */
struct session_claim { int64_t id, user_id, user_created; };

/* When it ends unless it is used, ms since 1970: at its end, or idle for too long. 0: there is
 * none, or it is another account's. */
err sessions_end_of(struct auth *a, const struct session_claim *claim, int64_t *ends_at);

/* The same, of what was read of it; an id of 0 is none. */
int64_t sessions_end_of_row(const struct auth_rules *rules, const struct session_claim *claim,
                            const struct session_row *row);

/* An account's sessions that are on, the one used last first; none of an earlier one with its id. */
struct session_rows { struct session_row *at; size_t n; };
err sessions_of_user(struct auth *a, struct arena *mem, int64_t user_id, struct session_rows *out);

/* End one: ERR_NOT_FOUND when it is not this account's. */
err sessions_end_one(struct auth *a, int64_t user_id, int64_t id);
#endif
