// SPDX-License-Identifier: MIT
/* cookie.c - cookies read and written. */
#include "api/cookie.h"

static const char *const names[COOKIE_COUNT] = {
    [COOKIE_ACCESS] = "__Host-latchkey-access",
    [COOKIE_REFRESH] = "__Host-latchkey-refresh",
};

/* The values of one name in one Cookie field (RFC 6265bis section 5.7.3). Quotes belong to the
 * value. */
static err field_read(str field, str name, str *value)
{
    bool more;

    do {
        str pair, key, held;

        more = str_cut(field, ';', &pair, &field);
        if (!str_cut(pair, '=', &key, &held) || !str_is(str_trim(key), name))
            continue;
        held = str_trim(held);
        if (value->n && !str_is(*value, held))
            return ERR_TOKEN_TWICE;
        *value = held;
    } while (more);
    return OK;
}

err cookie_read(struct req *req, enum cookie which, str *value)
{
    const struct http_request *in = &req->x->req;
    err e;

    *value = (str){0};
    if (!req->api->config.cookies)
        return OK;
    for (size_t i = 0; i < in->headers_n; i++)
        if (str_is_nocase(in->headers[i].name, STR("cookie")) &&
            (e = field_read(in->headers[i].value, str_of(names[which]), value)) != OK)
            return e;
    return OK;
}

static err cookie_write(struct res *res, enum cookie which, str value, int64_t seconds)
{
    enum cookies cookies = res->req->api->config.cookies;
    str field = arena_printf(res->req->mem,
                             "%s=" STR_FMT "; Max-Age=%lld; Path=/; Secure; HttpOnly; SameSite=%s",
                             names[which], STR_ARG(value), (long long)seconds,
                             cookies == COOKIES_STRICT ? "Strict" : "Lax");

    if (!field.p)
        return ERR_NO_MEMORY;
    res_header(res, STR("Set-Cookie"), field);
    return OK;
}

err cookies_set(struct res *res, const struct session *s)
{
    const struct auth_rules *rules = res->req->auth->rules;
    err e = cookie_write(res, COOKIE_ACCESS, s->access_token, rules->access_ttl);

    return e != OK
               ? e
               : cookie_write(res, COOKIE_REFRESH, s->refresh_token, rules->session_idle / 1000);
}

void cookies_clear(struct res *res)
{
    for (enum cookie c = 0; c < COOKIE_COUNT; c++)
        (void)cookie_write(res, c, STR(""), 0); /* what they hold is worth nothing any more */
}

static const char *proofs_name(const struct exchange *x)
{
    return x->req.peer.secure ? "__Host-latchkey-device" : "latchkey-device";
}

str cookie_proofs(const struct exchange *x)
{
    str value = {0}, name = str_of(proofs_name(x));

    for (size_t i = 0; i < x->req.headers_n && !value.n; i++)
        if (str_is_nocase(x->req.headers[i].name, STR("cookie")))
            (void)field_read(x->req.headers[i].value, name, &value); /* of two the first */
    return value;
}

err cookie_proofs_set(struct res *res, str proofs)
{
    const struct req *req = res->req;
    str field;

    if (!proofs.p)
        return OK;
    field = arena_printf(req->mem,
                         "%s=" STR_FMT "; Max-Age=%lld; Path=/; %sHttpOnly; SameSite=Strict",
                         proofs_name(req->x), STR_ARG(proofs),
                         (long long)req->auth->rules->throttle.device_ttl,
                         req->x->req.peer.secure ? "Secure; " : "");
    if (!field.p)
        return ERR_NO_MEMORY;
    res_header(res, STR("Set-Cookie"), field);
    return OK;
}
