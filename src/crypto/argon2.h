// SPDX-License-Identifier: MIT
/* argon2.h - Argon2 version 1.3 (RFC 9106), and its hashes as text.
 *
 *   $argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$dQ3Yb...
 *
 * All three kinds (d, i, id) and any number of lanes are read; lanes are filled one after another
 * in the calling thread. Argon2id is written. Any thread may call any of these. */
#ifndef CRYPTO_ARGON2_H
#define CRYPTO_ARGON2_H

#include "base/arena.h"
#include "base/err.h"
#include "crypto/argon2_block.h"
#include "crypto/room.h"

enum argon2_kind { ARGON2_D, ARGON2_I, ARGON2_ID };

enum {
    ARGON2_SALT_BYTES = 16, ARGON2_TAG_BYTES = 32,          /* of what is written */
    ARGON2_SALT_MAX = 64, ARGON2_TAG_MAX = 64,              /* of what is read */
    ARGON2_MEMORY_MAX = 256 << 10, ARGON2_PASSES_MAX = 64, ARGON2_LANES_MAX = 16,
};

struct argon2_cost {
    uint32_t memory;           /* KiB; from 8 a lane to ARGON2_MEMORY_MAX */
    uint32_t passes, lanes;    /* from 1 */
};

/* A hash taken apart. */
struct argon2_hash {
    enum argon2_kind kind;
    struct argon2_cost cost;
    unsigned char salt[ARGON2_SALT_MAX], tag[ARGON2_TAG_MAX];
    size_t salt_n, tag_n;
};

/* Read a hash: parameters within the bounds above, a salt of at least 8 bytes, a tag of at
 * least 16. ERR_HASH_UNKNOWN for everything else; *out is then anything. */
err argon2_parse(str hash, struct argon2_hash *out);

/* As text, in `mem`. ERR_NO_MEMORY. */
err argon2_write(struct arena *mem, const struct argon2_hash *hash, str *out);

/* Compute the tag of `what`, tag_n bytes, from its kind, cost and salt. `block` is a version of the
 * compression function, argon2_block_best() as a rule. Memory comes from `room`, which may be NULL.
 * ERR_BUG for a cost out of bounds, ERR_NO_MEMORY. */
err argon2_fill(struct room *room, argon2_block_fn *block, str password, struct argon2_hash *what);

/* What a hash costs, in microseconds of a core. */
int64_t argon2_cost_us(const struct argon2_cost *cost);

#endif
