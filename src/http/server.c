// SPDX-License-Identifier: MIT
/* server.c - the HTTP server as a whole: listen, run the loops, stop cleanly. */
#include "http/server.h"

#include "base/log.h"
#include "http/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

enum { HEAD_LEAST = 256 };

struct runner {                       /* a thread with its loop */
    struct http_server *server;
    struct loop *loop;
    pthread_t thread;
    bool begun;                       /* the app's thread_begin went well */
};

struct http_server {
    struct http_config config;
    struct place places[LISTENERS_MAX];
    unsigned places_n;
    sem_t begun, go;                  /* each thread posts one, then waits for the other */
    bool cancelled;                   /* written before `go` is posted */
    unsigned runners_n;
    struct runner runners[];
};

/* ---- listening ---- */

static err complain(str address, str why)
{
    log_error("listen", text_kv("address", address), text_kv("failed", why));
    return ERR_BAD_SETTING;
}

/* Add the addresses of a list, not open yet. */
static err add_places(struct http_server *s, str list, bool secure)
{
    str address;

    while (listen_next(&list, &address)) {
        if (s->places_n == LISTENERS_MAX)
            return complain(address, STR("too many"));
        if (!place_parse(address, &s->places[s->places_n]))
            return complain(address, STR("setting"));
        s->places[s->places_n++].secure = secure;
    }
    return OK;
}

static err take_given(struct http_server *s, const struct given *given)
{
    for (unsigned i = 0; i < given->n; i++) {
        if (place_take(&s->places[s->places_n], given->fd[i], given->secure[i]) != OK)
            return complain(STR("LISTEN_FDS"), STR("not a listening stream socket"));
        s->places_n++;
    }
    return OK;
}

static err check_tls(const struct http_server *s)
{
    for (unsigned i = 0; i < s->places_n; i++)
        if (s->places[i].secure && !s->config.tls)
            return complain(STR("TLS"), STR("no certificate"));
    return OK;
}

/* Sockets that were handed over stand for all addresses. */
static err find_places(struct http_server *s)
{
    const struct http_config *c = &s->config;
    err e;

    if (c->given && c->given->n)
        return take_given(s, c->given);
    if ((e = add_places(s, c->listen, false)) != OK ||
        (e = add_places(s, c->listen_tls, true)) != OK)
        return e;
    return s->places_n ? OK : complain(c->listen, STR("setting"));
}

static bool is_shared(const struct place *p)
{
    return p->given || p->at.ss_family == AF_UNIX;
}

/* A socket for one loop: the kernel lets several share a TCP port, of others there is but one. */
static int socket_at(struct place *p)
{
    int fd;

    if (is_shared(p))
        return p->fd >= 0 || place_open(p) == OK ? fcntl(p->fd, F_DUPFD_CLOEXEC, 0) : -1;
    fd = place_open(p) == OK ? p->fd : -1;
    p->fd = -1;
    return fd;
}

/* The sockets of one loop. Where it fails all of them are closed. */
static err open_sockets(struct http_server *s, struct listener *out)
{
    for (unsigned i = 0; i < s->places_n; i++) {
        struct place *p = &s->places[i];
        char url[URL_MAX];

        out[i] = (struct listener){.fd = socket_at(p), .secure = p->secure, .shared = is_shared(p)};
        if (out[i].fd >= 0)
            continue;
        place_url(p, url);
        log_error("listen", text_kv("address", str_of(url)),
                  text_kv("failed", str_of(strerrorname_np(errno))));
        while (i-- > 0)
            close(out[i].fd);
        return ERR_IO;
    }
    return OK;
}

/* ---- opening ---- */

static bool limits_are_sane(const struct http_limits *l)
{
    return l->head_max >= HEAD_LEAST && l->headers_max > 0 && l->headers_max <= HTTP_HEADERS_MAX
           && l->memory_max > 0 && l->connections_max > 0 && l->held_max > 0 && l->head_ms > 0 && l->body_ms > 0
           && l->idle_ms > 0 && l->write_ms > 0 && l->work_ms > 0;
}

static unsigned cores(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    return n < 1 ? 1 : n > 256 ? 256 : (unsigned)n;
}

static err open_loops(struct http_server *s, unsigned n)
{
    struct listener listeners[LISTENERS_MAX];
    err e;

    while (s->runners_n < n) {
        struct runner *r = &s->runners[s->runners_n];

        if ((e = open_sockets(s, listeners)) != OK)
            return e;
        r->server = s;
        if ((e = loop_open(&s->config, listeners, s->places_n, s->runners_n, &r->loop)) != OK)
            return e;
        s->runners_n++;
    }
    return OK;
}

err http_server_open(const struct http_config *config, struct http_server **out)
{
    unsigned n = config->loops ? config->loops : cores();
    struct http_server *s;
    err e;

    if (!limits_are_sane(&config->limits))
        return complain(config->listen, STR("limits"));
    if ((s = calloc(1, sizeof *s + n * sizeof *s->runners)) == NULL)
        return ERR_NO_MEMORY;
    s->config = *config;
    sem_init(&s->begun, 0, 0);
    sem_init(&s->go, 0, 0);
    if ((e = find_places(s)) != OK || (e = check_tls(s)) != OK || (e = open_loops(s, n)) != OK) {
        http_server_close(s);
        return e;
    }
    *out = s;
    return OK;
}

int http_server_port(const struct http_server *server)
{
    const struct place *p = &server->places[0];

    if (p->at.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)(const void *)&p->at)->sin6_port);
    if (p->at.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)(const void *)&p->at)->sin_port);
    return 0;
}

bool http_server_url(const struct http_server *server, unsigned i, char out[static URL_MAX])
{
    if (i >= server->places_n)
        return false;
    place_url(&server->places[i], out);
    return true;
}

bool http_server_is_local(const struct http_server *server)
{
    for (unsigned i = 0; i < server->places_n; i++)
        if (!place_is_local(&server->places[i]))
            return false;
    return true;
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
    if (!s->cancelled && s->config.ready)
        s->config.ready(s->config.ready_arg);
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
    for (unsigned i = 0; i < server->places_n; i++)
        place_close(&server->places[i]);
    sem_destroy(&server->begun);
    sem_destroy(&server->go);
    free(server);
}
