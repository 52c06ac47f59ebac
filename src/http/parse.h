// SPDX-License-Identifier: MIT
/* parse.h - strict HTTP/1.1 messages (RFC 9112): find a head, take it apart, join chunks.
 *
 * Pure functions on bytes, no I/O and no memory of their own. What is ambiguous is refused, never
 * repaired: whoever stands before this server may have read it differently, and a second request
 * hidden in the difference would be answered as if its sender had been checked. */
#ifndef HTTP_PARSE_H
#define HTTP_PARSE_H

#include "http/http.h"

/* How far a head has been looked at; {0} at its start. */
struct head_scan {
    size_t line;                      /* where the line begins that is not complete yet */
    unsigned char blanks;             /* empty lines before the request line */
    bool started;                     /* a line with something in it was seen */
};

/* Look for the end of a head that begins at b[0]. Returns its length with its blank line and with
 * up to two empty lines before it (RFC 9112 section 2.2); 0 when more bytes are needed, to be
 * called again with the same bytes and more behind them; -1 when it is none already: a bare LF, a
 * third empty line, a first byte that no method has. With 0, no `started` and scan->line == n all
 * the bytes are empty lines: they may be dropped if scan->line is then set to 0. */
ptrdiff_t head_find(struct head_scan *scan, const char *b, size_t n);

enum expect { EXPECT_NONE, EXPECT_CONTINUE, EXPECT_OTHER };

/* A head taken apart. All strs point into the bytes that were parsed. */
struct head {
    str method, target, path, query;
    uint64_t length;                  /* Content-Length, 0 without one */
    bool has_length, chunked;         /* never both */
    bool keep;                        /* the client lets the connection live on */
    bool old;                         /* HTTP/1.0 */
    enum expect expect;
    unsigned headers_n;
    struct http_header headers[HTTP_HEADERS_MAX];
};

/* Take a whole head apart, as head_find measured it (at least 4 bytes, ends in CR LF CR LF).
 * headers_max is at most HTTP_HEADERS_MAX. Returns 0, or the status to refuse with: 400, 431, 501
 * (CONNECT) or 505. Nothing in *out may be used then. */
int head_parse(str head, unsigned headers_max, struct head *out);

/* Check method, target and authority of a request that did not come as HTTP/1.1 text, and take the
 * target apart: h->method and h->target are set, path and query get written. No authority: p ==
 * NULL. Returns 0, or the status to refuse with: 400, or 501 (CONNECT). */
int request_check(struct head *h, str authority);

/* The state of a chunked body; {0} at its start. */
struct chunks {
    uint64_t left;                    /* bytes of this chunk */
    unsigned short extra;             /* bytes of extensions and trailers so far */
    unsigned char state, digits;
};

/* Take bytes of a chunked body (RFC 9112 section 7.1) up to the end of one run of data. *used is
 * how many were taken, *data the run among them (empty: none). Extensions and trailers are read
 * over. Returns 0 for "go on", 1 when the body is complete, -1 when it is broken. With 0 and *used
 * == n more bytes are needed. */
int chunks_next(struct chunks *c, const char *b, size_t n, size_t *used, str *data);

#endif
