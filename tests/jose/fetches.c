// SPDX-License-Identifier: MIT
/* fetches.c - when and how often the verifier of client/c fetches: by one thread at a time, not
 * again at once from a server that is silent, and to the last page.
 *
 * The server is a function here, which signs with a key of its own; `every` is long, and what it
 * counts from is moved. */
#include "../../client/c/latchkey_verify.c"

#include <stdatomic.h>

enum { LONG = 100, THREADS = 8, CHECKS = 200, TRIES = 50 };

struct house {
    EVP_PKEY *pkey;
    bool silent, endless;
    int pages;
    atomic_int fetches, inside, most;
};

struct client {
    struct latchkey *l;
    const char *token;
    int bad;
};

static int passed, failed;

static void check_that(const char *what, bool fine)
{
    *(fine ? &passed : &failed) += 1;
    if (!fine)
        printf("FAIL %s\n", what);
}

static size_t encode(char *to, const void *bytes, size_t n)
{
    size_t length = (size_t)EVP_EncodeBlock((unsigned char *)to, bytes, (int)n);

    for (size_t i = 0; i < length; i++)
        to[i] = (char)(to[i] == '+' ? '-' : to[i] == '/' ? '_' : to[i]);
    while (length && to[length - 1] == '=')
        length--;
    to[length] = '\0';
    return length;
}

static char *signed_by(EVP_PKEY *pkey, const char *typ, const char *payload)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char sig[64];
    char header[128], *out = malloc(2048);
    size_t n, sig_n = sizeof sig;

    (void)snprintf(header, sizeof header, "{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"%s\"}", typ);
    n = encode(out, header, strlen(header));
    out[n++] = '.';
    n += encode(out + n, payload, strlen(payload));
    if (EVP_DigestSignInit(ctx, NULL, NULL, NULL, pkey) != 1 ||
        EVP_DigestSign(ctx, sig, &sig_n, (unsigned char *)out, n) != 1)
        abort();
    out[n++] = '.';
    (void)encode(out + n, sig, sig_n);
    EVP_MD_CTX_free(ctx);
    return out;
}

static char *keys_of(const struct house *h)
{
    unsigned char x[32];
    size_t n = sizeof x;
    char text[64], *out = malloc(256);

    if (EVP_PKEY_get_raw_public_key(h->pkey, x, &n) != 1)
        abort();
    (void)encode(text, x, n);
    (void)snprintf(out, 256,
                   "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"alg\":\"EdDSA\","
                   "\"kid\":\"k\",\"x\":\"%s\"}]}",
                   text);
    return out;
}

static char *feed_of(const struct house *h, long long since)
{
    long long now = (long long)time(NULL);
    char payload[512];

    (void)snprintf(payload, sizeof payload,
                   "{\"iat\":%lld,\"exp\":%lld,\"since\":%lld,\"next\":%lld,\"more\":%s,"
                   "\"all\":0,\"life\":960,\"sessions\":[],\"users\":[]}",
                   now, now + 300, since, since + 1,
                   h->endless || since % (h->pages + 1) < h->pages ? "true" : "false");
    return signed_by(h->pkey, feed_type, payload);
}

/* The keys are old as soon as they come, so that each check wants them again. */
static int serve(void *arg, const char *url, const char *etag, struct latchkey_answer *answer)
{
    const char *since = strstr(url, "?since=");
    struct house *h = arg;
    int inside = atomic_fetch_add(&h->inside, 1) + 1;

    (void)etag;
    atomic_fetch_add(&h->fetches, 1);
    if (inside > atomic_load(&h->most))
        atomic_store(&h->most, inside);
    if (!h->silent) {
        answer->status = 200;
        answer->max_age = 0;
        answer->body = since ? feed_of(h, atoll(since + 7)) : keys_of(h);
        answer->n = strlen(answer->body);
        (void)snprintf(answer->etag, sizeof answer->etag, "\"%d\"", inside);
    }
    atomic_fetch_sub(&h->inside, 1);
    return h->silent ? -1 : 0;
}

static char *token_of(const struct house *h, int id)
{
    long long now = (long long)time(NULL);
    char payload[128];

    (void)snprintf(payload, sizeof payload, "{\"id\":%d,\"iat\":%lld,\"exp\":%lld,\"sid\":\"5\"}",
                   id, now, now + 600);
    return signed_by(h->pkey, "JWT", payload);
}

static struct latchkey *opened_by(struct house *h)
{
    const struct latchkey_config config = {
        .url = "http://x", .fetch = serve, .fetch_arg = h, .every = LONG};

    return latchkey_open(&config);
}

static enum latchkey_verdict asked(struct latchkey *l, const char *token)
{
    return latchkey_check(l, token, strlen(token), NULL);
}

static void *checks(void *arg)
{
    struct client *c = arg;

    for (int i = 0; i < CHECKS; i++)
        c->bad += asked(c->l, c->token) != LATCHKEY_GOOD;
    return NULL;
}

