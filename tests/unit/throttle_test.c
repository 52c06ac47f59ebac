// SPDX-License-Identifier: MIT
/* throttle_test.c - buckets of addresses, and attempts that are under way. */
#include "../tests/fault.h"
#include "../tests/test.h"
#include "auth/throttle.h"
#include "base/clock.h"

#include <pthread.h>

static const struct bucket_rule rule = { .burst = 5, .per_minute = 10 };

struct address { unsigned char at[THROTTLE_ADDRESS_BYTES]; };

static struct address ipv4(unsigned n)
{
    return (struct address){{[10] = 0xff, 0xff, (unsigned char)(n >> 24), (unsigned char)(n >> 16),
                             (unsigned char)(n >> 8), (unsigned char)n}};
}

static struct address ipv6(unsigned net, unsigned host)
{
    return (struct address){{0x20, 0x01, 0x0d, 0xb8, (unsigned char)(net >> 24),
                             (unsigned char)(net >> 16), (unsigned char)(net >> 8),
                             (unsigned char)net, [14] = (unsigned char)(host >> 8),
                             (unsigned char)host}};
}

static bool take(struct throttle *t, struct address a, int64_t now, struct bucket_level *level)
{
    return bucket_take(t, &rule, a.at, now, level);
}

TEST(an_address_has_its_burst_and_then_one_each_so_often)
{
    struct throttle *t = throttle_new(64);
    struct bucket_level level;
    int64_t now = 1000000;

    for (int i = 0; i < 5; i++) {
        CHECK(take(t, ipv4(1), now, &level));
        CHECK(level.left == 4 - i);
    }
    CHECK(!take(t, ipv4(1), now, &level));
    CHECK(level.left == 0 && level.wait_ms == 6000);
    CHECK(!take(t, ipv4(1), now + 5999, &level));
    CHECK(level.wait_ms == 1);
    CHECK(take(t, ipv4(1), now + 6000, &level));
    CHECK(!take(t, ipv4(1), now + 6000, &level));
    CHECK(take(t, ipv4(2), now, &level));
    CHECK(take(t, ipv4(1), now + 3600000, &level) && level.left == 4);
    throttle_free(t);
}

TEST(what_is_given_back_can_be_taken_again)
{
    struct throttle *t = throttle_new(64);
    struct bucket_level level;

    for (int i = 0; i < 1000; i++) {
        CHECK(take(t, ipv4(1), 5, &level));
        bucket_return(t, &rule, ipv4(1).at, 5, &level);
        CHECK(level.left == 5 && level.wait_ms == 0);
    }
    throttle_free(t);
}

TEST(of_an_ipv6_address_the_64_bits_of_its_network_count)
{
    struct throttle *t = throttle_new(64);
    struct bucket_level level;

    for (unsigned i = 0; i < 5; i++)
        CHECK(take(t, ipv6(7, i), 5, &level));
    CHECK(!take(t, ipv6(7, 99), 5, &level));
    CHECK(take(t, ipv6(8, 99), 5, &level));
    CHECK(throttle_addresses(t) == 2);
    throttle_free(t);
}

TEST(another_rule_holds_at_once)
{
    struct throttle *t = throttle_new(64);
    struct bucket_level level;
    struct bucket_rule tight = { 2, 10 }, slow = { 5, 1 };

    for (unsigned i = 0; i < 5; i++)
        CHECK(take(t, ipv4(1), 0, &level));
    CHECK(!bucket_take(t, &tight, ipv4(1).at, 0, &level));
    CHECK(level.left == 0 && level.wait_ms == 30000 - 6000);
    CHECK(bucket_take(t, &slow, ipv4(2).at, 0, &level));
    CHECK(level.left == 4 && level.wait_ms == 60000);
    throttle_free(t);
}

