// SPDX-License-Identifier: MIT
/* throttle.h - what this node remembers of who tries: addresses, and attempts that are under way.
 *
 * The memory is taken once and never grows, however many addresses come. An address is a bucket of
 * attempts that fills again by time. Where the table is full a newcomer takes the place of the
 * address that has most left, and goes on from what that one had: nobody gets a full bucket by
 * driving himself out. Addresses are found by a keyed hash, so nobody chooses whose place he takes.
 *
 * Locks live in here; any thread may call. */
#ifndef AUTH_THROTTLE_H
#define AUTH_THROTTLE_H

#include "store/failure.h"

enum { THROTTLE_ADDRESS_BYTES = 16, THROTTLE_ADDRESSES = 65536 };

struct throttle;

/* NULL without memory. `addresses` is rounded up to a power of two; 16 bytes each. */
struct throttle *throttle_new(size_t addresses);
void throttle_free(struct throttle *throttle);

/* ---- addresses */

/* So many attempts at once, and so many more a minute. Both at least 1. An address has a bucket of
 * each kind. */
struct bucket_rule {
    int64_t burst, per_minute;
    enum { BUCKET_FAILURES, BUCKET_SIGNUPS } kind;
};

/* What is left in a bucket, and how long until there is one more. */
struct bucket_level { int64_t left, wait_ms; };

/* Take one attempt of an address: IPv4 as ::ffff:a.b.c.d; of IPv6 the /64 counts. `now` is
 * monotonic ms. False, and nothing was taken, when none is left. */
bool bucket_take(struct throttle *throttle, const struct bucket_rule *rule,
                 const unsigned char address[static THROTTLE_ADDRESS_BYTES], int64_t now,
                 struct bucket_level *level);

/* The same without taking it. */
bool bucket_holds(struct throttle *throttle, const struct bucket_rule *rule,
                  const unsigned char address[static THROTTLE_ADDRESS_BYTES], int64_t now,
                  struct bucket_level *level);

/* Give one back. False when the address was driven out meanwhile. */
bool bucket_return(struct throttle *throttle, const struct bucket_rule *rule,
                   const unsigned char address[static THROTTLE_ADDRESS_BYTES], int64_t now,
                   struct bucket_level *level);

/* Addresses that the table holds now; for tests. */
size_t throttle_addresses(struct throttle *throttle);

/* ---- attempts under way */

/* One attempt at something that failure.h counts. It lies with the caller and is in the throttle's
 * list from flight_begin, where that returns true, to flight_end. */
struct flight {
    struct flight *next;
    struct failure_key key;
    bool written;                     /* the database counts it as a failure already */
};

/* What happened at a key up to now: to be asked before its row is read. */
struct flight_past { uint64_t failed, ended; };
struct flight_past flights_past(struct throttle *throttle, const struct failure_key *key);

/* Let it begin when fewer than `most` others at its key are under way that the database does not
 * know of. False also when one has failed since `past`: what was read of the database is no longer
 * so; *stale says which. */
bool flight_begin(struct throttle *throttle, struct flight *flight, int64_t most,
                  const struct flight_past *past, bool *stale);

/* `failed`: the database was told of a failure. */
void flight_end(struct throttle *throttle, struct flight *flight, bool failed);

/* The database counts it now. */
void flight_is_written(struct throttle *throttle, struct flight *flight);

/* Wait until an attempt at this key has ended since `past`. False at once when none is under way,
 * or when many wait already; false too at `deadline`, monotonic ms. */
bool flight_wait(struct throttle *throttle, const struct failure_key *key,
                 const struct flight_past *past, int64_t deadline);

#endif
