// SPDX-License-Identifier: MIT
/* attempt.h - a try at a secret: may it be made, and what came of it.
 *
 * Every door behind which something can be guessed passes here before it spends a hash, and again
 * behind it. Two things are counted: attempts of the client's address, by this node (throttle.h);
 * and failures in a row of the account, in the database (store/failure.h), so that all nodes and
 * all doors share one count, whatever spelling was used, and a restart forgets nothing. An attempt
 * is reserved before the hash and given back by a success, so that many at once get no further than
 * many in a row.
 *
 * What an account may fail for nothing is rules->throttle.account_free; from then on each failure
 * makes it wait, twice as long as the one before. A client that shows the account's proof of a
 * known device (device.h) is counted by that device instead and neither waits for what others did
 * nor is stopped by its address; what it fails counts for the account too.
 *
 * A name that nobody has is counted as an account is, under a keyed hash, and refused with the same
 * answers; those rows are bounded in number, and the oldest go. */
#ifndef AUTH_ATTEMPT_H
#define AUTH_ATTEMPT_H

#include "auth/auth.h"
#include "auth/throttle.h"
#include "store/user.h"

/* Rows of names that nobody has, and of devices, that the database keeps. */
enum { FAILURE_NAMES_MAX = 65536, FAILURE_DEVICES_MAX = 65536 };

/* Where a wait begins and ends is a matter of rules->throttle. */
struct attempt {
    bool counts;                      /* throttling is on */
    bool nameless;
    bool known;                       /* by a device's proof */
    bool took;                        /* from the address */
    struct flight flight;             /* at the account, the name or the device */
    struct failure_key account;       /* what a known device's failures count for as well */
    struct failure_row before, now;   /* of flight.key: as it was, as it was reserved */
};

/* A first look, before the database is asked whom it is about: who shows no proof of ours and whose address has nothing left is refused in any case. ERR_TOO_MANY. */
err attempt_check(struct auth *a);

/* May it be made?  `user` is whom it is about, or NULL for nobody, of whom `name` is what was
 * typed. OK: *out is reserved, and attempt_end must follow. ERR_TOO_MANY, and a->limit says of what
 * and for how long; it is the same for a name that nobody has. ERR_NO_MEMORY, or a failure of the
 * database: it may not be made. May wait, a second at most, for others at the same account. */
err attempt_begin(struct auth *a, struct arena *mem, const struct user *user, str name,
                  struct attempt *out);

/* What came of it. OK gives back what was reserved and forgets the failures before it.
 * ERR_USER_UNKNOWN, ERR_PASSWORD_WRONG, ERR_CURRENT_WRONG and the two of a name that is taken are
 * failures; anything else was no attempt, but ERR_CLIENT_GONE costs the address what it took.
 * Returns `verdict`, or why a failure could not be counted: then nobody may be told of it. */
err attempt_end(struct auth *a, struct attempt *attempt, err verdict);

/* The same for what concerns no account but whether a name is free: counts for the address alone.
 * Each one, whatever comes of it, also takes one of the sign-ups that an address has. */
err attempt_begin_nameless(struct auth *a, struct attempt *out);

/* ms that an account waits after so many failures in a row. */
int64_t failures_wait(const struct throttle_rules *rules, int64_t failures);

#endif
