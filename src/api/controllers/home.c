// SPDX-License-Identifier: MIT
/* home.c - the front door, and what is nowhere. */
#include "api/api.h"
#include "api/router.h"

/* GET / */
err welcome(struct req *req, struct res *res)
{
    return res_message(res, 200, req->api->config.welcome);
}

/* GET /livez - the process answers. */
err livez(struct req *, struct res *res)
{
    res_header(res, STR("Cache-Control"), STR("no-store"));
    return res_message(res, 200, STR("alive"));
}

/* GET /readyz - the database does too: 503 while it does not. */
err readyz(struct req *req, struct res *res)
{
    err e;

    res_header(res, STR("Cache-Control"), STR("no-store"));
    if ((e = db_check(req->auth->db)) != OK)
        return e;
    return res_message(res, 200, STR("ready"));
}

/* GET /openapi.json - every route, body, answer and error. */
err openapi(struct req *req, struct res *res)
{
    return res_text_as(res, 200, STR("application/json; charset=utf-8"), req->api->openapi);
}

/* Any path or method that no row has. */
err no_route(struct req *req, struct res *)
{
    return route_methods(req->api->config.routes, req->x->req.path) ? ERR_NO_METHOD : ERR_NO_ROUTE;
}
