// SPDX-License-Identifier: MIT
/* seal.h - secrets that lie in a database, closed with a key that does not (XChaCha20-Poly1305).
 *
 * What a seal belongs to is a part of it: taken to another place it does not open. */
#ifndef CRYPTO_SEAL_H
#define CRYPTO_SEAL_H

#include "base/buf.h"

struct seal_key {
    unsigned char bytes[32];
    bool is_there;
};

/* From a secret of any length, as secret_check wants it; not kept. */
void seal_key_init(struct seal_key *key, str secret);
void seal_key_end(struct seal_key *key); /* wipes */

/* Close `plain` for what `belongs` says, as base64url in `mem`. A nonce is drawn each time. */
err seal_close(const struct seal_key *key, struct arena *mem, str plain, str belongs, str *out);

/* Open one, into `mem`. ERR_BAD_SETTING: another key, another place, or changed. */
err seal_open(const struct seal_key *key, struct arena *mem, str sealed, str belongs, str *plain);

#endif
