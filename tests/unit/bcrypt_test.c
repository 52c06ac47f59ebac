// SPDX-License-Identifier: MIT
/* bcrypt_test.c - bcrypt against crypt(3) on random and edge cases, and its text form. */
#include "../tests/test.h"
#include "crypto/bcrypt.h"
#include "crypto/pi.h"

#include "../tests/unit/bcrypt_cases.h"

#include <crypt.h>

/* Ours equals crypt(3)'s but for the kind, which crypt(3) repeats and we write as $2b$. */
static bool equals_crypt(str password, const char *setting)
{
    static struct crypt_data data;
    char ours[BCRYPT_CHARS];
    const char *theirs = crypt_rn(password.p, setting, &data, sizeof data);

    return theirs && strlen(theirs) == BCRYPT_CHARS &&
           bcrypt_hash(password, str_of(setting), ours) == OK && memcmp(ours, "$2b$", 4) == 0 &&
           memcmp(ours + 4, theirs + 4, BCRYPT_CHARS - 4) == 0;
}

static str hash_of(str password, const char *setting)
{
    static char out[BCRYPT_CHARS];

    CHECK_ERR(bcrypt_hash(password, str_of(setting), out), OK);
    return (str){ out, sizeof out };
}

TEST(random_pairs_equal_crypt)
{
    char password[LENGTH_MAX + 1], setting[BCRYPT_SETTING_CHARS + 1];

    for (unsigned i = 0; i < cases() / 10; i++) {
        size_t n = drawn(LENGTH_MAX + 1);

        password_draw((enum bytes)(i % BYTES_COUNT), password, n);
        setting_draw(i % 50 ? 4 : 5, setting);
        if (!equals_crypt((str){ password, n }, setting)) {
            printf("  pair %d, %zu bytes, %s\n", i, n, setting);
            CHECK(false);
            return;
        }
    }
}

TEST(every_length_equals_crypt)
{
    char password[LENGTH_MAX + 1], setting[BCRYPT_SETTING_CHARS + 1];

    for (size_t n = 0; n <= LENGTH_MAX; n++)
        for (enum bytes kind = ASCII; kind < BYTES_COUNT; kind++) {
            password_draw(kind, password, n);
            setting_draw(4, setting);
            CHECK(equals_crypt((str){ password, n }, setting));
        }
}

TEST(every_byte_equals_crypt)
{
    char password[] = "xxx", setting[BCRYPT_SETTING_CHARS + 1];

    for (int b = 1; b <= 254; b++) {
        password[0] = password[2] = (char)b;
        setting_draw(4, setting);
        CHECK(equals_crypt((str){ password, 3 }, setting));
    }
}

TEST(the_usual_costs_equal_crypt)
{
    char setting[BCRYPT_SETTING_CHARS + 1];

    for (int cost = 4; cost <= 9; cost++) {
        setting_draw(cost, setting);
        CHECK(equals_crypt(STR("correct horse battery staple"), setting));
    }
}

/* Known answers, so that this file does not trust crypt(3) alone: John the Ripper's and
 * OpenBSD's. */
