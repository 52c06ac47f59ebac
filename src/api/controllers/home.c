// SPDX-License-Identifier: MIT
/* home.c - the front door, and what is nowhere. */
#include "api/api.h"
#include "api/router.h"

/* GET / */
err welcome(struct req *req, struct res *res)
{
    return res_message(res, 200, req->api->config.welcome);
}

/* Any path or method that no row has. */
err no_route(struct req *req, struct res *)
{
    unsigned methods;

    (void)route_match(req->api->config.routes, NO_METHOD, req->x->req.path, &methods);
    return methods ? ERR_NO_METHOD : ERR_NO_ROUTE;
}
