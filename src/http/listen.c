// SPDX-License-Identifier: MIT
/* listen.c - where the server listens. */
#include "http/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/un.h>
#include <unistd.h>

enum { DEFER_S = 10, HOST_MAX = 64, PORT_MAX = 8, UNIX_MODE = 0660, FD_FIRST = 3 };
enum { KERNEL_KEEPS = 64 << 10 };   /* each way: it would let one grow to megabytes */

/* ---- text ---- */

static bool separates(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

bool listen_next(str *list, str *address)
{
    size_t n = 0;

    while (list->n && separates(list->p[0]))
        *list = str_from(*list, 1);
    while (n < list->n && !separates(list->p[n]))
        n++;
    *address = str_head(*list, n);
    *list = str_from(*list, n);
    return n > 0;
}

/* Only absolute paths: where a relative one ends up depends on who starts the server. */
static bool parse_unix(str path, struct place *out)
{
    struct sockaddr_un *a = (struct sockaddr_un *)(void *)&out->at;

    if (path.n < 2 || path.p[0] != '/' || path.n >= sizeof a->sun_path)
        return false;
    a->sun_family = AF_UNIX;
    memcpy(a->sun_path, path.p, path.n);
    out->at_n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + 1);
    return true;
}

/* getaddrinfo takes 65616 for 80. */
static bool is_port(str s)
{
    int64_t n;

    return s.n < PORT_MAX && str_int(s, &n) && n >= 0 && n <= 65535;
}

bool place_parse(str address, struct place *out)
{
    char host[HOST_MAX], port[PORT_MAX];
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                              .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    const char *colon = address.n ? memrchr(address.p, ':', address.n) : NULL;
    str h = { address.p, colon ? (size_t)(colon - address.p) : 0 };
    str p = colon ? str_from(address, h.n + 1) : (str){0};

    *out = (struct place){ .fd = -1 };
    if (address.n && memchr(address.p, 0, address.n))
        return false;
    if (str_starts(address, STR("unix:")))
        return parse_unix(str_from(address, 5), out);
    if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = (str){ h.p + 1, h.n - 2 };
    else if (h.n && memchr(h.p, ':', h.n))
        return false;                   /* where would its port begin? */
    if (h.n == 0 || h.n >= sizeof host || !is_port(p))
        return false;
    (void)snprintf(host, sizeof host, STR_FMT, STR_ARG(h));
    (void)snprintf(port, sizeof port, STR_FMT, STR_ARG(p));
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    memcpy(&out->at, found->ai_addr, found->ai_addrlen);
    out->at_n = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

bool place_is_local(const struct place *p)
{
    const struct sockaddr_in *four = (const void *)&p->at;
    const struct sockaddr_in6 *six = (const void *)&p->at;

    if (p->at.ss_family == AF_INET)
        return ntohl(four->sin_addr.s_addr) >> 24 == 127;
    if (p->at.ss_family == AF_INET6)
        return IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
    return p->at.ss_family == AF_UNIX;
}

void place_url(const struct place *p, char out[static URL_MAX])
{
    const struct sockaddr_in *four = (const void *)&p->at;
    const struct sockaddr_in6 *six = (const void *)&p->at;
    const char *scheme = p->secure ? "https" : "http";
    char host[INET6_ADDRSTRLEN] = "";

    if (p->at.ss_family == AF_UNIX) {
        (void)snprintf(out, URL_MAX, "unix:%s",
                       ((const struct sockaddr_un *)(const void *)&p->at)->sun_path);
        return;
    }
    if (p->at.ss_family == AF_INET6) {
        (void)inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof host);
        (void)snprintf(out, URL_MAX, "%s://[%s]:%d", scheme, host, ntohs(six->sin6_port));
        return;
    }
    (void)inet_ntop(AF_INET, &four->sin_addr, host, sizeof host);
    (void)snprintf(out, URL_MAX, "%s://%s:%d", scheme, host, ntohs(four->sin_port));
}

/* ---- sockets ---- */

/* Accepted sockets take TCP_NODELAY and the buffers over. DEFER_ACCEPT keeps clients that say
 * nothing in the kernel and lets the first read find the request. */
static bool set_options(int fd)
{
    int one = 1, defer = DEFER_S, kept = KERNEL_KEEPS;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0
           && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) == 0
           && setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kept, sizeof kept) == 0
           && setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &kept, sizeof kept) == 0
           && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0
           && setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer) == 0;
}

