// SPDX-License-Identifier: MIT
/* key.h - secrets as people bring them: which are too weak, and how a JWK spells one. */
#ifndef CRYPTO_KEY_H
#define CRYPTO_KEY_H

#include "base/arena.h"
#include "base/err.h"

enum { SECRET_BYTES_MIN = 32 };     /* RFC 7518 section 3.2: as long as the hash's output */

/* Whether `secret` may sign tokens in production.  RFC 8725 section 3.5.
 *
 * ERR_BAD_SETTING for one that tutorials and tools have published (in any case of letters, blanks
 * around it), one under 32 bytes, or one that is a short text written again and again; *reason then
 * says so in words that follow "the token secret ". The secret is never in them. */
err secret_check(str secret, const char **reason);

/* The secret in a JSON Web Key that verifies HS256.  RFC 7517 section 4, RFC 7518 section 6.4.
 *
 * Of any length, for published vectors have short ones. It lies in `mem`. ERR_BAD_SETTING for what
 * is no such key, or a key for something else; *reason becomes one short word: "json", "key-type",
 * "algorithm", "key-use", "key-ops", "key". ERR_NO_MEMORY at the arena's limit, with "memory". */
err jwk_parse(struct arena *mem, str text, str *secret, const char **reason);

#endif
