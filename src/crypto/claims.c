// SPDX-License-Identifier: MIT
/* claims.c - a token's payload, written and read. */
#include "crypto/claims.h"
#include "base/base64.h"
#include "base/utf8.h"
#include "crypto/random.h"

enum {
    PLAIN_CHARS = 512, /* the longest payload that plain_claims reads */
    JTI_BYTES = 12,
    JTI_CHARS = 16,
};

/* The last second of the year 9999: what is above is no date but milliseconds, or an overflow. */
static const int64_t date_max = 253402300799;

static void number_text(struct json_writer *w, const char *key, int64_t n)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%lld", (long long)n);

    json_text(w, key, (str){text, (size_t)length});
}

static void jti_write(struct json_writer *w)
{
    unsigned char bytes[JTI_BYTES];

    random_bytes(bytes, sizeof bytes);
    json_key(w, "jti");
    buf_byte(w->b, '"');
    base64url_put(w->b, (str){(const char *)bytes, sizeof bytes});
    buf_byte(w->b, '"');
}

void claims_write(struct buf *b, const struct keyring *keys, const struct claims *claims)
{
    struct json_writer w;

    json_open(&w, b);
    json_int(&w, "id", claims->user_id);
    json_int(&w, "iat", claims->issued_at);
    json_int(&w, "exp", claims->expires_at);
    if (claims->session_id)
        number_text(&w, "sid", claims->session_id);
    if (keys->jti || keys->issuer.n)
        jti_write(&w);
    if (keys->issuer.n) {
        number_text(&w, "sub", claims->user_id);
        json_text(&w, "client_id", STR(TOKEN_CLIENT));
        json_text(&w, "iss", keys->issuer);
    }
    if (keys->audience.n)
        json_text(&w, "aud", keys->audience);
    json_close(&w);
}

enum fault segment_decode(struct arena *mem, str segment, str *out)
{
    unsigned char *bytes = arena_alloc(mem, BASE64_BYTES(segment.n), 1);
    size_t n;

    if (!bytes)
        return NO_MEMORY;
    if (!base64url_read(segment, bytes, &n))
        return BAD_BASE64;
    *out = (str){(const char *)bytes, n};
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
enum fault segment_object(struct arena *mem, const struct keyring *keys, str text, enum fault bad,
                          struct json **out)
{
    const struct json_rules rules = {.depth_max = 8, .values_max = 256, .unique = !keys->lax};
    err e = json_parse(mem, text, &rules, out);

    if (e == ERR_NO_MEMORY)
        return NO_MEMORY;
    return e == OK && (*out)->kind == JSON_OBJECT && is_unicode(*out) ? FINE : bad;
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

/* What jti_write wrote; looked at all at once. */
static bool eat_jti(str *s)
{
    unsigned bad = 0;

    if (s->n <= JTI_CHARS || s->p[JTI_CHARS] != '"')
        return false;
    for (size_t i = 0; i < JTI_CHARS; i++)
        bad |= (s->p[i] < '-') | (s->p[i] > 'z') | (s->p[i] == '\\');
    *s = str_from(*s, JTI_CHARS + 1);
    return !bad;
}

/* `sid` and `jti`, where they are. */
static bool eat_ids(str *s, struct claims *c)
{
    if (eat(s, STR(",\"sid\":\"")) &&
        (!eat_number(s, &c->session_id) || c->session_id == 0 || !eat(s, STR("\""))))
        return false;
    return !eat(s, STR(",\"jti\":\"")) || eat_jti(s);
}

/* `sub`, `client_id`, `iss` and `aud`, as far as this keyring has them. An issuer that JSON spells
 * with escapes is the reader's. */
static bool eat_names(str *s, const struct keyring *keys, const struct claims *c)
{
    int64_t sub;

    if (keys->issuer.n &&
        (!eat(s, STR(",\"sub\":\"")) || !eat_number(s, &sub) || sub != c->user_id ||
         !eat(s, STR("\",\"client_id\":\"" TOKEN_CLIENT "\",\"iss\":\"")) ||
         !eat(s, keys->issuer) || !eat(s, STR("\""))))
        return false;
    return !keys->audience.n ||
           (eat(s, STR(",\"aud\":\"")) && eat(s, keys->audience) && eat(s, STR("\"")));
}

/* The payload exactly as claims_write writes it, which nearly all are: a tenth of the JSON reader's
 * time. False for anything else, also when it is wrong: then the reader decides. */
static bool plain_claims(const struct keyring *keys, str segment, struct reading *out)
{
    __attribute__((uninitialized)) unsigned char bytes[BASE64_BYTES(PLAIN_CHARS)];
    struct claims c = {.has_issued_at = true};
    str s = {(const char *)bytes, 0};

    if (segment.n > PLAIN_CHARS || !base64url_read(segment, bytes, &s.n))
        return false;
    if (!eat(&s, STR("{\"id\":")) || !eat_number(&s, &c.user_id) || !eat(&s, STR(",\"iat\":")) ||
        !eat_number(&s, &c.issued_at) || !eat(&s, STR(",\"exp\":")) ||
        !eat_number(&s, &c.expires_at))
        return false;
    if (!eat_ids(&s, &c) || !eat_names(&s, keys, &c) || !str_is(s, STR("}")))
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
    char z[64];
    double d;

    if (!v || v->kind != JSON_NUMBER || v->text.n >= sizeof z)
        return false;
    if (str_int(v->text, out))
        return *out >= 0 && *out <= date_max;
    memcpy(z, v->text.p, v->text.n);
    z[v->text.n] = '\0';
    d = strtod(z, NULL); /* reads whatever JSON calls a number to its end */
    if (!(d >= 0) || d >= (double)date_max + 1)
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
        return json_is_text(aud, keys->audience);
    for (const struct json *v = aud->first; v; v = v->next)
        if (json_is_text(v, keys->audience))
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
    if (keys->issuer.n && !json_is_text(json_member(payload, STR("iss")), keys->issuer))
        return BAD_ISSUER;
    return is_for_us(payload, keys) ? FINE : BAD_AUDIENCE;
}

enum fault claims_read(struct arena *mem, const struct keyring *keys, str segment,
                       struct reading *out)
{
    struct json *payload;
    enum fault f;
    str text;

    if (plain_claims(keys, segment, out))
        return FINE;
    if ((f = segment_decode(mem, segment, &text)) != FINE)
        return f;
    if ((f = segment_object(mem, keys, text, BAD_PAYLOAD, &payload)) != FINE)
        return f;
    return claims_of(payload, keys, out);
}
