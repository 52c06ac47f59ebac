// SPDX-License-Identifier: MIT
/* jwt.c - compact signed tokens (RFC 7515 JWS, RFC 7519 JWT, RFC 8725 for what to refuse).
 *
 * Only HS256 exists; the token's own "alg" picks nothing, it can only agree. The signature is
 * checked before any JSON is read, so all that parses here was signed by us, or by one who has our
 * secret. */
#include "crypto/jwt.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"
#include "crypto/random.h"

enum {
    SIGNATURE_CHARS = 43,               /* 32 bytes in base64url */
    PLAIN_CHARS = 120,                   /* the longest payload that plain_claims reads */
    CACHE_SLOTS = 1024, CACHE_TOKEN_MAX = 512,
};

/* {"alg":"HS256","typ":"JWT"} */
#define OUR_HEADER STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9")

/* The last second of the year 9999: what is above is no date but milliseconds, or an overflow. */
static const int64_t date_max = 253402300799;

enum fault {
    FINE, BAD_SHAPE, BAD_BASE64, BAD_HEADER, BAD_ALGORITHM, BAD_CRITICAL, BAD_KEY_ID, BAD_SIGNATURE,
    BAD_PAYLOAD, BAD_CLAIM, BAD_ISSUER, BAD_AUDIENCE, TOO_LATE, TOO_EARLY, NO_MEMORY, FAULT_COUNT
};

static const char *const word_of[FAULT_COUNT] = {
    [FINE]          = "ok",          [BAD_SHAPE]    = "shape",     [BAD_BASE64]   = "base64",
    [BAD_HEADER]    = "header",      [BAD_ALGORITHM] = "algorithm", [BAD_CRITICAL] = "critical",
    [BAD_KEY_ID]    = "key-id",      [BAD_SIGNATURE] = "signature", [BAD_PAYLOAD]  = "payload",
    [BAD_CLAIM]     = "claim",       [BAD_ISSUER]   = "issuer",    [BAD_AUDIENCE] = "audience",
    [TOO_LATE]      = "expired",     [TOO_EARLY]    = "early",     [NO_MEMORY]    = "memory",
};

/* A token cut at its dots. */
struct segments {
    str header, payload, signature;
    str input;                          /* what is signed: header, dot, payload */
};

/* What is kept of a payload: enough to ask for the time again. */
struct reading {
    struct claims claims;
    int64_t not_before;                 /* seconds since 1970, leeway taken off */
    bool by_legacy;                     /* the legacy key vouches for it */
    int64_t until;                      /* seconds since 1970: when that ends */
};

static err err_of(enum fault f)
{
    if (f == FINE)
        return OK;
    return f == NO_MEMORY ? ERR_NO_MEMORY : ERR_TOKEN_INVALID;
}

void keyring_init(struct keyring *keys, str secret)
{
    *keys = (struct keyring){0};
    mac_init(&keys->hs256, secret);
    random_bytes(&keys->generation, sizeof keys->generation);
}

void keyring_add_legacy(struct keyring *keys, str secret, int64_t until, bool forgeable)
{
    mac_init(&keys->legacy, secret);
    keys->legacy_until = until;
    keys->legacy_forgeable = forgeable;
}

void keyring_end(struct keyring *keys)
{
    mac_end(&keys->hs256);
    mac_end(&keys->legacy);
    *keys = (struct keyring){0};
}

static void payload_write(struct buf *b, const struct keyring *keys, const struct claims *claims)
{
    struct json_writer w;
    char sid[24];
    int n;

    json_open(&w, b);
    json_int(&w, "id", claims->user_id);
    json_int(&w, "iat", claims->issued_at);
    json_int(&w, "exp", claims->expires_at);
    if (claims->session_id) {
        n = snprintf(sid, sizeof sid, "%lld", (long long)claims->session_id);
        json_text(&w, "sid", (str){ sid, (size_t)n });
    }
    if (keys->issuer.n)
        json_text(&w, "iss", keys->issuer);
    if (keys->audience.n)
        json_text(&w, "aud", keys->audience);
    json_close(&w);
}

