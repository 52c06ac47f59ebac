// SPDX-License-Identifier: MIT
/* queue_test.c - whose turn it is, and who loses when the queue is full. */
#include "../tests/test.h"
#include "crypto/queue.h"

enum { JOBS = 400 };

static struct queue_job jobs[JOBS];
static struct queue queue;
static unsigned used;

/* Work of 10 ms each, one unit of it a millisecond: `wait_ms` / 10 jobs fit. */
static void begin(unsigned most, unsigned each, int64_t wait_ms)
{
    used = 0;
    CHECK_ERR(queue_init(&queue, &(struct queue_limits){ most, each, wait_ms }), OK);
}

static struct queue_job *job_from(int address, bool known)
{
    struct queue_job *job = &jobs[used++];

    *job = (struct queue_job){ .known = known, .work_us = 10000 };
    job->address[10] = job->address[11] = 0xff;
    job->address[14] = (unsigned char)(address >> 8);
    job->address[15] = (unsigned char)address;
    return job;
}

static int address_of(const struct queue_job *job)
{
    return job ? job->address[14] << 8 | job->address[15] : -1;
}

/* Add one that must find room without a loss. */
static void add(int address, bool known)
{
    struct queue_job *lost;

    CHECK_ERR(queue_add(&queue, job_from(address, known), &lost), OK);
    CHECK(!lost);
}

static err refused(int address, bool known)
{
    struct queue_job *lost;
    err e = queue_add(&queue, job_from(address, known), &lost);

    CHECK(!lost);
    return e;
}

static void empty_and_end(void)
{
    while (queue_take(&queue))
        continue;
    CHECK(queue.waiting == 0 && queue.work_us == 0);
    queue_end(&queue);
}

TEST(an_empty_queue_gives_nothing)
{
    begin(10, 10, 1000);
    CHECK(!queue_take(&queue));
    CHECK(queue_wait_ms(&queue) == 0);
    empty_and_end();
}

TEST(addresses_take_turns)
{
    static const int want[] = { 1, 2, 3, 1, 2, 1 };

    begin(10, 10, 1000);
    add(1, false), add(1, false), add(1, false), add(2, false), add(2, false), add(3, false);
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        CHECK(address_of(queue_take(&queue)) == want[i]);
    empty_and_end();
}

TEST(an_address_keeps_its_own_order)
{
    begin(10, 10, 1000);
    add(1, false), add(1, false), add(1, false);
    for (int i = 0; i < 3; i++)
        CHECK(queue_take(&queue) == &jobs[i]);
    empty_and_end();
}

TEST(an_address_has_a_share_and_no_more)
{
    begin(100, 3, 10000);
    add(1, false), add(1, false), add(1, false);
    CHECK_ERR(refused(1, false), ERR_TOO_MANY);
    add(2, false);
    CHECK(address_of(queue_take(&queue)) == 1);
    add(1, false);
    empty_and_end();
}

TEST(a_64_of_ipv6_is_one_address_and_ipv4_is_not)
{
    struct queue_job *lost, *a = job_from(0, false), *b, *c;

    begin(10, 1, 1000);
    a = job_from(1, false), b = job_from(2, false), c = job_from(3, false);
    memcpy(a->address, "\x20\x01\x0d\xb8\0\0\0\1\0\0\0\0\0\0\0\1", ADDRESS_BYTES);
    memcpy(b->address, "\x20\x01\x0d\xb8\0\0\0\1\xff\xff\0\0\0\0\0\2", ADDRESS_BYTES);
    memcpy(c->address, "\x20\x01\x0d\xb8\0\0\0\2\0\0\0\0\0\0\0\1", ADDRESS_BYTES);
    CHECK_ERR(queue_add(&queue, a, &lost), OK);
    CHECK_ERR(queue_add(&queue, b, &lost), ERR_TOO_MANY);
    CHECK_ERR(queue_add(&queue, c, &lost), OK);
    add(4, false), add(5, false);
    empty_and_end();
}

TEST(known_devices_have_three_turns_of_four)
{
    int known = 0;

    begin(100, 20, 10000);
    for (int i = 0; i < 20; i++)
        add(1, true), add(2, false);
    for (int i = 0; i < 16; i++)
        known += queue_take(&queue)->known;
    CHECK(known == 12);
    empty_and_end();
}

TEST(who_is_alone_in_a_class_uses_up_no_turns)
{
    begin(100, 20, 10000);
    for (int i = 0; i < 3; i++)
        add(2, false), CHECK(!queue_take(&queue)->known);
    add(1, true), add(2, false);
    CHECK(queue_take(&queue)->known);
    empty_and_end();
}

