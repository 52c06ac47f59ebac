// SPDX-License-Identifier: MIT
/* argon2_test.c - the fill against libargon2, in every version this processor runs; hashes as
 * text. */
#include "../tests/test.h"
#include "crypto/argon2.h"
#include "crypto/random.h"

#include <argon2.h>

static const argon2_type types[] = {
    [ARGON2_D] = Argon2_d, [ARGON2_I] = Argon2_i, [ARGON2_ID] = Argon2_id};

/* The same by libargon2; `password` may hold anything. */
static bool is_theirs(str password, const struct argon2_hash *h)
{
    unsigned char tag[ARGON2_TAG_MAX];
    int rc =
        argon2_hash(h->cost.passes, h->cost.memory, h->cost.lanes, password.p, password.n, h->salt,
                    h->salt_n, tag, h->tag_n, NULL, 0, types[h->kind], ARGON2_VERSION_13);

    return rc == ARGON2_OK && memcmp(tag, h->tag, h->tag_n) == 0;
}

static void compare(argon2_block_fn *block, str password, struct argon2_hash h)
{
    CHECK_ERR(argon2_fill(NULL, block, password, &h), OK);
    CHECK(is_theirs(password, &h));
}

TEST(every_version_equals_libargon2_in_kinds_lanes_passes_and_sizes)
{
    static const uint32_t memories[] = { 8, 9, 15, 16, 31, 33, 64, 100, 127, 512, 513, 1027 };
    char bytes[300];
    unsigned tried = 0;

    for (const struct argon2_version *v = argon2_versions; v->name; v++) {
        for (size_t i = 0; v->runs() && i < 180; i++) {
            struct argon2_hash h = {
                .kind = (enum argon2_kind)(i % 3),
                .cost = {memories[i / 3 % 12], 1 + (uint32_t)(i / 7 % 4),
                         1 + (uint32_t)(i / 5 % 5)},
                .salt_n = 8 + i % 57,
                .tag_n = 16 + i * 7 % 49,
            };

            if (h.cost.memory < 8 * h.cost.lanes)
                h.cost.memory += 8 * h.cost.lanes;
            random_bytes(h.salt, sizeof h.salt);
            random_bytes(bytes, sizeof bytes);
            compare(v->block, (str){ bytes, i * 11 % sizeof bytes }, h);
            tried++;
        }
    }
    CHECK(tried >= 180);
}

TEST(usual_parameters_equal_libargon2)
{
    static const struct argon2_cost costs[] = {
        {19456, 2, 1}, {7168, 5, 1}, {65536, 1, 4}, {4096, 3, 1}};

    for (size_t i = 0; i < sizeof costs / sizeof *costs; i++)
        compare(argon2_block_best(), STR("correct horse"),
                (struct argon2_hash){
                    .kind = ARGON2_ID, .cost = costs[i], .salt = {1}, .salt_n = 16, .tag_n = 32});
}

/* RFC 9106 has its vectors with a secret and associated data, which passwords do not use; this one
 * is the reference implementation's own. */
TEST(the_published_hash_comes_out)
{
    static const char known[] =
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    struct argon2_hash h;
    struct arena mem;
    str text;

    arena_init(&mem, 4096);
    CHECK_ERR(argon2_parse(str_of(known), &h), OK);
    memset(h.tag, 0, sizeof h.tag);
    CHECK_ERR(argon2_fill(NULL, argon2_block_best(), STR("password"), &h), OK);
    CHECK_ERR(argon2_write(&mem, &h, &text), OK);
    CHECK_STR(text, str_of(known));
    arena_end(&mem);
}

TEST(what_is_no_hash_or_costs_too_much_is_refused)
{
    static const char *const bad[] = {
        "", "$", "$argon2id", "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ",
        "$argon2id$v=16$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2x$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=7,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=15,t=1,p=2$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=4294967304,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=65,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=0,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=-1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=512,t=1,p=17$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=1,data=aa$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$t=1,m=64,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZQ$AAAAAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAA",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA==",
        "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA$x",
        "$argon2id$v=19$m=64,t=1,p=1$$AAAAAAAAAAAAAAAAAAAAAA",
    };
    struct argon2_hash h;
    char large[400];

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(argon2_parse(str_of(bad[i]), &h), ERR_HASH_UNKNOWN);
    memset(large, 'A', sizeof large);
    memcpy(large, bad[3], strlen(bad[3]));
    large[strlen(bad[3])] = '$';
    CHECK_ERR(argon2_parse((str){ large, sizeof large }, &h), ERR_HASH_UNKNOWN);
}

TEST(a_cost_out_of_bounds_is_not_filled)
{
    struct argon2_hash h = { .kind = ARGON2_ID, .cost = { 7, 1, 1 }, .salt_n = 16, .tag_n = 32 };

    CHECK_ERR(argon2_fill(NULL, argon2_block_best(), STR("x"), &h), ERR_BUG);
    h.cost = (struct argon2_cost){ 64, 1, 1 };
    h.tag_n = 15;
    CHECK_ERR(argon2_fill(NULL, argon2_block_best(), STR("x"), &h), ERR_BUG);
}
