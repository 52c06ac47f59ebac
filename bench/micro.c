// SPDX-License-Identifier: MIT
/* micro.c - what a token costs inside the process: nanoseconds, the least of ten rounds, a line
 * each.
 *
 * bench/micro [NAME]: only the lines whose name holds NAME. */
#include "base/clock.h"
#include "crypto/jwt.h"

#include <time.h>

enum { ROUNDS = 10, TURNS = 20000, NOW = 1700000000 };

struct bench {
    struct arena mem;
    struct keyring keys;
    struct jwt_cache *cache;
    str token, spelled; /* as we sign it; the same claims as another writer spells them */
    struct claims claims;
    unsigned char mac[SHA256_BYTES];
};

static err verify(struct bench *b)
{
    return jwt_verify(&b->mem, &b->keys, b->token, NOW, &b->claims);
}

static err verify_spelled(struct bench *b)
{
    arena_reset(&b->mem);
    return jwt_verify(&b->mem, &b->keys, b->spelled, NOW, &b->claims);
}

static err hit(struct bench *b)
{
    return jwt_verify_cached(b->cache, &b->mem, &b->keys, b->token, NOW, &b->claims);
}

static err sign(struct bench *b)
{
    str out;

    arena_reset(&b->mem);
    return jwt_sign(&b->mem, &b->keys, &b->claims, &out);
}

static err mac(struct bench *b)
{
    mac_sha256(&b->keys.hs256, str_head(b->token, 93), b->mac);
    return OK;
}

static err mac_long(struct bench *b)
{
    static const char zeroes[455];

    mac_sha256(&b->keys.hs256, (str){ zeroes, sizeof zeroes }, b->mac);
    return OK;
}

static int64_t nanoseconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);          /* cannot fail on Linux */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ns a turn; -1 when a turn fails. */
static double measure(struct bench *b, err (*turn)(struct bench *))
{
    double least = 0;

    for (int round = 0; round < ROUNDS; round++) {
        int64_t from = nanoseconds();
        double took;

        for (int i = 0; i < TURNS; i++)
            if (turn(b) != OK)
                return -1;
        took = (double)(nanoseconds() - from) / TURNS;
        if (round == 0 || took < least)
            least = took;
    }
    return least;
}

static const struct { const char *name; err (*turn)(struct bench *); } benches[] = {
    { "HS256 verify",               verify },
    { "HS256 verify, other spelling", verify_spelled },
    { "HS256 verify, from the cache", hit },
    { "HS256 sign",                 sign },
    { "HMAC-SHA-256 of 93 bytes",   mac },
    { "HMAC-SHA-256 of 455 bytes",  mac_long },
};

int main(int argc, char **argv)
{
    static const struct claims claims = { 1, NOW, NOW + 86400, true };
    static struct bench b;
    struct arena tokens;
    int failed = 0;

    arena_init(&b.mem, 64 << 10);
    arena_init(&tokens, 8192);
    keyring_init(&b.keys, STR("a secret that only this program needs to know"));
    b.cache = jwt_cache_new();
    b.claims = claims;
    b.keys.audience = STR("x");
    if (jwt_sign(&tokens, &b.keys, &claims, &b.spelled) != OK)
        return 1;
    b.keys.audience = (str){0};
    b.keys.lax = true;                       /* an audience that is not ours passes there */
    if (jwt_sign(&tokens, &b.keys, &claims, &b.token) != OK)
        return 1;
    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
        double ns;

        if (argc > 1 && !strstr(benches[i].name, argv[1]))
            continue;
        ns = measure(&b, benches[i].turn);
        failed |= ns < 0;
        printf("%-30s %8.1f ns\n", benches[i].name, ns);
    }
    jwt_cache_free(b.cache);
    keyring_end(&b.keys);
    arena_end(&tokens);
    arena_end(&b.mem);
    return failed;
}
