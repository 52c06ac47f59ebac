// SPDX-License-Identifier: MIT
/* jwt.c - compact signed tokens (RFC 7515 JWS, RFC 7519 JWT, RFC 8725 for what to refuse).
 *
 * The token's own "alg" picks nothing, it can only agree. What begins with the header that one of
 * our pairs writes, letter for letter, is that pair's, all else the secret's. The signature is
 * checked before any JSON is read, so all that parses here was signed by us, or by one who has our
 * secret. */
#include "crypto/jwt.h"
#include "base/base64.h"
#include "crypto/claims.h"
#include "crypto/random.h"

enum {
    SIGNATURE_CHARS = 43,               /* a MAC of 32 bytes in base64url */
    SIGNATURE_CHARS_MAX = (SIGNATURE_BYTES_MAX * 4 + 2) / 3,
    CACHE_SLOTS = 1024, CACHE_TOKEN_MAX = 1024,
};

/* {"alg":"HS256","typ":"JWT"}, and an issuer's {"alg":"HS256","typ":"at+jwt"} */
#define OUR_HEADER    STR("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9")
#define ISSUER_HEADER STR("eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9")

static const char *const word_of[FAULT_COUNT] = {
    [FINE]          = "ok",          [BAD_SHAPE]    = "shape",     [BAD_BASE64]   = "base64",
    [BAD_HEADER]    = "header",      [BAD_ALGORITHM] = "algorithm", [BAD_CRITICAL] = "critical",
    [BAD_KEY_ID]    = "key-id",      [BAD_SIGNATURE] = "signature", [BAD_PAYLOAD]  = "payload",
    [BAD_CLAIM]     = "claim",       [BAD_ISSUER]   = "issuer",    [BAD_AUDIENCE] = "audience",
    [BAD_TYPE]      = "type",
    [TOO_LATE]      = "expired",     [TOO_EARLY]    = "early",     [NO_MEMORY]    = "memory",
};

/* A token cut at its dots. */
struct segments {
    str header, payload, signature;
    str input;                          /* what is signed: header, dot, payload */
};

static err err_of(enum fault f)
{
    if (f == FINE)
        return OK;
    return f == NO_MEMORY ? ERR_NO_MEMORY : ERR_TOKEN_INVALID;
}

static str header_of(const struct keyring *keys)
{
    const struct keyring_pair *by = keyring_signer(keys);

    if (by)
        return (str){ by->header, by->header_n };
    return keys->issuer.n ? ISSUER_HEADER : OUR_HEADER;
}

/* A dot and the signature of all that is there. */
static err signature_put(const struct keyring *keys, struct buf *token)
{
    const struct keyring_pair *by = keyring_signer(keys);
    unsigned char signature[SIGNATURE_BYTES_MAX];
    size_t n = SHA256_BYTES;
    err e = buf_ok(token);

    if (e == OK && by)
        e = keypair_sign(by->pair, buf_str(token), signature, &n);
    else if (e == OK)
        mac_sha256(&keys->hs256, buf_str(token), signature);
    if (e != OK)
        return e;
    buf_byte(token, '.');
    base64url_put(token, (str){ (const char *)signature, n });
    return buf_ok(token);
}

err jwt_sign(struct arena *mem, const struct keyring *keys, const struct claims *claims, str *out)
{
    struct buf payload, token;
    err e;

    if (claims->user_id < 1 || claims->session_id < 0 || claims->session_id > SESSION_ID_MAX)
        return ERR_BUG;
    if (keys->mute)
        return ERR_KEY_SEALED;
    buf_init(&payload, mem, JWT_BYTES_MAX / 2);
    buf_init(&token, mem, JWT_BYTES_MAX);
    claims_write(&payload, keys, claims);
    if ((e = buf_ok(&payload)) != OK)
        return e;
    buf_put(&token, header_of(keys));
    buf_byte(&token, '.');
    base64url_put(&token, buf_str(&payload));
    if ((e = signature_put(keys, &token)) != OK)
        return e;
    *out = buf_str(&token);
    return OK;
}

