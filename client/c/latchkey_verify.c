// SPDX-License-Identifier: MIT
/* latchkey_verify.c - verify Latchkey's access tokens without asking it each time.
 *
 * One lock guards everything that is kept; it is open while something is fetched and while a
 * signature is verified. One thread fetches at a time, the others go on with what there is. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "latchkey_verify.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
    TOKEN_MAX = 8192,
    FEED_MAX = 4 << 20,
    LEEWAY = 60,
    KEYS_MAX = 32,
    KID_MAX = 64,
    DEPTH_MAX = 8,
    KID_COOLDOWN = 10,
    SIGNED_EVERY = 60,
    PAGES_MAX = 1000,
    KEYS_AGE_MAX = 3600,
    URL_MAX = 1024,
    SLOTS = 1024,
    SLOT_TOKEN_MAX = 1024,
    ES256_BYTES = 64,
    RSA_BITS_MIN = 2048,
};

static const char feed_type[] = "latchkey-revocations+jwt";
static const int64_t session_max = 999999999999999, date_max = 253402300799;

struct text {
    const char *p;
    size_t n;
};

enum alg { ES256, EDDSA, RS256, ALGS };
static const char *const alg_names[ALGS] = {"ES256", "EdDSA", "RS256"};

struct key {
    char kid[KID_MAX];
    enum alg alg;
    EVP_PKEY *pkey;
};

/* A session that ended (user 0), or a cut-off time of a user's tokens. id 0: nobody's place. */
struct entry {
    int64_t id, from, keep, seen;
    bool is_user;
};

struct kept { /* a token that verified */
    size_t n;
    int64_t not_before;
    struct latchkey_claims claims;
    char token[SLOT_TOKEN_MAX];
};

struct latchkey {
    struct latchkey_config config;
    pthread_mutex_t lock;
    pthread_cond_t fetched;
    bool fetching; /* somebody's turn, from his first fetch to what he made of the last */
    struct key keys[KEYS_MAX];
    size_t keys_n;
    unsigned generation; /* of the keys: what verified under older ones is not kept */
    int64_t keys_at, keys_until, keys_asked, keys_failed; /* seconds since 1970 */
    char keys_tag[160];
    struct entry *entries; /* open addressing */
    size_t places, entries_n;
    int64_t all, life, next, feed_at, feed_made, swept_at, feed_failed;
    int64_t feed_whole; /* when that was made which was the last to be read to its end */
    char feed_tag[160], feed_kid[KID_MAX];
    struct kept *slots;
};

const char *latchkey_word(enum latchkey_verdict verdict)
{
    static const char *const words[LATCHKEY_VERDICTS] = {
        "ok",       "shape",   "base64",    "header",  "algorithm",   "critical",
        "key-id",   "type",    "signature", "payload", "claim",       "issuer",
        "audience", "expired", "early",     "revoked", "unavailable",
    };

    return words[verdict];
}

static bool is(struct text t, const char *z)
{
    return t.p && t.n == strlen(z) && memcmp(t.p, z, t.n) == 0;
}

/* ---------------------------------------------------------------------- JSON, walked (RFC 8259) */

struct walk {
    const unsigned char *at, *end;
};

static void blanks(struct walk *w)
{
    while (w->at < w->end && (*w->at == ' ' || *w->at == '\t' || *w->at == '\n' || *w->at == '\r'))
        w->at++;
}

static bool eat(struct walk *w, const char *what)
{
    size_t n = strlen(what);

    if ((size_t)(w->end - w->at) < n || memcmp(w->at, what, n) != 0)
        return false;
    w->at += n;
    return true;
}

/* One character of well-formed UTF-8 (RFC 3629 section 4). */
static bool character(struct walk *w)
{
    unsigned char c = *w->at++;
    unsigned more = c < 0x80                ? 0
                    : c >= 0xc2 && c < 0xe0 ? 1
                    : c >= 0xe0 && c < 0xf0 ? 2
                    : c >= 0xf0 && c < 0xf5 ? 3
                                            : 4;

    if (more == 4 || (size_t)(w->end - w->at) < more)
        return false;
    if (more && ((c == 0xe0 && *w->at < 0xa0) || (c == 0xed && *w->at > 0x9f) ||
                 (c == 0xf0 && *w->at < 0x90) || (c == 0xf4 && *w->at > 0x8f)))
        return false;
    while (more--)
        if ((*w->at++ & 0xc0) != 0x80)
            return false;
    return true;
}

static bool escape(struct walk *w)
{
    if (w->at == w->end)
        return false;
    if (*w->at != 'u')
        return strchr("\"\\/bfnrt", *w->at) && *w->at++;
    w->at++;
    for (int i = 0; i < 4; i++, w->at++)
        if (w->at == w->end || !memchr("0123456789abcdefABCDEF", *w->at, 22))
            return false;
    return true;
}

/* What stands between the quotes, as it is spelled. */
static bool string(struct walk *w, struct text *out)
{
    if (!eat(w, "\""))
        return false;
    out->p = (const char *)w->at;
    while (w->at < w->end && *w->at != '"') {
        if (*w->at < ' ')
            return false;
        if (*w->at == '\\') {
            w->at++;
            if (!escape(w))
                return false;
        } else if (!character(w)) {
            return false;
        }
    }
    out->n = (size_t)((const char *)w->at - out->p);
    return eat(w, "\"");
}

