// SPDX-License-Identifier: MIT
/* access.h - who is calling, and may they: read from the database at each check.
 *
 * What was read may be kept only as long as db_version() stays the same, so a change by anybody, in
 * any process, holds at the next request. */
#ifndef AUTH_ACCESS_H
#define AUTH_ACCESS_H

#include "auth/auth.h"

struct access_cache;

struct access_cache *access_cache_new(void);
void access_cache_free(struct access_cache *cache);

/* Verify an access token and that its account is there, enabled, and older than the token (an id
 * that a later row reuses does not revive an old token). `now` in seconds. *user_id only on OK.
 * ERR_TOKEN_INVALID, or a failure of the database. */
err access_by_token(struct auth *a, struct arena *mem, str token, int64_t now, int64_t *user_id);

/* Does the account hold one of these roles?  `any_of` separates names by '|'. OK or ERR_ROLE_MISSING. */
err access_has_role(struct auth *a, struct arena *mem, int64_t user_id, str any_of);

#endif