TEST(published_hashes_are_right)
{
    static const struct { const char *password, *hash; } known[] = {
        { "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" },
        { "U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK" },
        { "U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a" },
        { "", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy" },
        { "abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i" },
    };

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        CHECK_ERR(bcrypt_check(str_of(known[i].password), str_of(known[i].hash)), OK);
}

TEST(what_follows_the_72nd_byte_does_not_count)
{
    char a[80], b[80];
    str want;

    memset(a, 'a', sizeof a);
    memcpy(b, a, sizeof b);
    b[72] = 'b';
    want = hash_of((str){ a, 72 }, "$2b$04$abcdefghijklmnopqrstuu");
    CHECK_ERR(bcrypt_check((str){ a, 73 }, want), OK);
    CHECK_ERR(bcrypt_check((str){ b, 80 }, want), OK);
    CHECK_ERR(bcrypt_check((str){ a, 71 }, want), ERR_PASSWORD_WRONG);
}

TEST(nul_is_a_byte_like_any_other)
{
    /* bcryptjs 2.4.3 made it */
    str hash = STR("$2b$04$abcdefghijklmnopqrstuuc/WQlW1Sa0TJ.fps/Hm7Lccv1H.hvt6");

    CHECK_ERR(bcrypt_check((str){ "secret\0x", 8 }, hash), OK);
    CHECK_ERR(bcrypt_check(STR("secret"), hash), ERR_PASSWORD_WRONG);
    CHECK_ERR(bcrypt_check((str){ "secret\0y", 8 }, hash), ERR_PASSWORD_WRONG);
}

TEST(stray_bits_of_a_salt_are_taken_and_straightened)
{
    str straight = STR("$2b$04$abcdefghijklmnopqrstuu"), hash;

    hash = hash_of(STR("x"), "$2b$04$abcdefghijklmnopqrstuv");
    CHECK_STR(str_head(hash, BCRYPT_SETTING_CHARS), straight);
    CHECK_STR(hash, hash_of(STR("x"), "$2b$04$abcdefghijklmnopqrstuu"));
    CHECK(equals_crypt(STR("x"), straight.p));
}

TEST(a_stored_hash_with_stray_salt_bits_still_verifies)
{
    char stray[BCRYPT_CHARS];

    memcpy(stray, hash_of(STR("x"), "$2b$04$abcdefghijklmnopqrstuu").p, sizeof stray);
    stray[28] = 'v';
    CHECK_ERR(bcrypt_check(STR("x"), (str){ stray, sizeof stray }), OK);
    CHECK_ERR(bcrypt_check(STR("y"), (str){ stray, sizeof stray }), ERR_PASSWORD_WRONG);
}

TEST(each_of_the_31_characters_counts)
{
    char hash[BCRYPT_CHARS];

    memcpy(hash, hash_of(STR("x"), "$2b$04$abcdefghijklmnopqrstuu").p, sizeof hash);
    for (size_t i = BCRYPT_SETTING_CHARS; i < BCRYPT_CHARS; i++) {
        char was = hash[i];

        hash[i] = was == 'a' ? 'b' : 'a';
        CHECK_ERR(bcrypt_check(STR("x"), (str){ hash, sizeof hash }), ERR_PASSWORD_WRONG);
        hash[i] = was;
    }
    CHECK_ERR(bcrypt_check(STR("x"), (str){ hash, sizeof hash }), OK);
}

TEST(what_is_no_hash_is_refused)
{
    static const char *const bad[] = {
        "", "$", "$2b$", "x", "$2b$04$abcdefghijklmnopqrstuu",
        "$2b$03$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2b$32$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2b$-4$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2b$ 4$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2b$4$aabcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2x$04$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2$04$aabcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$1$04$aabcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2b$04.abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2b$04$abcdefghijklmnopqrst=uB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC",
        "$2b$04$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqc!",
        "$2b$04$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcCx",
        "$2b$04$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqc",
    };

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(bcrypt_check(STR("x"), str_of(bad[i])), ERR_HASH_UNKNOWN);
    CHECK_ERR(bcrypt_check(STR("x"), (str){ 0 }), ERR_HASH_UNKNOWN);
}

TEST(a_nul_in_a_hash_is_refused)
{
    char hash[] = "$2b$04$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC";

    hash[40] = 0;
    CHECK_ERR(bcrypt_check(STR("x"), (str){ hash, BCRYPT_CHARS }), ERR_HASH_UNKNOWN);
}

TEST(a_parsed_hash_writes_itself)
{
    str hash = STR("$2b$31$abcdefghijklmnopqrstuuB3h5V3pIhUb3ZPmWHgDDYrVDZT6mqcC");
    unsigned char salt[BCRYPT_SALT_BYTES], sum[BCRYPT_SUM_BYTES] = { 0 };
    char out[BCRYPT_CHARS];
    int cost = 0;

    CHECK_ERR(bcrypt_parse(hash, &cost, salt), OK);
    CHECK(cost == 31);
    bcrypt_write(cost, salt, sum, out);
    CHECK_STR(((str){ out, BCRYPT_SETTING_CHARS }), str_head(hash, BCRYPT_SETTING_CHARS));
    for (size_t i = BCRYPT_SETTING_CHARS; i < BCRYPT_CHARS; i++)
        CHECK(out[i] == '.');
}

TEST(pi_is_pi)
{
    CHECK(pi_fraction[0] == 0x243f6a88 && pi_fraction[17] == 0x8979fb1b);
    CHECK(pi_fraction[18] == 0xd1310ba6 && pi_fraction[PI_WORDS - 1] == 0x3ac372e6);
}
