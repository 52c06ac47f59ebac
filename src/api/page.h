// SPDX-License-Identifier: MIT
/* page.h - the error page that Express's finalhandler sends, as it is in production: no stack. */
#ifndef API_PAGE_H
#define API_PAGE_H

#include "api/api.h"

/* Answer with the page that holds `message`. */
err page_send(struct res *res, int status, str message);

/* "GET /nope": method and path with what URLs cannot hold percent-encoded, as encodeurl does; in
 * req->mem, empty at its limit. */
str page_request_line(const struct req *req);

#endif