TEST(the_wait_bounds_the_queue_by_the_rate)
{
    begin(100, 100, 50);
    for (int i = 0; i < 5; i++)
        add(i, false);
    CHECK(queue_wait_ms(&queue) == 50);
    CHECK_ERR(refused(9, false), ERR_BUSY);
    queue_rate_set(&queue, 2000);
    CHECK(queue_wait_ms(&queue) == 25);
    for (int i = 5; i < 10; i++)
        add(i, false);
    CHECK_ERR(refused(10, false), ERR_BUSY);
    empty_and_end();
}

TEST(a_job_longer_than_the_bound_is_taken_when_nothing_waits)
{
    struct queue_job *lost, *long_one;

    begin(100, 100, 50);
    long_one = job_from(1, false);
    long_one->work_us = 60000;
    CHECK_ERR(queue_add(&queue, long_one, &lost), OK);
    CHECK_ERR(refused(2, false), ERR_BUSY);
    empty_and_end();
}

TEST(the_number_bounds_the_queue_too)
{
    begin(2, 2, 1000000);
    add(1, false), add(2, false);
    CHECK_ERR(refused(3, false), ERR_BUSY);
    empty_and_end();
}

TEST(the_longest_row_loses_its_newest)
{
    struct queue_job *lost;

    begin(100, 16, 50);
    add(1, false), add(1, false), add(1, false), add(1, false), add(2, false);
    CHECK_ERR(queue_add(&queue, job_from(3, false), &lost), OK);
    CHECK(lost == &jobs[3] && !lost->next);
    CHECK_ERR(lost->result, ERR_TOO_MANY);
    CHECK_ERR(queue_add(&queue, job_from(2, false), &lost), OK);
    CHECK(lost == &jobs[2]);
    CHECK(queue.waiting == 5);
    empty_and_end();
}

TEST(when_all_are_equally_short_the_newcomer_is_told_to_come_back)
{
    begin(100, 16, 30);
    add(1, false), add(2, false), add(3, false);
    CHECK_ERR(refused(4, false), ERR_BUSY);
    CHECK_ERR(refused(1, false), ERR_TOO_MANY);
    empty_and_end();
}

TEST(a_known_device_takes_the_place_of_an_unknown_one)
{
    struct queue_job *lost;

    begin(100, 16, 30);
    add(1, false), add(2, false), add(3, true);
    CHECK_ERR(queue_add(&queue, job_from(4, true), &lost), OK);
    CHECK(address_of(lost) == 2 && !lost->next);
    CHECK_ERR(lost->result, ERR_BUSY);
    CHECK_ERR(queue_add(&queue, job_from(5, true), &lost), OK);
    CHECK(address_of(lost) == 1);
    CHECK_ERR(refused(6, true), ERR_BUSY);
    CHECK_ERR(refused(7, false), ERR_BUSY);
    empty_and_end();
}

TEST(several_short_jobs_give_way_to_one_long_one)
{
    struct queue_job *lost, *long_one;
    int n = 0;

    begin(100, 16, 60);
    for (int i = 0; i < 6; i++)
        add(1, false);
    long_one = job_from(2, false);
    long_one->work_us = 30000;
    CHECK_ERR(queue_add(&queue, long_one, &lost), OK);
    for (; lost; lost = lost->next)
        n++;
    CHECK(n == 3 && queue.waiting == 4 && queue.work_us == 60000);
    empty_and_end();
}

TEST(who_finds_no_room_costs_nobody_his_place)
{
    struct queue_job *lost, *long_one;

    begin(100, 16, 60);
    add(1, false), add(1, false), add(1, false), add(2, false), add(2, false);
    long_one = job_from(3, false);
    long_one->work_us = 100000;
    CHECK_ERR(queue_add(&queue, long_one, &lost), ERR_BUSY);
    CHECK(!lost && queue.waiting == 5 && queue.work_us == 50000);
    add(4, true);
    long_one->known = true;
    CHECK_ERR(queue_add(&queue, long_one, &lost), ERR_BUSY);
    CHECK(!lost && queue.waiting == 6 && queue.work_us == 60000);
    CHECK(queue_take(&queue) == &jobs[6]);
    for (int i = 0, n = 0; i < 5; i++) {
        struct queue_job *job = queue_take(&queue);

        CHECK(job);
        if (address_of(job) == 1)
            CHECK(job == &jobs[n++]);   /* each row in its own order still */
    }
    empty_and_end();
}

TEST(a_flood_from_one_address_does_not_keep_others_out)
{
    struct queue_job *lost, *job;
    int served = 0;

    begin(160, 16, 1600);
    for (int round = 0; round < 15; round++) {
        for (int i = 0; i < 20; i++)
            (void)queue_add(&queue, job_from(1, false), &lost);
        CHECK_ERR(queue_add(&queue, job_from(2, false), &lost), OK);
        for (int i = 0; i < 2 && (job = queue_take(&queue)); i++)
            served += address_of(job) == 2;
    }
    CHECK(served == 15);
    empty_and_end();
}
