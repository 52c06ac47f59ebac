// SPDX-License-Identifier: MIT
/* device.h - devices that an account was signed in from: the proof that one shows.
 *
 * A proof is 64 bytes in base64url: account, device, when it was given, and an HMAC-SHA-256 over
 * these. It opens nothing; who shows it while others guess at the account does not have to wait for
 * them (attempt.h). None is stored. It ends with a change of password or a sign-out everywhere, as
 * tokens do, and after rules->throttle.device_ttl. A client keeps some of them in one text,
 * separated by dots, since several people may share a device. */
#ifndef AUTH_DEVICE_H
#define AUTH_DEVICE_H

#include "auth/auth.h"
#include "store/user.h"

enum { DEVICE_PROOF_CHARS = 86, DEVICE_PROOFS = 4, DEVICE_PROOFS_CHARS = 4 * 87 - 1 };

/* Whether one of a->proofs is ours, whosever it is and whether or not it still counts. */
bool device_is_any(const struct auth *a);

/* Set a->known_device to the number of the device whose proof for `user` is among a->proofs; 0:
 * none. For nobody (NULL) there is none, and it takes as long as for an account without one. */
err device_look_up(struct auth *a, struct arena *mem, const struct user *user);

/* The proofs that a client is to keep once it has signed in as `user`: a new one of his, for
 * a->known_device or a new device, and what it showed for others. `from` is when, in seconds:
 * behind all that ends proofs. *out is NULL where there are none. */
err device_proofs(struct auth *a, struct arena *mem, const struct user *user, int64_t from,
                  str *out);

#endif
