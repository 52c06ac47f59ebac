// SPDX-License-Identifier: MIT
/* remote.c - URLs of databases, and connections that ended unnoticed. */
#include "store/remote.h"
#include "base/log.h"

#include <poll.h>
#include <stdatomic.h>

static _Atomic unsigned first_host;

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0'
         : c >= 'a' && c <= 'f' ? c - 'a' + 10
         : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                : -1;
}

/* Percent-decoded and NUL-terminated. False when it does not fit, or would hold a NUL. */
static bool part(str s, char out[static REMOTE_PART_MAX])
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        int c = (unsigned char)s.p[i];

        if (c == '%') {
            if (i + 2 >= s.n || hex(s.p[i + 1]) < 0 || hex(s.p[i + 2]) < 0)
                return false;
            c = hex(s.p[i + 1]) * 16 + hex(s.p[i + 2]);
            i += 2;
        }
        if (c == 0 || n + 1 == REMOTE_PART_MAX)
            return false;
        out[n++] = (char)c;
    }
    out[n] = '\0';
    return true;
}

static bool port_parse(str s, unsigned *out)
{
    int64_t n;

    if (s.n == 0)
        return true;
    if (!str_int(s, &n) || n < 1 || n > 65535)
        return false;
    *out = (unsigned)n;
    return true;
}

/* HOST:PORT, the host in brackets where it holds colons itself (RFC 3986 section 3.2.2). */
static bool host_parse(str s, struct remote_host *out)
{
    str host, rest;

    if (!str_starts(s, STR("["))) {
        (void)str_cut(s, ':', &host, &rest);        /* without a port: all is the host */
        return part(host, out->host) && port_parse(rest, &out->port);
    }
    if (!str_cut(str_from(s, 1), ']', &host, &rest) || (rest.n && rest.p[0] != ':'))
        return false;
    return part(host, out->host) && port_parse(str_from(rest, 1), &out->port);
}

static bool hosts_parse(str s, struct remote *out)
{
    str one;

    do {
        if (out->hosts_n == REMOTE_HOSTS_MAX)
            return false;
        (void)str_cut(s, ',', &one, &s);            /* the last one has no comma behind it */
        if (!host_parse(one, &out->hosts[out->hosts_n++]))
            return false;
    } while (s.n);
    return true;
}

static bool url_parse(str url, struct remote *out)
{
    str before, options, authority, database, user, host, name, password;

    if (!str_starts(url, STR("//")))
        return false;
    (void)str_cut(str_from(url, 2), '?', &before, &options);
    if (!str_cut(before, '/', &authority, &database))
        return false;
    if (!str_cut(authority, '@', &user, &host)) {
        host = authority;
        user = (str){0};
    }
    (void)str_cut(user, ':', &name, &password);
    if (options.n && !str_starts(options, STR("socket=")))
        return false;
    return part(name, out->user) && part(password, out->password) && hosts_parse(host, out) &&
           part(database, out->database) && out->database[0] &&
           part(str_from(options, options.n ? strlen("socket=") : 0), out->socket);
}

err remote_parse(str place, str password, struct remote *out)
{
    *out = (struct remote){0};
    if (url_parse(place, out) && password.n < REMOTE_PART_MAX &&
        !(password.n && memchr(password.p, '\0', password.n))) {
        if (password.n) {
            memcpy(out->password, password.p, password.n);
            out->password[password.n] = '\0';
        }
        return OK;
    }
    explicit_bzero(out, sizeof *out);
    log_error("database_url",
              text_kv("why", STR("not SCHEME://USER@HOST:PORT,.../DATABASE?socket=PATH")));
    return ERR_BAD_SETTING;
}

unsigned remote_first(const struct remote *r)
{
    return atomic_load(&first_host) % r->hosts_n;
}

/* Of two that passed over the same host the second changes nothing. */
void remote_passed_over(const struct remote *r, unsigned index)
{
    unsigned old = atomic_load(&first_host);

    if (old % r->hosts_n == index)
        (void)atomic_compare_exchange_strong(&first_host, &old, (index + 1) % r->hosts_n);
}

bool remote_is_quiet(int socket)
{
    struct pollfd p = { .fd = socket, .events = POLLIN };

    return poll(&p, 1, 0) == 0;
}
