// SPDX-License-Identifier: MIT
/* password.c - hash and check passwords. The one door to whatever hashes: a row a kind. */
#include "crypto/password.h"
#include "base/utf8.h"
#include "crypto/bcrypt.h"
#include "crypto/digest.h"
#include "crypto/import.h"
#include "crypto/random.h"

_Static_assert((int)PASSWORD_BYTES_MAX == (int)BCRYPT_CUT, "what is refused is what would be cut");

enum { BCRYPT_ROUND_US = 42 };

/* One kind of hash. cost_us is -1 for what only looks like it, or costs beyond reason. */
struct kind {
    const char *prefix;
    err (*check)(struct room *room, str password, str hash);
    int64_t (*cost_us)(str hash);
    size_t taken;              /* bytes: a longer password is not checked */
    size_t read;               /* bytes that count */
};

int password_cost(str hash)
{
    unsigned char salt[BCRYPT_SALT_BYTES];
    int cost;

    if (hash.n != BCRYPT_CHARS || bcrypt_parse(hash, &cost, salt) != OK)
        return -1;
    return cost;
}

static bool may_spend(int cost)
{
    return cost >= PASSWORD_COST_LEAST && cost <= PASSWORD_COST_MOST;
}

static int64_t bcrypt_cost(str hash)
{
    int cost = password_cost(hash);

    return may_spend(cost) ? (int64_t)BCRYPT_ROUND_US << cost : -1;
}

static err bcrypt_try(struct room *room, str password, str hash)
{
    (void)room;                /* its memory is a lane's */
    return bcrypt_check(password, hash);
}

static int64_t bounded(int64_t us)
{
    return us <= PASSWORD_US_MAX ? us : -1;
}

static int64_t argon2_cost(str hash)
{
    struct argon2_hash h;

    return argon2_parse(hash, &h) == OK ? bounded(argon2_cost_us(&h.cost)) : -1;
}

static err argon2_try(struct room *room, str password, str hash)
{
    struct argon2_hash theirs, ours;
    err e;

    if ((e = argon2_parse(hash, &theirs)) != OK)
        return e;
    ours = theirs;
    if ((e = argon2_fill(room, argon2_block_best(), password, &ours)) != OK)
        return e;
    return digest_equal(ours.tag, theirs.tag, theirs.tag_n) ? OK : ERR_PASSWORD_WRONG;
}

enum { ALL = PASSWORD_ARGON2_BYTES_MAX, TYPED = IMPORT_PASSWORD_MAX };

/* The first that fits. The last is DES, which has no prefix and reads 8 bytes. */
// clang-format off
static const struct kind kinds[] = {
    { "$2a$",              bcrypt_try,             bcrypt_cost,           SIZE_MAX, PASSWORD_BYTES_MAX },
    { "$2b$",              bcrypt_try,             bcrypt_cost,           SIZE_MAX, PASSWORD_BYTES_MAX },
    { "$2y$",              bcrypt_try,             bcrypt_cost,           SIZE_MAX, PASSWORD_BYTES_MAX },
    { "$argon2",           argon2_try,             argon2_cost,           ALL,      ALL },
    { "pbkdf2_",           import_pbkdf2_check,    import_pbkdf2_cost,    TYPED,    TYPED },
    { "$pbkdf2-",          import_pbkdf2_check,    import_pbkdf2_cost,    TYPED,    TYPED },
    { "$scrypt$",          import_scrypt_check,    import_scrypt_cost,    TYPED,    TYPED },
    { "$firebase-scrypt$", import_firebase_check,  import_firebase_cost,  TYPED,    TYPED },
    { "$P$",               import_phpass_check,    import_phpass_cost,    TYPED,    TYPED },
    { "$H$",               import_phpass_check,    import_phpass_cost,    TYPED,    TYPED },
    { "$wp$2",             import_wordpress_check, import_wordpress_cost, TYPED,    TYPED },
    { "$2",                NULL,                   NULL,                  0,        0 },
    { "$",                 import_crypt_check,     import_crypt_cost,     TYPED,    TYPED },
    { "_",                 import_crypt_check,     import_crypt_cost,     TYPED,    TYPED },
    { "",                  import_crypt_check,     import_crypt_cost,     TYPED,    8 },
};
// clang-format on

/* The row of a hash that may be checked, or NULL. */
static const struct kind *kind_of(str hash)
{
    const struct kind *kind = kinds;
    int64_t us;

    if (hash.n == 0 || hash.n > PASSWORD_HASH_MAX)
        return NULL;
    while (!str_starts(hash, str_of(kind->prefix)))
        kind++;
    us = kind->cost_us ? kind->cost_us(hash) : -1;
    if (us < 0 || (kind->check != bcrypt_try && bounded(us) < 0))
        return NULL;
    return kind;
}

int64_t password_cost_us(str hash)
{
    const struct kind *kind = kind_of(hash);

    return kind ? kind->cost_us(hash) : -1;
}

bool password_is_read_whole(str password, str hash)
{
    const struct kind *kind = kind_of(hash);

    return kind && password.n <= kind->read;
}