err jwt_sign(struct arena *mem, const struct keyring *keys, const struct claims *claims, str *out)
{
    unsigned char mac[SHA256_BYTES];
    struct buf payload, token;
    err e;

    if (claims->user_id < 1 || claims->session_id < 0 || claims->session_id > SESSION_ID_MAX)
        return ERR_BUG;
    buf_init(&payload, mem, JWT_BYTES_MAX / 2);
    buf_init(&token, mem, JWT_BYTES_MAX);
    payload_write(&payload, keys, claims);
    if ((e = buf_ok(&payload)) != OK)
        return e;
    buf_put(&token, OUR_HEADER);
    buf_byte(&token, '.');
    base64url_put(&token, buf_str(&payload));
    if ((e = buf_ok(&token)) != OK)
        return e;
    mac_sha256(&keys->hs256, buf_str(&token), mac);
    buf_byte(&token, '.');
    base64url_put(&token, (str){ (const char *)mac, sizeof mac });
    if ((e = buf_ok(&token)) != OK)
        return e;
    *out = buf_str(&token);
    return OK;
}

static enum fault split(str token, struct segments *s)
{
    str rest, none;

    if (token.n > JWT_BYTES_MAX)
        return BAD_SHAPE;
    if (!str_cut(token, '.', &s->header, &rest) || !str_cut(rest, '.', &s->payload, &s->signature))
        return BAD_SHAPE;
    if (str_cut(s->signature, '.', &none, &rest))
        return BAD_SHAPE;
    s->input = str_head(token, s->header.n + 1 + s->payload.n);
    return FINE;
}

/* The signature is decoded rather than ours encoded: no table is read at a place that a secret
 * picks. */
static enum fault signature_fault(const struct keyring *keys, const struct segments *s,
                                  bool *by_legacy)
{
    unsigned char theirs[BASE64_BYTES(SIGNATURE_CHARS)], ours[SHA256_BYTES];
    size_t n;

    *by_legacy = false;
    if (s->signature.n != SIGNATURE_CHARS)
        return BAD_SIGNATURE;
    if (!base64url_read(s->signature, theirs, &n))
        return BAD_BASE64;
    mac_sha256(&keys->hs256, s->input, ours);
    if (digest_equal(ours, theirs, sizeof ours))
        return FINE;
    if (keys->legacy_until == 0)
        return BAD_SIGNATURE;
    mac_sha256(&keys->legacy, s->input, ours);
    *by_legacy = digest_equal(ours, theirs, sizeof ours);
    return *by_legacy ? FINE : BAD_SIGNATURE;
}

static enum fault decode(struct arena *mem, str segment, str *out)
{
    unsigned char *bytes = arena_alloc(mem, BASE64_BYTES(segment.n), 1);
    size_t n;

    if (!bytes)
        return NO_MEMORY;
    if (!base64url_read(segment, bytes, &n))
        return BAD_BASE64;
    *out = (str){ (const char *)bytes, n };
    return FINE;
}

/* The value after `v` and all it holds, in the order of the text; NULL behind the last. */
static const struct json *after(const struct json *v)
{
    while (v && !v->next)
        v = v->up;
    return v ? v->next : NULL;
}

/* An escape may spell half a surrogate pair, which is no character: RFC 8725 section 3.7 wants
 * UTF-8. */
static bool is_unicode(const struct json *top)
{
    for (const struct json *v = top; v; v = v->first ? v->first : after(v))
        if (v->lone_surrogate || !utf8_is_well_formed(v->key))
            return false;
    return true;
}

/* A segment's JSON object, or `bad` for what is none. */
static enum fault object(struct arena *mem, const struct keyring *keys, str text, enum fault bad,
                         struct json **out)
{
    const struct json_rules rules = { .depth_max = 8, .values_max = 256, .unique = !keys->lax };
    err e = json_parse(mem, text, &rules, out);

    if (e == ERR_NO_MEMORY)
        return NO_MEMORY;
    return e == OK && (*out)->kind == JSON_OBJECT && is_unicode(*out) ? FINE : bad;
}

