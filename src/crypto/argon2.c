// SPDX-License-Identifier: MIT
/* argon2.c - Argon2 version 1.3 (RFC 9106) over a kept memory.
 *
 * Wiping: with two passes or more every block that is left behind is of the last pass, so guessing
 * against it costs about as much as guessing against the hash. After one pass early blocks are
 * cheap to guess against: then all of it is wiped. */
#include "crypto/argon2.h"

#include "base/base64.h"

#include <sodium.h>

enum { SLICES = 4, VERSION = 0x13, SEED_BYTES = 64, SALT_LEAST = 8, TAG_LEAST = 16 };

/* One hash on its way. Lengths are in blocks. */
struct filling {
    argon2_block_fn *block;
    struct argon2_block *memory;
    enum argon2_kind kind;
    uint32_t passes, lanes, lane_length, segment_length;
};

/* Where the fill is. */
struct position { uint32_t pass, slice, lane, index; };

/* ----------------------------------------------------------------------- H' and H0, section 3.2 */

static void put32(crypto_generichash_blake2b_state *st, uint32_t v)
{
    unsigned char le[4] = {(unsigned char)v, (unsigned char)(v >> 8), (unsigned char)(v >> 16),
                           (unsigned char)(v >> 24)};

    (void)crypto_generichash_blake2b_update(st, le, sizeof le);
}

static void put(crypto_generichash_blake2b_state *st, const void *p, size_t n)
{
    (void)crypto_generichash_blake2b_update(st, p, n);     /* it cannot fail */
}

/* The hash of any length, section 3.3; `n` from 16 on. */
static void hash_long(unsigned char *out, uint32_t n, const void *in, size_t in_n)
{
    crypto_generichash_blake2b_state st;
    unsigned char v[64];

    (void)crypto_generichash_blake2b_init(&st, NULL, 0, n < 64 ? n : 64);
    put32(&st, n);
    put(&st, in, in_n);
    (void)crypto_generichash_blake2b_final(&st, v, n < 64 ? n : 64);
    for (; n > 64; n -= 32, out += 32) {
        memcpy(out, v, 32);
        (void)crypto_generichash_blake2b(v, n - 32 < 64 ? n - 32 : 64, v, 64, NULL, 0);
    }
    memcpy(out, v, n);
    explicit_bzero(v, sizeof v);
    explicit_bzero(&st, sizeof st);
}

static void seed_make(unsigned char seed[static SEED_BYTES], str password,
                      const struct argon2_hash *what)
{
    crypto_generichash_blake2b_state st;

    (void)crypto_generichash_blake2b_init(&st, NULL, 0, SEED_BYTES);
    put32(&st, what->cost.lanes);
    put32(&st, (uint32_t)what->tag_n);
    put32(&st, what->cost.memory);
    put32(&st, what->cost.passes);
    put32(&st, VERSION);
    put32(&st, what->kind);
    put32(&st, (uint32_t)password.n);
    put(&st, password.p, password.n);
    put32(&st, (uint32_t)what->salt_n);
    put(&st, what->salt, what->salt_n);
    put32(&st, 0);             /* no secret, no associated data */
    put32(&st, 0);
    (void)crypto_generichash_blake2b_final(&st, seed, SEED_BYTES);
    explicit_bzero(&st, sizeof st);
}

/* Words are little-endian in the standard; only such machines are built for. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "Argon2 reads its words as they lie in memory");

static void first_blocks(const struct filling *f, const unsigned char seed[static SEED_BYTES])
{
    unsigned char in[SEED_BYTES + 8] = {0};

    memcpy(in, seed, SEED_BYTES);
    for (uint32_t lane = 0; lane < f->lanes; lane++) {
        struct argon2_block *at = f->memory + (size_t)lane * f->lane_length;

        memcpy(in + SEED_BYTES + 4, &lane, sizeof lane);
        in[SEED_BYTES] = 0;
        hash_long((unsigned char *)&at[0], ARGON2_BLOCK_BYTES, in, sizeof in);
        in[SEED_BYTES] = 1;
        hash_long((unsigned char *)&at[1], ARGON2_BLOCK_BYTES, in, sizeof in);
    }
    explicit_bzero(in, sizeof in);
}

/* ---------------------------------------------------------------- which block next, section 3.4 */

