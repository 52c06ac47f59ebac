// SPDX-License-Identifier: MIT
/* keys.c - what others need to verify our tokens by themselves. */
#include "api/api.h"
#include "auth/revocations.h"
#include "base/clock.h"

enum { JWKS_MAX = 64 << 10, FEED_MAX = 2 << 20, TAG_SECONDS = 60 };

/* GET /.well-known/jwks.json - the public halves of all keys that are or will be in use. */
err jwks(struct req *req, struct res *res)
{
    str age = arena_printf(req->mem, "public, max-age=%lld",
                           (long long)req->api->config.jwks_age);
    struct buf b;
    err e;

    if (!age.p)
        return ERR_NO_MEMORY;
    buf_init(&b, req->mem, JWKS_MAX);
    keyring_jwks_put(req->auth->keys, clock_ms() / 1000, &b);
    if ((e = buf_ok(&b)) != OK)
        return e;
    res->tagged = true;
    res_header(res, STR("Cache-Control"), age);
    return res_text_as(res, 200, STR("application/jwk-set+json"), buf_str(&b));
}

/* ?since= as a number; 0 where it is not said. */
static bool since_of(str query, int64_t *out)
{
    str one, name, value;
    bool more;

    *out = 0;
    do {
        more = str_cut(query, '&', &one, &query);
        (void)str_cut(one, '=', &name, &value); /* without a '=' it has no value */
        if (str_is(name, STR("since")))
            return str_int(value, out) && *out >= 0;
    } while (more);
    return true;
}

/* Changes with the facts and the key, and each minute, so that nobody can hold an old answer
 * back for longer. */
static str feed_tag(struct arena *mem, const struct keyring *keys, uint64_t digest, int64_t now)
{
    str kid = keypair_kid(keyring_signer(keys)->pair);

    return arena_printf(mem, "W/\"%016llx-%llx-" STR_FMT "\"", (unsigned long long)digest,
                        (unsigned long long)(now / 1000 / TAG_SECONDS), STR_ARG(str_head(kid, 12)));
}

static err feed_send(struct req *req, struct res *res, const struct jws *feed, str tag)
{
    str token;
    err e;

    res_header(res, STR("Cache-Control"), STR("no-cache"));
    res_header(res, STR("ETag"), tag);
    if (str_is(req_header(req, STR("if-none-match")), tag)) {
        res->x->res.status = 304;
        return OK;
    }
    if ((e = jws_sign(req->mem, req->auth->keys, feed, &token)) != OK)
        return e;
    res->x->res.status = 200;
    res->x->res.body = token;
    res_header(res, STR("Content-Type"), STR("application/jose"));
    return OK;
}

/* GET /revocations - what ended before its tokens did; ?since= what came after that. */
err revocations(struct req *req, struct res *res)
{
    struct jws feed = {.typ = STR("latchkey-revocations+jwt"), .max = FEED_MAX};
    struct revocations_asked asked = {.now = clock_ms()};
    uint64_t digest;
    str tag;
    err e;

    req->detail = STR("since");
    if (!keyring_signer(req->auth->keys))
        return ERR_KEY_NONE;
    if (!since_of(req->x->req.query, &asked.since))
        return ERR_BAD_REQUEST;
    if ((e = revocations_write(req->auth, req->mem, &asked, &feed.payload, &digest)) != OK)
        return e;
    tag = feed_tag(req->mem, req->auth->keys, digest, asked.now);
    return tag.p ? feed_send(req, res, &feed, tag) : ERR_NO_MEMORY;
}