static size_t digits(struct walk *w)
{
    size_t n = 0;

    for (; w->at < w->end && *w->at >= '0' && *w->at <= '9'; w->at++)
        n++;
    return n;
}

static bool number(struct walk *w)
{
    const unsigned char *first;
    size_t n;

    (void)eat(w, "-");
    first = w->at;
    n = digits(w);
    if (n == 0 || (n > 1 && *first == '0'))
        return false;
    if (eat(w, ".") && digits(w) == 0)
        return false;
    if (eat(w, "e") || eat(w, "E")) {
        if (!eat(w, "+"))
            (void)eat(w, "-");
        return digits(w) > 0;
    }
    return true;
}

static bool value(struct walk *w, int depth, struct text *out);

/* Behind the bracket: pairs or values up to its end. */
static bool inside(struct walk *w, int depth, bool pairs)
{
    const char *end = pairs ? "}" : "]";
    struct text none;

    blanks(w);
    if (eat(w, end))
        return true;
    do {
        blanks(w);
        if (pairs && (!string(w, &none) || (blanks(w), !eat(w, ":"))))
            return false;
        if (!value(w, depth - 1, &none))
            return false;
    } while (eat(w, ","));
    return eat(w, end);
}

/* Any value, blanks around it; *out is as it is spelled. */
static bool value(struct walk *w, int depth, struct text *out)
{
    struct text none;
    bool fine;

    blanks(w);
    out->p = (const char *)w->at;
    if (depth == 0 || w->at == w->end)
        return false;
    fine = *w->at == '"' ? string(w, &none)
           : eat(w, "{") ? inside(w, depth, true)
           : eat(w, "[") ? inside(w, depth, false)
                         : eat(w, "true") || eat(w, "false") || eat(w, "null") || number(w);
    out->n = (size_t)((const char *)w->at - out->p);
    blanks(w);
    return fine;
}

static bool is_object(struct text t)
{
    struct walk w = {(const unsigned char *)t.p, (const unsigned char *)t.p + t.n};
    struct text whole;

    return value(&w, DEPTH_MAX, &whole) && w.at == w.end && whole.n && *whole.p == '{';
}

/* The next value of a list, or the next pair of an object: begin with *rest = all of it. False at
 * its end. What was walked once is well formed. */
static bool next(struct text *rest, struct text *name, struct text *out)
{
    struct walk w = {(const unsigned char *)rest->p, (const unsigned char *)rest->p + rest->n};

    blanks(&w);
    if (w.at == w.end)
        return false;
    w.at++; /* a bracket or a comma */
    blanks(&w);
    if (w.at == w.end || *w.at == '}' || *w.at == ']')
        return false;
    if (name && (!string(&w, name) || (blanks(&w), !eat(&w, ":"))))
        return false;
    if (!value(&w, DEPTH_MAX, out))
        return false;
    *rest = (struct text){(const char *)w.at, (size_t)(w.end - w.at)};
    return true;
}

/* The member of that name, as it is spelled; p is NULL where there is none. A name that stands
 * twice spoils the whole: *fine. */
static struct text member(struct text object, const char *name, bool *fine)
{
    struct text found = {NULL, 0}, key, v;

    while (next(&object, &key, &v)) {
        if (!is(key, name))
            continue;
        if (found.p)
            *fine = false;
        found = v;
    }
    return found;
}

/* A string without escapes; else p is NULL. */
static struct text plain(struct text v)
{
    if (!v.p || v.n < 2 || *v.p != '"' || memchr(v.p, '\\', v.n))
        return (struct text){NULL, 0};
    return (struct text){v.p + 1, v.n - 2};
}

static bool whole(struct text v, int64_t least, int64_t most, int64_t *out)
{
    char z[24], *end;

    if (!v.p || v.n == 0 || v.n >= sizeof z || (*v.p != '-' && (*v.p < '0' || *v.p > '9')))
        return false;
    memcpy(z, v.p, v.n);
    z[v.n] = '\0';
    *out = strtoll(z, &end, 10);
    return *end == '\0' && *out >= least && *out <= most;
}

/* A NumericDate (RFC 7519 section 2), rounded down. */
static bool date(struct text v, int64_t *out)
{
    char z[64], *end;
    double d;

    if (!v.p || v.n == 0 || v.n >= sizeof z || *v.p < '0' || *v.p > '9')
        return false;
    memcpy(z, v.p, v.n);
    z[v.n] = '\0';
    d = strtod(z, &end);
    *out = *end == '\0' && d >= 0 && d < (double)date_max + 1 ? (int64_t)d : -1;
    return *out >= 0;
}

/* ----------------------------------------------------------------------- base64url (RFC 4648 5) */

static int sextet(char c)
{
    return c >= 'A' && c <= 'Z'   ? c - 'A'
           : c >= 'a' && c <= 'z' ? c - 'a' + 26
           : c >= '0' && c <= '9' ? c - '0' + 52
           : c == '-'             ? 62
           : c == '_'             ? 63
                                  : -1;
}

