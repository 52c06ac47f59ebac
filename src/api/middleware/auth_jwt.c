// SPDX-License-Identifier: MIT
/* auth_jwt.c - who is calling, and may they. */
#include "api/api.h"
#include "auth/access.h"
#include "base/clock.h"

/* x-access-token, or, where it is not there, Authorization: Bearer (RFC 6750 section 2.1). */
static str token_of(const struct req *req)
{
    str token = req_header(req, STR("x-access-token")), scheme, credentials;

    if (token.n)
        return token;
    if (!str_cut(req_header(req, STR("authorization")), ' ', &scheme, &credentials)
        || !str_is_nocase(scheme, STR("Bearer")))
        return (str){0};
    return str_trim(credentials);
}

/* Check the access token and hang the caller on the request. */
err verify_token(struct req *req, struct res *res, const char *)
{
    str token = token_of(req);

    if (req->api->config.manner == AS_SERVER)
        http_answer_constant(res->x, STR("Cache-Control"), STR("no-store"));
    if (token.n == 0)
        return ERR_TOKEN_MISSING;
    return access_by_token(req->auth, req->mem, token, clock_ms() / 1000, &req->caller);
}

/* What anybody can sign opens boards while an adoption is young, never somebody's sessions. */
err refuse_forgeable(struct req *req, struct res *, const char *)
{
    return req->caller.forgeable ? ERR_TOKEN_INVALID : OK;
}

/* "moderator|admin" as "Moderator or Admin". */
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
    return buf_str(&b);
}

/* The role comes from the row in routes.c: { require_role, "admin" }, { require_role,
 * "moderator|admin" }. */
err require_role(struct req *req, struct res *, const char *any_of)
{
    err e = access_has_role(req->auth, req->mem, req->caller, str_of(any_of));

    if (e == ERR_ROLE_MISSING)
        req->detail = role_names(req->mem, str_of(any_of));
    return e;
}
