// SPDX-License-Identifier: MIT
/* api.h - what routes, steps and controllers see: a request, its answer, and the rows they stand
 * in.
 *
 * A step or a controller returns OK, which is next(), or the failure that ends the request; what
 * the client then reads stands in answers.c. One that answers by itself has set a status, and the
 * walk ends there. Everything runs straight down one thread; req->mem ends with the request. */
#ifndef API_API_H
#define API_API_H

#include "api/etag.h"
#include "auth/access.h"
#include "base/json.h"
#include "http/http.h"
#include "http/workers.h"

enum method { NO_METHOD, GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, METHODS };

/* What a route costs, and so where it runs: NONE never waits and runs on the loop. */
enum work { NONE, READS, WRITES, HASHES, WORKS };

/* Which column of answers.c speaks: the tutorial's texts, or those of production. A config has one
 * of these two; what its sequel words otherwise is a column behind the tutorial's (answers.h). */
enum manner { AS_TUTORIAL, AS_SERVER, AS_SEQUEL, MANNERS };

/* Whether sign-ins may ask for cookies, and what those say of SameSite. */
enum cookies { COOKIES_OFF, COOKIES_LAX, COOKIES_STRICT };

struct req;
struct res;
struct form;

typedef err step_fn(struct req *req, struct res *res, const char *arg);
typedef err controller(struct req *req, struct res *res);

struct step { step_fn *run; const char *arg; };

/* Whose route it is: that says in what shape it words failures, and when it is there. */
enum whose {
    OURS,                             /* problem details (RFC 9457) */
    TUTORIALS,                        /* its {"message": ...} */
    SEQUELS,                          /* the same; where there are refresh tokens */
    SESSIONS,                         /* ours; where there are sessions of our own */
};

struct route {
    enum method method;
    const char *path;                 /* segments; `:id` stands for any one segment */
    const struct form *body;          /* NULL: the body is read but not looked at */
    const struct step *first;         /* ended by {0} */
    controller *then;
    enum work work;
    enum whose whose;
    const char *about;                /* what it does, in a few words */
    const char *answer;               /* what a success looks like: openapi.h */
    const err *fails;                 /* of the controller itself, ended by OK; NULL: nothing */
};

/* What an api is made with. All of it stays with the caller and outlives the api. */
struct api_config {
    enum manner manner;
    str welcome;                      /* the message of GET / */
    str origins;                      /* of front-ends, separated by blanks or commas */
    bool blank_names;                 /* a username or an e-mail may be null or empty (dev) */
    bool lax_bodies;                  /* read as Express reads them: see body.h (dev) */
    enum cookies cookies;             /* under SESSIONS_OWN only */
    bool forms;                       /* a body may be application/x-www-form-urlencoded too */
    const struct auth_rules *rules;
    const struct keyring *keys;
    const struct db_config *db;
    const struct db_config *db_waiting; /* the same for threads that wait most of the time: leased.
                                           NULL: as `db` */
    struct decoys *decoys;            /* of unknown names (decoy.h); NULL: the policy's cost */
    const struct hasher *hasher;      /* without a client; NULL: each thread hashes by itself */
    struct throttle *throttle;        /* who failed how often; NULL: nothing is counted */
    int64_t jwks_age;                 /* seconds that others may keep the published keys */
    const struct route *routes;       /* NULL: the table of routes.c. api_init keeps the rows
                                         that there are under the rules */
    struct pool *pools[WORKS];        /* NULL: on the loop. May be set until the server runs */
};

enum { ORIGINS_MAX = 64, FIELDS_MAX = 8 };

/* Read-only while the server runs, so that all threads share it. */
struct api {
    struct api_config config;
    struct strs origins;
    str openapi;                      /* the document of its routes */
    struct arena mem;                 /* what api_init made */
};

/* What a thread that runs requests owns. */
struct api_thread {
    struct auth auth;
    struct etags etags;
};

struct req {
    struct exchange *x;
    const struct api *api;
    struct api_thread *own;           /* NULL while the server refuses by itself */
    struct auth *auth;                /* own's */
    struct arena *mem;                /* the exchange's */
    const struct route *route;
    enum method method;
    const struct json *tree;          /* the body as it was sent; NULL: none */
    const void *body;                 /* the row's form, filled in */
    const char *amiss[FIELDS_MAX];    /* its fields that were put off: forms.h */
    size_t amiss_n;
    struct caller caller;             /* set by verify_token */
    bool by_cookie;                   /* so is this: the caller's token came in one */
    str detail;                       /* for the {} of a sentence in answers.c */
    const char *event; /* what the log calls this request; NULL: only failures of ours */
    str who;                          /* whose account it is about, for the log */
};

struct res {
    struct exchange *x;
    const struct req *req;
    struct buf text;
    struct json_writer json;
    bool tagged;                      /* the answer has an ETag, also where others have none */
};

/* Take the config over and check the table: ERR_BUG, logged, when two rows could match one request,
 * or one does not say who may pass, or what it answers in a way that can be read; ERR_BAD_SETTING
 * for more than ORIGINS_MAX origins. */
err api_init(struct api *api, const struct api_config *config);
void api_end(struct api *api);

/* The callbacks for http_config and, begin and end, for pool_config, with `api` as their app. */
struct http_app api_app(struct api *api);
void *
api_thread_begin(void *api); /* a struct api_thread; NULL, logged, when the database is not there */
void api_thread_end(void *api, void *own);

/* thread_begin for a pool of many threads that wait for hashes: one costs a stack and little
 * more. */
void *api_waiter_begin(void *api);

/* Walk a row: what all share, the row's own steps, the controller. The first failure is the
 * answer. */
void run_route(struct req *req, struct res *res);

/* A parameter of the path, as sent (not decoded); p == NULL when the row has none of that name. */
str req_param(const struct req *req, const char *name);

/* Whether pages of this origin may call from a browser: http.origins names it, letter by letter. */
bool origin_is_listed(const struct api *api, str origin);

/* A header's value, trimmed; empty when it is not there. */
str req_header(const struct req *req, str name);

/* Begin a JSON object; add members to it; send it, as application/json or as another type of it. */
struct json_writer *res_json(struct res *res);
err res_send(struct res *res, int status);
err res_send_as(struct res *res, int status, str type);

/* The whole answer: a text as the tutorial sends one (text/html), or {"message": text}. */
err res_text(struct res *res, int status, str text);
err res_text_as(struct res *res, int status, str type, str text);
err res_message(struct res *res, int status, str text);

/* An answer's field, name and value constant or in req->mem. */
void res_header(struct res *res, str name, str value);

/* The tables of routes.c. */
extern const struct route routes[], nowhere;
extern const struct step before_all[];

step_fn cors, allow_headers;                                           /* middleware/cors.c */
step_fn parse_body, read_form;                                         /* forms.c */
step_fn verify_token, refuse_forgeable, require_role;                  /* middleware/auth_jwt.c */
step_fn check_signin_page;                                          /* middleware/cross_site.c */
step_fn check_signup_open, check_duplicate_user, check_roles_exist; /* middleware/verify_signup.c */

controller welcome, no_route, livez, readyz, openapi;                    /* controllers/home.c */
controller signup, signin, refresh_token, me;                          /* controllers/auth.c */
controller sessions_list, session_end, signout, password_put;          /* controllers/session.c */
controller jwks, revocations;                                          /* controllers/keys.c */
controller public_board, user_board, moderator_board, admin_board;     /* controllers/user.c */

#endif
