// SPDX-License-Identifier: MIT
/* forwarded_test.c - networks, and who is behind trusted proxies. */
#include "../tests/test.h"
#include "http/forwarded.h"
#include "http/peer.h"

#include <arpa/inet.h>

static struct http_peer peer_of(const char *z)
{
    struct http_peer peer = { .family = AF_UNIX };

    if (strchr(z, ':'))
        peer.family = AF_INET6;
    else if (strchr(z, '.'))
        peer.family = AF_INET;
    if (peer.family != AF_UNIX)
        CHECK(inet_pton(peer.family, z, peer.address) == 1);
    return peer;
}

static void is_peer(const struct http_peer *got, const char *want)
{
    struct http_peer wanted = peer_of(want);
    char z[INET6_ADDRSTRLEN] = "unix";

    if (got->family == wanted.family && memcmp(got->address, wanted.address, 16) == 0)
        return;
    (void)inet_ntop(got->family, got->address, z, sizeof z);
    failures++;
    printf("  got %s, want %s\n", z, want);
}

TEST(networks_hold_what_they_say)
{
    static const struct { const char *list, *peer; bool has; } cases[] = {
        { "10.0.0.0/8", "10.255.0.1", true },      { "10.0.0.0/8", "11.0.0.1", false },
        { "10.1.2.3", "10.1.2.3", true },          { "10.1.2.3", "10.1.2.4", false },
        { "10.0.0.0/9", "10.127.0.1", true },      { "10.0.0.0/9", "10.128.0.1", false },
        { "0.0.0.0/0", "1.2.3.4", true },          { "0.0.0.0/0", "::1", false },
        { "2001:db8::/33", "2001:db8:7fff::", true }, { "2001:db8::/33", "2001:db8:8000::", false },
        { "::1, 127.0.0.1", "::1", true },         { "::1 127.0.0.1", "127.0.0.1", true },
        { "unix", "unix", true },                  { "127.0.0.1", "unix", false },
        { "", "127.0.0.1", false },                { "::ffff:127.0.0.1", "127.0.0.1", true },
        { "0:0:1::7f00:1", "127.0.0.1", false },   { "::7f00:1", "127.0.0.1", false },
        { "::ffff:0:7f00:1", "127.0.0.1", false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_peer peer = peer_of(cases[i].peer);
        struct networks networks;

        CHECK(networks_parse(str_of(cases[i].list), &networks));
        CHECK(networks_has(&networks, &peer) == cases[i].has);
    }
}

TEST(what_is_no_network_is_refused)
{
    static const char *const cases[] = {
        "10.0.0.0/33",         "::/129",     "10.0.0/8",  "10.0.0.0/",
        "10.0.0.0/-1",         "10.0.0.0/x", "localhost", "10.0.0.0/8/8",
        "::ffff:10.0.0.0/104", "Unix",       "[::1]",     "::ffff:10.0.0.0/8",
        "/8",
        "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000",
    };
    struct networks networks;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(!networks_parse(str_of(cases[i]), &networks));
    CHECK(!networks_parse(STR("10.0.0.0\0"), &networks));
    CHECK(!networks_parse(STR("10.0.0.0\0" "10.0.0.1"), &networks));
}

TEST(more_networks_than_there_is_room_for_are_refused)
{
    char list[NETWORKS_MAX * 12 + 12];
    struct networks networks;
    size_t n = 0;

    for (int i = 0; i < NETWORKS_MAX; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "10.0.0.%d ", i % 256);
    CHECK(networks_parse((str){ list, n }, &networks) && networks.n == NETWORKS_MAX);
    n += (size_t)snprintf(list + n, sizeof list - n, "unix");
    CHECK(networks_parse((str){ list, n }, &networks) && networks.local);
    n += (size_t)snprintf(list + n, sizeof list - n, " 10.1.0.0");
    CHECK(!networks_parse((str){ list, n }, &networks));
}

TEST(the_rightmost_hop_that_is_no_proxy_is_the_client)
{
    static const struct {
        const char *peer, *common, *standard, *proto, *want;
        bool secure;
    } cases[] = {
        {"10.0.0.1", "1.2.3.4", NULL, NULL, "1.2.3.4", false},
        {"10.0.0.1", "6.6.6.6, 1.2.3.4", NULL, NULL, "1.2.3.4", false},
        {"10.0.0.1", "6.6.6.6, 1.2.3.4, 10.9.9.9", NULL, NULL, "1.2.3.4", false},
        {"10.0.0.1", "10.1.1.1,10.2.2.2", NULL, NULL, "10.1.1.1", false},
        {"10.0.0.1", "1.2.3.4:5678", NULL, NULL, "1.2.3.4", false},
        {"10.0.0.1", "2001:db8::7", NULL, NULL, "2001:db8::7", false},
        {"10.0.0.1", "[2001:db8::7]:99", NULL, NULL, "2001:db8::7", false},
        {"10.0.0.1", "::ffff:1.2.3.4", NULL, NULL, "1.2.3.4", false},
        {"10.0.0.1", "1.2.3.4", NULL, "https", "1.2.3.4", true},
        {"10.0.0.1", "1.2.3.4", NULL, "https, http", "1.2.3.4", false},
        {"10.0.0.1", NULL, NULL, "https", "10.0.0.1", true},
        {"10.0.0.1", NULL, NULL, "ftp", "10.0.0.1", false},
        {"10.0.0.1", "[2001:db8::7]", NULL, NULL, "2001:db8::7", false},
        {"unix", "1.2.3.4", NULL, NULL, "1.2.3.4", false},
        {"10.0.0.1", NULL, "for=1.2.3.4;proto=https", NULL, "1.2.3.4", true},
        {"10.0.0.1", NULL, "for=6.6.6.6, For=\"[2001:db8::7]:47\";by=10.0.0.1", NULL, "2001:db8::7",
         false},
        {"10.0.0.1", NULL, "for=1.2.3.4; Proto = https;x", NULL, "1.2.3.4", false},
        {"10.0.0.1", NULL, "for=1.2.3.4 ;x", "https", "1.2.3.4", true},
        {"10.0.0.1", "1.2.3.4", "for=1.2.3.4", NULL, "1.2.3.4", false},
        /* not from a proxy: nothing of it counts */
        {"9.9.9.9", "1.2.3.4", "for=1.2.3.4", "https", "9.9.9.9", false},
        /* malformed, or of two minds: the proxy itself */
        {"10.0.0.1", "", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "1.2.3.4,", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "unknown", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "1.2.3.4:99999", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "1.2.3.4:-1", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "1.2.3:80", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "[2001:db8::7", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "[2001:db8::7]80", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "[2001:db8::7]:http", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "[2001:db8:::7]", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "[1.2.3.4]", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", "1.2.3.4, x, 10.9.9.9", NULL, NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "for=_hidden", NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "by=10.0.0.1", NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "for=1.2.3.4;for=6.6.6.6", NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "for=1.2.3.4;proto=http;proto=https", NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "for=\"", NULL, "10.0.0.1", false},
        {"10.0.0.1", NULL, "for=\"1.2.3.4", NULL, "10.0.0.1", false},
        {"10.0.0.1", "1.2.3.4", "for=\"[2001:db8::7]\"", NULL, "10.0.0.1", false},
        {"10.0.0.1", "1.2.3.4", "for=6.6.6.6", NULL, "10.0.0.1", false},
    };
    struct networks trusted;

    CHECK(networks_parse(STR("10.0.0.0/8 unix"), &trusted));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_peer peer = peer_of(cases[i].peer);
        struct http_header headers[3];
        size_t n = 0;

        if (cases[i].common)
            headers[n++] = (struct http_header){ STR("x-forwarded-for"), str_of(cases[i].common) };
        if (cases[i].standard)
            headers[n++] = (struct http_header){ STR("forwarded"), str_of(cases[i].standard) };
        if (cases[i].proto)
            headers[n++] = (struct http_header){ STR("x-forwarded-proto"), str_of(cases[i].proto) };
        forwarded_resolve(&trusted, headers, n, &peer);
        is_peer(&peer, cases[i].want);
        CHECK(peer.secure == cases[i].secure);
        if (peer.secure != cases[i].secure)
            printf("  case %zu\n", i);
    }
}