err jws_sign(struct arena *mem, const struct keyring *keys, const struct jws *jws, str *out)
{
    const struct keyring_pair *by = keyring_signer(keys);
    struct buf token;
    str header;
    err e;

    if (!by)
        return ERR_KEY_NONE;
    header = arena_printf(mem, "{\"alg\":\"%s\",\"typ\":\"" STR_FMT "\",\"kid\":\"" STR_FMT "\"}",
                          alg_name(keypair_alg(by->pair)), STR_ARG(jws->typ),
                          STR_ARG(keypair_kid(by->pair)));
    if (!header.p)
        return ERR_NO_MEMORY;
    buf_init(&token, mem, jws->max);
    base64url_put(&token, header);
    buf_byte(&token, '.');
    base64url_put(&token, jws->payload);
    if ((e = signature_put(keys, &token)) != OK)
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

/* By the secret, or else by the legacy one. The signature is decoded rather than ours encoded: no
 * table is read at a place that a secret picks. */
static enum fault mac_fault(const struct keyring *keys, const struct segments *s,
                            struct reading *out)
{
    unsigned char theirs[BASE64_BYTES(SIGNATURE_CHARS)], ours[SHA256_BYTES];
    size_t n;

    out->until = keys->secret_until;
    if (s->signature.n != SIGNATURE_CHARS)
        return BAD_SIGNATURE;
    if (!base64url_read(s->signature, theirs, &n))
        return BAD_BASE64;
    mac_sha256(&keys->hs256, s->input, ours);
    if (digest_equal(ours, theirs, sizeof ours))
        return FINE;
    if (keys->legacy_until == 0)
        return BAD_SIGNATURE;
    out->until = keys->legacy_until;
    mac_sha256(&keys->legacy, s->input, ours);
    out->by_legacy = digest_equal(ours, theirs, sizeof ours);
    return out->by_legacy ? FINE : BAD_SIGNATURE;
}

static enum fault pair_fault(const struct keyring_pair *by, const struct segments *s,
                             struct reading *out)
{
    unsigned char bytes[BASE64_BYTES(SIGNATURE_CHARS_MAX)];
    size_t n;

    out->until = by->until;
    if (s->signature.n > SIGNATURE_CHARS_MAX)
        return BAD_SIGNATURE;
    if (!base64url_read(s->signature, bytes, &n))
        return BAD_BASE64;
    return keypair_verify(by->pair, s->input, (str){ (const char *)bytes, n }) ? FINE
                                                                               : BAD_SIGNATURE;
}

/* RFC 8725 section 3.11: each kind of token says what it is, so that none passes for another. */
static bool is_type(const struct json *typ, const struct keyring *keys, bool by_legacy)
{
    if (keys->issuer.n && !by_legacy)
        return typ && typ->kind == JSON_TEXT &&
               (str_is_nocase(typ->text, STR("at+jwt")) ||
                str_is_nocase(typ->text, STR("application/at+jwt")));
    return !typ || (typ->kind == JSON_TEXT && str_is_nocase(typ->text, STR("JWT")));
}

/* How a header that the secret signed is looked at. */
struct header_look { bool any_kid, any_type, by_legacy; };

static enum fault header_fault(struct arena *mem, const struct keyring *keys, str segment,
                               struct header_look look)
{
    struct json *header;
    enum fault f;
    str text;

    if (str_is(segment, keys->issuer.n && !look.by_legacy ? ISSUER_HEADER : OUR_HEADER))
        return FINE;
    if ((f = segment_decode(mem, segment, &text)) != FINE)
        return f;
    if ((f = segment_object(mem, keys, text, BAD_HEADER, &header)) != FINE)
        return f;
    if (!json_is_text(json_member(header, STR("alg")), STR("HS256")))
        return BAD_ALGORITHM;
    if (json_member(header, STR("crit")))
        return BAD_CRITICAL;
    if (json_member(header, STR("zip")))
        return BAD_HEADER;
    if (!look.any_kid && json_member(header, STR("kid")))
        return BAD_KEY_ID;
    if (!look.any_type && !is_type(json_member(header, STR("typ")), keys, look.by_legacy))
        return BAD_TYPE;
    return FINE;
}

static enum fault time_fault(const struct reading *r, int64_t now)
{
    if (r->claims.expires_at <= now || r->until <= now)
        return TOO_LATE;
    return r->not_before > now ? TOO_EARLY : FINE;
}

/* Header and signature. */
static enum fault read_envelope(struct arena *mem, const struct keyring *keys,
                                const struct segments *s, struct reading *out)
{
    const struct keyring_pair *by = keyring_by_header(keys, s->header);
    enum fault f;

    if (by)
        return pair_fault(by, s, out);
    if ((f = mac_fault(keys, s, out)) != FINE)
        return f;
    return header_fault(mem, keys, s->header,
                        (struct header_look){ keys->lax, keys->lax, out->by_legacy });
}

/* All but the time, which changes. */
static enum fault read_token(struct arena *mem, const struct keyring *keys, str token,
                             struct reading *out)
{
    struct segments s;
    enum fault f;

    *out = (struct reading){0};
    if ((f = split(token, &s)) != FINE)
        return f;
    if ((f = read_envelope(mem, keys, &s, out)) != FINE)
        return f;
    if ((f = claims_read(mem, keys, s.payload, out)) != FINE)
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

/* A token that was found good is known again by its hash: the token itself is kept nowhere. */
struct slot {
    struct reading reading;
    unsigned char hash[SIP_WIDE];
    bool used;
};

struct jwt_cache {
    unsigned char seed[SIP_KEY_BYTES];  /* known to nobody: the hash stands for the signature */
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
        if (cache->slots[i].used)
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

err jwt_verify_cached(struct jwt_cache *cache, struct arena *mem, const struct keyring *keys,
                      str token, int64_t now, struct claims *out)
{
    struct reading r;
    unsigned char hash[SIP_WIDE];
    struct slot *slot;
    uint64_t at;
    enum fault f;
    err e;

    if (!cache || token.n == 0 || token.n > CACHE_TOKEN_MAX)
        return jwt_verify(mem, keys, token, now, out);
    cache_follow(cache, keys);
    digest_sip_wide(cache->seed, token, hash);
    memcpy(&at, hash, sizeof at);
    slot = &cache->slots[at % CACHE_SLOTS];
    if (slot->used && digest_equal(slot->hash, hash, SIP_WIDE))
        return answer(&slot->reading, now, out);
    if ((f = read_token(mem, keys, token, &r)) != FINE)
        return err_of(f);
    if ((e = answer(&r, now, out)) != OK)
        return e;
    slot->reading = r;
    slot->used = true;
    memcpy(slot->hash, hash, SIP_WIDE);
    return OK;
}

/* In the order that explains most: an unknown algorithm before the signature that follows from
 * it. */
static enum fault trial_fault(struct arena *mem, const struct jwt_trial *trial, str token,
                              str *payload)
{
    const struct keyring *keys = trial->keys;
    struct reading r = {0};
    struct segments s;
    enum fault f;

    if ((f = split(token, &s)) != FINE)
        return f;
    if (!keyring_by_header(keys, s.header) &&
        (f = header_fault(mem, keys, s.header,
                          (struct header_look){ keys->lax || trial->signature_only, true })) !=
            FINE)
        return f;
    if ((f = segment_decode(mem, s.payload, payload)) != FINE)
        return f;
    if (trial->signature_only && !keyring_by_header(keys, s.header))
        return mac_fault(keys, &s, &r);
    if ((f = read_envelope(mem, keys, &s, &r)) != FINE || trial->signature_only)
        return f;
    if ((f = claims_read(mem, keys, s.payload, &r)) != FINE)
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
