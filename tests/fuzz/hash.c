// SPDX-License-Identifier: MIT
/* hash.c - what a stored hash costs is known before it is checked, and within bounds; what has no
 * cost is refused at once; what is read and written again is the same. Cheap ones are checked too:
 * whatever they say, they end. */
#include "crypto/password.h"

#include "crypto/bcrypt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { CHEAP_US = 2000 };

static void must(bool fine)
{
    if (!fine)
        abort();
}

static void bcrypt_round(str hash)
{
    unsigned char salt[BCRYPT_SALT_BYTES], again[BCRYPT_SALT_BYTES], sum[BCRYPT_SUM_BYTES];
    char text[BCRYPT_CHARS];
    int cost, cost_again;

    if (bcrypt_parse(hash, &cost, salt) != OK || bcrypt_sum_parse(hash, sum) != OK)
        return;
    bcrypt_write(cost, salt, sum, text);
    must(bcrypt_parse((str){ text, sizeof text }, &cost_again, again) == OK);
    must(cost == cost_again && memcmp(salt, again, sizeof salt) == 0);
    must(bcrypt_sum_check(sum, (str){ text, sizeof text }) == OK);
}

static void argon2_round(str hash)
{
    struct argon2_hash first, second;
    struct arena mem;
    str text;

    if (argon2_parse(hash, &first) != OK)
        return;
    arena_init(&mem, 4096);
    must(argon2_write(&mem, &first, &text) == OK);
    must(argon2_parse(text, &second) == OK);
    must(first.kind == second.kind && first.tag_n == second.tag_n && first.salt_n == second.salt_n);
    must(memcmp(&first.cost, &second.cost, sizeof first.cost) == 0);
    must(memcmp(first.tag, second.tag, first.tag_n) == 0);
    arena_end(&mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct password_policy policies[] = {
        { .scheme = SCHEME_BCRYPT, .cost = 8 },
        { .scheme = SCHEME_ARGON2ID, .argon2 = { 1024, 1, 1 } },
    };
    str hash = { (const char *)data, n };
    int64_t us = password_cost_us(hash);
    int cost = password_cost(hash);
    err e;

    must(cost == -1 || (cost >= BCRYPT_COST_MIN && cost <= BCRYPT_COST_MAX));
    must(us == -1 || (us >= 0 && (us <= PASSWORD_US_MAX || cost > 0)));
    must(n <= PASSWORD_HASH_MAX || us == -1);
    for (size_t i = 0; i < 2; i++)
        must(password_is_weak(hash, &policies[i]) || us >= 0 || cost > PASSWORD_COST_MOST);
    must(us >= 0 || !password_is_read_whole(STR("x"), hash));
    if (us < CHEAP_US) {
        e = password_check(NULL, STR("p\xc3\xa4ssword 1"), hash);
        must(e == OK || e == ERR_PASSWORD_WRONG || e == ERR_HASH_UNKNOWN || e == ERR_NO_MEMORY);
        must(us >= 0 || e == ERR_HASH_UNKNOWN);
    }
    bcrypt_round(hash);
    argon2_round(hash);
    return 0;
}