/* Room for text.n * 3 / 4 bytes. False for padding, other characters, bits left over. */
static bool base64url(struct text t, unsigned char *out, size_t *n)
{
    unsigned bits = 0, have = 0;

    *n = 0;
    for (size_t i = 0; i < t.n; i++) {
        int v = sextet(t.p[i]);

        if (v < 0)
            return false;
        bits = bits << 6 | (unsigned)v;
        if ((have += 6) >= 8)
            out[(*n)++] = (unsigned char)(bits >> (have -= 8));
        bits &= (1u << have) - 1;
    }
    return t.n % 4 != 1 && bits == 0;
}

/* ------------------------------------------------------------------------------------- the keys */

static EVP_PKEY *pkey_of(const char *type, OSSL_PARAM_BLD *b)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (!params || !ctx || EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
        pkey = NULL;
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    return pkey;
}

/* A member that is base64url, decoded. */
static bool bytes_in(struct text jwk, const char *name, unsigned char *out, size_t room, size_t *n)
{
    bool fine = true;
    struct text t = plain(member(jwk, name, &fine));

    return fine && t.p && t.n * 3 / 4 <= room && base64url(t, out, n);
}

static EVP_PKEY *ec_of(struct text jwk)
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    unsigned char point[65] = {4};
    EVP_PKEY *pkey = NULL;
    size_t x, y;

    if (b && bytes_in(jwk, "x", point + 1, 32, &x) && bytes_in(jwk, "y", point + 33, 32, &y) &&
        x == 32 && y == 32 &&
        OSSL_PARAM_BLD_push_utf8_string(b, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) &&
        OSSL_PARAM_BLD_push_octet_string(b, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point))
        pkey = pkey_of("EC", b);
    OSSL_PARAM_BLD_free(b);
    return pkey;
}

static EVP_PKEY *rsa_of(struct text jwk)
{
    OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    unsigned char bytes[1024];
    BIGNUM *n = NULL, *e = NULL;
    EVP_PKEY *pkey = NULL;
    size_t length;

    if (bytes_in(jwk, "n", bytes, sizeof bytes, &length))
        n = BN_bin2bn(bytes, (int)length, NULL);
    if (bytes_in(jwk, "e", bytes, 8, &length))
        e = BN_bin2bn(bytes, (int)length, NULL);
    if (b && n && e && BN_num_bits(n) >= RSA_BITS_MIN && BN_is_odd(e) &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, n) &&
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, e))
        pkey = pkey_of("RSA", b);
    BN_free(n);
    BN_free(e);
    OSSL_PARAM_BLD_free(b);
    return pkey;
}

static EVP_PKEY *ed_of(struct text jwk)
{
    unsigned char x[32];
    size_t n;

    return bytes_in(jwk, "x", x, sizeof x, &n) && n == sizeof x
               ? EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, x, n)
               : NULL;
}

/* False for a key that is not for us. */
static bool key_of(struct text jwk, struct key *out)
{
    static const struct {
        const char *kty, *crv;
        EVP_PKEY *(*of)(struct text jwk);
    } kinds[ALGS] = {{"EC", "P-256", ec_of}, {"OKP", "Ed25519", ed_of}, {"RSA", NULL, rsa_of}};
    bool fine = true;
    struct text kid = plain(member(jwk, "kid", &fine)), alg = plain(member(jwk, "alg", &fine));
    struct text use = plain(member(jwk, "use", &fine));

    if (!fine || !kid.p || kid.n >= KID_MAX || (use.p && !is(use, "sig")))
        return false;
    for (enum alg a = 0; a < ALGS; a++) {
        if (!is(alg, alg_names[a]) || !is(plain(member(jwk, "kty", &fine)), kinds[a].kty) ||
            (kinds[a].crv && !is(plain(member(jwk, "crv", &fine)), kinds[a].crv)))
            continue;
        *out = (struct key){.alg = a, .pkey = kinds[a].of(jwk)};
        memcpy(out->kid, kid.p, kid.n);
        return out->pkey != NULL;
    }
    return false;
}

static void keys_drop(struct latchkey *l)
{
    while (l->keys_n)
        EVP_PKEY_free(l->keys[--l->keys_n].pkey);
    memset(l->slots, 0, SLOTS * sizeof *l->slots);
    l->generation++;
}

static bool keys_take(struct latchkey *l, struct text set)
{
    struct text keys, one;
    bool fine = is_object(set);

    if (!fine || !(keys = member(set, "keys", &fine)).p || *keys.p != '[' || !fine)
        return false;
    keys_drop(l);
    while (l->keys_n < KEYS_MAX && next(&keys, NULL, &one))
        if (*one.p == '{' && key_of(one, &l->keys[l->keys_n]))
            l->keys_n++;
    return l->keys_n > 0;
}

/* With a reference to be given back. */
static EVP_PKEY *key_by_id(struct latchkey *l, struct text kid, enum alg *alg)
{
    for (size_t i = 0; i < l->keys_n; i++)
        if (is(kid, l->keys[i].kid)) {
            *alg = l->keys[i].alg;
            return EVP_PKEY_up_ref(l->keys[i].pkey) ? l->keys[i].pkey : NULL;
        }
    return NULL;
}

/* -------------------------------------------------------------------------------------- a token */

struct token {
    struct text header, payload, signature, input;
};

