// SPDX-License-Identifier: MIT
/* lease.h - a bounded pool of connections to a database; db.c alone includes this.
 *
 * Callers keep a struct db of their own, a shell: it takes a connection when it first needs one and
 * gives it back when db_rest says so. All shells of one URL share one pool. A database that is down
 * is found out by one caller at a time; the others are told at once instead of waiting in turn. */
#ifndef STORE_LEASE_H
#define STORE_LEASE_H

#include "store/db_engine.h"

/* A shell of the pool that `config` describes; the pool is made with its first shell and ends with
 * its last. Nothing is connected yet. `place` is the URL behind its scheme. ERR_NO_MEMORY. */
err lease_open(const struct db_config *config, const struct engine *engine, str place,
               struct db **out);

#endif
