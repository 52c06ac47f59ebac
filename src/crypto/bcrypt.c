// SPDX-License-Identifier: MIT
/* bcrypt.c - bcrypt hashes as text, and the whole of bcrypt for one password. */
#include "crypto/bcrypt.h"

#include <openssl/crypto.h>

static const char digits[65] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static int digit(char c)
{
    const char *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool all_digits(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (digit(s.p[i]) < 0)
            return false;
    return true;
}

/* bcrypt's base 64: the usual order of bits, an alphabet of its own, no padding. */
static void text_write(const unsigned char *bytes, size_t n, char *out)
{
    unsigned held = 0, bits = 0;

    for (size_t i = 0; i < n; i++) {
        held = (held << 8 | bytes[i]) & 0xffff;
        for (bits += 8; bits >= 6; bits -= 6)
            *out++ = digits[held >> (bits - 6) & 0x3f];
    }
    if (bits)
        *out = digits[held << (6 - bits) & 0x3f];
}

/* Of characters that are digits all; bits beyond the last whole byte are dropped. */
static void text_read(str text, unsigned char *out)
{
    unsigned held = 0, bits = 0;

    for (size_t i = 0; i < text.n; i++) {
        held = (held << 6 | (unsigned)digit(text.p[i])) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (unsigned char)(held >> bits);
        }
    }
}

static bool has_shape(str s)
{
    if (s.n != BCRYPT_SETTING_CHARS && s.n != BCRYPT_CHARS)
        return false;
    if (!str_starts(s, STR("$2a$")) && !str_starts(s, STR("$2b$")) && !str_starts(s, STR("$2y$")))
        return false;
    return s.p[6] == '$' && all_digits(str_from(s, 7));
}

err bcrypt_parse(str setting, int *cost, unsigned char salt[static BCRYPT_SALT_BYTES])
{
    int64_t c;

    if (!has_shape(setting))
        return ERR_HASH_UNKNOWN;
    if (!str_int((str){ setting.p + 4, 2 }, &c) || c < BCRYPT_COST_MIN || c > BCRYPT_COST_MAX)
        return ERR_HASH_UNKNOWN;
    *cost = (int)c;
    text_read((str){ setting.p + 7, 22 }, salt);
    return OK;
}

void bcrypt_write(int cost, const unsigned char salt[static BCRYPT_SALT_BYTES],
                  const unsigned char sum[static BCRYPT_SUM_BYTES], char out[static BCRYPT_CHARS])
{
    memcpy(out, "$2b$", 4);
    out[4] = (char)('0' + cost / 10);
    out[5] = (char)('0' + cost % 10);
    out[6] = '$';
    text_write(salt, BCRYPT_SALT_BYTES, out + 7);
    text_write(sum, BCRYPT_SUM_BYTES, out + BCRYPT_SETTING_CHARS);
}

err bcrypt_sum_parse(str hash, unsigned char sum[static BCRYPT_SUM_BYTES])
{
    if (hash.n != BCRYPT_CHARS || !has_shape(hash))
        return ERR_HASH_UNKNOWN;
    text_read(str_from(hash, BCRYPT_SETTING_CHARS), sum);
    return OK;
}

err bcrypt_hash(str password, str setting, char out[static BCRYPT_CHARS])
{
    struct lane_job job = { .password = password };
    err e;

    if ((e = bcrypt_parse(setting, &job.cost, job.salt)) != OK)
        return e;
    lane_job_run(&job);
    bcrypt_write(job.cost, job.salt, job.sum, out);
    explicit_bzero(&job, sizeof job);
    return OK;
}

err bcrypt_sum_check(const unsigned char sum[static BCRYPT_SUM_BYTES], str hash)
{
    char text[BCRYPT_SUM_CHARS];
    bool same;

    if (hash.n != BCRYPT_CHARS)
        return ERR_HASH_UNKNOWN;
    text_write(sum, BCRYPT_SUM_BYTES, text);
    same = CRYPTO_memcmp(text, hash.p + BCRYPT_SETTING_CHARS, sizeof text) == 0;
    explicit_bzero(text, sizeof text);
    return same ? OK : ERR_PASSWORD_WRONG;
}

err bcrypt_check(str password, str hash)
{
    struct lane_job job = { .password = password };
    err e;

    if (hash.n != BCRYPT_CHARS)
        return ERR_HASH_UNKNOWN;
    if ((e = bcrypt_parse(hash, &job.cost, job.salt)) != OK)
        return e;
    lane_job_run(&job);
    e = bcrypt_sum_check(job.sum, hash);
    explicit_bzero(&job, sizeof job);
    return e;
}
