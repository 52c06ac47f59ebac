// SPDX-License-Identifier: MIT
/* lanes_test.c - passwords hashed side by side come out as crypt(3) hashes them alone. */
#include "../tests/test.h"
#include "../tests/unit/bcrypt_cases.h"

#include <crypt.h>
#include <stdatomic.h>

struct hashing {
    struct lane_job job;
    char password[LENGTH_MAX + 1];
};

static void hashing_draw(struct hashing *h, int cost)
{
    size_t n = drawn(LENGTH_MAX + 1);

    *h = (struct hashing){ .job = { .cost = cost, .result = ERR_BUG } };
    password_draw((enum bytes)drawn(BYTES_COUNT), h->password, n);
    salt_draw(h->job.salt);
    h->job.password = (str){ h->password, n };
}

static bool equals_crypt(const struct hashing *h)
{
    static struct crypt_data data;
    char ours[BCRYPT_CHARS + 1] = { 0 };
    const char *theirs;

    bcrypt_write(h->job.cost, h->job.salt, h->job.sum, ours);
    theirs = crypt_rn(h->password, ours, &data, sizeof data);
    return h->job.result == OK && theirs && str_is(str_of(theirs), str_of(ours));
}

/* Keep `width` lanes full until all jobs are through. */
static void hash_all(struct hashing *all, unsigned n, unsigned width)
{
    struct lane_job *out[LANES_MAX];
    struct lanes lanes;
    unsigned next = 0, over = 0;

    lanes_init(&lanes);
    while (over < n) {
        while (next < n && lanes.n < width)
            lanes_add(&lanes, &all[next++].job);
        over += lanes_step(&lanes, out);
    }
    CHECK(lanes.n == 0);
    lanes_end(&lanes);
}

TEST(ten_thousand_random_pairs_equal_crypt_in_all_widths_and_mixed_costs)
{
    static struct hashing all[CASES / LANES_MAX];
    const unsigned n = cases() / LANES_MAX;

    for (unsigned width = 1; width <= LANES_MAX; width++) {
        for (unsigned i = 0; i < n; i++)
            hashing_draw(&all[i], drawn(16) ? 4 : 5);
        hash_all(all, n, width);
        for (unsigned i = 0; i < n; i++)
            if (!equals_crypt(&all[i])) {
                printf("  width %u, pair %u\n", width, i);
                CHECK(false);
                return;
            }
    }
}

TEST(far_apart_costs_share_lanes)
{
    static struct hashing all[24];
    const unsigned n = sizeof all / sizeof *all;

    for (unsigned i = 0; i < n; i++)
        hashing_draw(&all[i], i % 6 ? 4 + (int)(i % 4) : 9);
    hash_all(all, n, 4);
    for (unsigned i = 0; i < n; i++)
        CHECK(equals_crypt(&all[i]));
}

TEST(a_job_joins_while_others_run)
{
    static struct hashing first, second;
    struct lane_job *out[LANES_MAX];
    struct lanes lanes;

    hashing_draw(&first, 7);
    hashing_draw(&second, 5);
    lanes_init(&lanes);
    lanes_add(&lanes, &first.job);
    CHECK(lanes_step(&lanes, out) == 0);
    lanes_add(&lanes, &second.job);
    while (lanes_step(&lanes, out) == 0)
        continue;
    CHECK(out[0] == &second.job && lanes.n == 1);
    while (lanes_step(&lanes, out) == 0)
        continue;
    CHECK(out[0] == &first.job && lanes.n == 0);
    CHECK(equals_crypt(&first) && equals_crypt(&second));
    lanes_end(&lanes);
}

TEST(a_job_whose_client_left_gives_its_lane_up)
{
    static struct hashing stays, leaves;
    struct lane_job *out[LANES_MAX];
    atomic_bool gone = false;
    struct lanes lanes;

    hashing_draw(&leaves, 31);
    hashing_draw(&stays, 5);
    leaves.job.gone = &gone;
    lanes_init(&lanes);
    lanes_add(&lanes, &leaves.job);
    lanes_add(&lanes, &stays.job);
    CHECK(lanes_step(&lanes, out) == 0);
    atomic_store(&gone, true);
    CHECK(lanes_step(&lanes, out) == 1);
    CHECK(out[0] == &leaves.job && lanes.n == 1);
    CHECK_ERR(leaves.job.result, ERR_CLIENT_GONE);
    while (lanes_step(&lanes, out) == 0)
        continue;
    CHECK(equals_crypt(&stays));
    lanes_end(&lanes);
}

TEST(a_free_lane_holds_nothing)
{
    static const struct lane empty;
    static struct hashing some[3];
    static struct lanes lanes;

    for (unsigned i = 0; i < 3; i++)
        hashing_draw(&some[i], 4 + (int)i);
    lanes_init(&lanes);
    for (unsigned i = 0; i < 3; i++)
        lanes_add(&lanes, &some[i].job);
    while (lanes.n) {
        struct lane_job *out[LANES_MAX];

        (void)lanes_step(&lanes, out);
        for (unsigned i = lanes.n; i < LANES_MAX; i++)
            CHECK(memcmp(&lanes.at[i], &empty, sizeof empty) == 0);
    }
    lanes_end(&lanes);
}

TEST(no_lanes_step_nowhere)
{
    struct lane_job *out[LANES_MAX];
    static struct lanes lanes;

    lanes_init(&lanes);
    CHECK(lanes_step(&lanes, out) == 0);
    lanes_end(&lanes);
}