/* Everything is always old, and each list has pages. */
static void one_at_a_time(struct house *h)
{
    struct client clients[THREADS];
    pthread_t threads[THREADS];
    struct latchkey *l = opened_by(h);
    char *token = token_of(h, 1);
    int bad = 0;

    l->config.every = 0;
    h->pages = 2;
    for (int i = 0; i < THREADS; i++) {
        clients[i] = (struct client){l, token, 0};
        if (pthread_create(&threads[i], NULL, checks, &clients[i]))
            abort();
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        bad += clients[i].bad;
    }
    h->pages = 0;
    check_that("many threads: all are answered", bad == 0);
    check_that("many threads: one of them fetches", atomic_load(&h->most) == 1);
    latchkey_close(l);
    free(token);
}

static int fetches_of(struct house *h, struct latchkey *l, const char *token,
                      enum latchkey_verdict wanted)
{
    int before = atomic_load(&h->fetches), bad = 0;

    for (int i = 0; i < TRIES; i++)
        bad += asked(l, token) != wanted;
    return bad ? -bad : atomic_load(&h->fetches) - before;
}

static void silence(struct house *h)
{
    struct latchkey *l = opened_by(h);
    char *token = token_of(h, 1), *other = token_of(h, 2);

    h->silent = true;
    check_that("silent from the first: tried once",
               fetches_of(h, l, token, LATCHKEY_UNAVAILABLE) == 1);
    h->silent = false;
    l->keys_failed -= LONG;
    check_that("it speaks", asked(l, token) == LATCHKEY_GOOD);
    h->silent = true;
    l->feed_at -= LONG;
    check_that("silent: each thing is tried once", fetches_of(h, l, token, LATCHKEY_GOOD) == 2);
    check_that("silent: a token not seen before", fetches_of(h, l, other, LATCHKEY_GOOD) == 0);
    l->keys_failed -= LONG;
    l->feed_failed -= LONG;
    check_that("silent: tried again after a while", fetches_of(h, l, token, LATCHKEY_GOOD) == 2);
    l->feed_whole -= 2 * l->config.max_stale;
    check_that("silent for too long", fetches_of(h, l, token, LATCHKEY_UNAVAILABLE) == 0);
    h->silent = false;
    l->keys_failed -= LONG;
    l->feed_failed -= LONG;
    check_that("it speaks again", asked(l, token) == LATCHKEY_GOOD && l->feed_at > l->feed_failed);
    latchkey_close(l);
    free(token);
    free(other);
}

/* As if all had been fetched by a clock that was `ahead`, and is right by now. */
static void set_back(struct latchkey *l, int64_t ahead)
{
    l->keys_at += ahead;
    l->keys_asked += ahead;
    l->keys_until += ahead;
    l->keys_failed += ahead;
    l->feed_at += ahead;
    l->feed_failed += ahead;
}

static void clocks(struct house *h)
{
    struct latchkey *l = opened_by(h);
    char *token = token_of(h, 1);
    int before;

    check_that("a clock ahead", asked(l, token) == LATCHKEY_GOOD);
    l->keys_until += LONG; /* else they are always old */
    set_back(l, LONG);
    before = atomic_load(&h->fetches);
    check_that("a clock that was set back: all is asked for again",
               asked(l, token) == LATCHKEY_GOOD && atomic_load(&h->fetches) == before + 2);
    h->silent = true;
    l->feed_whole += LEEWAY - 10;
    check_that("a server that is a little ahead", asked(l, token) == LATCHKEY_GOOD);
    l->feed_whole += LONG;
    check_that("what was revoked at another time", asked(l, token) == LATCHKEY_UNAVAILABLE);
    l->config.no_revocations = 1;
    check_that("keys alone", asked(l, token) == LATCHKEY_GOOD);
    l->keys_until += KEYS_AGE_MAX + LONG;
    check_that("keys of another time", asked(l, token) == LATCHKEY_UNAVAILABLE);
    l->config.no_revocations = 0;
    h->silent = false;
    set_back(l, LONG);
    check_that("after a failure too", asked(l, token) == LATCHKEY_GOOD);
    latchkey_close(l);
    free(token);
}

static void pages(struct house *h)
{
    struct latchkey *l = opened_by(h);
    char *token = token_of(h, 1);

    h->endless = true;
    check_that("no end of pages", asked(l, token) == LATCHKEY_UNAVAILABLE && l->feed_at == 0);
    h->endless = false;
    l->feed_failed -= LONG;
    check_that("the last page", asked(l, token) == LATCHKEY_GOOD && l->feed_at > 0);
    latchkey_close(l);
    free(token);
}

int main(void)
{
    struct house h = {.pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};

    one_at_a_time(&h);
    silence(&h);
    clocks(&h);
    pages(&h);
    EVP_PKEY_free(h.pkey);
    printf("%d passed, %d failed\n", passed, failed);
    return failed > 0;
}
