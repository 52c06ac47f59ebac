// SPDX-License-Identifier: MIT
/* cookie.h - tokens in cookies (RFC 6265bis), for clients that ask for them at sign-in.
 *
 * Two cookies, one for each token, both `__Host-`, Secure and HttpOnly: no script reads them, no
 * other host sets them, and they never leave TLS. A name is matched letter by letter. Browsers send
 * them with requests that other pages make, so what changes something by them must come from a page
 * that may (cookie_page_check). */
#ifndef API_COOKIE_H
#define API_COOKIE_H

#include "api/api.h"
#include "auth/session.h"

enum cookie { COOKIE_ACCESS, COOKIE_REFRESH, COOKIE_COUNT };

/* What the request holds under this cookie's name; n == 0 for nothing, and where there are no
 * cookies. Two of one name that differ are ERR_TOKEN_TWICE: a browser has one. */
err cookie_read(struct req *req, enum cookie which, str *value);

/* Put a session's tokens into the answer, or tell the browser to forget them. */
err cookies_set(struct res *res, const struct session *s);
void cookies_clear(struct res *res);

/* Proofs of known devices (auth/device.h) go by a cookie too, whether tokens do or not: it opens
 * nothing. By TLS it is `__Host-` and Secure. The value that was sent, the first of several; and
 * the one to keep, which may be NULL for none. */
str cookie_proofs(const struct exchange *x);
err cookie_proofs_set(struct res *res, str proofs);

/* May this request use cookies for its method?  GET and HEAD change nothing and may. Anything else
 * must show by Sec-Fetch-Site or Origin (Fetch Metadata; the Fetch standard) that it comes from a
 * page of our own origin, or from one of the same site whose origin http.origins names. What shows
 * neither is refused. ERR_CROSS_SITE. */
err cookie_page_check(struct req *req);

#endif