static bool is_text(const struct json *v, str text)
{
    return v && v->kind == JSON_TEXT && str_is(v->text, text);
}

static enum fault header_fault(struct arena *mem, const struct keyring *keys, str segment,
                               bool any_kid)
{
    struct json *header;
    enum fault f;
    str text;

    if (str_is(segment, OUR_HEADER))
        return FINE;
    if ((f = decode(mem, segment, &text)) != FINE)
        return f;
    if ((f = object(mem, keys, text, BAD_HEADER, &header)) != FINE)
        return f;
    if (!is_text(json_member(header, STR("alg")), STR("HS256")))
        return BAD_ALGORITHM;
    if (json_member(header, STR("crit")))
        return BAD_CRITICAL;
    if (json_member(header, STR("zip")))
        return BAD_HEADER;
    if (!any_kid && json_member(header, STR("kid")))
        return BAD_KEY_ID;
    return FINE;
}

static bool eat(str *s, str what)
{
    if (!str_starts(*s, what))
        return false;
    *s = str_from(*s, what.n);
    return true;
}

/* Up to 15 digits as JSON spells a whole number: no zero in front. */
static bool eat_number(str *s, int64_t *out)
{
    size_t n = 0;
    int64_t v = 0;

    while (n < s->n && n < 15 && s->p[n] >= '0' && s->p[n] <= '9')
        v = v * 10 + (s->p[n++] - '0');
    if (n == 0 || (s->p[0] == '0' && n > 1))
        return false;
    *s = str_from(*s, n);
    *out = v;
    return true;
}

/* The payload exactly as jwt_sign writes it, which nearly all are: a tenth of the JSON reader's
 * time. False for anything else, also when it is wrong: then the reader decides. */
static bool plain_claims(const struct keyring *keys, str segment, struct reading *out)
{
    unsigned char bytes[BASE64_BYTES(PLAIN_CHARS)];
    struct claims c = { .has_issued_at = true };
    str s = { (const char *)bytes, 0 };

    if (keys->issuer.n || keys->audience.n || segment.n > PLAIN_CHARS)
        return false;
    if (!base64url_read(segment, bytes, &s.n))
        return false;
    if (!eat(&s, STR("{\"id\":")) || !eat_number(&s, &c.user_id) || !eat(&s, STR(",\"iat\":"))
        || !eat_number(&s, &c.issued_at) || !eat(&s, STR(",\"exp\":"))
        || !eat_number(&s, &c.expires_at))
        return false;
    if (eat(&s, STR(",\"sid\":\"")) &&
        (!eat_number(&s, &c.session_id) || c.session_id == 0 || !eat(&s, STR("\""))))
        return false;
    if (!str_is(s, STR("}")))
        return false;
    if (c.user_id < 1 || c.issued_at > date_max || c.expires_at > date_max)
        return false;
    out->claims = c;
    out->not_before = keys->lax ? 0 : c.issued_at - JWT_LEEWAY;
    return true;
}

/* A NumericDate (RFC 7519 section 2), rounded down: any finite spelling within the dates. */
static bool date_of(const struct json *v, int64_t *out)
{
    char z[64], *end;
    double d;

    if (!v || v->kind != JSON_NUMBER || v->text.n >= sizeof z)
        return false;
    if (str_int(v->text, out))
        return *out >= 0 && *out <= date_max;
    memcpy(z, v->text.p, v->text.n);
    z[v->text.n] = '\0';
    d = strtod(z, &end);
    if (*end || !(d >= 0) || d >= (double)date_max + 1)
        return false;
    *out = (int64_t)d;
    return true;
}

static enum fault id_of(const struct json *payload, int64_t *out)
{
    const struct json *id = json_member(payload, STR("id"));

    if (!id || id->kind != JSON_NUMBER || !str_int(id->text, out))
        return BAD_CLAIM;
    return *out >= 1 ? FINE : BAD_CLAIM;
}

static enum fault session_of(const struct json *payload, int64_t *out)
{
    const struct json *sid = json_member(payload, STR("sid"));