static bool split(const char *p, size_t n, size_t max, struct token *out)
{
    const char *one = n && n <= max ? memchr(p, '.', n) : NULL;
    const char *two = one ? memchr(one + 1, '.', (size_t)(p + n - one - 1)) : NULL;

    if (!two || memchr(two + 1, '.', (size_t)(p + n - two - 1)))
        return false;
    out->header = (struct text){p, (size_t)(one - p)};
    out->payload = (struct text){one + 1, (size_t)(two - one - 1)};
    out->signature = (struct text){two + 1, (size_t)(p + n - two - 1)};
    out->input = (struct text){p, (size_t)(two - p)};
    return out->header.n && out->payload.n && out->signature.n;
}

/* One of two INTEGERs (X.690 section 8.3). */
static size_t integer(unsigned char *to, const unsigned char *from)
{
    size_t zeros = 0, pad;

    while (zeros < 31 && from[zeros] == 0)
        zeros++;
    pad = from[zeros] >> 7;
    to[0] = 2;
    to[1] = (unsigned char)(32 - zeros + pad);
    to[2] = 0;
    memcpy(to + 2 + pad, from + zeros, 32 - zeros);
    return 2 + 32 - zeros + pad;
}

static bool signature_is_good(EVP_PKEY *pkey, enum alg alg, struct text input,
                              const unsigned char *sig, size_t n)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char der[80] = {0x30};
    bool good;

    if (alg == ES256) {
        size_t length = integer(der + 2, sig);

        length += integer(der + 2 + length, sig + 32);
        der[1] = (unsigned char)length;
        sig = der;
        n = length + 2;
    }
    good = ctx &&
           EVP_DigestVerifyInit(ctx, NULL, alg == EDDSA ? NULL : EVP_sha256(), NULL, pkey) == 1 &&
           EVP_DigestVerify(ctx, sig, n, (const unsigned char *)input.p, input.n) == 1;
    EVP_MD_CTX_free(ctx);
    return good;
}

struct header {
    struct text alg, kid, typ;
    bool has_typ;
};

static enum latchkey_verdict header_read(struct text json, struct header *out)
{
    bool fine = is_object(json);
    struct text typ;

    if (!fine)
        return LATCHKEY_HEADER;
    typ = member(json, "typ", &fine);
    *out = (struct header){plain(member(json, "alg", &fine)), plain(member(json, "kid", &fine)),
                           plain(typ), typ.p != NULL};
    if (!fine || member(json, "zip", &fine).p)
        return LATCHKEY_HEADER;
    if (!is(out->alg, "ES256") && !is(out->alg, "EdDSA") && !is(out->alg, "RS256"))
        return LATCHKEY_ALGORITHM;
    if (member(json, "crit", &fine).p)
        return LATCHKEY_CRITICAL;
    return out->kid.p ? LATCHKEY_GOOD : LATCHKEY_KEY_ID;
}

/* Header, payload and signature, decoded into one piece of memory, which the caller frees. */
struct opened {
    unsigned char *memory;
    struct text header, payload;
    struct header said;
};

static enum latchkey_verdict decode(const struct token *t, struct opened *out,
                                    const unsigned char **sig, size_t *sig_n)
{
    size_t n;
    unsigned char *at = malloc(t->input.n + t->signature.n + 1);

    out->memory = at;
    if (!at)
        return LATCHKEY_UNAVAILABLE;
    if (!base64url(t->header, at, &n))
        return LATCHKEY_BASE64;
    out->header = (struct text){(char *)at, n};
    if (!base64url(t->payload, at += n, &n))
        return LATCHKEY_BASE64;
    out->payload = (struct text){(char *)at, n};
    if (!base64url(t->signature, at += n, sig_n))
        return LATCHKEY_BASE64;
    *sig = at;
    return header_read(out->header, &out->said);
}

enum turn { NOT_MINE, MINE };

static bool keys_load(struct latchkey *l);
static bool keys_fetch(struct latchkey *l);
static int64_t seconds(void);

/* Whether `then` was so long ago. A clock that was set back tells no age: it may have been. */
static bool is_old(int64_t then, int64_t now, int64_t age)
{
    return now - then >= age || now < then;
}

/* The key that a header names. One that is not known is looked for once, not too often. */
static EVP_PKEY *key_of_header(struct latchkey *l, const struct header *h, enum turn turn,
                               enum alg *alg)
{
    EVP_PKEY *pkey = key_by_id(l, h->kid, alg);

    if (!pkey && is_old(l->keys_asked, seconds(), KID_COOLDOWN) &&
        (turn == MINE ? keys_load(l) : keys_fetch(l)))
        pkey = key_by_id(l, h->kid, alg);
    return pkey;
}

/* The lock is held, and open while the signature is looked at. */
static enum latchkey_verdict open_signed(struct latchkey *l, const struct token *t, enum turn turn,
                                         struct opened *out)
{
    const unsigned char *sig = NULL;
    enum latchkey_verdict v;
    EVP_PKEY *pkey;
    enum alg alg = ES256;
    size_t n = 0;