/* Blocks that may be referred to from here, in one's own lane or another. */
static uint32_t area_of(const struct filling *f, const struct position *at, bool own)
{
    uint32_t done =
        at->pass == 0 ? at->slice * f->segment_length : f->lane_length - f->segment_length;

    if (own)
        return done + at->index - 1;
    return done - (at->index == 0);
}

static const struct argon2_block *reference(const struct filling *f, const struct position *at,
                                            uint64_t random)
{
    uint32_t lane =
        at->pass == 0 && at->slice == 0 ? at->lane : (uint32_t)(random >> 32) % f->lanes;
    uint32_t area = area_of(f, at, lane == at->lane);
    uint64_t j = (uint32_t)random, x = j * j >> 32;
    uint32_t back = area - 1 - (uint32_t)(area * x >> 32);
    uint32_t start =
        at->pass == 0 || at->slice == SLICES - 1 ? 0 : (at->slice + 1) * f->segment_length;
    uint32_t index = start + back;

    if (index >= f->lane_length)
        index -= f->lane_length;
    return f->memory + (size_t)lane * f->lane_length + index;
}

/* The next 128 addresses where they do not hang on the password. */
static void addresses_next(const struct filling *f, struct argon2_block *input,
                           struct argon2_block *out)
{
    static const struct argon2_block zero;

    input->v[6]++;
    f->block(&zero, input, out, false);
    f->block(&zero, out, out, false);
}

static bool is_independent(const struct filling *f, const struct position *at)
{
    return f->kind == ARGON2_I || (f->kind == ARGON2_ID && at->pass == 0 && at->slice < SLICES / 2);
}

static void segment_fill(const struct filling *f, struct position at)
{
    bool independent = is_independent(f, &at);
    struct argon2_block input = {
        .v = {at.pass, at.lane, at.slice, (uint64_t)f->lanes * f->lane_length, f->passes, f->kind}};
    struct argon2_block addresses;
    struct argon2_block *lane = f->memory + (size_t)at.lane * f->lane_length;
    uint32_t now;

    at.index = at.pass == 0 && at.slice == 0 ? 2 : 0;
    if (independent && at.index)
        addresses_next(f, &input, &addresses);
    for (; at.index < f->segment_length; at.index++) {
        const struct argon2_block *before;
        uint64_t random;

        now = at.slice * f->segment_length + at.index;
        before = lane + (now ? now : f->lane_length) - 1;
        if (independent && at.index % ARGON2_WORDS == 0)
            addresses_next(f, &input, &addresses);
        random = independent ? addresses.v[at.index % ARGON2_WORDS] : before->v[0];
        f->block(before, reference(f, &at, random), lane + now, at.pass > 0);
    }
}

static void memory_fill(const struct filling *f)
{
    for (uint32_t pass = 0; pass < f->passes; pass++)
        for (uint32_t slice = 0; slice < SLICES; slice++)
            for (uint32_t lane = 0; lane < f->lanes; lane++)
                segment_fill(f, (struct position){ .pass = pass, .slice = slice, .lane = lane });
}

static void tag_make(const struct filling *f, struct argon2_hash *what)
{
    struct argon2_block last = f->memory[f->lane_length - 1];

    for (uint32_t lane = 1; lane < f->lanes; lane++)
        for (size_t i = 0; i < ARGON2_WORDS; i++)
            last.v[i] ^= f->memory[(size_t)(lane + 1) * f->lane_length - 1].v[i];
    hash_long(what->tag, (uint32_t)what->tag_n, &last, sizeof last);
    explicit_bzero(&last, sizeof last);
}

static bool is_within(const struct argon2_cost *cost)
{
    return cost->lanes >= 1 && cost->lanes <= ARGON2_LANES_MAX && cost->passes >= 1 &&
           cost->passes <= ARGON2_PASSES_MAX && cost->memory >= 8 * cost->lanes &&
           cost->memory <= ARGON2_MEMORY_MAX;
}

err argon2_fill(struct room *room, argon2_block_fn *block, str password, struct argon2_hash *what)
{
    struct filling f = {
        .block = block, .kind = what->kind, .passes = what->cost.passes, .lanes = what->cost.lanes};
    unsigned char seed[SEED_BYTES];
    size_t bytes;

    if (!is_within(&what->cost) || what->tag_n < TAG_LEAST || what->tag_n > ARGON2_TAG_MAX ||
        password.n > UINT32_MAX)
        return ERR_BUG;
    f.segment_length = what->cost.memory / (SLICES * f.lanes);
    f.lane_length = f.segment_length * SLICES;
    bytes = (size_t)f.lanes * f.lane_length * ARGON2_BLOCK_BYTES;
    if ((f.memory = room_take(room, bytes)) == NULL)
        return ERR_NO_MEMORY;

    seed_make(seed, password, what);
    first_blocks(&f, seed);
    explicit_bzero(seed, sizeof seed);
    memory_fill(&f);
    tag_make(&f, what);
    if (f.passes == 1)
        explicit_bzero(f.memory, bytes);
    room_give(room, f.memory, bytes);
    return OK;
}

