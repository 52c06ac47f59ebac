// SPDX-License-Identifier: MIT
/* http.h - what the floors above see of the HTTP server: an exchange, and an app that answers it.
 *
 * A request that was read whole becomes a `struct exchange`. The app says where it runs (on the
 * loop or in a pool of workers) and fills in the answer; the loop writes it. The floor knows
 * nothing of users, tokens or databases; HTTP/1.1 and HTTP/2 look the same from here.
 *
 * Threads: an exchange belongs to one thread at any moment, the loop's or the worker's that has
 * it. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

struct http_header { str name, value; };

enum { HTTP_HEADERS_MAX = 64, HTTP_ANSWER_HEADERS_MAX = 24 };

/* Who is at the other end, after trusted proxies were looked through. */
struct http_peer {
    int family;                       /* AF_INET, AF_INET6 or AF_UNIX */
    unsigned char address[16];        /* network order; 4 bytes for AF_INET */
    bool secure;                      /* came by TLS */
};

/* Slices into the connection's buffer or the exchange's arena, good until the answer has left. */
struct http_request {
    str method; /* as sent; methods are case-sensitive (RFC 9110 section 9.1) */
    str target;                       /* as sent: origin-form, absolute-form or "*" */
    str path, query;                  /* target taken apart: no scheme, authority, fragment; path is
                                         not decoded; query is without its '?' */
    struct http_header *headers;      /* in the order sent */
    size_t headers_n;
    str body;                         /* whole, chunks joined, content coding still on */
    bool has_body;                    /* a body was announced, even an empty one */
    uint64_t length;                  /* what Content-Length announced, else 0 */
    struct http_peer peer;
};

struct http_response {
    int status;                       /* 0: not answered yet */
    struct http_header headers[HTTP_ANSWER_HEADERS_MAX];
    size_t headers_n;                 /* Date, Content-Length and Connection are the server's */
    str body;                         /* in the exchange's arena, or constant */
    bool close;                       /* end the connection after this answer */
};

/* One request and its answer. */
struct exchange {
    struct http_request req;
    struct http_response res;
    struct arena mem;                 /* both live in it; wiped once the answer has left */
    const char *id;                   /* 16 hex digits, unique in this process and hard to guess */
    int64_t began;                    /* monotonic ms: when its first byte came */
    int64_t offered;                  /* the same: when it went to a pool; 0 on the loop */
    atomic_bool gone;                 /* the client left; a worker may give up */
    const void *route;                /* for the app: what it chose in `route` */
    void *app_data;                   /* for the app */
};

struct pool;                          /* workers.h */

/* What answers. `app` is the same pointer everywhere; `own` is what thread_begin returned for the
 * thread that runs. */
struct http_app {
    void *app;
    /* Once a thread, before anything else on it; NULL stops the server from starting. */
    void *(*thread_begin)(void *app);
    void (*thread_end)(void *app, void *own);
    /* The head is complete, the body not read yet. Sets x->route, and either answers at once (sets
     * x->res.status: the body is then not waited for and the connection closes if it has one) or
     * leaves it 0. *body_max is how many bytes of body may come (RFC 9110 section 15.5.14). Returns
     * the pool that `run` shall run in, or NULL for the loop's thread. */
    struct pool *(*route)(void *app, struct exchange *x, size_t *body_max);
    /* The request is complete: answer it. Must set x->res.status. */
    void (*run)(void *app, void *own, struct exchange *x);
    /* The server refuses by itself, with this status, after the head was understood (413, 417, 503,
     * 408): set x->res.status, headers and body. On the loop's thread. What was not understood gets
     * a bare 4xx or 5xx without it, as does work that outlasts its deadline (503): its exchange is
     * still with the worker. */
    void (*refuse)(void *app, struct exchange *x, int status);
};

/* A header's value, found by its name whatever its case; p == NULL when it is not there. Where it
 * stands twice the values are joined with ", " (RFC 9110 section 5.3), in the arena. */
str http_header(struct exchange *x, str name);

/* Add a field to the answer. Neither is copied: constants, or text in x->mem. A value with CR, LF
 * or NUL is left out (no response splitting), as is one too many. */
void http_answer_header(struct exchange *x, str name, str value);

/* The same for a value that the program itself wrote: not looked through. */
static inline void http_answer_constant(struct exchange *x, str name, str value)
{
    struct http_response *res = &x->res;

    if (res->headers_n < HTTP_ANSWER_HEADERS_MAX)
        res->headers[res->headers_n++] = (struct http_header){ name, value };
}

#endif
