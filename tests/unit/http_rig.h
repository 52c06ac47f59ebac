// SPDX-License-Identifier: MIT
/* http_rig.h - a real server on a free port with a small app, and a client of plain sockets. */
#ifndef HTTP_RIG_H
#define HTTP_RIG_H

#include "../tests/test.h"
#include "http/server.h"
#include "http/workers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct rig {
    struct http_config config;
    struct http_server *server;
    struct pool *pool;
    pthread_t thread;
    sem_t entered, release, left;     /* of /hold and /gone */
    err outcome;
};

/* Large bodies are counted by what they are made of, heads and all: no head has one of these. */
enum { BIG = 3 << 20, FILLER = '#' };

static void *rig_begin(void *app)
{
    return app;
}

static struct pool *rig_route(void *app, struct exchange *x, size_t *body_max)
{
    static const char *const pooled[] = { "/work", "/hold", "/gone" };
    struct rig *r = app;

    *body_max = str_is(x->req.path, STR("/small")) ? 4 : 4 << 20;
    if (str_is(x->req.path, STR("/now"))) {
        x->res.status = 403;
        x->res.body = STR("now");
    }
    for (size_t i = 0; i < sizeof pooled / sizeof *pooled; i++)
        if (str_is(x->req.path, str_of(pooled[i])))
            return r->pool;
    return NULL;
}

/* Wait as the path says. */
static void rig_wait(struct rig *r, struct exchange *x)
{
    if (str_is(x->req.path, STR("/hold"))) {
        sem_post(&r->entered);
        while (sem_wait(&r->release) != 0)
            ;
    } else if (str_is(x->req.path, STR("/gone"))) {
        sem_post(&r->entered);
        while (!atomic_load(&x->gone))
            sched_yield();
        sem_post(&r->left);
    }
}

static void rig_run(void *app, void *own, struct exchange *x)
{
    str path = x->req.path;

    rig_wait(app, x);
    (void)own;
    x->res.status = str_is(path, STR("/204")) ? 204 : str_is(path, STR("/304")) ? 304 : 200;
    http_answer_header(x, STR("X-Query"), x->req.query);
    if (str_is(path, STR("/none"))) {
        x->res.status = 0;
    } else if (str_is(path, STR("/id"))) {
        x->res.body = arena_dup(&x->mem, str_of(x->id));
    } else if (str_is(path, STR("/close"))) {
        x->res.close = true;
    } else if (str_is(path, STR("/split"))) {
        http_answer_header(x, STR("X-Evil"), STR("a\r\nX-Split: b"));
    } else if (str_is(path, STR("/hop"))) {
        http_answer_header(x, STR("Keep-Alive"), STR("5"));
        http_answer_header(x, STR("Set-Cookie"), STR("a=b"));
        x->res.body = STR("hello");
    } else if (str_is(path, STR("/header"))) {
        x->res.body = http_header(x, STR("x-token"));
    } else if (str_is(path, STR("/peer"))) {
        x->res.body = arena_printf(&x->mem, "%d.%d.%d.%d", x->req.peer.address[0],
                                   x->req.peer.address[1], x->req.peer.address[2],
                                   x->req.peer.address[3]);
    } else if (str_is(path, STR("/cookie"))) {
        x->res.body = http_header(x, STR("cookie"));
    } else if (str_is(path, STR("/host"))) {
        x->res.body = http_header(x, STR("host"));
    } else if (str_is(path, STR("/secure"))) {
        x->res.body = x->req.peer.secure ? STR("yes") : STR("no");
    } else if (str_is(path, STR("/big"))) {
        char *p = NEW_ARRAY(&x->mem, char, BIG);

        x->res.status = p ? 200 : 503;
        if (p)
            memset(p, FILLER, BIG);
        x->res.body = (str){ p, p ? BIG : 0 };
    } else if (x->req.has_body) {
        x->res.body = x->req.body;
    } else {
        x->res.body = STR("hello");
    }
}

static void rig_refuse(void *app, struct exchange *x, int status)
{
    (void)app;
    x->res.status = status;
    http_answer_header(x, STR("X-Refused"), STR("yes"));
    x->res.body = STR("refused");
}