/* Measured at 0.4 us a block and pass with AVX2, twice that in plain C. */
int64_t argon2_cost_us(const struct argon2_cost *cost)
{
    return (int64_t)cost->memory * cost->passes * 2 / 5;
}

/* -------------------------------------------------------------------------------------- as text */

static const char *const names[] = {
    [ARGON2_D] = "argon2d", [ARGON2_I] = "argon2i", [ARGON2_ID] = "argon2id"};

/* "m=19456" from the head of *s, which then stands behind the ',' or is empty. */
static bool number_read(str *s, char name, uint32_t *out)
{
    str field;
    int64_t v;

    (void)str_cut(*s, ',', &field, s);         /* the last one ends where the text does */
    if (field.n < 3 || field.n > 12 || field.p[0] != name || field.p[1] != '=' ||
        field.p[2] < '0' || field.p[2] > '9')
        return false;
    if (!str_int(str_from(field, 2), &v) || v < 1 || v > UINT32_MAX)
        return false;
    *out = (uint32_t)v;
    return true;
}

static bool bytes_read(str text, unsigned char *out, size_t max, size_t *n)
{
    unsigned char room[BASE64_BYTES(ARGON2_TAG_MAX / 3 * 4 + 4)];
    bool fine;

    if (text.n == 0 || text.n > ARGON2_TAG_MAX / 3 * 4 + 4 || memchr(text.p, '=', text.n) ||
        !base64_read(text, room, n) || *n > max)
        return false;
    fine = *n > 0;
    memcpy(out, room, *n);
    return fine;
}

static bool kind_read(str name, enum argon2_kind *out)
{
    for (enum argon2_kind k = ARGON2_D; k <= ARGON2_ID; k++)
        if (str_is(name, str_of(names[k]))) {
            *out = k;
            return true;
        }
    return false;
}

err argon2_parse(str hash, struct argon2_hash *out)
{
    str fields[6], rest = hash;

    for (size_t i = 0; i < 6; i++)
        if (!str_cut(rest, '$', &fields[i], &rest) && i < 5)
            return ERR_HASH_UNKNOWN;
    if (rest.n || fields[0].n || !kind_read(fields[1], &out->kind) ||
        !str_is(fields[2], STR("v=19")))
        return ERR_HASH_UNKNOWN;
    if (!number_read(&fields[3], 'm', &out->cost.memory) ||
        !number_read(&fields[3], 't', &out->cost.passes) ||
        !number_read(&fields[3], 'p', &out->cost.lanes) || fields[3].n || !is_within(&out->cost))
        return ERR_HASH_UNKNOWN;
    if (!bytes_read(fields[4], out->salt, ARGON2_SALT_MAX, &out->salt_n) ||
        out->salt_n < SALT_LEAST)
        return ERR_HASH_UNKNOWN;
    if (!bytes_read(fields[5], out->tag, ARGON2_TAG_MAX, &out->tag_n) || out->tag_n < TAG_LEAST)
        return ERR_HASH_UNKNOWN;
    return OK;
}

/* base64 without its padding. */
static void base64_put_bare(struct buf *b, const unsigned char *p, size_t n)
{
    base64_put(b, (str){ (const char *)p, n });
    while (b->n && b->p[b->n - 1] == '=')
        b->n--;
}

err argon2_write(struct arena *mem, const struct argon2_hash *hash, str *out)
{
    struct buf b;

    buf_init(&b, mem, 512);
    buf_printf(&b, "$%s$v=19$m=%u,t=%u,p=%u$", names[hash->kind], hash->cost.memory,
               hash->cost.passes, hash->cost.lanes);
    base64_put_bare(&b, hash->salt, hash->salt_n);
    buf_byte(&b, '$');
    base64_put_bare(&b, hash->tag, hash->tag_n);
    *out = buf_str(&b);
    return buf_ok(&b);
}
