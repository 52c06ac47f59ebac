// SPDX-License-Identifier: MIT
/* import_scrypt.c - scrypt hashes (RFC 7914), and Firebase's variant of them. */
#include "crypto/import_fields.h"
#include "crypto/import.h"

#include <openssl/evp.h>

enum { SALT_MAX = 128, KEY_MAX = 64, KEY_LEAST = 16, SIGNER_MAX = 64, LOG_MAX = 24, P_MAX = 16 };

struct scrypt {
    int64_t log, r, p;
    unsigned char salt[SALT_MAX];
    size_t salt_n;
};

static size_t memory_of(const struct scrypt *s)
{
    return 128 * ((size_t)s->r << s->log) + 128 * (size_t)(s->r * s->p);
}

/* "ln=14,r=8", and ",p=1" where there is one. */
static bool costs_read(str field, bool has_p, struct scrypt *out)
{
    str log, r, p, rest;

    (void)str_cut(field, ',', &log, &rest);
    (void)str_cut(rest, ',', &r, &p);
    out->p = 1;
    if (!field_named(log, STR("ln="), LOG_MAX, &out->log) ||
        !field_named(r, STR("r="), 64, &out->r))
        return false;
    if (has_p ? !field_named(p, STR("p="), P_MAX, &out->p) : p.n > 0)
        return false;
    return memory_of(out) <= IMPORT_MEMORY_MAX;
}

static int64_t cost_of(const struct scrypt *s)
{
    return (s->r << s->log) * s->p * 30 / 100 + 1;
}

static err derive(struct room *room, str password, const struct scrypt *s, unsigned char *key,
                  size_t n)
{
    size_t memory = memory_of(s);
    int fine;

    room_enter(room, memory);
    fine =
        EVP_PBE_scrypt(password.n ? password.p : "", password.n, s->salt, s->salt_n, 1ull << s->log,
                       (uint64_t)s->r, (uint64_t)s->p, memory + (1 << 20), key, n);
    room_leave(room, memory);
    return fine == 1 ? OK : ERR_NO_MEMORY;
}

/* ---------------------------------------------------------------------------------------- plain */

struct plain { struct scrypt cost; unsigned char key[KEY_MAX]; size_t key_n; };

static bool plain_parse(str hash, struct plain *out)
{
    str fields[5];

    return fields_split(hash, fields, 5) && str_is(fields[1], STR("scrypt")) &&
           costs_read(fields[2], true, &out->cost) &&
           field_bytes(fields[3], out->cost.salt, SALT_MAX, &out->cost.salt_n) &&
           field_bytes(fields[4], out->key, KEY_MAX, &out->key_n) && out->key_n >= KEY_LEAST;
}

int64_t import_scrypt_cost(str hash)
{
    struct plain plain;

    return plain_parse(hash, &plain) ? cost_of(&plain.cost) : -1;
}

err import_scrypt_check(struct room *room, str password, str hash)
{
    unsigned char key[KEY_MAX];
    struct plain plain;
    err e;

    if (!plain_parse(hash, &plain))
        return ERR_HASH_UNKNOWN;
    if ((e = derive(room, password, &plain.cost, key, plain.key_n)) == OK)
        e = sum_compare(key, plain.key, plain.key_n);
    explicit_bzero(key, sizeof key);
    return e;
}

/* ------------------------------------------------------------------------------------- Firebase */

struct firebase {
    struct scrypt cost;
    unsigned char signer[SIGNER_MAX], sum[SIGNER_MAX];
    size_t n;
};

/* The separator stands behind the salt. */
static bool firebase_parse(str hash, struct firebase *out)
{
    unsigned char separator[16];
    size_t separator_n, sum_n;
    str fields[7];

    if (!fields_split(hash, fields, 7) || !str_is(fields[1], STR("firebase-scrypt")))
        return false;
    if (!costs_read(fields[2], false, &out->cost))
        return false;
    if (!field_bytes(fields[3], out->cost.salt, SALT_MAX - sizeof separator, &out->cost.salt_n)
        || !field_bytes(fields[4], separator, sizeof separator, &separator_n))
        return false;
    memcpy(out->cost.salt + out->cost.salt_n, separator, separator_n);
    out->cost.salt_n += separator_n;
    return field_bytes(fields[5], out->signer, SIGNER_MAX, &out->n) &&
           field_bytes(fields[6], out->sum, SIGNER_MAX, &sum_n) && out->n == sum_n &&
           sum_n >= KEY_LEAST;
}

int64_t import_firebase_cost(str hash)
{
    struct firebase firebase;

    return firebase_parse(hash, &firebase) ? cost_of(&firebase.cost) : -1;
}

/* AES-256 in counter mode from zero over the signer key. */
static bool signer_encrypt(const struct firebase *f, const unsigned char key[static 32],
                           unsigned char *out)
{
    static const unsigned char zero[16];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    bool fine = ctx && EVP_EncryptInit_ex(ctx, EVP_aes_256_ctr(), NULL, key, zero) == 1
        && EVP_EncryptUpdate(ctx, out, &n, f->signer, (int)f->n) == 1;

    EVP_CIPHER_CTX_free(ctx);
    return fine && (size_t)n == f->n;
}

err import_firebase_check(struct room *room, str password, str hash)
{
    unsigned char key[32], sum[SIGNER_MAX + 16];
    struct firebase f;
    err e;

    if (!firebase_parse(hash, &f))
        return ERR_HASH_UNKNOWN;
    if ((e = derive(room, password, &f.cost, key, sizeof key)) == OK)
        e = signer_encrypt(&f, key, sum) ? sum_compare(sum, f.sum, f.n) : ERR_NO_MEMORY;
    explicit_bzero(key, sizeof key);
    explicit_bzero(sum, sizeof sum);
    explicit_bzero(&f, sizeof f);
    return e;
}
