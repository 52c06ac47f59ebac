// SPDX-License-Identifier: MIT
/* forwarded.c - fuzzes the fields of proxies: whatever they say, an untrusted peer stays who he is,
 * and a trusted one becomes an address that stands there. Lines of an input are values of the three
 * fields in turn. */
#include "http/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct http_peer *peer)
{
    static const unsigned char zero[16];

    if (peer->family != AF_INET && peer->family != AF_INET6)
        abort();
    if (peer->family == AF_INET && memcmp(peer->address + 4, zero, 12) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = { "X-Forwarded-For", "Forwarded", "X-Forwarded-Proto" };
    struct http_peer stranger = { .family = AF_INET, .address = { 9, 9, 9, 9 } }, before = stranger;
    struct http_peer proxy = { .family = AF_INET, .address = { 10, 0, 0, 1 } };
    struct http_header headers[16];
    struct networks trusted;
    str text = { (const char *)data, size }, line;
    size_t n = 0;

    if (!networks_parse(STR("10.0.0.0/8 fd00::/8"), &trusted))
        abort();
    for (; text.n && n < 16; n++) {
        (void)str_cut(text, '\n', &line, &text);
        headers[n] = (struct http_header){ str_of(names[n % 3]), line };
    }
    forwarded_resolve(&trusted, headers, n, &stranger);
    if (memcmp(&stranger, &before, sizeof before) != 0)
        abort();
    forwarded_resolve(&trusted, headers, n, &proxy);
    check(&proxy);
    (void)networks_parse((str){ (const char *)data, size }, &trusted);   /* any outcome is fine */
    return 0;
}
