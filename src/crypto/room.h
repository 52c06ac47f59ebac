// SPDX-License-Identifier: MIT
/* room.h - the memory that memory-hard hashes may take, all together.
 *
 * Who wants more than is free waits until others have given back, so that however many sign in at
 * once the process stays within its budget. What was taken once is kept for the next: at 19 MiB the
 * system's page faults cost more than the hash itself. Nothing is taken before the first use.
 *
 * Any thread may call; one lock guards the list. */
#ifndef CRYPTO_ROOM_H
#define CRYPTO_ROOM_H

#include "base/err.h"
#include "base/str.h"

struct room;

/* Room for `total` bytes, given out in the order it was asked for. A single hash that wants more
 * gets it when it is alone. NULL without memory. */
struct room *room_new(size_t total);
void room_free(struct room *room);     /* gives back what was kept; nobody is inside any more */

/* `n` bytes, aligned for any vector, with what the last user left in them; NULL when the system has
 * none. May wait. Without a room (NULL) the memory comes from the system, and goes back there. */
void *room_take(struct room *room, size_t n);
void room_give(struct room *room, void *p, size_t n);

/* The same for libraries that take their memory themselves: only counted. */
void room_enter(struct room *room, size_t n);
void room_leave(struct room *room, size_t n);

/* Bytes that are kept at the moment, in use or not. */
size_t room_kept(struct room *room);

#endif
