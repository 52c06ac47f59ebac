// SPDX-License-Identifier: MIT
/* message.h - answers as bytes of HTTP/1.1 (RFC 9112 sections 4 and 6). */
#ifndef HTTP_MESSAGE_H
#define HTTP_MESSAGE_H

#include "http/http.h"

enum { DATE_LINE = 37 };              /* "Date: Sun, 06 Nov 1994 08:49:37 GMT" and CR LF */

/* What an answer says of its connection. */
enum staying { STAYS, STAYS_OLD, CLOSES };   /* OLD: HTTP/1.0, where staying must be said */

/* The Date field of an instant, in seconds since 1970; no NUL. */
void message_date(int64_t seconds, char out[static DATE_LINE]);

/* Write a whole answer. `head_only` leaves the body out, as for HEAD, but not its length. Fields
 * the server owns (Content-Length, Date ...) must not be among res->headers. */
void message_write(struct buf *out, const struct http_response *res, bool head_only,
                   enum staying staying, const char date[static DATE_LINE]);

/* The answer to what was not understood: a status, no body, the connection ends. */
void message_write_bare(struct buf *out, int status, const char date[static DATE_LINE]);

#endif
