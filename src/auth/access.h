// SPDX-License-Identifier: MIT
/* access.h - who is calling, and may they: read from the database at each check.
 *
 * What was read may be kept only as long as db_version() stays the same, so a change by anybody, in
 * any process, holds at the next request. Where the engine cannot tell (-1) nothing is kept. */
#ifndef AUTH_ACCESS_H
#define AUTH_ACCESS_H

#include "auth/auth.h"

struct access_cache;

/* One a thread, some 80 KB, direct-mapped by id. NULL when there is no memory. */
struct access_cache *access_cache_new(void);
void access_cache_free(struct access_cache *cache);

/* Who is calling. One who shows a token that anybody could have made is at most a user. */
struct caller {
    int64_t user_id;
    bool forgeable;
    int64_t session_id;           /* 0: without a session */
    bool roles_read;              /* along with the rest, where nothing may be kept */
    struct strs roles;            /* in the request's arena */
};

/* Verify an access token and that its account is there, enabled, and older than the token (an id
 * that a later row reuses does not revive an old token), and that no cut-off lies between: the
 * account's own, or the one for all (access_tokens_from). A token that does not say when it was
 * issued passes unless rules->iat_required says no or its account has a cut-off. `now` in seconds.
 * One with a session counts as long as that is on (sessions.h), whatever the account's own cut-off:
 * who cuts off ends sessions too. *out only on OK. ERR_TOKEN_INVALID; in SESSIONS_SEQUEL
 * ERR_TOKEN_EXPIRED for one that is only too old, which that client asks for; or a failure of the
 * database. */
err access_by_token(struct auth *a, struct arena *mem, str token, int64_t now, struct caller *out);

/* The cut-off for all accounts, in seconds since 1970: tokens issued before are refused. It is kept
 * in latchkey_meta as "tokens_from"; 0 where it is not, or is no number. */
err access_tokens_from(struct db *db, struct arena *mem, int64_t *out);

/* Does the caller's account hold one of these roles?  `any_of` separates names by '|'. Of a
 * forgeable caller no role counts but "user". OK, ERR_ROLE_MISSING, or a failure of the
 * database. */
err access_has_role(struct auth *a, struct arena *mem, struct caller caller, str any_of);

#endif
