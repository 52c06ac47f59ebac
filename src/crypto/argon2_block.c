// SPDX-License-Identifier: MIT
/* argon2_block.c - Argon2's compression function G: plain C, and AVX2.
 *
 * A block is 8 rows of 16 words. The permutation P runs over each row, then over each column, which
 * is two words wide. A vector version holds a 4x4 square of words as four vectors a, b, c, d, turns
 * the last three so that diagonals stand in columns, and turns them back. */
#include "crypto/argon2_block.h"

/* The sum of BLAKE2b with a product in it, which is what a chip for hashing cannot save. */
static inline uint64_t mix(uint64_t x, uint64_t y)
{
    return x + y + 2 * (uint64_t)(uint32_t)x * (uint32_t)y;
}

static inline uint64_t turn(uint64_t x, unsigned n)
{
    return x >> n | x << (64 - n);
}

static inline void quarter(uint64_t *a, uint64_t *b, uint64_t *c, uint64_t *d)
{
    *a = mix(*a, *b);
    *d = turn(*d ^ *a, 32);
    *c = mix(*c, *d);
    *b = turn(*b ^ *c, 24);
    *a = mix(*a, *b);
    *d = turn(*d ^ *a, 16);
    *c = mix(*c, *d);
    *b = turn(*b ^ *c, 63);
}

/* P over 8 pairs of words, `step` words from one to the next. */
static inline void permute(uint64_t *v, size_t step)
{
    uint64_t w[16];

#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        w[i] = v[i / 2 * step + i % 2];
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        quarter(&w[i], &w[4 + i], &w[8 + i], &w[12 + i]);
#pragma GCC unroll 4
    for (size_t i = 0; i < 4; i++)
        quarter(&w[i], &w[4 + (i + 1) % 4], &w[8 + (i + 2) % 4], &w[12 + (i + 3) % 4]);
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++)
        v[i / 2 * step + i % 2] = w[i];
}

static void block_plain(const struct argon2_block *a, const struct argon2_block *b,
                        struct argon2_block *out, bool adds)
{
    struct argon2_block r, z;

    for (size_t i = 0; i < ARGON2_WORDS; i++) {
        r.v[i] = a->v[i] ^ b->v[i];
        z.v[i] = adds ? r.v[i] ^ out->v[i] : r.v[i];
    }
    for (size_t i = 0; i < 8; i++)
        permute(r.v + 16 * i, 2);
    for (size_t i = 0; i < 8; i++)
        permute(r.v + 2 * i, 16);
    for (size_t i = 0; i < ARGON2_WORDS; i++)
        out->v[i] = r.v[i] ^ z.v[i];
}

static bool runs_always(void)
{
    return true;
}

#ifdef __x86_64__
#include <immintrin.h>

#define INLINE __attribute__((always_inline)) static inline

#define AVX2 __attribute__((target("avx2")))

typedef __m256i v4;
struct square4 { v4 a, b, c, d; };

AVX2 INLINE v4 mix4(v4 x, v4 y)
{
    v4 m = _mm256_mul_epu32(x, y);

    return _mm256_add_epi64(_mm256_add_epi64(x, y), _mm256_add_epi64(m, m));
}

/* Turns by whole bytes are shuffles. */
AVX2 INLINE v4 turn4_24(v4 x)
{
    return _mm256_shuffle_epi8(x, _mm256_setr_epi8(3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9,
                                                   10, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15,
                                                   8, 9, 10));
}

AVX2 INLINE v4 turn4_16(v4 x)
{
    return _mm256_shuffle_epi8(x, _mm256_setr_epi8(2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14, 15,
                                                   8, 9, 2, 3, 4, 5, 6, 7, 0, 1, 10, 11, 12, 13, 14,
                                                   15, 8, 9));
}

AVX2 INLINE v4 turn4_63(v4 x)
{
    return _mm256_xor_si256(_mm256_srli_epi64(x, 63), _mm256_add_epi64(x, x));
}

