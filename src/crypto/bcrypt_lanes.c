// SPDX-License-Identifier: MIT
/* bcrypt_lanes.c - Blowfish with bcrypt's expensive key schedule (Provos and Mazieres, 1999), in
 * lanes.
 *
 * Portable C on purpose: the gain comes from independent chains in one loop, which any out-of-order
 * core overlaps. Vector gathers were measured at less than half the speed of this, and compilers
 * told to use the newest instructions spill lanes into vector registers: keep to plain -O2. */
#include "crypto/bcrypt_lanes.h"
#include "crypto/pi.h"

/* Instrumented, unrolled lanes take a compiler minutes; rolled up they are the same code, only
 * slow. */
#if defined LANES_ROLLED && defined __clang__
#define UNROLL _Pragma("nounroll")
#elif defined LANES_ROLLED
#define UNROLL _Pragma("GCC unroll 1")
#elif defined __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 18")
#endif
#define EACH_LANE UNROLL for (unsigned j = 0; j < k; j++)

/* Blowfish's F: a byte into each box. */
static inline uint32_t mixed(const struct lane *lane, uint32_t x)
{
    return ((lane->boxes[0][x >> 24] + lane->boxes[1][x >> 16 & 0xff]) ^
            lane->boxes[2][x >> 8 & 0xff]) +
           lane->boxes[3][x & 0xff];
}

/* Encrypt (left, right) of each of `k` lanes. `k` is a constant wherever this is inlined. */
[[gnu::always_inline]] static inline void
encrypt(const struct lane *lane, const unsigned k, uint32_t *left, uint32_t *right)
{
    EACH_LANE left[j] ^= lane[j].subkeys[0];
    UNROLL for (unsigned i = 1; i <= 16; i += 2) {
        EACH_LANE right[j] ^= lane[j].subkeys[i] ^ mixed(&lane[j], left[j]);
        EACH_LANE left[j] ^= lane[j].subkeys[i + 1] ^ mixed(&lane[j], right[j]);
    }
    EACH_LANE {
        uint32_t last = right[j] ^ lane[j].subkeys[17];

        right[j] = left[j];
        left[j] = last;
    }
}

/* Replace subkeys and boxes by what encrypting zeros over and over gives. */
[[gnu::always_inline]] static inline void schedule(struct lane *restrict lane, const unsigned k)
{
    uint32_t left[LANES_MAX], right[LANES_MAX];

    EACH_LANE left[j] = right[j] = 0;
    for (unsigned i = 0; i < 18; i += 2) {
        encrypt(lane, k, left, right);
        EACH_LANE {
            lane[j].subkeys[i] = left[j];
            lane[j].subkeys[i + 1] = right[j];
        }
    }
    for (unsigned b = 0; b < 4; b++)
        for (unsigned i = 0; i < 256; i += 2) {
            encrypt(lane, k, left, right);
            EACH_LANE {
                lane[j].boxes[b][i] = left[j];
                lane[j].boxes[b][i + 1] = right[j];
            }
        }
}

[[gnu::always_inline]] static inline void iterate(struct lane *lane, const unsigned k,
                                                  uint64_t times)
{
    while (times--) {
        for (unsigned j = 0; j < k; j++)
            for (unsigned i = 0; i < 18; i++)
                lane[j].subkeys[i] ^= lane[j].key[i];
        schedule(lane, k);
        for (unsigned j = 0; j < k; j++)
            for (unsigned i = 0; i < 18; i++)
                lane[j].subkeys[i] ^= lane[j].salt[i];
        schedule(lane, k);
    }
}

#define ITERATE(k) \
    static void iterate_##k(struct lane *lane, uint64_t times) { iterate(lane, k, times); }
ITERATE(1) ITERATE(2) ITERATE(3) ITERATE(4) ITERATE(5) ITERATE(6) ITERATE(7) ITERATE(8)

static void (*const iterate_by_lanes[LANES_MAX + 1])(struct lane *lane, uint64_t times) = {
    NULL, iterate_1, iterate_2, iterate_3, iterate_4, iterate_5, iterate_6, iterate_7, iterate_8,
};

