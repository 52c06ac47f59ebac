// SPDX-License-Identifier: MIT
/* cors.c - which pages of other origins may read our answers (the Fetch standard, CORS protocol).
 *
 * In the tutorial's manner as its cors package: an origin is always named, the first of the list
 * where the request's own is not on it, and every OPTIONS is answered here. In production only an
 * origin on the list is named, and headers are listed, not reflected. */
#include "api/api.h"
#include "api/router.h"

#define TUTORIAL_HEADERS "x-access-token, Origin, Content-Type, Accept"

/* The origin to name; .n is 0 for none. */
static str origin_to_name(const struct req *req)
{
    const struct strs *known = &req->api->origins;
    str origin = http_header(req->x, STR("origin"));

    if (origin_is_listed(req->api, origin))
        return origin;
    return req->api->config.manner == AS_TUTORIAL && known->n ? known->at[0] : (str){0};
}

static void preflight(struct req *req, struct res *res)
{
    str asked = http_header(req->x, STR("access-control-request-headers"));

    if (req->api->config.manner == AS_SERVER) {
        res_header(res, STR("Access-Control-Max-Age"), STR("600"));
        asked = STR(TUTORIAL_HEADERS ", Authorization");
    }
    res_header(res, STR("Access-Control-Allow-Methods"), STR("GET,HEAD,PUT,PATCH,POST,DELETE"));
    if (asked.n)
        res_header(res, STR("Access-Control-Allow-Headers"), asked);
}

err cors(struct req *req, struct res *res, const char *)
{
    bool server = req->api->config.manner == AS_SERVER, options = req->method == OPTIONS;
    str origin = origin_to_name(req);
    unsigned methods = 1;

    if (origin.n)
        res_header(res, STR("Access-Control-Allow-Origin"), origin);
    if (req->api->config.cookies && origin_is_listed(req->api, http_header(req->x, STR("origin"))))
        res_header(res, STR("Access-Control-Allow-Credentials"), STR("true"));
    res_header(res, STR("Vary"),
               options && !server ? STR("Origin, Access-Control-Request-Headers") : STR("Origin"));
    if (!options)
        return OK;
    if (server)
        methods = route_methods(req->api->config.routes, req->x->req.path);
    if (methods == 0)
        return OK; /* nothing there: the row `nowhere` says so */
    if (origin.n)
        preflight(req, res);
    res->x->res.status = 204;
    return OK;
}

/* What the tutorial's routers add to every answer behind them; GET / stands before them. */
err allow_headers(struct req *req, struct res *res, const char *)
{
    if (req->api->config.manner == AS_TUTORIAL && strcmp(req->route->path, "/") != 0)
        res_header(res, STR("Access-Control-Allow-Headers"), STR(TUTORIAL_HEADERS));
    return OK;
}
