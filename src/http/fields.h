// SPDX-License-Identifier: MIT
/* fields.h - the fields of a request's head as HTTP/2 brings them: one by one, `:path` and the like
 * first, a cookie in crumbs. */
#ifndef HTTP_FIELDS_H
#define HTTP_FIELDS_H

#include "http/stream.h"

/* A head as it comes in, in the stream's arena. */
struct fields {
    struct head head;
    str authority;
    struct buf cookie;
    size_t size;
    int status;                       /* to be refused with; 0: fine so far */
    bool host;
};

/* Take one more; name and value live in the stream's arena. */
void fields_take(struct stream *s, str name, str value);

/* All are there: the request as the app sees it. The status to refuse it with, or 0. */
int fields_complete(struct stream *s, bool has_body);

#endif