static uint32_t word(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The password and the NUL after it, over and over; a longer one is cut and has no NUL. */
static void key_spread(str password, uint32_t key[static 18])
{
    size_t at = 0;

    for (unsigned i = 0; i < 18; i++) {
        key[i] = 0;
        for (unsigned b = 0; b < 4; b++, at = at < password.n ? at + 1 : 0)
            key[i] = key[i] << 8 | (at < password.n ? (unsigned char)password.p[at] : 0);
    }
}

/* The schedule that opens bcrypt: salt words go into the encrypted stream. */
static void schedule_salted(struct lane *lane)
{
    uint32_t left = 0, right = 0, *to;

    for (unsigned i = 0; i < PI_WORDS; i += 2) {
        left ^= lane->salt[i & 3];
        right ^= lane->salt[(i & 3) + 1];
        encrypt(lane, 1, &left, &right);
        to = i < 18 ? lane->subkeys + i : &lane->boxes[0][0] + (i - 18);
        to[0] = left;
        to[1] = right;
    }
}

static void lane_begin(struct lane *lane, const struct lane_job *job)
{
    key_spread(job->password, lane->key);
    for (unsigned i = 0; i < 18; i++)
        lane->salt[i] = word(job->salt + 4 * (i & 3));
    for (unsigned i = 0; i < 18; i++)
        lane->subkeys[i] = pi_fraction[i] ^ lane->key[i];
    memcpy(lane->boxes, pi_fraction + 18, sizeof lane->boxes);
    schedule_salted(lane);
}

/* "OrpheanBeholderScryDoubt", encrypted 64 times, but for its last byte. */
static void lane_sum(const struct lane *lane, unsigned char sum[static BCRYPT_SUM_BYTES])
{
    static const unsigned char text[25] = "OrpheanBeholderScryDoubt";
    unsigned char all[24];

    for (unsigned b = 0; b < 24; b += 8) {
        uint32_t left = word(text + b), right = word(text + b + 4);

        for (unsigned i = 0; i < 64; i++)
            encrypt(lane, 1, &left, &right);
        for (unsigned i = 0; i < 4; i++) {
            all[b + i] = (unsigned char)(left >> (24 - 8 * i));
            all[b + 4 + i] = (unsigned char)(right >> (24 - 8 * i));
        }
    }
    memcpy(sum, all, BCRYPT_SUM_BYTES);
    explicit_bzero(all, sizeof all);
}

/* The last busy lane moves into the hole, so that the busy ones stay the first. */
static void lane_free(struct lanes *lanes, unsigned i)
{
    unsigned last = --lanes->n;

    if (i != last) {
        lanes->at[i] = lanes->at[last];
        lanes->left[i] = lanes->left[last];
        lanes->job[i] = lanes->job[last];
    }
    explicit_bzero(&lanes->at[last], sizeof lanes->at[last]);
    lanes->job[last] = NULL;
}

static bool job_is_over(struct lanes *lanes, unsigned i)
{
    struct lane_job *job = lanes->job[i];

    if (lanes->left[i] == 0) {
        lane_sum(&lanes->at[i], job->sum);
        job->result = OK;
        return true;
    }
    if (job->gone && atomic_load_explicit(job->gone, memory_order_relaxed)) {
        job->result = ERR_CLIENT_GONE;
        return true;
    }
    return false;
}

void lane_job_run(struct lane_job *job)
{
    struct lane lane;

    lane_begin(&lane, job);
    iterate_1(&lane, (uint64_t)1 << job->cost);
    lane_sum(&lane, job->sum);
    explicit_bzero(&lane, sizeof lane);
    job->result = OK;
}

void lanes_init(struct lanes *lanes)
{
    memset(lanes, 0, sizeof *lanes);
}

void lanes_end(struct lanes *lanes)
{
    explicit_bzero(lanes, sizeof *lanes);
}

void lanes_add(struct lanes *lanes, struct lane_job *job)
{
    unsigned i = lanes->n++;

    lane_begin(&lanes->at[i], job);
    lanes->left[i] = (uint64_t)1 << job->cost;
    lanes->job[i] = job;
}

unsigned lanes_step(struct lanes *lanes, struct lane_job *out[static LANES_MAX])
{
    uint64_t times = LANES_STEP;
    unsigned over = 0;

    if (lanes->n == 0)
        return 0;
    for (unsigned i = 0; i < lanes->n; i++)
        times = lanes->left[i] < times ? lanes->left[i] : times;
    iterate_by_lanes[lanes->n](lanes->at, times);
    lanes->stepped = times;
    for (unsigned i = lanes->n; i-- > 0;) {
        lanes->left[i] -= times;
        if (job_is_over(lanes, i)) {
            out[over++] = lanes->job[i];
            lane_free(lanes, i);
        }
    }
    return over;
}