static void *rig_thread(void *arg)
{
    struct rig *r = arg;

    r->outcome = http_server_run(r->server);
    return NULL;
}

/* Limits that no test meets by accident; a test changes what it is about. */
static void rig_init(struct rig *r)
{
    *r = (struct rig){
        .config = {
            .listen = STR("127.0.0.1:0"),
            .loops = 1,
            .limits = {
                .head_max = 16384, .headers_max = 64, .memory_max = 8 << 20, .held_max = 64 << 20,
                .connections_max = 1000, .head_ms = 60000, .body_ms = 60000, .idle_ms = 60000,
                .write_ms = 60000, .work_ms = 60000,
            },
            .app = { r, rig_begin, NULL, rig_route, rig_run, rig_refuse },
        },
    };
    sem_init(&r->entered, 0, 0);
    sem_init(&r->release, 0, 0);
    sem_init(&r->left, 0, 0);
}

static void rig_start(struct rig *r)
{
    struct pool_config pool = { .name = "test", .threads = 2, .waiting_max = 2, .app = r,
                                .thread_begin = rig_begin };

    CHECK_ERR(pool_start(&pool, &r->pool), OK);
    CHECK_ERR(http_server_open(&r->config, &r->server), OK);
    CHECK(pthread_create(&r->thread, NULL, rig_thread, r) == 0);
}

/* A socket that takes little at a time; those it accepts inherit that. */
[[maybe_unused]] static int narrow_socket(int bytes, int *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    CHECK(bind(fd, (struct sockaddr *)(void *)&a, sizeof a) == 0 && listen(fd, 8) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)(void *)&a, &n) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

/* Let it listen on such a socket. */
[[maybe_unused]] static void rig_narrow(struct rig *r, bool secure)
{
    static struct given given;
    int port;

    given = (struct given){ .n = 1, .fd = { narrow_socket(32768, &port) }, .secure = { secure } };
    r->config.given = &given;
}

/* Has this machine a loopback of IPv6? Containers often have none. */
[[maybe_unused]] static bool has_ipv6(void)
{
    struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has = fd >= 0 && bind(fd, (struct sockaddr *)(void *)&a, sizeof a) == 0;

    if (fd >= 0)
        close(fd);
    return has;
}

/* Wait until it has drained; http_server_stop was called. */
static void rig_join(struct rig *r)
{
    pthread_join(r->thread, NULL);
    CHECK_ERR(r->outcome, OK);
    pool_stop(r->pool);
    http_server_close(r->server);
    sem_destroy(&r->entered);
    sem_destroy(&r->release);
    sem_destroy(&r->left);
}

[[maybe_unused]] static void rig_stop(struct rig *r)
{
    http_server_stop(r->server);
    rig_join(r);
}

/* ---- the client ---- */

struct client { int fd; SSL *ssl; size_t n; char b[8192]; };   /* bytes read and not taken yet */

struct answer { int status; char head[2048]; char body[4096]; size_t body_n; };

/* `room`: bytes that may lie at the client's end unread; 0: the system's. */
static void dial_narrow(struct client *c, int port, int room)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct timeval patience = { 120, 0 };   /* so that a fault ends as a failure, not as a hang */

    c->n = 0;
    c->ssl = NULL;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (room)
        setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    CHECK(connect(c->fd, (struct sockaddr *)(void *)&a, sizeof a) == 0);
}

static void dial_port(struct client *c, int port)
{
    dial_narrow(c, port, 0);
}

[[maybe_unused]] static void dial(struct client *c, const struct rig *r)
{
    dial_port(c, http_server_port(r->server));
}

static void say(struct client *c, str s)
{
    while (s.n) {
        ssize_t k = c->ssl ? SSL_write(c->ssl, s.p, (int)s.n) : send(c->fd, s.p, s.n, MSG_NOSIGNAL);

        if (k <= 0)
            return;                     /* a server that has refused need not read on */
        s = str_from(s, (size_t)k);
    }
}

