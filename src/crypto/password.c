// SPDX-License-Identifier: MIT
/* password.c - hash and check passwords. The one door to whatever hashes. */
#include "crypto/password.h"
#include "base/utf8.h"
#include "crypto/bcrypt.h"
#include "crypto/random.h"

_Static_assert((int)PASSWORD_BYTES_MAX == (int)BCRYPT_CUT, "what is refused is what would be cut");

int password_cost(str hash)
{
    unsigned char salt[BCRYPT_SALT_BYTES];
    int cost;

    if (hash.n != BCRYPT_CHARS || bcrypt_parse(hash, &cost, salt) != OK)
        return -1;
    return cost;
}

bool password_is_weak(str hash, int cost)
{
    return password_cost(hash) < cost;
}

static bool may_spend(int cost)
{
    return cost >= PASSWORD_COST_LEAST && cost <= PASSWORD_COST_MOST;
}

/* What bcrypt asks for: a hash, of which only cost and salt are read. */
static str setting_write(int cost, const unsigned char salt[static BCRYPT_SALT_BYTES],
                         char to[static BCRYPT_CHARS])
{
    static const unsigned char no_sum[BCRYPT_SUM_BYTES];

    bcrypt_write(cost, salt, no_sum, to);
    return (str){ to, BCRYPT_CHARS };
}

err password_hash(struct arena *mem, str password, int cost, str *out)
{
    unsigned char salt[BCRYPT_SALT_BYTES];
    char setting[BCRYPT_CHARS], hash[BCRYPT_CHARS];
    err e;

    if (!utf8_is_well_formed(password))
        return ERR_NOT_UNICODE;
    if (password.n > PASSWORD_BYTES_MAX)
        return ERR_PASSWORD_POLICY;
    if (!may_spend(cost))
        return ERR_BUG;
    random_bytes(salt, sizeof salt);
    if ((e = bcrypt_hash(password, setting_write(cost, salt, setting), hash)) != OK)
        return e;
    *out = arena_dup(mem, (str){ hash, sizeof hash });
    return out->p ? OK : ERR_NO_MEMORY;
}

err password_check(str password, str hash)
{
    if (!utf8_is_well_formed(password))
        return ERR_NOT_UNICODE;
    if (!may_spend(password_cost(hash)))
        return ERR_HASH_UNKNOWN;
    return bcrypt_check(password, hash);
}

void password_waste(str password, int cost)
{
    static const unsigned char salt[BCRYPT_SALT_BYTES];
    char setting[BCRYPT_CHARS], hash[BCRYPT_CHARS];

    if (!utf8_is_well_formed(password) || !may_spend(cost))
        return;
    (void)bcrypt_hash(password, setting_write(cost, salt, setting), hash);   /* for its time alone */
}