    if ((v = decode(t, out, &sig, &n)) != LATCHKEY_GOOD)
        return v;
    if ((pkey = key_of_header(l, &out->said, turn, &alg)) == NULL)
        return LATCHKEY_KEY_ID;
    pthread_mutex_unlock(&l->lock);
    if (!is(out->said.alg, alg_names[alg]))
        v = LATCHKEY_ALGORITHM;
    else if ((alg != RS256 && n != ES256_BYTES) || !signature_is_good(pkey, alg, t->input, sig, n))
        v = LATCHKEY_SIGNATURE;
    pthread_mutex_lock(&l->lock);
    EVP_PKEY_free(pkey);
    return v;
}

static bool is_type(const struct latchkey *l, const struct header *h)
{
    static const char *const issued[] = {"at+jwt", "application/at+jwt"};
    size_t n = l->config.issuer ? 2 : 1;

    if (!l->config.issuer && !h->has_typ)
        return true;
    for (size_t i = 0; i < n; i++) {
        const char *wanted = l->config.issuer ? issued[i] : "jwt";

        if (h->typ.p && h->typ.n == strlen(wanted) && strncasecmp(h->typ.p, wanted, h->typ.n) == 0)
            return true;
    }
    return false;
}

static bool is_for_us(const struct latchkey *l, struct text aud)
{
    const char *us = l->config.audience ? l->config.audience : l->config.issuer;
    struct text one;

    if (!us)
        return !aud.p;
    if (!aud.p || *aud.p != '[')
        return is(plain(aud), us);
    while (next(&aud, NULL, &one))
        if (is(plain(one), us))
            return true;
    return false;
}

static enum latchkey_verdict claims_read(const struct latchkey *l, struct text json,
                                         struct kept *out)
{
    struct latchkey_claims *c = &out->claims;
    bool fine = is_object(json);
    struct text nbf, sid, jti;
    int64_t from = 0;

    if (!fine)
        return LATCHKEY_PAYLOAD;
    *c = (struct latchkey_claims){0};
    if (!whole(member(json, "id", &fine), 1, INT64_C(9007199254740991), &c->id) ||
        !date(member(json, "exp", &fine), &c->expires_at) ||
        !date(member(json, "iat", &fine), &c->issued_at))
        return LATCHKEY_CLAIM;
    nbf = member(json, "nbf", &fine);
    sid = member(json, "sid", &fine);
    if ((nbf.p && !date(nbf, &from)) ||
        (sid.p && (!whole(plain(sid), 1, session_max, &c->session) || plain(sid).p[0] == '0')))
        return LATCHKEY_CLAIM;
    out->not_before = (from > c->issued_at ? from : c->issued_at) - LEEWAY;
    jti = plain(member(json, "jti", &fine));
    if (jti.p && jti.n < sizeof c->token_id)
        memcpy(c->token_id, jti.p, jti.n);
    if (l->config.issuer && !is(plain(member(json, "iss", &fine)), l->config.issuer))
        return LATCHKEY_ISSUER;
    if (!is_for_us(l, member(json, "aud", &fine)))
        return LATCHKEY_AUDIENCE;
    return fine ? LATCHKEY_GOOD : LATCHKEY_PAYLOAD;
}

/* ----------------------------------------------------------------------------- what was revoked */

static size_t place_of(const struct latchkey *l, int64_t id)
{
    return (size_t)((uint64_t)id * 0x9E3779B97F4A7C15u >> 17) & (l->places - 1);
}

static void entry_put(struct latchkey *l, const struct entry *e)
{
    size_t at = place_of(l, e->id);

    for (; l->entries[at].id; at = (at + 1) & (l->places - 1)) {
        struct entry *old = &l->entries[at];

        if (old->id == e->id && old->is_user == e->is_user && old->from == e->from &&
            old->keep == e->keep) {
            old->seen = e->seen;
            return;
        }
    }
    l->entries[at] = *e;
    l->entries_n++;
}

/* Again without what is older than any token. */
static bool entries_sweep(struct latchkey *l, int64_t now)
{
    struct entry *old = l->entries;
    size_t places = l->places, live = 0, want = 64;

    for (size_t i = 0; i < places; i++)
        live += old[i].id && old[i].seen >= now - l->life - 2 * LEEWAY;
    while (want < 4 * (live + 1))
        want *= 2;
    if ((l->entries = calloc(want, sizeof *l->entries)) == NULL) {
        l->entries = old;
        return false;
    }
    l->places = want;
    l->entries_n = 0;
    l->swept_at = now;
    for (size_t i = 0; i < places; i++)
        if (old[i].id && old[i].seen >= now - l->life - 2 * LEEWAY)
            entry_put(l, &old[i]);
    free(old);
    return true;
}

static bool entry_add(struct latchkey *l, const struct entry *e)
{
    if (e->id == 0 || (2 * (l->entries_n + 1) > l->places && !entries_sweep(l, e->seen)))
        return false;
    entry_put(l, e);
    return true;
}

static bool is_revoked(const struct latchkey *l, const struct latchkey_claims *c)
{
    if (c->issued_at < l->all)
        return true;
    for (size_t at = place_of(l, c->session); c->session && l->entries[at].id;
         at = (at + 1) & (l->places - 1))
        if (!l->entries[at].is_user && l->entries[at].id == c->session)
            return true;
    for (size_t at = place_of(l, c->id); l->entries[at].id; at = (at + 1) & (l->places - 1)) {
        const struct entry *e = &l->entries[at];

        if (e->is_user && e->id == c->id && c->issued_at < e->from &&
            !(e->keep && e->keep == c->session))
            return true;
    }
    return false;
}

