// SPDX-License-Identifier: MIT
/* import_wordpress.c - phpass (WordPress to 6.7, phpBB) and WordPress's bcrypt since 6.8. */
#include "crypto/import_fields.h"
#include "crypto/bcrypt.h"
#include "crypto/import.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum {
    PHPASS_CHARS = 34,
    SUM_BYTES = 16,
    SUM_CHARS = 22,
    SALT_AT = 4,
    SALT_CHARS = 8,
    LOG_LEAST = 7,
    LOG_MOST = 24
};

static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/* log2 of how often MD5 is taken, or -1 for what is no such hash. */
static int phpass_log(str hash)
{
    const char *at;

    if (hash.n != PHPASS_CHARS || !(str_starts(hash, STR("$P$")) || str_starts(hash, STR("$H$"))))
        return -1;
    for (size_t i = 3; i < hash.n; i++)
        if (hash.p[i] == '\0' || !strchr(digits, hash.p[i]))
            return -1;
    at = strchr(digits, hash.p[3]);
    return at - digits >= LOG_LEAST && at - digits <= LOG_MOST ? (int)(at - digits) : -1;
}

int64_t import_phpass_cost(str hash)
{
    int log = phpass_log(hash);

    return log < 0 ? -1 : (1ll << log) * 35 / 100 + 1;
}

/* Four characters of six bits for three bytes, the lowest first. */
static void sum_write(const unsigned char sum[static SUM_BYTES], char out[static SUM_CHARS])
{
    size_t n = 0;

    for (size_t i = 0; i < SUM_BYTES; i += 3) {
        uint32_t v = sum[i];

        if (i + 1 < SUM_BYTES)
            v |= (uint32_t)sum[i + 1] << 8 | (uint32_t)sum[i + 2] << 16;
        for (int j = 0; j < 4 && n < SUM_CHARS; j++, v >>= 6)
            out[n++] = digits[v & 63];
    }
}

static bool md5_of(EVP_MD_CTX *ctx, str first, str second, unsigned char out[static SUM_BYTES])
{
    return EVP_DigestInit_ex(ctx, EVP_md5(), NULL) == 1 &&
           EVP_DigestUpdate(ctx, first.p, first.n) == 1 &&
           EVP_DigestUpdate(ctx, second.p, second.n) == 1 &&
           EVP_DigestFinal_ex(ctx, out, NULL) == 1;
}

err import_phpass_check(struct room *room, str password, str hash)
{
    unsigned char sum[SUM_BYTES];
    char text[SUM_CHARS];
    int log = phpass_log(hash);
    EVP_MD_CTX *ctx;
    bool fine;

    (void)room;
    if (log < 0)
        return ERR_HASH_UNKNOWN;
    if ((ctx = EVP_MD_CTX_new()) == NULL)
        return ERR_NO_MEMORY;
    fine = md5_of(ctx, (str){ hash.p + SALT_AT, SALT_CHARS }, password, sum);
    for (long i = 1l << log; i > 0 && fine; i--)
        fine = md5_of(ctx, (str){ (const char *)sum, sizeof sum }, password, sum);
    EVP_MD_CTX_free(ctx);
    if (!fine)
        return ERR_NO_MEMORY;
    sum_write(sum, text);
    explicit_bzero(sum, sizeof sum);
    return sum_compare(text, hash.p + SALT_AT + SALT_CHARS, SUM_CHARS);
}

/* The bcrypt hash behind "$wp". */
static bool bcrypt_in(str hash, str *out)
{
    if (!str_starts(hash, STR("$wp$2")))
        return false;
    *out = str_from(hash, 3);
    return out->n == BCRYPT_CHARS;
}

int64_t import_wordpress_cost(str hash)
{
    unsigned char salt[BCRYPT_SALT_BYTES];
    str bcrypt;
    int cost;

    if (!bcrypt_in(hash, &bcrypt) || bcrypt_parse(bcrypt, &cost, salt) != OK)
        return -1;
    return 50ll << cost;
}

/* What PHP's trim takes away. */
static str trimmed(str s)
{
    static const char blanks[] = " \t\n\r\0\x0b";

    while (s.n && memchr(blanks, s.p[0], sizeof blanks - 1))
        s = str_from(s, 1);
    while (s.n && memchr(blanks, s.p[s.n - 1], sizeof blanks - 1))
        s.n--;
    return s;
}

err import_wordpress_check(struct room *room, str password, str hash)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    char text[65];
    unsigned n;
    str bcrypt, key = STR("wp-sha384");
    err e = ERR_NO_MEMORY;

    (void)room;
    if (!bcrypt_in(hash, &bcrypt))
        return ERR_HASH_UNKNOWN;
    password = trimmed(password);
    if (HMAC(EVP_sha384(), key.p, (int)key.n, (const unsigned char *)password.p, password.n, mac,
             &n) &&
        n == 48) {
        (void)EVP_EncodeBlock((unsigned char *)text, mac, 48); /* always 64 characters and a NUL */
        e = bcrypt_check((str){ text, 64 }, bcrypt);
    }
    explicit_bzero(mac, sizeof mac);
    explicit_bzero(text, sizeof text);
    return e;
}
