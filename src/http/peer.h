// SPDX-License-Identifier: MIT
/* peer.h - who is at the other end of a socket. */
#ifndef HTTP_PEER_H
#define HTTP_PEER_H

#include "http/http.h"

/* From what accept said. An IPv4 address in IPv6 clothes (RFC 4291 section 2.5.5.2) comes out as
 * the IPv4 address it is, so that one client has one address whatever the listener. */
void peer_of_address(const struct sockaddr *address, struct http_peer *out);

#endif
