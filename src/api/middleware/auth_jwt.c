// SPDX-License-Identifier: MIT
/* auth_jwt.c - who is calling, and may they. */
#include "api/cookie.h"
#include "auth/access.h"
#include "base/clock.h"

/* Authorization: Bearer (RFC 6750 section 2.1). */
static str bearer_of(const struct req *req)
{
    str scheme, credentials;

    if (!str_cut(req_header(req, STR("authorization")), ' ', &scheme, &credentials)
        || !str_is_nocase(scheme, STR("Bearer")))
        return (str){0};
    return str_trim(credentials);
}

/* Of x-access-token, Authorization and the cookie the first that is there. In production the others
 * must then hold the same: who shows two identities has none. */
static err token_of(struct req *req, str *out)
{
    str shown[] = { req_header(req, STR("x-access-token")), bearer_of(req), {0} };
    size_t n = sizeof shown / sizeof *shown, first = 0;
    err e;

    if ((e = cookie_read(req, COOKIE_ACCESS, &shown[n - 1])) != OK)
        return e;
    while (first < n - 1 && shown[first].n == 0)
        first++;
    *out = shown[first];
    req->by_cookie = first == n - 1 && out->n;
    for (size_t i = first + 1; i < n && req->api->config.manner == AS_SERVER; i++)
        if (shown[i].n && !str_is(shown[i], *out))
            return ERR_TOKEN_TWICE;
    return OK;
}

/* Check the access token and hang the caller on the request. */
err verify_token(struct req *req, struct res *res, const char *)
{
    str token;
    err e;

    if (req->api->config.manner == AS_SERVER)
        http_answer_constant(res->x, STR("Cache-Control"), STR("no-store"));
    if ((e = token_of(req, &token)) != OK)
        return e;
    if (token.n == 0)
        return ERR_TOKEN_MISSING;
    if (req->by_cookie && (e = cookie_page_check(req)) != OK)
        return e;
    return access_by_token(req->auth, req->mem, token, clock_ms() / 1000, &req->caller);
}

/* What anybody can sign opens boards while an adoption is young, never somebody's sessions. */
err refuse_forgeable(struct req *req, struct res *, const char *)
{
    return req->caller.forgeable ? ERR_TOKEN_INVALID : OK;
}

/* "moderator|admin" as "Moderator or Admin"; p == NULL where memory lacks. */
static str role_names(struct arena *mem, str roles)
{
    struct buf b;
    bool more;
    str one;

    buf_init(&b, mem, roles.n * 4 + 1);
    do {
        more = str_cut(roles, '|', &one, &roles);
        if (one.n && one.p[0] >= 'a' && one.p[0] <= 'z')
            buf_byte(&b, (char)(one.p[0] - 'a' + 'A'));
        else
            buf_put(&b, str_head(one, 1));
        buf_put(&b, str_from(one, 1));
        if (more)
            buf_put(&b, STR(" or "));
    } while (more);
    return buf_ok(&b) == OK ? buf_str(&b) : (str){0};
}

/* The role comes from the row in routes.c: { require_role, "admin" }, { require_role,
 * "moderator|admin" }. */
err require_role(struct req *req, struct res *, const char *any_of)
{
    err e = access_has_role(req->auth, req->mem, req->caller, str_of(any_of));

    if (e != ERR_ROLE_MISSING)
        return e;
    req->detail = role_names(req->mem, str_of(any_of));
    return req->detail.p ? e : ERR_NO_MEMORY;
}
