// SPDX-License-Identifier: MIT
/* room.c - the memory that memory-hard hashes may take, all together. */
#include "crypto/room.h"

#include <pthread.h>
#include <sys/mman.h>

enum { PLACES = 64 };

struct place { void *p; size_t n; bool busy; };

struct room {
    pthread_mutex_t lock;
    pthread_cond_t left;
    size_t total, used; /* used: taken and entered; at most total, but for one that is alone */
    uint64_t came, let_in;     /* who came how many-th, and how many of them are in */
    size_t kept;               /* in all places */
    struct place places[PLACES];
};

struct room *room_new(size_t total)
{
    struct room *room = calloc(1, sizeof *room);

    if (!room)
        return NULL;
    if (pthread_mutex_init(&room->lock, NULL) != 0) {
        free(room);
        return NULL;
    }
    if (pthread_cond_init(&room->left, NULL) != 0) {
        (void)pthread_mutex_destroy(&room->lock);      /* nobody holds it */
        free(room);
        return NULL;
    }
    room->total = total;
    return room;
}

static void lock(struct room *room)
{
    if (pthread_mutex_lock(&room->lock) != 0)
        abort();               /* the lock itself is broken: nothing here can be trusted */
}

static void unlock(struct room *room)
{
    if (pthread_mutex_unlock(&room->lock) != 0)
        abort();
}

static void *memory_map(size_t n)
{
    void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    (void)madvise(p, n, MADV_HUGEPAGE);        /* fewer faults; where it fails all works as well */
    (void)madvise(p, n, MADV_DONTDUMP);
    return p;
}

static void memory_unmap(void *p, size_t n)
{
    if (munmap(p, n) != 0)
        abort();               /* an address that was never mapped */
}

void room_free(struct room *room)
{
    if (!room)
        return;
    for (size_t i = 0; i < PLACES; i++)
        if (room->places[i].p)
            memory_unmap(room->places[i].p, room->places[i].n);
    (void)pthread_cond_destroy(&room->left);           /* nobody waits, nobody holds it */
    (void)pthread_mutex_destroy(&room->lock);
    free(room);
}

static void tell_all(struct room *room)
{
    (void)pthread_cond_broadcast(&room->left);         /* fails for what is no condition only */
}

/* Under the lock. One that wants more than there is at all waits until it is alone. In the order
 * they came: else those who want little, one always inside, would keep out who wants much. */
static void wait_for(struct room *room, size_t n)
{
    uint64_t mine = room->came++;

    while (room->let_in != mine ||
           (room->used && (n > room->total || room->used > room->total - n)))
        if (pthread_cond_wait(&room->left, &room->lock) != 0)
            abort();
    room->used += n;
    room->let_in++;
    if (room->let_in != room->came)
        tell_all(room);                /* there may be room for the next as well */
}

static void leave(struct room *room, size_t n)
{
    room->used -= n;
    tell_all(room);
}

static void place_clear(struct room *room, struct place *place)
{
    memory_unmap(place->p, place->n);
    room->kept -= place->n;
    *place = (struct place){0};
}

/* Under the lock: the smallest one that is idle and large enough, without more than half to
 * spare. */
static struct place *place_fitting(struct room *room, size_t n)
{
    struct place *best = NULL;

    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &room->places[i];

        if (place->p && !place->busy && place->n >= n && place->n / 2 <= n &&
            (!best || place->n < best->n))
            best = place;
    }
    return best;
}

/* Under the lock: what lies idle goes until `n` more bytes fit. */
static void make_room(struct room *room, size_t n)
{
    for (size_t i = 0; i < PLACES && room->kept + n > room->total; i++)
        if (room->places[i].p && !room->places[i].busy)
            place_clear(room, &room->places[i]);
}

static struct place *place_new(struct room *room, size_t n)
{
    struct place *place = room->places;

    make_room(room, n);
    while (place < room->places + PLACES && place->p)
        place++;
    if (place == room->places + PLACES)
        return NULL;
    if ((place->p = memory_map(n)) == NULL)
        return NULL;
    place->n = n;
    room->kept += n;
    return place;
}

void *room_take(struct room *room, size_t n)
{
    struct place *place;

    if (!room)
        return memory_map(n);
    lock(room);
    wait_for(room, n);
    if ((place = place_fitting(room, n)) == NULL)
        place = place_new(room, n);
    if (place)
        place->busy = true;
    else
        leave(room, n);
    unlock(room);
    return place ? place->p : NULL;
}

void room_give(struct room *room, void *p, size_t n)
{
    if (!room) {
        memory_unmap(p, n);
        return;
    }
    lock(room);
    for (size_t i = 0; i < PLACES; i++) {
        struct place *place = &room->places[i];

        if (place->p != p)
            continue;
        place->busy = false;
        if (room->kept > room->total)
            place_clear(room, place);
    }
    leave(room, n);
    unlock(room);
}

void room_enter(struct room *room, size_t n)
{
    if (!room)
        return;
    lock(room);
    wait_for(room, n);
    make_room(room, n);
    unlock(room);
}

void room_leave(struct room *room, size_t n)
{
    if (!room)
        return;
    lock(room);
    leave(room, n);
    unlock(room);
}

size_t room_kept(struct room *room)
{
    size_t n;

    lock(room);
    n = room->kept;
    unlock(room);
    return n;
}
