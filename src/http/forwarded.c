// SPDX-License-Identifier: MIT
/* forwarded.c - who is behind a proxy. */
#include "http/forwarded.h"

#include "http/listen.h"
#include "http/peer.h"

#include <arpa/inet.h>

enum { TEXT_MAX = 64 };

/* ---- networks ---- */

/* A bare address of either family. */
static bool address_parse(str s, struct http_peer *out)
{
    struct sockaddr_in four = { .sin_family = AF_INET };
    struct sockaddr_in6 six = { .sin6_family = AF_INET6 };
    char z[TEXT_MAX];

    if (s.n == 0 || s.n >= sizeof z || memchr(s.p, 0, s.n))
        return false;
    memcpy(z, s.p, s.n);
    z[s.n] = 0;
    if (inet_pton(AF_INET, z, &four.sin_addr) == 1)
        peer_of_address((const struct sockaddr *)(const void *)&four, out);
    else if (inet_pton(AF_INET6, z, &six.sin6_addr) == 1)
        peer_of_address((const struct sockaddr *)(const void *)&six, out);
    else
        return false;
    return true;
}

static bool network_parse(str s, struct network *out)
{
    str address, bits;
    bool has_bits = str_cut(s, '/', &address, &bits);
    struct http_peer peer;
    int64_t n, most;

    if (!address_parse(address, &peer))
        return false;
    n = most = peer.family == AF_INET ? 32 : 128;
    if (has_bits && (!str_int(bits, &n) || n < 0 || n > most))
        return false;
    if (has_bits && peer.family == AF_INET && memchr(address.p, ':', address.n))
        return false;                   /* ::ffff:10.0.0.0/104: of which address are the bits? */
    *out = (struct network){ .family = peer.family, .bits = (unsigned char)n };
    memcpy(out->address, peer.address, sizeof out->address);
    return true;
}

bool networks_parse(str list, struct networks *out)
{
    str item;

    *out = (struct networks){0};
    while (listen_next(&list, &item)) {
        if (str_is(item, STR("unix"))) {
            out->local = true;
            continue;
        }
        if (out->n == NETWORKS_MAX || !network_parse(item, &out->at[out->n]))
            return false;
        out->n++;
    }
    return true;
}

static bool network_has(const struct network *net, const struct http_peer *peer)
{
    unsigned whole = net->bits / 8, rest = net->bits % 8;

    if (net->family != peer->family || memcmp(net->address, peer->address, whole) != 0)
        return false;
    return rest == 0 || (net->address[whole] ^ peer->address[whole]) >> (8 - rest) == 0;
}

bool networks_has(const struct networks *networks, const struct http_peer *peer)
{
    if (peer->family == AF_UNIX)
        return networks->local;
    for (unsigned i = 0; i < networks->n; i++)
        if (network_has(&networks->at[i], peer))
            return true;
    return false;
}

/* ---- hops ---- */

static bool is_port(str s)
{
    int64_t n;

    return str_int(s, &n) && n >= 0 && n <= 65535;
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1" or "[2001:db8::1]:80". */
static bool hop_parse(str s, struct http_peer *out)
{
    str host, port;

    if (s.n && s.p[0] == '[')
        return str_cut(str_from(s, 1), ']', &host, &port) && memchr(host.p, ':', host.n) &&
               (port.n == 0 || (port.p[0] == ':' && is_port(str_from(port, 1)))) &&
               address_parse(host, out);
    if (address_parse(s, out))
        return true;
    return str_cut(s, ':', &host, &port) && is_port(port) && address_parse(host, out);
}

static str unquoted(str s)
{
    return s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"' ? (str){ s.p + 1, s.n - 2 } : s;
}

/* The value of a parameter of a Forwarded element; false when it stands there twice. */
static bool parameter(str element, str name, str *value)
{
    str pair, left, right;

    *value = (str){0};
    while (element.n) {
        (void)str_cut(element, ';', &pair, &element);
        if (!str_cut(str_trim(pair), '=', &left, &right) || !str_is_nocase(left, name))
            continue;
        if (value->p)
            return false;
        *value = unquoted(right);
    }
    return true;
}

/* What one of the fields says. */
struct finding {
    bool seen, fine;                   /* it is there; it can be believed */
    struct http_peer client;
};

/* Items of a list from the right. False when there are none any more. */
static bool last_item(str *list, str *item)
{
    const char *comma = list->n ? memrchr(list->p, ',', list->n) : NULL;

    if (!list->p)
        return false;
    *item = str_trim(comma ? str_from(*list, (size_t)(comma - list->p) + 1) : *list);
    *list = comma ? str_head(*list, (size_t)(comma - list->p)) : (str){0};
    return true;
}

/* One hop; `secure` is what holds where it does not say. */
static bool element_parse(str item, bool standard, bool secure, struct http_peer *hop)
{
    str address = item, proto = {0};

    if (standard &&
        (!parameter(item, STR("for"), &address) || !parameter(item, STR("proto"), &proto)))
        return false;
    if (!hop_parse(address, hop))
        return false; /* "unknown" and made-up names too: nobody can be told by them */
    hop->secure = proto.p ? str_is_nocase(proto, STR("https")) : secure;
    return true;
}

struct fields_of { const struct http_header *at; size_t n; str name; };

/* Go through one field's values, the last one first, while hops are trusted. */
static void follow(const struct networks *trusted, const struct fields_of *fields, bool secure,
                   struct finding *f)
{
    bool standard = str_is(fields->name, STR("Forwarded")), on = true;
    unsigned hops = 0;

    f->fine = true;
    for (size_t i = fields->n; on && i-- > 0;) {
        str list = fields->at[i].value, item;

        if (!str_is_nocase(fields->at[i].name, fields->name))
            continue;
        f->seen = true;
        list.p = list.p ? list.p : "";
        while (on && last_item(&list, &item)) {
            f->fine = ++hops <= HOPS_MAX && element_parse(item, standard, secure, &f->client);
            on = f->fine && networks_has(trusted, &f->client);
        }
    }
}

/* The nearest proxy's word: the last of the last. */
static void take_proto(const struct http_header *headers, size_t n, struct http_peer *peer)
{
    str list = {0}, item;

    for (size_t i = 0; i < n; i++)
        if (str_is_nocase(headers[i].name, STR("X-Forwarded-Proto")))
            list = headers[i].value;
    if (!last_item(&list, &item))
        return;
    if (str_is_nocase(item, STR("https")))
        peer->secure = true;
    else if (str_is_nocase(item, STR("http")))
        peer->secure = false;
}

static bool is_same(const struct http_peer *a, const struct http_peer *b)
{
    return a->family == b->family && memcmp(a->address, b->address, sizeof a->address) == 0;
}

void forwarded_resolve(const struct networks *trusted, const struct http_header *headers, size_t n,
                       struct http_peer *peer)
{
    struct finding common = {0}, standard = {0};

    if (!networks_has(trusted, peer))
        return;
    take_proto(headers, n, peer);
    follow(trusted, &(struct fields_of){headers, n, STR("X-Forwarded-For")}, peer->secure, &common);
    follow(trusted, &(struct fields_of){ headers, n, STR("Forwarded") }, peer->secure, &standard);
    if (!common.fine || !standard.fine)
        return;
    if (common.seen && standard.seen && !is_same(&common.client, &standard.client))
        return;
    if (standard.seen)
        *peer = standard.client;
    else if (common.seen)
        *peer = common.client;
}
