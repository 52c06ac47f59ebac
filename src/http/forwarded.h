// SPDX-License-Identifier: MIT
/* forwarded.h - who is behind a proxy: X-Forwarded-For, X-Forwarded-Proto and Forwarded (RFC 7239).
 *
 * Pure functions. Anyone can write these fields, so they count only when the peer is a proxy that
 * was named, and from the right only as far as the hops are such proxies: the first that is none is
 * the client. */
#ifndef HTTP_FORWARDED_H
#define HTTP_FORWARDED_H

#include "http/http.h"

enum { NETWORKS_MAX = 64, HOPS_MAX = 32 };

/* Networks whose proxies are trusted. */
struct networks {
    unsigned n;
    bool local;                        /* whoever comes by a unix socket */
    struct network { int family; unsigned char address[16], bits; } at[NETWORKS_MAX];
};

/* From a list with blanks or commas: "10.0.0.0/8", "::1", "2001:db8::/32", "unix". False when one
 * of them is none, or there are too many. */
bool networks_parse(str list, struct networks *out);

bool networks_has(const struct networks *networks, const struct http_peer *peer);

/* Look through trusted proxies: peer->address becomes the rightmost hop that is none of them, and
 * peer->secure what they say of how that one came. What is malformed, has more than HOPS_MAX hops,
 * or says two different things in the two fields, leaves the address that of the peer itself. */
void forwarded_resolve(const struct networks *trusted, const struct http_header *headers, size_t n,
                       struct http_peer *peer);

#endif