AVX2 INLINE void quarter4(struct square4 *s)
{
    s->a = mix4(s->a, s->b);
    s->d = _mm256_shuffle_epi32(_mm256_xor_si256(s->d, s->a), 0xB1);
    s->c = mix4(s->c, s->d);
    s->b = turn4_24(_mm256_xor_si256(s->b, s->c));
    s->a = mix4(s->a, s->b);
    s->d = turn4_16(_mm256_xor_si256(s->d, s->a));
    s->c = mix4(s->c, s->d);
    s->b = turn4_63(_mm256_xor_si256(s->b, s->c));
}

AVX2 INLINE void permute4(struct square4 *s)
{
    quarter4(s);
    s->b = _mm256_permute4x64_epi64(s->b, 0x39);
    s->c = _mm256_permute4x64_epi64(s->c, 0x4E);
    s->d = _mm256_permute4x64_epi64(s->d, 0x93);
    quarter4(s);
    s->b = _mm256_permute4x64_epi64(s->b, 0x93);
    s->c = _mm256_permute4x64_epi64(s->c, 0x4E);
    s->d = _mm256_permute4x64_epi64(s->d, 0x39);
}

/* The low or high halves of two vectors side by side; twice is as if never done. */
#define LOW4(x, y)  _mm256_permute2x128_si256((x), (y), 0x20)
#define HIGH4(x, y) _mm256_permute2x128_si256((x), (y), 0x31)

/* Two columns: a vector of each row, s[0] s[4] ... s[28], holds a pair of words of both. */
AVX2 INLINE void columns4(v4 *s)
{
    struct square4 one = {LOW4(s[0], s[4]), LOW4(s[8], s[12]), LOW4(s[16], s[20]),
                          LOW4(s[24], s[28])};
    struct square4 two = {HIGH4(s[0], s[4]), HIGH4(s[8], s[12]), HIGH4(s[16], s[20]),
                          HIGH4(s[24], s[28])};

    permute4(&one);
    permute4(&two);
    s[0] = LOW4(one.a, two.a);
    s[4] = HIGH4(one.a, two.a);
    s[8] = LOW4(one.b, two.b);
    s[12] = HIGH4(one.b, two.b);
    s[16] = LOW4(one.c, two.c);
    s[20] = HIGH4(one.c, two.c);
    s[24] = LOW4(one.d, two.d);
    s[28] = HIGH4(one.d, two.d);
}

AVX2 static void block_avx2(const struct argon2_block *a, const struct argon2_block *b,
                            struct argon2_block *out, bool adds)
{
    const v4 *p = (const v4 *)a, *q = (const v4 *)b;
    v4 *o = (v4 *)out, s[32];

    for (size_t i = 0; i < 32; i++) {
        s[i] = _mm256_xor_si256(_mm256_load_si256(p + i), _mm256_load_si256(q + i));
        if (adds)
            _mm256_store_si256(o + i, _mm256_xor_si256(s[i], _mm256_load_si256(o + i)));
        else
            _mm256_store_si256(o + i, s[i]);
    }
    for (size_t i = 0; i < 32; i += 4) {
        struct square4 row = { s[i], s[i + 1], s[i + 2], s[i + 3] };

        permute4(&row);
        s[i] = row.a;
        s[i + 1] = row.b;
        s[i + 2] = row.c;
        s[i + 3] = row.d;
    }
    for (size_t i = 0; i < 4; i++)
        columns4(s + i);
    for (size_t i = 0; i < 32; i++)
        _mm256_store_si256(o + i, _mm256_xor_si256(s[i], _mm256_load_si256(o + i)));
}

static bool runs_avx2(void)
{
    return __builtin_cpu_supports("avx2");
}
#endif

const struct argon2_version argon2_versions[] = {
#ifdef __x86_64__
    { "avx2", block_avx2, runs_avx2 },
#endif
    { "plain", block_plain, runs_always },
    {0},
};

argon2_block_fn *argon2_block_best(void)
{
    const struct argon2_version *version = argon2_versions;

    while (!version->runs())
        version++;
    return version->block;
}
