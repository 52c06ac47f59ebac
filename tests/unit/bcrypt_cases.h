// SPDX-License-Identifier: MIT
/* bcrypt_cases.h - passwords and settings drawn at random for the tests of bcrypt. */
#ifndef TESTS_BCRYPT_CASES_H
#define TESTS_BCRYPT_CASES_H

#include "crypto/bcrypt.h"

#include <stdlib.h>

enum { CASES_LEAST = 80 };

/* Sanitizers slow our side tenfold, and look for other faults than wrong sums. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { CASES = 1000, LENGTH_MAX = 78 };
#else
enum { CASES = 10000, LENGTH_MAX = 78 };
#endif

/* How many to try: CASES, or fewer when TEST_PAIRS says so. */
static inline unsigned cases(void)
{
    const char *asked = getenv("TEST_PAIRS");
    unsigned n = asked ? (unsigned)strtoul(asked, NULL, 10) : CASES;

    return n < CASES_LEAST ? CASES_LEAST : n > CASES ? CASES : n;
}

/* The same cases on every run (xorshift64*): a failure can be repeated. */
static inline uint32_t drawn(uint32_t below)
{
    static uint64_t state = 0x9e3779b97f4a7c15;

    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1d) >> 32) % below;
}

enum bytes { ASCII, ANY, HIGH, BYTES_COUNT };

/* NUL ends a password for crypt(3), and its $2a$ goes its own way after 0xff: both are left out. */
static inline void password_draw(enum bytes kind, char *password, size_t n)
{
    for (size_t i = 0; i < n; i++)
        password[i] = (char)(kind == ASCII ? 32 + drawn(95)
                             : kind == ANY ? 1 + drawn(254) : 128 + drawn(127));
    password[n] = 0;
}

static inline void salt_draw(unsigned char salt[static BCRYPT_SALT_BYTES])
{
    for (size_t i = 0; i < BCRYPT_SALT_BYTES; i++)
        salt[i] = (unsigned char)drawn(256);
}

/* Of any of the three kinds, with a NUL at its end. */
static inline void setting_draw(int cost, char setting[static BCRYPT_SETTING_CHARS + 1])
{
    unsigned char salt[BCRYPT_SALT_BYTES], sum[BCRYPT_SUM_BYTES] = { 0 };
    char text[BCRYPT_CHARS];

    salt_draw(salt);
    bcrypt_write(cost, salt, sum, text);
    memcpy(setting, text, BCRYPT_SETTING_CHARS);
    setting[2] = "aby"[drawn(3)];
    setting[BCRYPT_SETTING_CHARS] = 0;
}

#endif
