// SPDX-License-Identifier: MIT
/* listen.c - http.listen and tls.listen. */
#include "app/listen.h"

#include "base/buf.h"
#include "http/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>

enum { LIST_MAX = 4096 };

/* "::1" and "127.0.0.1" have no port; "[::1]:80" and "127.0.0.1:80" have. */
static bool is_bare(str address)
{
    char z[INET6_ADDRSTRLEN];
    struct in6_addr any;

    if (address.n >= sizeof z)
        return false;
    memcpy(z, address.p, address.n);
    z[address.n] = 0;
    return inet_pton(AF_INET, z, &any) == 1 || inet_pton(AF_INET6, z, &any) == 1;
}

static void complete(struct buf *out, str address, int64_t port)
{
    const char *six = address.n && memchr(address.p, ':', address.n) ? "[]" : NULL;

    if (is_bare(address))
        buf_printf(out, "%.1s" STR_FMT "%s:%lld ", six ? six : "", STR_ARG(address),
                   six ? six + 1 : "", (long long)port);
    else
        buf_printf(out, STR_FMT " ", STR_ARG(address));
}

str listen_complete(struct arena *mem, str list, int64_t port)
{
    struct buf out;
    str address;

    buf_init(&out, mem, LIST_MAX);
    while (listen_next(&list, &address))
        complete(&out, address, port);
    return buf_ok(&out) == OK ? buf_str(&out) : (str){0};
}

static const char *check_one(const struct settings *s, str address, bool needs_port)
{
    struct place place;
    struct arena mem;
    bool is;

    arena_init(&mem, LIST_MAX);
    is = (!needs_port || !is_bare(address)) &&
         place_parse(str_trim(listen_complete(&mem, address, 1)), &place);
    arena_end(&mem);
    if (!is)
        return needs_port ? "must be addresses with ports such as 127.0.0.1:8443, [::1]:8443 or "
                            "unix:/run/latchkey.sock"
                          : "must be addresses such as 127.0.0.1, ::1, [::1]:8080 or "
                            "unix:/run/latchkey.sock";
    if (s->dev && !place_is_local(&place))
        return "must be a loopback address: dev is open to everyone who reaches it; use `latchkey "
               "serve`";
    return NULL;
}

static const char *check(const struct settings *s, str list, bool needs_port)
{
    const char *why = NULL;
    unsigned n = 0;
    str address;

    while (!why && listen_next(&list, &address))
        why = ++n > LISTENERS_MAX ? "must be at most 16 addresses"
                                  : check_one(s, address, needs_port);
    return why;
}

const char *listen_check(const struct settings *s, str value)
{
    return check(s, value, false);
}

const char *listen_check_tls(const struct settings *s, str value)
{
    return check(s, value, true);
}