static bool sessions_take(struct latchkey *l, struct text list, int64_t now)
{
    struct text one;

    if (!list.p || *list.p != '[')
        return false;
    while (next(&list, NULL, &one)) {
        struct entry e = {.seen = now};

        if (!whole(plain(one), 1, session_max, &e.id) || !entry_add(l, &e))
            return false;
    }
    return true;
}

static bool users_take(struct latchkey *l, struct text list, int64_t now)
{
    struct text one, id, from, keep;

    if (!list.p || *list.p != '[')
        return false;
    while (next(&list, NULL, &one)) {
        struct entry e = {.seen = now, .is_user = true};

        if (*one.p != '[' || !next(&one, NULL, &id) || !next(&one, NULL, &from) ||
            !next(&one, NULL, &keep) || !whole(id, 1, INT64_MAX, &e.id) ||
            !whole(from, 0, date_max, &e.from) || !plain(keep).p ||
            (plain(keep).n && !whole(plain(keep), 1, session_max, &e.keep)) || !entry_add(l, &e))
            return false;
    }
    return true;
}

static bool is_empty(struct text list)
{
    struct text one;

    return !next(&list, NULL, &one);
}

/* What a feed says of itself: is it this server's, of now, and the answer to our question? */
static bool feed_is_ours(const struct latchkey *l, struct text told, int64_t now, bool *fine,
                         int64_t *made)
{
    int64_t until, since;

    return date(member(told, "iat", fine), made) && date(member(told, "exp", fine), &until) &&
           until > now && *made <= now + LEEWAY && *made >= l->feed_made &&
           whole(member(told, "since", fine), 0, INT64_MAX, &since) && since == l->next &&
           (!l->config.issuer || is(plain(member(told, "iss", fine)), l->config.issuer));
}

static bool feed_take(struct latchkey *l, const struct opened *o, int64_t now, bool *more)
{
    struct text told = o->payload, sessions, users;
    bool fine = is_object(told);
    int64_t made, all, life, from_now;

    if (!fine || !is(o->said.typ, feed_type) || !feed_is_ours(l, told, now, &fine, &made) ||
        !whole(member(told, "all", &fine), 0, date_max, &all) ||
        !whole(member(told, "life", &fine), 0, date_max, &life) ||
        !whole(member(told, "next", &fine), 0, INT64_MAX, &from_now))
        return false;
    sessions = member(told, "sessions", &fine);
    users = member(told, "users", &fine);
    *more = is(member(told, "more", &fine), "true");
    l->life = life;
    if (!fine || !sessions_take(l, sessions, now) || !users_take(l, users, now))
        return false;
    l->all = all;
    l->feed_made = made;
    if (*more || !is_empty(sessions) || !is_empty(users) || l->next == 0)
        l->next = from_now;
    if (l->feed_kid[0] && !is(o->said.kid, l->feed_kid))
        l->keys_until = now < l->keys_until ? now : l->keys_until; /* one may be withdrawn */
    memset(l->feed_kid, 0, sizeof l->feed_kid);
    if (o->said.kid.n < sizeof l->feed_kid)
        memcpy(l->feed_kid, o->said.kid.p, o->said.kid.n);
    return true;
}

/* ------------------------------------------------------------------------------ what is fetched */

static int64_t seconds(void)
{
    return (int64_t)time(NULL);
}

/* Whose turn it is fetches, as often as it takes: nobody else does meanwhile. */
static bool turn_take(struct latchkey *l)
{
    return !l->fetching && (l->fetching = true);
}

static void turn_give(struct latchkey *l)
{
    l->fetching = false;
    pthread_cond_broadcast(&l->fetched);
}

/* The lock is open meanwhile. The body is the caller's to free. */
static bool get(struct latchkey *l, const char *path, const char *tag, struct latchkey_answer *out)
{
    char url[URL_MAX], known[sizeof out->etag];
    size_t n = strlen(l->config.url);
    int rc;

    while (n && l->config.url[n - 1] == '/')
        n--;
    *out = (struct latchkey_answer){.max_age = -1};
    if (snprintf(url, sizeof url, "%.*s%s", (int)n, l->config.url, path) >= (int)sizeof url ||
        snprintf(known, sizeof known, "%s", tag) >= (int)sizeof known)
        return false;
    pthread_mutex_unlock(&l->lock);
    rc = l->config.fetch(l->config.fetch_arg, url, *known ? known : NULL, out);
    pthread_mutex_lock(&l->lock);
    return rc == 0 && (out->status == 200 || (out->status == 304 && *known));
}

static bool keys_load(struct latchkey *l)
{
    struct latchkey_answer a;
    int64_t now = l->keys_asked = seconds();
    bool fine = get(l, "/.well-known/jwks.json", l->keys_tag, &a);

    if (fine && a.status == 200) {
        fine = keys_take(l, (struct text){a.body, a.n});
        memcpy(l->keys_tag, fine ? a.etag : "", fine ? sizeof l->keys_tag : 1);
    }
    free(a.body);
    if (fine) {
        l->keys_at = now;
        l->keys_until =
            now + (a.max_age < 0 ? 60 : a.max_age > KEYS_AGE_MAX ? KEYS_AGE_MAX : a.max_age);
    } else {
        l->keys_failed = seconds();
    }
    return fine;
}

