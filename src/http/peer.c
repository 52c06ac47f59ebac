// SPDX-License-Identifier: MIT
/* peer.c - who is at the other end of a socket. */
#include "http/peer.h"

static void of_inet6(const struct in6_addr *a, struct http_peer *out)
{
    bool mapped = IN6_IS_ADDR_V4MAPPED(a);

    out->family = mapped ? AF_INET : AF_INET6;
    memcpy(out->address, a->s6_addr + (mapped ? 12 : 0), mapped ? 4 : 16);
}

void peer_of_address(const struct sockaddr *address, struct http_peer *out)
{
    *out = (struct http_peer){ .family = address->sa_family };
    if (address->sa_family == AF_INET)
        memcpy(out->address, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
    else if (address->sa_family == AF_INET6)
        of_inet6(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, out);
}
