// SPDX-License-Identifier: MIT
/* answers.h - where a failure becomes a status and a sentence. */
#ifndef API_ANSWERS_H
#define API_ANSWERS_H

#include "api/api.h"

enum shape {
    AS_MESSAGE,           /* {"message": ...} */
    AS_TEXT,              /* the sentence alone, text/plain */
    AS_PAGE,              /* Express's error page */
    AS_PROBLEM,           /* problem details (RFC 9457) that carry the same message */
};

struct answer {
    int status;
    enum shape shape;
    const char *message;      /* {} is req->detail; NULL: the status in words */
    const char *null_member;  /* a member that stands before the message and is null; NULL: none */
    bool close;               /* and the connection ends */
    const char *challenge;    /* what WWW-Authenticate says with a 401; NULL: "Bearer" */
};

/* A row that another manner lacks is the tutorial's; one that both lack is a 500 that says
 * nothing. */
extern const struct answer answers[MANNERS][ERR_COUNT];

const struct answer *answer_of(enum manner manner, err e);

/* Who words the answer to `req`: its api's manner, or the sequel where that one's sessions are
 * on. */
enum manner manner_of(const struct req *req);

/* The same for an api. */
enum manner manner_of_api(const struct api *api);

/* What shape the answer has on a route: one that the tutorial does not have answers its clients'
 * `message` within problem details. */
enum shape shape_of(const struct route *route, const struct answer *a);

/* What a success says. */
enum said { SAID_REGISTERED, SAID_COUNT };
str said_of(const struct req *req, enum said what);

/* The answer for a failure, with the fields that its status demands: WWW-Authenticate, Allow,
 * Retry-After (RFC 9110 sections 11.6.1, 10.2.1, 10.2.3). */
void answer_error(struct req *req, struct res *res, err e);

/* RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10): what its address may
 * still try, once it is refused or less than half is left. */
void limit_fields(const struct req *req, struct res *res);

/* The answer for what the HTTP server refuses by itself. */
void answer_refusal(struct req *req, struct res *res, int status);

/* "Not Found" for 404. */
const char *status_words(int status);

#endif
