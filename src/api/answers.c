// SPDX-License-Identifier: MIT
/* answers.c - the one place where a failure becomes a status and a sentence.
 *
 * `{}` is replaced by req->detail. The first table is the tutorial's wire, to the letter where it
 * has a word for it; the second holds what production says otherwise. */
#include "api/answers.h"

#include "api/page.h"
#include "api/router.h"
#include "crypto/random.h"

#define INVALID_TOKEN "Bearer error=\"invalid_token\""

// clang-format off
const struct answer answers[MANNERS][ERR_COUNT] = {
    [AS_TUTORIAL] = {
        [ERR_TOKEN_MISSING]   = { 403, AS_MESSAGE, "No token provided!" },
        [ERR_TOKEN_INVALID]   = { 401, AS_MESSAGE, "Unauthorized!" },
        [ERR_ROLE_MISSING]    = { 403, AS_MESSAGE, "Require {} Role!" },
        [ERR_USER_UNKNOWN]    = { 404, AS_MESSAGE, "User Not found." },
        [ERR_PASSWORD_WRONG]  = { 401, AS_MESSAGE, "Invalid Password!", "accessToken" },
        [ERR_USERNAME_TAKEN]  = { 400, AS_MESSAGE, "Failed! Username is already in use!" },
        [ERR_EMAIL_TAKEN]     = { 400, AS_MESSAGE, "Failed! Email is already in use!" },
        [ERR_ROLE_UNKNOWN]    = { 400, AS_MESSAGE, "Failed! Role does not exist = {}" },

        [ERR_ROLE_REFUSED]    = { 403, AS_MESSAGE, "Failed! Role cannot be chosen = {}" },
        [ERR_SIGNUP_CLOSED]   = { 403, AS_MESSAGE, "Failed! Registration is closed." },
        [ERR_PASSWORD_POLICY] = { 400, AS_MESSAGE, "Failed! Password is {}." },
        [ERR_NOT_UNICODE]     = { 400, AS_MESSAGE, "Failed! Text is not well-formed Unicode." },
        [ERR_BAD_REQUEST]     = { 400, AS_MESSAGE, "Failed! {} is missing or wrong." },
        [ERR_TOO_MANY]        = { 429, AS_MESSAGE, "Too many attempts. Please wait and try again." },
        [ERR_BUSY]            = { 503, AS_MESSAGE, "Please try again." },
        [ERR_CLIENT_GONE]     = { 503, AS_MESSAGE, "Please try again." },     /* nobody reads it */
        [ERR_DB_AGAIN]        = { 503, AS_MESSAGE, "Please try again." },
        [ERR_DB_DOWN]         = { 503, AS_MESSAGE, "Please try again." },
        [ERR_DB_FULL]         = { 503, AS_MESSAGE, "Please try again." },

        [ERR_TOKEN_EXPIRED]   = { 401, AS_MESSAGE, "Unauthorized! Access Token was expired!" },
        [ERR_REFRESH_MISSING] = { 403, AS_MESSAGE, "Refresh Token is required!" },
        [ERR_REFRESH_UNKNOWN] = { 403, AS_MESSAGE, "Refresh token is not in database!" },
        [ERR_REFRESH_EXPIRED] = { 403, AS_MESSAGE, "Refresh token was expired. Please make a new signin request" },

        [ERR_TOKEN_TWICE]     = { 400, AS_MESSAGE, "Two different tokens were sent." },
        [ERR_CROSS_SITE]      = { 403, AS_MESSAGE, "This page may not use your session." },
        [ERR_CURRENT_WRONG]   = { 403, AS_MESSAGE, "The current password is wrong." },
        [ERR_NO_SESSION]      = { 409, AS_MESSAGE, "This token belongs to no session: sign out everywhere." },
        [ERR_NOT_FOUND]       = { 404, AS_MESSAGE, "There is no such thing." },

        [ERR_KEY_NONE]        = { 404, AS_MESSAGE, "This server signs with a secret: only it can verify its tokens." },

        [ERR_NO_ROUTE]        = { 404, AS_PAGE, "Cannot {}" },
        [ERR_NO_METHOD]       = { 404, AS_PAGE, "Cannot {}" },
        [ERR_JSON_SHAPE]      = { 400, AS_PAGE },
        [ERR_JSON_LIMIT]      = { 400, AS_PAGE },
        [ERR_JSON_REPEATED]   = { 400, AS_PAGE },
        [ERR_BODY_BROKEN]     = { 400, AS_PAGE },
        [ERR_BODY_TOO_LARGE]  = { 413, AS_PAGE },
        [ERR_BODY_PARAMETERS] = { 413, AS_PAGE },
        [ERR_BODY_ENCODING]   = { 415, AS_PAGE },
        [ERR_BODY_CHARSET]    = { 415, AS_PAGE },
    },
    [AS_SERVER] = {
        [ERR_TOKEN_INVALID]   = { 401, AS_MESSAGE, "Unauthorized!", .challenge = INVALID_TOKEN },
        [ERR_TOKEN_EXPIRED]   = { 401, AS_MESSAGE, "Unauthorized! Access Token was expired!", .challenge = INVALID_TOKEN },
        [ERR_USER_UNKNOWN]    = { 401, AS_MESSAGE, "Invalid username or password!", "accessToken" },
        [ERR_PASSWORD_WRONG]  = { 401, AS_MESSAGE, "Invalid username or password!", "accessToken" },

        [ERR_TOO_MANY]        = { 429, AS_PROBLEM, "Too many attempts. Please wait and try again." },
        [ERR_BUSY]            = { 503, AS_PROBLEM, "Please try again." },
        [ERR_DB_AGAIN]        = { 503, AS_PROBLEM, "Please try again." },
        [ERR_DB_DOWN]         = { 503, AS_PROBLEM, "Please try again." },
        [ERR_DB_FULL]         = { 503, AS_PROBLEM, "Please try again." },
        [ERR_KEY_NONE]        = { 404, AS_PROBLEM, "This server signs with a secret: only it can verify its tokens." },
        [ERR_NO_ROUTE]        = { 404, AS_PROBLEM, "There is nothing at this path." },
        [ERR_NO_METHOD]       = { 405, AS_PROBLEM, "This path does not take that method." },
        [ERR_JSON_SHAPE]      = { 400, AS_PROBLEM, "The body is not a JSON object." },
        [ERR_JSON_LIMIT]      = { 400, AS_PROBLEM, "The body is nested too deep or holds too many values." },
        [ERR_JSON_REPEATED]   = { 400, AS_PROBLEM, "The body names a member twice." },
        [ERR_BODY_BROKEN]     = { 400, AS_PROBLEM, "The body does not unfold." },
        [ERR_BODY_TOO_LARGE]  = { 413, AS_PROBLEM, "The body is too large." },
        [ERR_BODY_PARAMETERS] = { 413, AS_PROBLEM, "The form has too many parameters." },
        [ERR_BODY_ENCODING]   = { 415, AS_PROBLEM, "The body's content coding is not supported." },
        [ERR_BODY_CHARSET]    = { 415, AS_PROBLEM, "The body's charset is not supported." },
        [ERR_BODY_TYPE]       = { 415, AS_PROBLEM, "The body must be application/json." },
    },
    /* Its server destroys the socket behind this answer, so nothing that was sent behind it is run. */
    [AS_SEQUEL] = {
        [ERR_TOKEN_INVALID]   = { 401, AS_TEXT, "Unauthorized", .close = true },
    },
};

