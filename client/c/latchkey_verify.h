// SPDX-License-Identifier: MIT
/* latchkey_verify.h - verify Latchkey's access tokens without asking it each time.
 *
 * Its published keys (RFC 7517) and its list of what was revoked are fetched when they are needed,
 * kept, and fetched again when they are old. One file of source, OpenSSL 3 and threads of POSIX;
 * with -DLATCHKEY_CURL also a way to fetch by libcurl. C99 or later. */
#ifndef LATCHKEY_VERIFY_H
#define LATCHKEY_VERIFY_H

#include <stddef.h>
#include <stdint.h>

/* Why a token is refused: do not tell a client which. */
enum latchkey_verdict {
    LATCHKEY_GOOD,
    LATCHKEY_SHAPE,
    LATCHKEY_BASE64,
    LATCHKEY_HEADER,
    LATCHKEY_ALGORITHM,
    LATCHKEY_CRITICAL,
    LATCHKEY_KEY_ID,
    LATCHKEY_TYPE,
    LATCHKEY_SIGNATURE,
    LATCHKEY_PAYLOAD,
    LATCHKEY_CLAIM,
    LATCHKEY_ISSUER,
    LATCHKEY_AUDIENCE,
    LATCHKEY_EXPIRED,
    LATCHKEY_EARLY,
    LATCHKEY_REVOKED,
    LATCHKEY_UNAVAILABLE, /* keys or revocations cannot be had: nothing is known of it */
    LATCHKEY_VERDICTS
};

const char *latchkey_word(enum latchkey_verdict verdict); /* "signature"; "ok" for GOOD */

struct latchkey_claims {
    int64_t id;                    /* the account's */
    int64_t issued_at, expires_at; /* seconds since 1970 */
    int64_t session;               /* 0: none */
    char token_id[64];             /* `jti`, where it fits; else empty */
};

/* What a fetch got. `body` is from malloc, and given back by who called. */
struct latchkey_answer {
    int status;     /* of HTTP */
    long max_age;   /* of Cache-Control; -1: it says none */
    char etag[160]; /* empty: none, or one that is longer */
    char *body;
    size_t n;
};

/* Fetch a URL, with If-None-Match where `etag` is not NULL; follow no redirection. 0, or anything
 * else when no answer came. May be called from any thread that checks, by one at a time. */
typedef int latchkey_fetch(void *arg, const char *url, const char *etag,
                           struct latchkey_answer *answer);

#ifdef LATCHKEY_CURL
latchkey_fetch latchkey_fetch_curl; /* `arg`: NULL, or the name of a file of CAs to trust */
#endif

struct latchkey_config {
    const char *url;      /* of the server: https://auth.example.org */
    const char *issuer;   /* its token.issuer; NULL: it has none */
    const char *audience; /* its token.audience; NULL: the issuer, or none */
    latchkey_fetch *fetch;
    void *fetch_arg;
    int no_revocations; /* 1: do not ask what was revoked */
    int every;          /* seconds that revocations are kept; 0: 5 */
    int max_stale;      /* seconds that all is still good while nothing comes; 0: 300 */
};

struct latchkey;

/* The texts of `config` must outlive it. NULL without memory. */
struct latchkey *latchkey_open(const struct latchkey_config *config);
void latchkey_close(struct latchkey *l);

/* Check a token of `n` bytes, from any number of threads. `claims` is written when it is good, and
 * may be NULL. */
enum latchkey_verdict latchkey_check(struct latchkey *l, const char *token, size_t n,
                                     struct latchkey_claims *claims);

#endif
