// SPDX-License-Identifier: MIT
/* peers.c - what the same tokens cost other C libraries: libjwt and cjose with jansson.
 *
 * Built and run by bench/tokens, which needs libjwt-dev and libcjose-dev:
 * peers FOLDER [NAME ...]     a line a library and algorithm, as bench/micro writes them */
#include <cjose/cjose.h>
#include <jansson.h>
#include <jwt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 10, ROUND_MS = 60, NOW = 1700000000 };

static char token[4096], jwk[4096], pem[4096];
static size_t token_n, jwk_n, pem_n;
static cjose_jwk_t *key;

static size_t file_read(const char *folder, const char *alg, const char *end, char to[4096])
{
    char path[512];
    FILE *f;
    size_t n;

    (void)snprintf(path, sizeof path, "%s/%s.%s", folder, alg, end);
    if ((f = fopen(path, "re")) == NULL)
        return 0;
    n = fread(to, 1, 4095, f);
    to[n] = '\0';
    fclose(f);
    return n;
}

/* As its documentation has it: the key's text each time. */
static int by_libjwt(void)
{
    jwt_t *jwt;
    int fine;

    if (jwt_decode(&jwt, token, (unsigned char *)pem, (int)pem_n) != 0)
        return 0;
    fine = jwt_get_grant_int(jwt, "exp") > NOW && jwt_get_grant_int(jwt, "id") == 1;
    jwt_free(jwt);
    return fine;
}

/* With the key read once. */
static int by_cjose(void)
{
    cjose_jws_t *jws = cjose_jws_import(token, token_n, NULL);
    uint8_t *plain;
    size_t n;
    int fine = jws && cjose_jws_verify(jws, key, NULL) &&
               cjose_jws_get_plaintext(jws, &plain, &n, NULL);

    if (fine) {
        json_t *claims = json_loadb((const char *)plain, n, 0, NULL);

        fine = json_integer_value(json_object_get(claims, "exp")) > NOW &&
               json_integer_value(json_object_get(claims, "id")) == 1;
        json_decref(claims);
    }
    cjose_jws_release(jws);
    return fine;
}

static double nanoseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double round_of(int (*turn)(void), int turns)
{
    double from = nanoseconds();

    for (int i = 0; i < turns; i++)
        if (!turn())
            return -1;
    return (nanoseconds() - from) / turns;
}

static void measure(const char *alg, const char *library, int (*turn)(void))
{
    double least = round_of(turn, 20), ns;
    int turns = least < 0 ? 1 : (int)(ROUND_MS * 1e6 / (least + 1)) + 1;

    for (int i = 0; i < ROUNDS && least >= 0; i++)
        if ((ns = round_of(turn, turns)) < least)
            least = ns;
    if (least >= 0)                     /* an algorithm that it does not have has no line */
        printf("%s serve %-12s %12.1f ns\n", alg, library, least);
}

int main(int argc, char **argv)
{
    static const char *const algs[] = {"HS256", "ES256", "EdDSA", "RS256"};

    if (argc != 2)
        return 2;
    for (int i = 0; i < 4; i++) {
        token_n = file_read(argv[1], algs[i], "token", token);
        jwk_n = file_read(argv[1], algs[i], "jwk", jwk);
        pem_n = file_read(argv[1], algs[i], "pem", pem);
        if (!token_n || !jwk_n || !pem_n)
            return 1;
        measure(algs[i], "libjwt", by_libjwt);
        if ((key = cjose_jwk_import(jwk, jwk_n, NULL)) != NULL)
            measure(algs[i], "cjose", by_cjose);
        cjose_jwk_release(key);
    }
    return 0;
}