static const char *const successes[MANNERS][SAID_COUNT] = {
    [AS_TUTORIAL][SAID_REGISTERED] = "User was registered successfully!",
    [AS_SEQUEL][SAID_REGISTERED]   = "User registered successfully!",
};

static const struct { int status; const char *words; } words[] = {
    { 400, "Bad Request" },            { 401, "Unauthorized" },        { 403, "Forbidden" },
    { 404, "Not Found" },              { 405, "Method Not Allowed" },  { 408, "Request Timeout" },
    { 409, "Conflict" },
    { 413, "Payload Too Large" },      { 415, "Unsupported Media Type" }, { 417, "Expectation Failed" },
    { 429, "Too Many Requests" },      { 431, "Request Header Fields Too Large" },
    { 500, "Internal Server Error" },  { 503, "Service Unavailable" },
};
// clang-format on

enum { MESSAGE_MAX = 128 << 10 };

const char *status_words(int status)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].status == status)
            return words[i].words;
    return "Error";
}

const struct answer *answer_of(enum manner manner, err e)
{
    static const struct answer unsaid = { 500, AS_MESSAGE, "Internal error." };
    static const struct answer unsaid_problem = { 500, AS_PROBLEM, "Internal error." };

    if (answers[manner][e].status)
        return &answers[manner][e];
    if (answers[AS_TUTORIAL][e].status)
        return &answers[AS_TUTORIAL][e];
    return manner == AS_SERVER ? &unsaid_problem : &unsaid;
}

