// SPDX-License-Identifier: MIT
/* keys.c - what others need to verify our tokens by themselves. */
#include "api/api.h"
#include "base/clock.h"

enum { JWKS_MAX = 64 << 10 };

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