/* A socket file nobody listens on is left over from a server that was killed. */
static bool remove_stale(const struct place *p)
{
    const struct sockaddr_un *a = (const void *)&p->at;
    struct stat st;
    bool stale;
    int fd;

    if (lstat(a->sun_path, &st) != 0)
        return errno == ENOENT;
    errno = EEXIST;
    if (!S_ISSOCK(st.st_mode))
        return false;
    if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) < 0)
        return false;
    stale = connect(fd, (const struct sockaddr *)(const void *)a, p->at_n) != 0 &&
            errno == ECONNREFUSED;
    close(fd);
    errno = EADDRINUSE;
    return stale && unlink(a->sun_path) == 0;
}

/* The socket's own mode bounds its file's from the first moment on; chmod undoes the umask. */
static bool bind_unix(struct place *p)
{
    const struct sockaddr_un *a = (const void *)&p->at;
    struct stat st;

    if (!remove_stale(p) || fchmod(p->fd, UNIX_MODE) != 0
        || bind(p->fd, (const struct sockaddr *)(const void *)a, p->at_n) != 0)
        return false;
    if (chmod(a->sun_path, UNIX_MODE) != 0 || lstat(a->sun_path, &st) != 0) {
        int saved = errno;

        (void)unlink(a->sun_path);
        errno = saved;
        return false;
    }
    p->device = st.st_dev;
    p->inode = st.st_ino;
    return true;
}

/* SO_REUSEPORT lets the loops of one server share a port, and would let a second server of the same
 * user take half of its requests away unseen. So the first socket asks whether the port is free. */
static bool port_is_free(const struct place *p)
{
    int one = 1, saved, fd = socket(p->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0
              && bind(fd, (const struct sockaddr *)(const void *)&p->at, p->at_n) == 0;

    saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return ok;
}

static bool bind_tcp(struct place *p)
{
    return (p->bound || port_is_free(p)) && set_options(p->fd) &&
           bind(p->fd, (struct sockaddr *)(void *)&p->at, p->at_n) == 0;
}

err place_open(struct place *p)
{
    bool local = p->at.ss_family == AF_UNIX;
    int saved;

    p->fd = socket(p->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (p->fd >= 0 && (local ? bind_unix(p) : bind_tcp(p)) && listen(p->fd, LISTEN_BACKLOG) == 0
        && (local || getsockname(p->fd, (struct sockaddr *)(void *)&p->at, &p->at_n) == 0)) {
        p->bound = true;
        return OK;
    }
    saved = errno;
    place_close(p);
    errno = saved;
    return ERR_IO;
}

err place_take(struct place *p, int fd, bool secure)
{
    int type = 0, listening = 0, flags = fcntl(fd, F_GETFL);
    socklen_t n = sizeof type;

    *p = (struct place){ .fd = fd, .given = true, .secure = secure, .at_n = sizeof p->at };
    if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) != 0
        || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) != 0 || type != SOCK_STREAM
        || !listening || getsockname(fd, (struct sockaddr *)(void *)&p->at, &p->at_n) != 0
        || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return ERR_BAD_SETTING;
    return OK;
}

void place_close(struct place *p)
{
    const struct sockaddr_un *a = (const void *)&p->at;
    struct stat st;

    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
    if (p->given || !p->inode)
        return;
    if (lstat(a->sun_path, &st) == 0 && st.st_dev == p->device && st.st_ino == p->inode)
        (void)unlink(a->sun_path);      /* a leftover is known as stale by the next server */
    p->inode = 0;
}

/* ---- sockets handed over ---- */

static int64_t number_in(const char *name)
{
    int64_t v;

    return str_int(str_of(getenv(name)), &v) ? v : 0;
}

err given_take(struct given *out)
{
    int64_t n = number_in("LISTEN_PID") == getpid() ? number_in("LISTEN_FDS") : 0;
    str names = str_of(getenv("LISTEN_FDNAMES")), name;

    *out = (struct given){0};
    if (n < 0 || n > LISTENERS_MAX)
        return ERR_BAD_SETTING;
    for (out->n = 0; out->n < n; out->n++) {
        (void)str_cut(names, ':', &name, &names);
        out->fd[out->n] = FD_FIRST + (int)out->n;
        out->secure[out->n] = str_is(name, STR("tls"));
    }
    (void)unsetenv("LISTEN_PID");       /* they fail for names with '=' only */
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return OK;
}