enum manner manner_of_api(const struct api *api)
{
    const struct api_config *config = &api->config;

    return config->manner == AS_TUTORIAL && config->rules->sessions == SESSIONS_SEQUEL
               ? AS_SEQUEL
               : config->manner;
}

enum manner manner_of(const struct req *req)
{
    return manner_of_api(req->api);
}

str said_of(const struct req *req, enum said what)
{
    const char *own = successes[manner_of(req)][what];

    return str_of(own ? own : successes[AS_TUTORIAL][what]);
}

/* The sentence with its {} filled in; p == NULL where memory lacks. */
static str sentence(const struct req *req, const struct answer *a)
{
    str said = str_of(a->message ? a->message : status_words(a->status));
    ptrdiff_t at = str_find(said, STR("{}"));
    struct buf b;

    if (at < 0)
        return said;
    if (!req->detail.p)
        return (str){0};
    buf_init(&b, req->mem, MESSAGE_MAX);
    buf_put(&b, str_head(said, (size_t)at));
    buf_put(&b, req->detail);
    buf_put(&b, str_from(said, (size_t)at + 2));
    return buf_ok(&b) == OK ? buf_str(&b) : (str){0};
}

static str allowed(const struct req *req)
{
    unsigned methods = route_methods(req->api->config.routes, req->x->req.path);
    struct buf b;

    buf_init(&b, req->mem, 128);
    for (enum method m = GET; m < METHODS; m++)
        if (methods & 1u << m)
            buf_printf(&b, "%s%s", b.n ? ", " : "", method_name(m));
    return buf_ok(&b) == OK ? buf_str(&b) : (str){0};
}

/* Whole seconds, never too few. */
static long long seconds_of(int64_t ms)
{
    return (ms + 999) / 1000;
}

/* Seconds: what the throttle said; or what the queue estimated, and up to half as much by chance,
 * that not all come again at once; where nobody estimated, the next moment. */
static str retry_after(const struct req *req)
{
    int64_t ms = req->auth ? req->auth->hasher.client.retry_after_ms : 0;
    unsigned char chance;
    str s = STR("1");

    random_bytes(&chance, sizeof chance);
    ms += ms * chance / 512;
    if (req->auth && req->auth->limit.by)
        ms = req->auth->limit.retry_ms;
    if (ms > 1000)
        s = arena_printf(req->mem, "%lld", seconds_of(ms));
    return s.p ? s : STR("1");
}

static void status_fields(const struct req *req, struct res *res, const struct answer *a)
{
    int status = a->status;

    if (status == 401)
        res_header(res, STR("WWW-Authenticate"),
                   a->challenge ? str_of(a->challenge) : STR("Bearer"));
    if (status == 405)
        res_header(res, STR("Allow"), allowed(req));
    if (status == 503 || status == 429)
        res_header(res, STR("Retry-After"), retry_after(req));
}

