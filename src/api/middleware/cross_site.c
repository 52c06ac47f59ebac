// SPDX-License-Identifier: MIT
/* cross_site.c - whose page sent a request that uses cookies.
 *
 * Browsers add cookies to what any page sends. SameSite keeps most of that away; this does not rely
 * on it. Sec-Fetch-Site and Origin are the browser's own words, which no page can change. */
#include "api/cookie.h"
#include "api/forms.h"

/* Cookies come by TLS only, so our own pages do. */
static bool is_own(struct req *req, str origin)
{
    str scheme = STR("https://"), host = http_header(req->x, STR("host"));

    return host.n && str_starts(origin, scheme) && str_is_nocase(str_from(origin, scheme.n), host);
}

static bool page_may(struct req *req)
{
    str site = req_header(req, STR("sec-fetch-site")), origin = req_header(req, STR("origin"));
    bool own = is_own(req, origin), listed = origin_is_listed(req->api, origin);

    if (origin.n && !own && !listed)
        return false;
    if (site.n == 0)
        return origin.n != 0;
    if (str_is(site, STR("same-origin")) || str_is(site, STR("none")))
        return true;
    return str_is(site, STR("same-site")) && listed;
}

err cookie_page_check(struct req *req)
{
    if (req->method == GET || req->method == HEAD || page_may(req))
        return OK;
    req->event = "cross_site";
    return ERR_CROSS_SITE;
}

/* Nobody is signed in by a page that does not belong here: what he did next would be done for the
 * account of whoever made that page. */
err check_signin_page(struct req *req, struct res *, const char *)
{
    const struct signin *form = req->body;

    return form->cookie && req->api->config.cookies ? cookie_page_check(req) : OK;
}