static bool keys_fetch(struct latchkey *l)
{
    bool fine;

    if (!turn_take(l))
        return false;
    fine = keys_load(l);
    turn_give(l);
    return fine;
}

static bool page_take(struct latchkey *l, const struct latchkey_answer *a, int64_t now, bool *more)
{
    struct opened o = {0};
    struct token t;
    bool fine = split(a->body, a->n, FEED_MAX, &t) &&
                open_signed(l, &t, MINE, &o) == LATCHKEY_GOOD && feed_take(l, &o, now, more);

    free(o.memory);
    return fine;
}

/* All pages; false as well where they do not end. */
static bool pages_load(struct latchkey *l, int64_t now)
{
    bool more = true;

    for (int pages = 0; more && pages < PAGES_MAX; pages++) {
        struct latchkey_answer a;
        char path[64];
        bool fine;

        more = false;
        (void)snprintf(path, sizeof path, "/revocations?since=%lld", (long long)l->next);
        fine = get(l, path, l->feed_tag, &a) && (a.status == 304 || page_take(l, &a, now, &more));
        free(a.body);
        if (!fine)
            return false;
        memcpy(l->feed_tag, more ? "" : a.etag, more ? 1 : sizeof l->feed_tag);
    }
    return !more;
}

static bool feed_load(struct latchkey *l)
{
    int64_t now = seconds();

    if (!pages_load(l, now))
        return false;
    l->feed_whole = l->feed_made;
    /* A 304 is not signed: whoever stands in between could say it for ever. */
    if (now - l->feed_made > SIGNED_EVERY + 2 * LEEWAY)
        return false;
    l->feed_at = now;
    if (now - l->swept_at > LEEWAY)
        (void)entries_sweep(l, now); /* without memory the table stays as it is */
    return true;
}

static void feed_fetch(struct latchkey *l)
{
    if (!turn_take(l))
        return;
    if (!feed_load(l))
        l->feed_failed = seconds();
    turn_give(l);
}

/* Whether what is known is of now; a time to come is another clock's. */
static bool keys_are_of(const struct latchkey *l, int64_t now)
{
    return l->keys_n && now - l->keys_until <= l->config.max_stale &&
           l->keys_until - now <= KEYS_AGE_MAX;
}

static bool feed_is_of(const struct latchkey *l, int64_t now)
{
    return now - l->feed_whole <= l->config.max_stale && l->feed_whole - now <= LEEWAY;
}

/* See to it that what is needed is there and not too old. After a failure the next try is no sooner
 * than `every`, or each check would wait for a server that is silent. */
static bool be_fresh(struct latchkey *l)
{
    bool asks = !l->config.no_revocations;
    int64_t now, every = l->config.every;

    while (l->fetching && (!l->keys_n || (asks && !l->feed_whole)))
        pthread_cond_wait(&l->fetched, &l->lock);
    now = seconds();
    if ((now >= l->keys_until || now < l->keys_at) && is_old(l->keys_failed, now, every))
        (void)keys_fetch(l); /* what follows looks at how old they are */
    now = seconds();
    if (!keys_are_of(l, now))
        return false;
    if (asks && is_old(l->feed_at, now, every) && is_old(l->feed_failed, now, every))
        feed_fetch(l);
    return !asks || feed_is_of(l, seconds());
}

/* -------------------------------------------------------------------------------- what is asked */

static struct kept *slot_of(struct latchkey *l, const char *token, size_t n)
{
    uint64_t h = 14695981039346656037u;

    if (n == 0 || n > SLOT_TOKEN_MAX)
        return NULL;
    for (size_t i = n > 43 ? n - 43 : 0; i < n; i++) /* the signature's end tells tokens apart */
        h = (h ^ (unsigned char)token[i]) * 1099511628211u;
    return &l->slots[h % SLOTS];
}

static enum latchkey_verdict verify(struct latchkey *l, const char *token, size_t n,
                                    struct kept *out)
{
    struct opened o = {0};
    enum latchkey_verdict v;
    struct token t;

    if (!split(token, n, TOKEN_MAX, &t))
        return LATCHKEY_SHAPE;
    if ((v = open_signed(l, &t, NOT_MINE, &o)) == LATCHKEY_GOOD)
        v = is_type(l, &o.said) ? claims_read(l, o.payload, out) : LATCHKEY_TYPE;
    free(o.memory);
    return v;
}

/* What changes with time. */
static enum latchkey_verdict still(const struct latchkey *l, const struct kept *k)
{
    int64_t now = seconds();

    if (k->claims.expires_at <= now)
        return LATCHKEY_EXPIRED;
    if (k->not_before > now)
        return LATCHKEY_EARLY;
    return !l->config.no_revocations && is_revoked(l, &k->claims) ? LATCHKEY_REVOKED
                                                                  : LATCHKEY_GOOD;
}

