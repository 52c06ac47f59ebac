// SPDX-License-Identifier: MIT
/* import_pbkdf2.c - PBKDF2 hashes (RFC 8018 section 5.2) of Django, Keycloak and others. */
#include "crypto/import_fields.h"
#include "crypto/import.h"

#include <openssl/evp.h>

enum { SALT_MAX = 128, KEY_MAX = 128, KEY_LEAST = 16 };

struct pbkdf2 {
    const struct family *family;
    int64_t iterations;
    unsigned char salt[SALT_MAX], key[KEY_MAX];
    size_t salt_n, key_n;
};

/* ns: of one iteration of one block. */
// clang-format off
static const struct family {
    const char *prefix; bool django; const EVP_MD *(*md)(void); size_t block; int64_t ns;
} families[] = {
    { "pbkdf2_sha256$",  true,  EVP_sha256, 32, 230 },
    { "pbkdf2_sha1$",    true,  EVP_sha1,   20, 230 },
    { "$pbkdf2-sha512$", false, EVP_sha512, 64, 450 },
    { "$pbkdf2-sha256$", false, EVP_sha256, 32, 230 },
    { "$pbkdf2-sha1$",   false, EVP_sha1,   20, 230 },
    {0},
};
// clang-format on

static bool salt_read(struct pbkdf2 *out, str field)
{
    if (!out->family->django)
        return field_bytes(field, out->salt, SALT_MAX, &out->salt_n);
    if (field.n == 0 || field.n > SALT_MAX)
        return false;
    memcpy(out->salt, field.p, field.n);
    out->salt_n = field.n;
    return true;
}

static bool pbkdf2_parse(str hash, struct pbkdf2 *out)
{
    const struct family *family = families;
    str fields[3];

    while (family->prefix && !str_starts(hash, str_of(family->prefix)))
        family++;
    if (!family->prefix)
        return false;
    out->family = family;
    if (!fields_split(str_from(hash, strlen(family->prefix)), fields, 3))
        return false;
    if (!field_named(fields[0], family->django ? STR("") : STR("i="), IMPORT_ITERATIONS_MAX,
                     &out->iterations))
        return false;
    return salt_read(out, fields[1]) && field_bytes(fields[2], out->key, KEY_MAX, &out->key_n)
        && out->key_n >= KEY_LEAST;
}

int64_t import_pbkdf2_cost(str hash)
{
    struct pbkdf2 p;
    int64_t blocks;

    if (!pbkdf2_parse(hash, &p))
        return -1;
    blocks = (int64_t)((p.key_n + p.family->block - 1) / p.family->block);
    return p.iterations * blocks * p.family->ns / 1000 + 1;
}

err import_pbkdf2_check(struct room *room, str password, str hash)
{
    unsigned char key[KEY_MAX];
    struct pbkdf2 p;
    err e;

    (void)room;                /* it takes none */
    if (!pbkdf2_parse(hash, &p))
        return ERR_HASH_UNKNOWN;
    if (PKCS5_PBKDF2_HMAC(password.n ? password.p : "", (int)password.n, p.salt, (int)p.salt_n,
                          (int)p.iterations, p.family->md(), (int)p.key_n, key) != 1)
        return ERR_NO_MEMORY;
    e = sum_compare(key, p.key, p.key_n);
    explicit_bzero(key, sizeof key);
    return e;
}