bool password_is_weak(str hash, const struct password_policy *policy)
{
    struct argon2_hash h;

    if (policy->scheme == SCHEME_BCRYPT)
        return password_cost(hash) < policy->cost;
    return argon2_parse(hash, &h) != OK || h.kind != ARGON2_ID ||
           h.cost.memory < policy->argon2.memory || h.cost.passes < policy->argon2.passes;
}

/* What the engine runs in its turn where no lane can; without one it is run here. */
struct task {
    struct room *room;
    const struct kind *kind;           /* NULL: fill `argon2` */
    str password, hash;
    struct argon2_hash *argon2;
};

static err task_work(void *arg)
{
    const struct task *t = arg;

    if (t->kind)
        return t->kind->check(t->room, t->password, t->hash);
    return argon2_fill(t->room, argon2_block_best(), t->password, t->argon2);
}

static err task_run(struct hasher *hasher, struct task *t)
{
    int64_t us = t->kind ? t->kind->cost_us(t->hash) : argon2_cost_us(&t->argon2->cost);

    t->room = hasher ? hasher->room : NULL;
    if (!hasher || !hasher->engine)
        return task_work(t);
    return engine_run(hasher->engine, &hasher->client, us, task_work, t);
}

static err bcrypt_run(struct hasher *hasher, const struct lane_job *what,
                      char hash[static BCRYPT_CHARS])
{
    struct lane_job alone = *what;

    if (hasher && hasher->engine)
        return engine_hash(hasher->engine, &hasher->client, what, hash);
    lane_job_run(&alone);
    bcrypt_write(alone.cost, alone.salt, alone.sum, hash);
    explicit_bzero(&alone, sizeof alone);
    return OK;
}

static err bcrypt_new(struct hasher *hasher, struct arena *mem, str password, int cost, str *out)
{
    struct lane_job what = { .password = password, .cost = cost };
    char hash[BCRYPT_CHARS];
    err e;

    if (password.n > PASSWORD_BYTES_MAX)
        return ERR_PASSWORD_POLICY;
    if (!may_spend(cost))
        return ERR_BUG;
    random_bytes(what.salt, sizeof what.salt);
    if ((e = bcrypt_run(hasher, &what, hash)) != OK)
        return e;
    *out = arena_dup(mem, (str){ hash, sizeof hash });
    return out->p ? OK : ERR_NO_MEMORY;
}

static err argon2_new(struct hasher *hasher, struct arena *mem, str password,
                      const struct argon2_cost *cost, str *out)
{
    struct argon2_hash h = {
        .kind = ARGON2_ID, .cost = *cost, .salt_n = ARGON2_SALT_BYTES, .tag_n = ARGON2_TAG_BYTES};
    err e;

    if (password.n > PASSWORD_ARGON2_BYTES_MAX)
        return ERR_PASSWORD_POLICY;
    random_bytes(h.salt, ARGON2_SALT_BYTES);
    if ((e = task_run(hasher, &(struct task){ .password = password, .argon2 = &h })) != OK)
        return e;
    return argon2_write(mem, &h, out);
}

err password_hash(struct hasher *hasher, struct arena *mem, str password,
                  const struct password_policy *policy, str *out)
{
    if (!utf8_is_well_formed(password))
        return ERR_NOT_UNICODE;
    if (policy->scheme == SCHEME_ARGON2ID)
        return argon2_new(hasher, mem, password, &policy->argon2, out);
    return bcrypt_new(hasher, mem, password, policy->cost, out);
}

err password_check(struct hasher *hasher, str password, str hash)
{
    const struct kind *kind;

    if (!utf8_is_well_formed(password))
        return ERR_NOT_UNICODE;
    kind = kind_of(hash);
    if (!kind || password.n > kind->taken)
        return ERR_HASH_UNKNOWN;
    if (kind->check == bcrypt_try && hasher && hasher->engine)
        return engine_check(hasher->engine, &hasher->client, password, hash);
    return task_run(hasher, &(struct task){ .kind = kind, .password = password, .hash = hash });
}

err password_waste(struct hasher *hasher, str password, const struct password_policy *policy)
{
    struct argon2_hash h = {.kind = ARGON2_ID,
                            .cost = policy->argon2,
                            .salt_n = ARGON2_SALT_BYTES,
                            .tag_n = ARGON2_TAG_BYTES};
    struct lane_job what = { .password = password, .cost = policy->cost };
    char hash[BCRYPT_CHARS];
    err e;

    if (!utf8_is_well_formed(password))
        return ERR_NOT_UNICODE;
    if (policy->scheme == SCHEME_BCRYPT) {
        e = may_spend(policy->cost) ? bcrypt_run(hasher, &what, hash) : ERR_BUG;
        return e == ERR_PASSWORD_POLICY ? OK : e;
    }
    if (password.n > PASSWORD_ARGON2_BYTES_MAX)
        return OK;                     /* nor would a check of such a hash take any time */
    return task_run(hasher, &(struct task){ .password = password, .argon2 = &h });
}
