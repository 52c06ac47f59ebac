// SPDX-License-Identifier: MIT
/* revocations.h - what ended before its access tokens did, told to those who verify tokens by
 * themselves: sessions that ended, and accounts that signed out everywhere, changed their password,
 * were disabled or deleted.
 *
 * Kept as long as a token of then may live. Not told is what ends by itself, a session that was not
 * used or is too old: no access token outlives that. */
#ifndef AUTH_REVOCATIONS_H
#define AUTH_REVOCATIONS_H

#include "auth/auth.h"
#include "store/revocation.h"

enum {
    REVOCATIONS_PAGE = 4096,     /* entries in one answer */
    REVOCATIONS_OVERLAP = 60000, /* ms: a commit, or another node's clock, may be so late */
    REVOCATIONS_GOOD = 300,      /* seconds an answer is good */
};

/* Inside db_write: note that a session ended; or that an account's tokens from before `seconds`
 * did, but those of the session `keep` (0: none). */
err revocation_of_session(struct db *db, int64_t user_id, int64_t session_id);
err revocation_of_user(struct db *db, int64_t user_id, int64_t keep, int64_t seconds);

/* What is asked for: everything that still matters from `since` (ms) on; 0: all. */
struct revocations_asked {
    int64_t since, now;
}; /* both ms */

/* The payload:
 *   iss       as tokens have it, where there is one
 *   iat, exp  seconds: made, good until
 *   since     what was asked; next: what to ask the next time (ms)
 *   more      there is more already: ask at once
 *   life      seconds: an entry matters for so long
 *   all       seconds: every token issued before is refused; 0: none
 *   sessions  ids (`sid`) of sessions that ended
 *   users     [id, seconds, sid]: tokens of the account issued before are refused, but those of
 * that session ("": none) It lies in `mem`. *digest tells one set of facts from another, whenever
 * it was asked for. */
err revocations_write(struct auth *a, struct arena *mem, const struct revocations_asked *asked,
                      str *payload, uint64_t *digest);

/* Forget those that nobody is told of any more; `life` is the rules' token_life. */
err revocations_forget(struct db *db, int64_t life);

#endif
