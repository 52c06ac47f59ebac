// SPDX-License-Identifier: MIT
/* password.c - hash and check passwords. The one door to whatever hashes.
 *
 * A bcrypt hash: `$2b$`, two digits of cost, `$`, 22 characters of salt, 31 of hash; 60 in all. */
#include "crypto/password.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "crypto/random.h"

#include <crypt.h>

enum { HASH_CHARS = 60, COST_AT = 4, SALT_AT = 7, RESULT_AT = 29, SALT_BYTES = 16 };

/* What all checks are measured by; any salt will do. */
#define WASTE_SALT "abcdefghijklmnopqrstuu"

/* One bcrypt of `n` bytes, none of them NUL, under the first 29 characters of `setting`, 60 characters
 * and a NUL. Whatever else can do it takes its place here. */
static bool bcrypt(const char *password, size_t n, const char *setting, char out[static HASH_CHARS + 1])
{
    char z[PASSWORD_BYTES_MAX + 1];
    struct crypt_data work;
    char *hash;

    work.initialized = 0;
    if (n)
        memcpy(z, password, n);
    z[n] = '\0';
    hash = crypt_rn(z, setting, &work, sizeof work);
    if (hash && strlen(hash) == HASH_CHARS)
        memcpy(out, hash, HASH_CHARS + 1);
    else
        hash = NULL;
    explicit_bzero(z, sizeof z);
    explicit_bzero(&work, sizeof work);
    return hash != NULL;
}

/* crypt_rn would stop at a NUL, and "a\0b" open what "a" locks. */
static bool is_text(str password)
{
    return utf8_is_well_formed(password) && (password.n == 0 || !memchr(password.p, 0, password.n));
}

static bool is_bcrypt_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '.' && c <= '9');
}

int password_cost(str hash)
{
    int cost;

    if (hash.n != HASH_CHARS || !str_starts(hash, STR("$2")) || !memchr("aby", hash.p[2], 3)
        || hash.p[3] != '$' || hash.p[SALT_AT - 1] != '$')
        return -1;
    if (hash.p[COST_AT] < '0' || hash.p[COST_AT] > '3' || hash.p[COST_AT + 1] < '0'
        || hash.p[COST_AT + 1] > '9')
        return -1;
    for (size_t i = SALT_AT; i < HASH_CHARS; i++)
        if (!is_bcrypt_char(hash.p[i]))
            return -1;
    cost = (hash.p[COST_AT] - '0') * 10 + (hash.p[COST_AT + 1] - '0');
    return cost >= 4 && cost <= 31 ? cost : -1;
}

bool password_is_weak(str hash, int cost)
{
    return password_cost(hash) < cost;
}

err password_hash(struct arena *mem, str password, int cost, str *out)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE], hash[HASH_CHARS + 1];
    char salt[SALT_BYTES];

    if (!is_text(password))
        return ERR_NOT_UNICODE;
    if (password.n > PASSWORD_BYTES_MAX)
        return ERR_PASSWORD_POLICY;
    if (cost < PASSWORD_COST_LEAST || cost > PASSWORD_COST_MOST)
        return ERR_BUG;
    random_bytes(salt, sizeof salt);
    if (!crypt_gensalt_rn("$2b$", (unsigned long)cost, salt, sizeof salt, setting, sizeof setting))
        return ERR_BUG;
    if (!bcrypt(password.p, password.n, setting, hash))
        return ERR_BUG;
    *out = arena_dup(mem, (str){ hash, HASH_CHARS });
    return out->p ? OK : ERR_NO_MEMORY;
}

/* Only the 31 characters of the result are compared: `$2a$` and `$2y$` come back under their own name,
 * and a salt with stray bits in its last character comes back without them. */
err password_check(str password, str hash)
{
    char setting[HASH_CHARS + 1], made[HASH_CHARS + 1];
    int cost = password_cost(hash);
    size_t n = password.n < PASSWORD_BYTES_MAX ? password.n : PASSWORD_BYTES_MAX;

    if (!is_text(password))
        return ERR_NOT_UNICODE;
    if (cost < PASSWORD_COST_LEAST || cost > PASSWORD_COST_MOST)
        return ERR_HASH_UNKNOWN;
    memcpy(setting, hash.p, HASH_CHARS);
    setting[HASH_CHARS] = '\0';
    setting[2] = 'b';
    if (!bcrypt(password.p, n, setting, made))
        return ERR_HASH_UNKNOWN;
    if (!digest_equal(made + RESULT_AT, hash.p + RESULT_AT, HASH_CHARS - RESULT_AT))
        return ERR_PASSWORD_WRONG;
    return OK;
}

void password_waste(str password, int cost)
{
    char setting[RESULT_AT + 1], made[HASH_CHARS + 1];
    size_t n = password.n < PASSWORD_BYTES_MAX ? password.n : PASSWORD_BYTES_MAX;

    if (!is_text(password) || cost < PASSWORD_COST_LEAST || cost > PASSWORD_COST_MOST)
        return;
    (void)snprintf(setting, sizeof setting, "$2b$%02d$" WASTE_SALT, cost);
    (void)bcrypt(password.p, n, setting, made);          /* for its time alone */
}