static enum latchkey_verdict check(struct latchkey *l, const char *token, size_t n,
                                   struct latchkey_claims *claims)
{
    struct kept *slot = slot_of(l, token, n), fresh;
    enum latchkey_verdict v = LATCHKEY_GOOD;
    unsigned generation = l->generation;

    if (slot && slot->n == n && memcmp(slot->token, token, n) == 0) {
        fresh.claims = slot->claims;
        fresh.not_before = slot->not_before;
    } else if ((v = verify(l, token, n, &fresh)) == LATCHKEY_GOOD && slot &&
               generation == l->generation) {
        slot->n = n;
        slot->claims = fresh.claims;
        slot->not_before = fresh.not_before;
        memcpy(slot->token, token, n);
    }
    if (v == LATCHKEY_GOOD)
        v = still(l, &fresh);
    if (v == LATCHKEY_GOOD && claims)
        *claims = fresh.claims;
    return v;
}

enum latchkey_verdict latchkey_check(struct latchkey *l, const char *token, size_t n,
                                     struct latchkey_claims *claims)
{
    enum latchkey_verdict v;

    pthread_mutex_lock(&l->lock);
    v = be_fresh(l) ? check(l, token, n, claims) : LATCHKEY_UNAVAILABLE;
    pthread_mutex_unlock(&l->lock);
    return v;
}

struct latchkey *latchkey_open(const struct latchkey_config *config)
{
    struct latchkey *l = calloc(1, sizeof *l);

    if (!l)
        return NULL;
    l->config = *config;
    l->config.every = config->every > 0 ? config->every : 5;
    l->config.max_stale = config->max_stale ? config->max_stale : 300;
    l->places = 64;
    l->entries = calloc(l->places, sizeof *l->entries);
    l->slots = calloc(SLOTS, sizeof *l->slots);
    if (l->entries && l->slots && pthread_mutex_init(&l->lock, NULL) == 0 &&
        pthread_cond_init(&l->fetched, NULL) == 0)
        return l;
    free(l->entries);
    free(l->slots);
    free(l);
    return NULL;
}

void latchkey_close(struct latchkey *l)
{
    if (!l)
        return;
    keys_drop(l);
    pthread_cond_destroy(&l->fetched);
    pthread_mutex_destroy(&l->lock);
    free(l->entries);
    free(l->slots);
    free(l);
}

/* ----------------------------------------------------------------------------------- by libcurl */

#ifdef LATCHKEY_CURL
#include <curl/curl.h>

enum { BODY_MAX = 4 << 20, SECONDS_MAX = 10 };

static size_t body_add(char *p, size_t size, size_t n, void *to)
{
    struct latchkey_answer *a = to;
    char *more = a->n + size * n <= BODY_MAX ? realloc(a->body, a->n + size * n + 1) : NULL;

    if (!more)
        return 0;
    a->body = more;
    memcpy(a->body + a->n, p, size * n);
    a->n += size * n;
    return size * n;
}

/* The value of a field's line, when it is that one. */
static struct text field(struct text line, const char *name)
{
    size_t n = strlen(name);

    if (line.n <= n || strncasecmp(line.p, name, n) != 0 || line.p[n] != ':')
        return (struct text){NULL, 0};
    line = (struct text){line.p + n + 1, line.n - n - 1};
    while (line.n && (*line.p == ' ' || *line.p == '\t'))
        line = (struct text){line.p + 1, line.n - 1};
    while (line.n && strchr("\r\n \t", line.p[line.n - 1]))
        line.n--;
    return line;
}

static size_t field_note(char *p, size_t size, size_t n, void *to)
{
    struct latchkey_answer *a = to;
    struct text line = {p, size * n}, tag = field(line, "etag"),
                keep = field(line, "cache-control");
    const char *age = keep.p ? memmem(keep.p, keep.n, "max-age=", 8) : NULL;

    if (tag.p && tag.n < sizeof a->etag) {
        memset(a->etag, 0, sizeof a->etag);
        memcpy(a->etag, tag.p, tag.n);
    }
    if (age) {
        a->max_age = 0;
        for (age += 8; age < keep.p + keep.n && *age >= '0' && *age <= '9' && a->max_age < 1000000;
             age++)
            a->max_age = a->max_age * 10 + (*age - '0');
    }
    return size * n;
}

int latchkey_fetch_curl(void *arg, const char *url, const char *etag,
                        struct latchkey_answer *answer)
{
    struct curl_slist *fields = NULL;
    CURL *curl = curl_easy_init();
    char known[200];
    long status = 0;
    CURLcode rc = CURLE_FAILED_INIT;

    if (etag && snprintf(known, sizeof known, "If-None-Match: %s", etag) < (int)sizeof known)
        fields = curl_slist_append(NULL, known);
    if (curl) {
        curl_easy_setopt(curl, CURLOPT_URL, url);
#if LIBCURL_VERSION_NUM >= 0x075500
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)SECONDS_MAX);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, body_add);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, field_note);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
        if (arg)
            curl_easy_setopt(curl, CURLOPT_CAINFO, (const char *)arg);
        rc = curl_easy_perform(curl);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    answer->status = (int)status;
    curl_slist_free_all(fields);
    curl_easy_cleanup(curl);
    return rc == CURLE_OK ? 0 : -1;
}
#endif
