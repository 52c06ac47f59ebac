// SPDX-License-Identifier: MIT
/* server.c - the HTTP server as a whole: listen, run the loops, stop cleanly. */
#include "http/server.h"

#include "base/log.h"
#include "http/loop.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

enum { BACKLOG = 4096, DEFER_S = 10, HEAD_LEAST = 256, HOST_MAX = 64 };

struct runner {                       /* a thread with its loop */
    struct http_server *server;
    struct loop *loop;
    pthread_t thread;
    bool begun;                       /* the app's thread_begin went well */
};

struct http_server {
    struct http_config config;
    int port;
    sem_t begun, go;                  /* each thread posts one, then waits for the other */
    bool cancelled;                   /* written before `go` is posted */
    unsigned runners_n;
    struct runner runners[];
};

/* ---- listening ---- */

/* "127.0.0.1:8080", "[::1]:8080"; an address alone is not enough, a name is not looked up. */
static bool parse_listen(str listen, struct sockaddr_storage *out, socklen_t *n)
{
    char host[HOST_MAX], port[8];
    struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                              .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;
    const char *colon = listen.n ? memrchr(listen.p, ':', listen.n) : NULL;
    str h = { listen.p, colon ? (size_t)(colon - listen.p) : 0 };
    str p = colon ? str_from(listen, h.n + 1) : (str){0};

    if (h.n > 2 && h.p[0] == '[' && h.p[h.n - 1] == ']')
        h = (str){ h.p + 1, h.n - 2 };
    if (h.n == 0 || h.n >= sizeof host || p.n == 0 || p.n >= sizeof port)
        return false;
    (void)snprintf(host, sizeof host, STR_FMT, STR_ARG(h));
    (void)snprintf(port, sizeof port, STR_FMT, STR_ARG(p));
    if (getaddrinfo(host, port, &hints, &found) != 0)
        return false;
    memcpy(out, found->ai_addr, found->ai_addrlen);
    *n = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static int port_of(const struct sockaddr_storage *a)
{
    if (a->ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)a)->sin6_port);
    return ntohs(((const struct sockaddr_in *)(const void *)a)->sin_port);
}

/* Accepted sockets take TCP_NODELAY over. DEFER_ACCEPT keeps clients that say nothing in the kernel
 * and lets the first read find the request. */
static bool set_options(int fd)
{
    int one = 1, defer = DEFER_S;

    return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0
           && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one) == 0
           && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0
           && setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer, sizeof defer) == 0;
}

/* A listening socket, or -1 with errno. *a gets the port that was bound. */
static int listen_at(struct sockaddr_storage *a, socklen_t n)
{
    int fd = socket(a->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int saved;

    if (fd >= 0 && set_options(fd) && bind(fd, (struct sockaddr *)(void *)a, n) == 0
        && listen(fd, BACKLOG) == 0 && getsockname(fd, (struct sockaddr *)(void *)a, &n) == 0)
        return fd;
    saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return -1;
}

/* ---- opening ---- */

static bool limits_are_sane(const struct http_limits *l)
{
    return l->head_max >= HEAD_LEAST && l->headers_max > 0 && l->headers_max <= HTTP_HEADERS_MAX
           && l->memory_max > 0 && l->connections_max > 0 && l->head_ms > 0 && l->body_ms > 0
           && l->idle_ms > 0 && l->write_ms > 0 && l->work_ms > 0;
}

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > 256 ? 256 : (unsigned)n;
}

/* All bind the port that the first one got. */
static err open_loops(struct http_server *s, unsigned n, struct sockaddr_storage *a, socklen_t len)
{
    err e;

    while (s->runners_n < n) {
        struct runner *r = &s->runners[s->runners_n];
        int fd = listen_at(a, len);

        if (fd < 0) {
            log_error("listen", text_kv("address", s->config.listen),
                      text_kv("failed", str_of(strerrorname_np(errno))));
            return ERR_IO;
        }
        r->server = s;
        if ((e = loop_open(&s->config, fd, s->runners_n, &r->loop)) != OK)
            return e;
        s->runners_n++;
    }
    s->port = port_of(a);
    return OK;
}

err http_server_open(const struct http_config *config, struct http_server **out)
{
    unsigned n = config->loops ? config->loops : cores();
    struct sockaddr_storage a = {0};
    socklen_t len = 0;
    struct http_server *s;
    err e;

    if (!limits_are_sane(&config->limits) || !parse_listen(config->listen, &a, &len)) {
        log_error("listen", text_kv("address", config->listen), text_kv("failed", STR("setting")));
        return ERR_BAD_SETTING;
    }
    if ((s = calloc(1, sizeof *s + n * sizeof *s->runners)) == NULL)
        return ERR_NO_MEMORY;
    s->config = *config;
    sem_init(&s->begun, 0, 0);
    sem_init(&s->go, 0, 0);
    if ((e = open_loops(s, n, &a, len)) != OK) {
        http_server_close(s);
        return e;
    }
    *out = s;
    return OK;
}

int http_server_port(const struct http_server *server)
{
    return server->port;
}

/* ---- running ---- */

static void sem_wait_whole(sem_t *sem)
{
    while (sem_wait(sem) != 0)
        ;                               /* only a signal can wake it early */
}

static void run_loop(struct runner *r, void *own)
{
    const struct http_app *app = &r->server->config.app;

    if (!r->server->cancelled)
        loop_run(r->loop, own);
    if (app->thread_end)
        app->thread_end(app->app, own);
}

static void *begin(struct runner *r)
{
    const struct http_app *app = &r->server->config.app;
    void *own = app->thread_begin ? app->thread_begin(app->app) : r;

    r->begun = own != NULL;
    return own;
}

static void *run_thread(void *arg)
{
    struct runner *r = arg;
    void *own = begin(r);

    sem_post(&r->server->begun);
    sem_wait_whole(&r->server->go);
    if (own)
        run_loop(r, own);
    return NULL;
}

/* Signals are for the main thread. Returns how many threads there are. */
static unsigned start_threads(struct http_server *s)
{
    sigset_t all, before;
    unsigned n = 1;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (n < s->runners_n
           && pthread_create(&s->runners[n].thread, NULL, run_thread, &s->runners[n]) == 0)
        n++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return n;
}

err http_server_run(struct http_server *s)
{
    unsigned n = start_threads(s);
    void *own = begin(&s->runners[0]);

    s->cancelled = n < s->runners_n || !own;
    for (unsigned i = 1; i < n; i++)
        sem_wait_whole(&s->begun);
    for (unsigned i = 1; i < n; i++)
        s->cancelled = s->cancelled || !s->runners[i].begun;
    for (unsigned i = 1; i < n; i++)
        sem_post(&s->go);
    if (own)
        run_loop(&s->runners[0], own);
    for (unsigned i = 1; i < n; i++)
        pthread_join(s->runners[i].thread, NULL);
    if (s->cancelled)
        log_error("server", text_kv("failed", STR("threads")));
    return s->cancelled ? ERR_IO : OK;
}

void http_server_stop(struct http_server *server)
{
    for (unsigned i = 0; i < server->runners_n; i++)
        loop_stop(server->runners[i].loop);
}

void http_server_close(struct http_server *server)
{
    for (unsigned i = 0; i < server->runners_n; i++)
        loop_close(server->runners[i].loop);
    sem_destroy(&server->begun);
    sem_destroy(&server->go);
    free(server);
}