/* Of the address alone: an account's count would tell what others did. Every answer would tell how
 * many share an address, and who has most of it left need not know. */
void limit_fields(const struct req *req, struct res *res)
{
    const struct limit *l = req->auth ? &req->auth->limit : NULL;
    struct buf b;
    str policy;

    if (!l || !l->quota || (!l->by && l->left * 2 >= l->quota))
        return;
    buf_init(&b, req->mem, 128);
    buf_printf(&b, "\"attempts\";r=%lld", (long long)l->left);
    if (l->by != LIMIT_ACCOUNT)                  /* t would be another time than Retry-After */
        buf_printf(&b, ";t=%lld", seconds_of(l->wait_ms));
    policy = arena_printf(req->mem, "\"attempts\";q=%lld;w=%lld", (long long)l->quota,
                          (long long)l->window);
    if (buf_ok(&b) != OK || !policy.p)
        return;                                  /* no memory: what a field half says is wrong */
    res_header(res, STR("RateLimit-Policy"), policy);
    res_header(res, STR("RateLimit"), buf_str(&b));
}

static err problem_send(struct res *res, const struct answer *a, str said)
{
    struct json_writer *w = res_json(res);
    str id = arena_printf(&res->x->mem, "#%s", res->x->id);

    if (!id.p)
        return ERR_NO_MEMORY;
    json_text(w, "type", STR("about:blank"));
    json_text(w, "title", str_of(status_words(a->status)));
    json_int(w, "status", a->status);
    json_text(w, "detail", said);
    json_text(w, "instance", id);
    json_text(w, "message", said);
    return res_send_as(res, a->status, STR("application/problem+json"));
}

static err message_send(struct res *res, const struct answer *a, str said)
{
    struct json_writer *w = res_json(res);

    if (a->null_member)
        json_text(w, a->null_member, (str){0});
    json_text(w, "message", said);
    return res_send(res, a->status);
}

enum shape shape_of(const struct route *route, const struct answer *a)
{
    bool ours = route->whose == OURS || route->whose == SESSIONS;

    return a->shape == AS_MESSAGE && ours ? AS_PROBLEM : a->shape;
}

static err words_send(const struct req *req, struct res *res, const struct answer *a)
{
    str said = sentence(req, a);

    if (!said.p)
        return ERR_NO_MEMORY;
    switch (shape_of(req->route, a)) {
    case AS_TEXT:    return res_text_as(res, a->status, STR("text/plain; charset=utf-8"), said);
    case AS_PAGE:    return page_send(res, a->status, said);
    case AS_PROBLEM: return problem_send(res, a, said);
    default:         return message_send(res, a, said);
    }
}

static void answer_send(struct req *req, struct res *res, const struct answer *a)
{
    status_fields(req, res, a);
    res->x->res.close |= a->close;
    if (words_send(req, res, a) == OK)
        return;
    res->x->res.status = a->status; /* no room even for the excuse: it stays empty */
    res->x->res.body = (str){0};
}

void answer_error(struct req *req, struct res *res, err e)
{
    if (e == ERR_NO_ROUTE || e == ERR_NO_METHOD)
        req->detail = page_request_line(req);
    answer_send(req, res, answer_of(manner_of(req), e));
}

void answer_refusal(struct req *req, struct res *res, int status)
{
    const struct answer said = {status,
                                req->api->config.manner == AS_SERVER ? AS_PROBLEM : AS_MESSAGE};

    if (status == 413)
        answer_error(req, res, ERR_BODY_TOO_LARGE);
    else if (status == 503)
        answer_error(req, res, ERR_BUSY);
    else if (status == 417 && req->api->config.manner == AS_TUTORIAL)
        res->x->res.status = status;                     /* Node's own answer: bare */
    else
        answer_send(req, res, &said);
}
