// SPDX-License-Identifier: MIT
/* micro.c - what a token costs inside the process: nanoseconds, the least of ten rounds, a line
 * each.
 *
 * bench/micro [NAME]          only the lines whose name holds NAME
 * bench/micro --keys FOLDER   leave each algorithm's token and key there, for other programs */
#include "base/base64.h"
#include "base/clock.h"
#include "crypto/jwt.h"

#include <time.h>

enum { ROUNDS = 10, ROUND_MS = 60, NOW = 1700000000, UNTIL = 2000000000 };

#define SECRET STR("a secret that only this program needs to know")

struct bench {
    struct arena mem;
    struct keyring keys;
    struct jwt_cache *cache;
    str token;
    struct claims claims;
    unsigned char mac[SHA256_BYTES];
};

static err verify(struct bench *b)
{
    arena_reset(&b->mem);
    return jwt_verify(&b->mem, &b->keys, b->token, NOW, &b->claims);
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

static int64_t nanoseconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* cannot fail on Linux */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ns a turn of so many; -1 when one fails. */
static double round_of(struct bench *b, err (*turn)(struct bench *), int turns)
{
    int64_t from = nanoseconds();

    for (int i = 0; i < turns; i++)
        if (turn(b) != OK)
            return -1;
    return (double)(nanoseconds() - from) / turns;
}

static double measure(struct bench *b, err (*turn)(struct bench *))
{
    double least = round_of(b, turn, 20), ns;
    int turns = least < 0 ? 1 : (int)(ROUND_MS * 1e6 / (least + 1)) + 1;

    for (int i = 0; i < ROUNDS && least >= 0; i++)
        if ((ns = round_of(b, turn, turns)) < least)
            least = ns;
    return least;
}

static const struct {
    const char *name;
    err (*turn)(struct bench *);
} benches[] = {{"verify", verify}, {"cached", hit}, {"sign", sign}};

/* What a server of this kind signs: the tutorial's has three claims, ours five, an issuer's all. */
enum shape { TUTORIAL, SERVE, ISSUER };

static const char *const shapes[] = {"tutorial", "serve", "issuer"};

static bool begin(struct bench *b, struct arena *tokens, enum alg alg, enum shape shape)
{
    static struct keypair *pairs[ALGS];

    keyring_init(&b->keys, SECRET);
    b->claims = (struct claims){1, NOW, UNTIL, true};
    if (shape != TUTORIAL) {
        b->keys.jti = true;
        b->claims.session_id = 123456789012345;
    }
    if (shape == ISSUER)
        b->keys.issuer = b->keys.audience = STR("https://auth.example.org");
    if (alg != ALG_HS256 && ((!pairs[alg] && keypair_new(alg, &pairs[alg]) != OK) ||
                             keyring_add_pair(&b->keys, pairs[alg], INT64_MAX, true) != OK))
        return false;
    return jwt_sign(tokens, &b->keys, &b->claims, &b->token) == OK;
}

static bool file_write(const char *folder, const char *alg, const char *end, str text)
{
    char path[512];
    FILE *f;
    bool fine;

    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, alg, end);
    if ((f = fopen(path, "we")) == NULL)
        return false;
    fine = fwrite(text.p, 1, text.n, f) == text.n;
    return fclose(f) == 0 && fine;
}

static bool key_write(struct bench *b, const char *folder, enum alg alg)
{
    const struct keypair *pair = alg == ALG_HS256 ? NULL : b->keys.pairs[0].pair;
    struct buf pem, jwk;
    str der;

    buf_init(&pem, &b->mem, 8192);
    buf_init(&jwk, &b->mem, 8192);
    if (!pair) {
        buf_put(&jwk, STR("{\"kty\":\"oct\",\"alg\":\"HS256\",\"k\":\""));
        base64url_put(&jwk, SECRET);
        buf_put(&jwk, STR("\"}"));
        buf_put(&pem, SECRET);
    } else {
        keypair_jwk_put(pair, &jwk);
        if (keypair_public(pair, &b->mem, &der) != OK)
            return false;
        buf_put(&pem, STR("-----BEGIN PUBLIC KEY-----\n"));
        base64_put(&pem, der);
        buf_put(&pem, STR("\n-----END PUBLIC KEY-----\n"));
    }
    return file_write(folder, alg_name(alg), "token", b->token) &&
           file_write(folder, alg_name(alg), "jwk", buf_str(&jwk)) &&
           file_write(folder, alg_name(alg), "pem", buf_str(&pem));
}

static bool run(struct bench *b, const char *only, enum alg alg, enum shape shape)
{
    char name[64];
    bool fine = true;

    for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
        double ns;

        (void)snprintf(name, sizeof name, "%s %s %s", alg_name(alg), shapes[shape],
                       benches[i].name);
        if (only && !strstr(name, only))
            continue;
        ns = measure(b, benches[i].turn);
        fine &= ns >= 0;
        printf("%-24s %10.1f ns\n", name, ns);
    }
    return fine;
}

int main(int argc, char **argv)
{
    const char *folder = argc == 3 && strcmp(argv[1], "--keys") == 0 ? argv[2] : NULL;
    static struct bench b;
    struct arena tokens;
    bool fine = true;

    arena_init(&b.mem, 64 << 10);
    arena_init(&tokens, 1 << 20);
    b.cache = jwt_cache_new();
    for (enum alg alg = ALG_HS256; alg < ALGS; alg++)
        for (enum shape shape = TUTORIAL; shape <= ISSUER; shape++) {
            fine &= begin(&b, &tokens, alg, shape);
            if (folder)
                fine &= shape != SERVE || key_write(&b, folder, alg);
            else
                fine &= run(&b, argc > 1 ? argv[1] : NULL, alg, shape);
        }
    if (!folder)
        printf("%-24s %10.1f ns\n", "HMAC-SHA-256 of 93 bytes", measure(&b, mac));
    jwt_cache_free(b.cache);
    arena_end(&tokens);
    arena_end(&b.mem);
    return !fine;
}