[[maybe_unused]] static void say_z(struct client *c, const char *z)
{
    say(c, str_of(z));
}

static void hang_up(struct client *c)
{
    if (c->ssl)
        SSL_shutdown(c->ssl);           /* or its session would not be taken up again */
    SSL_free(c->ssl);
    close(c->fd);
}

/* recv(2) on a socket with a patience is broken off when the process is stopped and goes on. */
static ssize_t recv_on(int fd, void *to, size_t n, int flags)
{
    ssize_t k;

    do
        k = recv(fd, to, n, flags);
    while (k < 0 && errno == EINTR);
    return k;
}

static bool is_broken_off(const SSL *ssl, int k)
{
    return k <= 0 && errno == EINTR && SSL_get_error(ssl, k) == SSL_ERROR_WANT_READ;
}

static ssize_t read_some(struct client *c, char *to, size_t n)
{
    int k;

    if (!c->ssl)
        return recv_on(c->fd, to, n, 0);
    do {
        errno = 0;
        k = SSL_read(c->ssl, to, (int)n);
    } while (is_broken_off(c->ssl, k));
    return k;
}

static bool more(struct client *c)
{
    ssize_t k = read_some(c, c->b + c->n, sizeof c->b - c->n);

    if (k > 0)
        c->n += (size_t)k;
    return k > 0;
}

static void taken(struct client *c, size_t n)
{
    memmove(c->b, c->b + n, c->n - n);
    c->n -= n;
}

/* The value of a field in an answer's head. */
static str field(const struct answer *a, const char *name)
{
    char start[64];
    int n = snprintf(start, sizeof start, "\r\n%s: ", name);
    str head = str_of(a->head), value, rest;
    ptrdiff_t at = str_find(head, (str){ start, (size_t)n });

    if (at < 0)
        return (str){0};
    (void)str_cut(str_from(head, (size_t)at + (size_t)n), '\r', &value, &rest);
    return value;
}

/* Read one answer; its status is 0 when the connection ended first. */
static void hear(struct client *c, bool head_only, struct answer *a)
{
    int64_t length = 0;
    char *end;

    *a = (struct answer){0};
    while ((end = memmem(c->b, c->n, "\r\n\r\n", 4)) == NULL)
        if (c->n == sizeof c->b || !more(c))
            return;
    (void)snprintf(a->head, sizeof a->head, "%.*s", (int)(end + 2 - c->b), c->b);
    taken(c, (size_t)(end + 4 - c->b));
    (void)str_int(field(a, "Content-Length"), &length);
    if (head_only || (size_t)length > sizeof a->body)
        length = 0;
    while (c->n < (size_t)length)
        if (!more(c))
            return;
    memcpy(a->body, c->b, (size_t)length);
    a->body_n = (size_t)length;
    taken(c, a->body_n);
    a->status = (a->head[9] - '0') * 100 + (a->head[10] - '0') * 10 + (a->head[11] - '0');
}

/* Read one answer and check it. */
[[maybe_unused]] static void hear_status(struct client *c, int status, str body)
{
    static _Thread_local struct answer a;

    hear(c, false, &a);
    CHECK(a.status == status);
    if (a.status != status)
        printf("  got %d, want %d\n", a.status, status);
    CHECK_STR(((str){ a.body, a.body_n }), body);
}

/* Nothing more comes, and the server has closed in good order. */
[[maybe_unused]] static void hear_end(struct client *c)
{
    char b;

    CHECK(c->n == 0);
    CHECK(read_some(c, &b, 1) == 0);
    CHECK(!c->ssl || SSL_get_shutdown(c->ssl) & SSL_RECEIVED_SHUTDOWN);
}

/* One request on a connection of its own, one answer, the end. */
[[maybe_unused]] static void refused(struct rig *r, str message, int status)
{
    static _Thread_local struct answer a;
    struct client c;

    dial(&c, r);
    say(&c, message);
    hear(&c, false, &a);
    CHECK(a.status == status);
    CHECK_STR(field(&a, "Connection"), STR("close"));
    hear_end(&c);
    hang_up(&c);
}

#endif
