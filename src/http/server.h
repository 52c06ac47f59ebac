// SPDX-License-Identifier: MIT
/* server.h - the HTTP server as a whole: listen, run the loops, stop cleanly.
 *
 * One loop a thread, each with its own listening socket (SO_REUSEPORT), its own epoll and its own
 * connections; they share nothing but the pools. */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "http/forwarded.h"
#include "http/http.h"
#include "http/listen.h"
#include "http/tls.h"

struct http_limits {
    size_t head_max;                   /* request line and headers, bytes (431 beyond) */
    unsigned headers_max;              /* at most HTTP_HEADERS_MAX */
    size_t memory_max;                 /* an exchange's arena, bytes: body, its tree, the answer */
    unsigned connections_max;          /* a loop */
    size_t held_max;                   /* bytes that a loop's clients may make it keep together */
    /* Absolute deadlines in ms: to send a whole head, a whole body, the next request's first byte;
     * for one write to make progress to its end; for the app to answer. */
    int64_t head_ms, body_ms, idle_ms, write_ms, work_ms;
};

struct http_config {
    str listen;                        /* addresses as in listen.h; port 0: a free one */
    str listen_tls;                    /* the same, of sockets that speak TLS */
    struct tls *tls;                   /* what they speak; NULL when there are none */
    const struct given *given;         /* sockets handed over stand for all these; NULL: none */
    const struct networks *trusted;    /* proxies that are looked through; NULL: none */
    bool h1_only;                      /* plain sockets do not take HTTP/2 by its preface */
    unsigned loops;                    /* 0: one a core */
    struct http_limits limits;
    struct http_app app;
    void (*ready)(void *arg);          /* called once by http_server_run; NULL: nobody is told */
    void *ready_arg;
};

struct http_server;

/* Bind and listen; nothing is accepted yet. ERR_IO, logged, when it cannot; ERR_BAD_SETTING,
 * logged, for an address that is none, or for a limit of 0. The config is copied, what it points to
 * is not. */
err http_server_open(const struct http_config *config, struct http_server **out);

/* The port that was bound first; 0 for a unix socket. */
int http_server_port(const struct http_server *server);

/* Where it listens: place number `i` in the order given, plain ones first, as place_url writes it.
 * False when there are no more. */
bool http_server_url(const struct http_server *server, unsigned i, char out[static URL_MAX]);

/* Is it this machine alone that can reach it? */
bool http_server_is_local(const struct http_server *server);

/* Run the loops until http_server_stop; the caller's thread is one of them. When all have begun,
 * and not before, the config's `ready` is told. Then drain: idle connections close, what was
 * accepted is answered (for at most work_ms), and it returns. */
err http_server_run(struct http_server *server);

/* Ask it to drain and return. Async-signal-safe. */
void http_server_stop(struct http_server *server);

/* Free it. Pools that ran its exchanges are stopped first: a late answer comes back to it. */
void http_server_close(struct http_server *server);

#endif
