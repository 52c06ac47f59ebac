// SPDX-License-Identifier: MIT
/* sequel.h - refresh tokens as the tutorial's sequel has them: a UUID in a table, good until it
 * expires, the same after each use. For clients that count on that; sessions.h is better in all. */
#ifndef AUTH_SEQUEL_H
#define AUTH_SEQUEL_H

#include "auth/auth.h"
#include "auth/proven.h"
#include "store/user.h"

enum { UUID_CHARS = 36 };

/* A random UUID (RFC 9562 section 5.4) as text: 36 characters, no NUL. */
void uuid_write(char out[static UUID_CHARS]);

/* Store a new refresh token for an account; it lies in `mem`. Fails as proven_hold does. */
err sequel_begin(struct auth *a, struct arena *mem, struct proven *who, str *token);

/* Whose token is it, and what was said of him while it was good?  ERR_REFRESH_UNKNOWN (also when
 * its account is gone or disabled), ERR_REFRESH_EXPIRED: then it is deleted. */
err sequel_refresh(struct auth *a, struct arena *mem, str token, struct user *out,
                   struct account_state *state);

#endif