TEST(a_million_addresses_take_no_more_room_and_whoever_failed_most_is_remembered)
{
    struct throttle *t = throttle_new(THROTTLE_ADDRESSES);
    struct bucket_level level;

    for (int i = 0; i < 5; i++)
        CHECK(take(t, ipv4(0xffffffff), 0, &level));
    for (unsigned i = 0; i < 1000000; i++)
        (void)take(t, i % 2 ? ipv4(i) : ipv6(i, 1), 0, &level);
    CHECK(throttle_addresses(t) == THROTTLE_ADDRESSES);
    CHECK(!take(t, ipv4(0xffffffff), 0, &level));
    throttle_free(t);
}

TEST(nobody_gets_a_full_bucket_by_driving_himself_out)
{
    struct throttle *t = throttle_new(8);      /* one set */
    struct bucket_level level;
    int taken = 0;

    for (unsigned round = 0; round < 100; round++)
        for (unsigned i = 0; i < 64; i++)
            taken += take(t, ipv4(i), 0, &level);
    CHECK(throttle_addresses(t) == 8);
    CHECK(taken == 8 * 5);
    CHECK(take(t, ipv4(1000), 3600000, &level) && level.left == 4);
    throttle_free(t);
}

static struct failure_key key_of(int64_t id)
{
    return failure_key_of_account(id, 1);
}

TEST(so_many_may_be_under_way_that_the_database_does_not_know)
{
    struct throttle *t = throttle_new(8);
    struct flight f[3] = { { .key = key_of(1) }, { .key = key_of(1) }, { .key = key_of(1) } };
    struct flight other = { .key = key_of(2) };
    struct flight_past past = flights_past(t, &f[0].key);
    bool stale;

    CHECK(flight_begin(t, &f[0], 2, &past, &stale));
    CHECK(flight_begin(t, &f[1], 2, &past, &stale));
    CHECK(!flight_begin(t, &f[2], 2, &past, &stale) && !stale);
    CHECK(flight_begin(t, &other, 1, &(struct flight_past){0}, &stale));
    flight_is_written(t, &f[0]);
    CHECK(flight_begin(t, &f[2], 2, &past, &stale));
    flight_end(t, &f[1], false);
    flight_end(t, &f[0], false);
    flight_end(t, &f[2], true);
    CHECK(!flight_begin(t, &f[0], 2, &past, &stale) && stale);
    past = flights_past(t, &f[0].key);
    CHECK(flight_begin(t, &f[0], 2, &past, &stale));
    flight_end(t, &f[0], false);
    flight_end(t, &other, false);
    throttle_free(t);
}

TEST(nobody_waits_for_what_is_not_under_way)
{
    struct throttle *t = throttle_new(8);
    struct failure_key key = key_of(1);
    struct flight_past past = flights_past(t, &key);

    CHECK(!flight_wait(t, &key, &past, clock_mono_ms() + 60000));
    throttle_free(t);
}

struct landing { struct throttle *throttle; struct flight *flight; };

static void *land(void *arg)
{
    struct landing *l = arg;

    flight_end(l->throttle, l->flight, false);
    return NULL;
}

TEST(who_waits_goes_on_when_one_has_landed)
{
    struct throttle *t = throttle_new(8);
    struct flight f = { .key = key_of(1) };
    struct flight_past past = flights_past(t, &f.key);
    struct landing l = { t, &f };
    pthread_t thread;
    bool stale;

    CHECK(flight_begin(t, &f, 1, &past, &stale));
    CHECK(!flight_wait(t, &f.key, &past, clock_mono_ms()));
    CHECK(pthread_create(&thread, NULL, land, &l) == 0);
    CHECK(flight_wait(t, &f.key, &past, clock_mono_ms() + 60000));
    (void)pthread_join(thread, NULL);
    throttle_free(t);
}

TEST(a_throttle_is_there_or_not)
{
    for (struct round r = { FAULT_ALLOC }; round_next(&r);) {
        struct throttle *t = throttle_new(64);

        CHECK((t == NULL) == round_met(&r));
        if (t)
            throttle_free(t);
    }
}