TEST(fields_that_stand_there_twice_are_one_list)
{
    const struct http_header headers[] = {
        {STR("X-Forwarded-For"), STR("6.6.6.6, 1.2.3.4")},
        {STR("X-Forwarded-For"), STR("10.2.2.2")},
    };
    struct http_peer peer = peer_of("10.0.0.1");
    struct networks trusted;

    CHECK(networks_parse(STR("10.0.0.0/8"), &trusted));
    forwarded_resolve(&trusted, headers, 2, &peer);
    is_peer(&peer, "1.2.3.4");
}

TEST(hops_without_end_are_not_followed)
{
    struct http_peer peer = peer_of("10.0.0.1");
    struct http_header header = { STR("X-Forwarded-For"), {0} };
    struct networks trusted;
    char list[1024] = "1.2.3.4";
    size_t n = strlen(list);

    for (int i = 0; i < HOPS_MAX; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, ",10.0.0.2");
    header.value = str_of(list);
    CHECK(networks_parse(STR("10.0.0.0/8"), &trusted));
    forwarded_resolve(&trusted, &header, 1, &peer);
    is_peer(&peer, "10.0.0.1");
    header.value = str_of(strchr(list, ',') + 1);
    forwarded_resolve(&trusted, &header, 1, &peer);
    is_peer(&peer, "10.0.0.2");
}

TEST(an_empty_field_names_nobody)
{
    const struct http_header headers[] = {
        { STR("X-Forwarded-For"), {0} }, { STR("X-Forwarded-Proto"), {0} },
    };
    struct http_peer peer = peer_of("10.0.0.1");
    struct networks trusted;

    CHECK(networks_parse(STR("10.0.0.0/8"), &trusted));
    forwarded_resolve(&trusted, headers, 2, &peer);
    is_peer(&peer, "10.0.0.1");
    CHECK(!peer.secure);
}
