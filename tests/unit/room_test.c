// SPDX-License-Identifier: MIT
/* room_test.c - memory within its budget, kept, and waited for. */
#include "../tests/test.h"
#include "crypto/room.h"

#include <pthread.h>
#include <stdatomic.h>

TEST(what_is_given_back_is_kept_for_the_next)
{
    struct room *room = room_new(1 << 20);
    void *a, *b;

    CHECK(room && room_kept(room) == 0);
    a = room_take(room, 256 << 10);
    CHECK(a && room_kept(room) == 256 << 10);
    room_give(room, a, 256 << 10);
    b = room_take(room, 200 << 10);
    CHECK(b == a);
    room_give(room, b, 200 << 10);
    room_free(room);
}

TEST(idle_memory_goes_when_another_size_is_wanted)
{
    struct room *room = room_new(1 << 20);

    room_give(room, room_take(room, 900 << 10), 900 << 10);
    room_give(room, room_take(room, 100 << 10), 100 << 10);
    room_give(room, room_take(room, 300 << 10), 300 << 10);
    CHECK(room_kept(room) <= 1 << 20);
    room_enter(room, 1 << 20);
    CHECK(room_kept(room) == 0);
    room_leave(room, 1 << 20);
    room_free(room);
}

TEST(one_that_wants_more_than_all_gets_it_alone_and_leaves_nothing)
{
    struct room *room = room_new(1 << 20);
    char *p = room_take(room, 3 << 20);

    CHECK(p != NULL);
    p[0] = p[(3 << 20) - 1] = 1;
    room_give(room, p, 3 << 20);
    CHECK(room_kept(room) == 0);
    room_free(room);
}

TEST(without_a_room_memory_comes_from_the_system)
{
    char *p = room_take(NULL, 1 << 20);

    CHECK(p && ((uintptr_t)p & 63) == 0);
    room_give(NULL, p, 1 << 20);
    room_enter(NULL, 1 << 20);
    room_leave(NULL, 1 << 20);
}

struct crowd { struct room *room; atomic_int inside, most, wrong; };

static void *visitor(void *arg)
{
    struct crowd *c = arg;

    for (int i = 0; i < 200; i++) {
        volatile char *p = room_take(c->room, 64 << 10);
        int n = atomic_fetch_add(&c->inside, 1) + 1, most = atomic_load(&c->most);

        while (n > most && !atomic_compare_exchange_weak(&c->most, &most, n))
            continue;
        p[7] = (char)i;
        if (p[7] != (char)i)
            atomic_fetch_add(&c->wrong, 1);
        atomic_fetch_sub(&c->inside, 1);
        room_give(c->room, (void *)p, 64 << 10);
    }
    return NULL;
}

TEST(a_crowd_waits_and_never_holds_more_than_the_budget)
{
    struct crowd c = { .room = room_new(3 * (64 << 10)) };
    pthread_t threads[8];

    for (size_t i = 0; i < 8; i++)
        CHECK(pthread_create(&threads[i], NULL, visitor, &c) == 0);
    for (size_t i = 0; i < 8; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(c.most >= 1 && c.most <= 3 && c.wrong == 0);
    CHECK(room_kept(c.room) <= 3 * (64 << 10));
    room_free(c.room);
}