    *out = 0;
    if (!sid)
        return FINE;
    if (sid->kind != JSON_TEXT || !str_int(sid->text, out))
        return BAD_CLAIM;
    return *out >= 1 && *out <= SESSION_ID_MAX ? FINE : BAD_CLAIM;
}

/* `nbf` and `iat`. Lax looks at iat only to tell it on, as the tutorial's verifier does not. */
static enum fault start_of(const struct json *payload, bool lax, struct reading *r)
{
    const struct json *nbf = json_member(payload, STR("nbf"));
    int64_t from = 0;

    r->claims.has_issued_at = date_of(json_member(payload, STR("iat")), &r->claims.issued_at);
    if (!r->claims.has_issued_at && !lax)
        return BAD_CLAIM;
    if (!r->claims.has_issued_at)
        r->claims.issued_at = 0;
    if (nbf && !date_of(nbf, &from))
        return BAD_CLAIM;
    if (!lax && r->claims.issued_at > from)
        from = r->claims.issued_at;
    r->not_before = lax ? from : from - JWT_LEEWAY;
    return FINE;
}

/* RFC 7519 section 4.1.3: who is not in a token's audience must refuse it. */
static bool is_for_us(const struct json *payload, const struct keyring *keys)
{
    const struct json *aud = json_member(payload, STR("aud"));

    if (!aud)
        return keys->audience.n == 0;
    if (keys->audience.n == 0)
        return keys->lax;
    if (aud->kind != JSON_LIST)
        return is_text(aud, keys->audience);
    for (const struct json *v = aud->first; v; v = v->next)
        if (is_text(v, keys->audience))
            return true;
    return false;
}

static enum fault claims_of(const struct json *payload, const struct keyring *keys,
                            struct reading *r)
{
    enum fault f;

    if ((f = id_of(payload, &r->claims.user_id)) != FINE)
        return f;
    if ((f = session_of(payload, &r->claims.session_id)) != FINE)
        return f;
    if (!date_of(json_member(payload, STR("exp")), &r->claims.expires_at))
        return BAD_CLAIM;
    if ((f = start_of(payload, keys->lax, r)) != FINE)
        return f;
    if (r->by_legacy)
        return FINE;
    if (keys->issuer.n && !is_text(json_member(payload, STR("iss")), keys->issuer))
        return BAD_ISSUER;
    return is_for_us(payload, keys) ? FINE : BAD_AUDIENCE;
}

static enum fault payload_fault(struct arena *mem, const struct keyring *keys, str segment,
                                struct reading *out)
{
    struct json *payload;
    enum fault f;
    str text;

    if (plain_claims(keys, segment, out))
        return FINE;
    if ((f = decode(mem, segment, &text)) != FINE)
        return f;
    if ((f = object(mem, keys, text, BAD_PAYLOAD, &payload)) != FINE)
        return f;
    return claims_of(payload, keys, out);
}

static enum fault time_fault(const struct reading *r, int64_t now)
{
    if (r->claims.expires_at <= now)
        return TOO_LATE;
    if (r->by_legacy && r->until <= now)
        return TOO_LATE;
    return r->not_before > now ? TOO_EARLY : FINE;
}

/* All but the time, which changes. */
static enum fault read_token(struct arena *mem, const struct keyring *keys, str token,
                             struct reading *out)
{
    struct segments s;
    enum fault f;

    if ((f = split(token, &s)) != FINE)
        return f;
    *out = (struct reading){ .until = keys->legacy_until };
    if ((f = signature_fault(keys, &s, &out->by_legacy)) != FINE)
        return f;
    if ((f = header_fault(mem, keys, s.header, keys->lax)) != FINE)
        return f;
    if ((f = payload_fault(mem, keys, s.payload, out)) != FINE)
        return f;
    out->claims.forgeable = out->by_legacy && keys->legacy_forgeable;
    return FINE;
}

static err answer(const struct reading *r, int64_t now, struct claims *out)
{
    err e = err_of(time_fault(r, now));

    if (e == OK)
        *out = r->claims;
    return e;
}

