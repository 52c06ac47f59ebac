// SPDX-License-Identifier: MIT
/* import_crypt.c - hashes of crypt(3): which of them, and at what cost; libxcrypt computes them. */
#include "crypto/import_fields.h"
#include "crypto/import.h"

#include <crypt.h>
#include <ctype.h>

/* crypt(3)'s digits: ./0-9A-Za-z, as its number systems count them. -1 for another character. */
static int digit_of(char c)
{
    if (c == '.' || c == '/')
        return c - '.';
    if (c >= '0' && c <= '9')
        return c - '0' + 2;
    if (c >= 'A' && c <= 'Z')
        return c - 'A' + 12;
    return c >= 'a' && c <= 'z' ? c - 'a' + 38 : -1;
}

/* Blocks of 128 bytes times their number: what N and r make of memory, or 0 when it is too much. */
static int64_t blocks_of(int log, int64_t r)
{
    if (log < 1 || log > 30 || r < 1 || r > 64 || (r << log) > IMPORT_MEMORY_MAX / 128)
        return 0;
    return r << log;
}

/* $y$j9T$SALT$HASH: flavour, log2 N - 1, r - 1. Other parameters than these are in no shadow
 * file. */
static int64_t yescrypt_blocks(str after)
{
    if (after.n < 5 || after.p[0] != 'j' || after.p[3] != '$')
        return 0;
    if (digit_of(after.p[1]) < 0 || digit_of(after.p[2]) < 0 || digit_of(after.p[1]) > 47 ||
        digit_of(after.p[2]) > 47)
        return 0;
    return blocks_of(digit_of(after.p[1]) + 1, digit_of(after.p[2]) + 1);
}

/* $7$ C 6.... /.... SALT$HASH: log2 N in one digit, r and p in five each, the lowest first. */
static int64_t scrypt_blocks(str after)
{
    int64_t r = 0, p = 0;

    if (after.n < 12)
        return 0;
    for (int i = 4; i >= 0; i--) {
        if (digit_of(after.p[1 + i]) < 0 || digit_of(after.p[6 + i]) < 0)
            return 0;
        r = r * 64 + digit_of(after.p[1 + i]);
        p = p * 64 + digit_of(after.p[6 + i]);
    }
    return p == 1 ? blocks_of(digit_of(after.p[0]), r) : 0;
}

/* "rounds=N$" at the head, or else `usual`; -1 for a number out of range. */
static int64_t rounds_of(str after, str name, int64_t usual)
{
    str number, rest;
    int64_t n;

    if (!str_starts(after, name))
        return usual;
    if (!str_cut(str_from(after, name.n), '$', &number, &rest) ||
        !field_number(number, IMPORT_ITERATIONS_MAX, &n))
        return -1;
    return n;
}

static int64_t cost_yescrypt(str after)
{
    int64_t blocks = yescrypt_blocks(after);

    return blocks ? blocks / 8 + 1 : -1;
}

static int64_t cost_scrypt(str after)
{
    int64_t blocks = scrypt_blocks(after);

    return blocks ? blocks * 34 / 100 + 1 : -1;
}

/* Rounds times nanoseconds. */
static int64_t cost_rounds(int64_t rounds, int64_t ns)
{
    return rounds < 0 ? -1 : rounds * ns / 1000 + 1;
}

static int64_t cost_sha512(str after)
{
    return cost_rounds(rounds_of(after, STR("rounds="), 5000), 400);
}

static int64_t cost_sha256(str after)
{
    return cost_rounds(rounds_of(after, STR("rounds="), 5000), 500);
}

static int64_t cost_sha1(str after)
{
    str number, rest;
    int64_t n;

    if (!str_cut(after, '$', &number, &rest) || !field_number(number, IMPORT_ITERATIONS_MAX, &n))
        return -1;
    return cost_rounds(n, 600);
}

/* $md5$..., or $md5,rounds=N$...: so many rounds above 4096. */
static int64_t cost_sun(str after)
{
    int64_t more = rounds_of(after, STR(",rounds="), 0);

    if (!str_starts(after, STR("$")) && !str_starts(after, STR(",rounds=")))
        return -1;
    return more < 0 ? -1 : cost_rounds(more + 4096, 3000);
}

static int64_t cost_little(str after)
{
    (void)after;
    return 500;
}

/* _ and four digits of the count, the lowest first. */
static int64_t cost_bsdi(str after)
{
    int64_t n = 0;

    if (after.n != 19)
        return -1;
    for (int i = 3; i >= 0; i--) {
        if (digit_of(after.p[i]) < 0)
            return -1;
        n = n * 64 + digit_of(after.p[i]);
    }
    return cost_rounds(n, 150);
}

static int64_t cost_des(str all)
{
    if (all.n != 13)
        return -1;
    for (size_t i = 0; i < all.n; i++)
        if (digit_of(all.p[i]) < 0)
            return -1;
    return 20;
}

// clang-format off
static const struct { const char *prefix; int64_t (*cost)(str after); } kinds[] = {
    { "$y$",    cost_yescrypt },
    { "$gy$",   cost_yescrypt },
    { "$7$",    cost_scrypt },
    { "$6$",    cost_sha512 },
    { "$5$",    cost_sha256 },
    { "$1$",    cost_little },
    { "$sha1$", cost_sha1 },
    { "$md5",   cost_sun },
    { "$3$$",   cost_little },
    { "_",      cost_bsdi },
    { "",       cost_des },
    {0},
};
// clang-format on

int64_t import_crypt_cost(str hash)
{
    for (size_t i = 0; i < hash.n; i++)
        if (!isgraph((unsigned char)hash.p[i]))
            return -1;
    for (size_t i = 0; kinds[i].prefix; i++)
        if (str_starts(hash, str_of(kinds[i].prefix)))
            return kinds[i].cost(str_from(hash, strlen(kinds[i].prefix)));
    return -1;
}

static size_t memory_of(str hash)
{
    str after, none;
    int64_t blocks = 0;

    if (str_starts(hash, STR("$7$")))
        blocks = scrypt_blocks(str_from(hash, 3));
    else if (str_starts(hash, STR("$y$")) || str_starts(hash, STR("$gy$"))) {
        (void)str_cut(str_from(hash, 1), '$', &none, &after);      /* both have it */
        blocks = yescrypt_blocks(after);
    }
    return (size_t)blocks * 128;
}

err import_crypt_check(struct room *room, str password, str hash)
{
    char z[IMPORT_PASSWORD_MAX + 1], setting[CRYPT_OUTPUT_SIZE];
    struct crypt_data *data;
    const char *made;
    err e = ERR_HASH_UNKNOWN;

    if (password.n > IMPORT_PASSWORD_MAX || memchr(password.p, 0, password.n) ||
        hash.n >= sizeof setting)
        return ERR_HASH_UNKNOWN;
    if ((data = room_take(NULL, sizeof *data)) == NULL) /* 32 KiB: much for a thread's stack */
        return ERR_NO_MEMORY;
    memcpy(z, password.p, password.n);
    z[password.n] = '\0';
    memcpy(setting, hash.p, hash.n);
    setting[hash.n] = '\0';
    room_enter(room, memory_of(hash));
    made = crypt_rn(z, setting, data, sizeof *data);
    room_leave(room, memory_of(hash));
    if (made && strlen(made) == hash.n)
        e = sum_compare(made, hash.p, hash.n);
    explicit_bzero(z, sizeof z);
    explicit_bzero(data, sizeof *data);
    room_give(NULL, data, sizeof *data);
    return e;
}
