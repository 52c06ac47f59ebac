// SPDX-License-Identifier: MIT
/* decoy.h - a hash for each name that nobody has, so that asking for it takes as long.
 *
 * Where all hashes cost the same, the policy's cost would do. Where costs are mixed (a database
 * that was taken over, an import, a policy that was raised) an unknown name must have one of the
 * costs that known names have, always the same one, as often as known names have it. So a sample of
 * the stored hashes is kept, by cost, and a keyed hash of the canonical name draws from it: stable
 * over restarts, and nobody else can compute it.
 *
 * The sample is some hundreds of rows by primary key, spread over all ids, taken at the first
 * sign-in and again every ten minutes, whoever signs in then. One lock guards it; any thread may
 * call. */
#ifndef AUTH_DECOY_H
#define AUTH_DECOY_H

#include "auth/auth.h"

struct decoys;

struct decoys *decoys_new(void);          /* NULL without memory */
void decoys_free(struct decoys *decoys);  /* wipes; NULL is fine */

/* Take the sample when that is due. To be called for known and unknown names alike, before either
 * is looked up. A database that fails leaves the sample as it was. */
void decoys_follow(struct auth *a, struct arena *mem);

/* The hash of an unknown name: no password opens it, checking one costs what it costs for a known
 * name. p == NULL where nothing is known, or where it drew a stored hash that nobody can read: the
 * policy's cost is to be spent then, as it is for such a row. */
str decoy_of(struct auth *a, struct arena *mem, str name);

#endif