err jwt_verify(struct arena *mem, const struct keyring *keys, str token, int64_t now,
               struct claims *out)
{
    struct reading r;
    enum fault f = read_token(mem, keys, token, &r);

    return f == FINE ? answer(&r, now, out) : err_of(f);
}

struct slot {
    struct reading reading;
    uint64_t hash;
    size_t n;                           /* 0: free */
    char token[CACHE_TOKEN_MAX];
};

struct jwt_cache {
    unsigned char seed[SIP_KEY_BYTES];  /* so that nobody can choose tokens that meet in one slot */
    uint64_t generation;                /* of the keyring that verified what is kept */
    bool lax;
    struct slot slots[CACHE_SLOTS];
};

struct jwt_cache *jwt_cache_new(void)
{
    struct jwt_cache *cache = calloc(1, sizeof *cache); /* its pages stay unbacked until written */

    if (cache)
        random_bytes(cache->seed, sizeof cache->seed);
    return cache;
}

void jwt_cache_clear(struct jwt_cache *cache)
{
    for (size_t i = 0; i < CACHE_SLOTS; i++)
        if (cache->slots[i].n)
            explicit_bzero(&cache->slots[i], sizeof cache->slots[i]);
}

void jwt_cache_free(struct jwt_cache *cache)
{
    if (!cache)
        return;
    jwt_cache_clear(cache);
    free(cache);
}

/* What an older keyring verified is forgotten before anything is looked up. */
static void cache_follow(struct jwt_cache *cache, const struct keyring *keys)
{
    if (cache->generation == keys->generation && cache->lax == keys->lax)
        return;
    jwt_cache_clear(cache);
    cache->generation = keys->generation;
    cache->lax = keys->lax;
}

/* The hash is compared whole before the bytes: who does not know the seed cannot get a guess as far
 * as memcmp, so its time tells nothing about the token that is kept. */
static bool slot_holds(const struct slot *slot, uint64_t hash, str token)
{
    return slot->hash == hash && slot->n == token.n && memcmp(slot->token, token.p, token.n) == 0;
}

err jwt_verify_cached(struct jwt_cache *cache, struct arena *mem, const struct keyring *keys,
                      str token, int64_t now, struct claims *out)
{
    struct reading r;
    struct slot *slot;
    uint64_t hash;
    enum fault f;
    err e;

    if (!cache || token.n == 0 || token.n > CACHE_TOKEN_MAX)
        return jwt_verify(mem, keys, token, now, out);
    cache_follow(cache, keys);
    hash = digest_sip(cache->seed, token);
    slot = &cache->slots[hash % CACHE_SLOTS];
    if (slot_holds(slot, hash, token))
        return answer(&slot->reading, now, out);
    if ((f = read_token(mem, keys, token, &r)) != FINE)
        return err_of(f);
    if ((e = answer(&r, now, out)) != OK)
        return e;
    slot->reading = r;
    slot->hash = hash;
    slot->n = token.n;
    memcpy(slot->token, token.p, token.n);
    return OK;
}

/* In the order that explains most: an unknown algorithm before the signature that follows from
 * it. */
static enum fault trial_fault(struct arena *mem, const struct jwt_trial *trial, str token,
                              str *payload)
{
    struct reading r = { .until = trial->keys->legacy_until };
    struct segments s;
    enum fault f;

    if ((f = split(token, &s)) != FINE)
        return f;
    if ((f = header_fault(mem, trial->keys, s.header, trial->keys->lax || trial->signature_only)) !=
        FINE)
        return f;
    if ((f = decode(mem, s.payload, payload)) != FINE)
        return f;
    if ((f = signature_fault(trial->keys, &s, &r.by_legacy)) != FINE || trial->signature_only)
        return f;
    if ((f = payload_fault(mem, trial->keys, s.payload, &r)) != FINE)
        return f;
    return time_fault(&r, trial->now);
}

err jwt_check(struct arena *mem, const struct jwt_trial *trial, str token, const char **reason,
              str *payload)
{
    str text;
    enum fault f = trial_fault(mem, trial, token, &text);

    *reason = word_of[f];
    if (f == FINE)
        *payload = text;
    return err_of(f);
}
