// SPDX-License-Identifier: MIT
/* h1.h - HTTP/1.1 on a connection (RFC 9112): from bytes to a request, from an answer to bytes.
 *
 * Answers are written to the loop's buffer; conn.c sends them. */
#ifndef HTTP_H1_H
#define HTTP_H1_H

#include "http/conn.h"

/* The stream is answered: write it down and be ready for the next. */
void h1_answer(struct conn *c, struct stream *s);

/* What came was no request, or too much of one. Nothing behind it can be trusted. */
void h1_refuse_bare(struct conn *c, int status);

/* The request was understood and is refused; the app finds the words. `close`: there are bytes of
 * it that nobody will read. */
void h1_refuse(struct conn *c, struct stream *s, int status, bool close);

/* Take a head and, when it is there, its body. Returns the bytes taken; 0 when more are needed. */
size_t h1_take_head(struct conn *c, const char *b, size_t n);

/* Take bytes of the body of c->stream. Returns how many. */
size_t h1_take_body(struct conn *c, const char *b, size_t n);

#endif
