// SPDX-License-Identifier: MIT
/* room_test.c - memory within its budget, kept, and waited for. */
#include "../tests/test.h"
#include "crypto/room.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

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

/* Who enters, and as which of all. */
struct guest {
    struct room *room;
    size_t n;
    atomic_int *count, tid, place;
    pthread_t thread;
};

static void *enter(void *arg)
{
    struct guest *g = arg;

    atomic_store(&g->tid, (int)gettid());
    room_enter(g->room, g->n);
    atomic_store(&g->place, atomic_fetch_add(g->count, 1) + 1);
    room_leave(g->room, g->n);
    return NULL;
}

static bool is_asleep(int tid)
{
    char name[64], line[256] = "";
    FILE *f;

    (void)snprintf(name, sizeof name, "/proc/self/task/%d/stat", tid);
    if ((f = fopen(name, "r")) == NULL)
        return false;
    (void)!fgets(line, sizeof line, f);
    fclose(f);
    return strstr(line, ") S ") != NULL;
}

/* Let one come, until he is through or waits at the door. */
static void come(struct guest *g)
{
    CHECK(pthread_create(&g->thread, NULL, enter, g) == 0);
    while (!atomic_load(&g->tid) || (!atomic_load(&g->place) && !is_asleep(atomic_load(&g->tid))))
        sched_yield();
}

TEST(who_wants_much_is_not_kept_out_by_those_who_want_little)
{
    atomic_int count = 0;
    struct room *room = room_new(100);
    struct guest much = { .room = room, .n = 100, .count = &count },
                 little = { .room = room, .n = 40, .count = &count };

    room_enter(room, 40);
    come(&much);
    come(&little);
    CHECK(count == 0);
    room_leave(room, 40);
    pthread_join(much.thread, NULL);
    pthread_join(little.thread, NULL);
    CHECK(much.place == 1 && little.place == 2);
    room_free(room);
}

TEST(those_for_whom_there_is_room_go_in_together)
{
    atomic_int count = 0;
    struct room *room = room_new(100);
    struct guest much = { .room = room, .n = 200, .count = &count }, few[3];

    room_enter(room, 90);
    come(&much);
    for (int i = 0; i < 3; i++) {
        few[i] = (struct guest){ .room = room, .n = 30, .count = &count };
        come(&few[i]);
    }
    room_leave(room, 90);
    pthread_join(much.thread, NULL);
    for (int i = 0; i < 3; i++)
        pthread_join(few[i].thread, NULL);
    CHECK(much.place == 1 && count == 4);
    room_free(room);
}
