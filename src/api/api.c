// SPDX-License-Identifier: MIT
/* api.c - the engine: the HTTP server's callbacks, the walk along a row, the answer's parts. */
#include "api/api.h"

#include "api/answers.h"
#include "api/body.h"
#include "api/cookie.h"
#include "api/openapi.h"
#include "api/router.h"
#include "auth/access.h"
#include "base/clock.h"
#include "base/log.h"

#include <arpa/inet.h>

enum { JSON_MAX = 256 << 10, OPENAPI_MAX = 256 << 10, API_MEMORY_MAX = 512 << 10 };

static bool is_separator(char c)
{
    return c == ' ' || c == ',' || c == '\t' || c == '\n';
}

/* http.origins, split. */
static err origins_split(struct api *api, str text)
{
    if ((api->origins.at = NEW_ARRAY(&api->mem, str, ORIGINS_MAX)) == NULL)
        return ERR_NO_MEMORY;
    for (size_t at = 0; at < text.n;) {
        size_t from = at;

        while (at < text.n && !is_separator(text.p[at]))
            at++;
        if (at > from) {
            if (api->origins.n == ORIGINS_MAX)
                return ERR_BAD_SETTING;
            api->origins.at[api->origins.n++] = (str){ text.p + from, at - from };
        }
        at++;
    }
    return OK;
}

bool origin_is_listed(const struct api *api, str origin)
{
    for (size_t i = 0; i < api->origins.n; i++)
        if (str_is(api->origins.at[i], origin))
            return true;
    return false;
}

static bool is_there(enum whose whose, enum session_mode sessions)
{
    if (whose == SEQUELS)
        return sessions >= SESSIONS_SEQUEL;
    return whose != SESSIONS || sessions == SESSIONS_OWN;
}

/* The rows that there are under these rules. */
static err routes_keep(struct api *api)
{
    const struct route *all = api->config.routes;
    struct route *kept;
    size_t n = 0;

    while (all[n].path)
        n++;
    if ((kept = NEW_ARRAY(&api->mem, struct route, n + 1)) == NULL)
        return ERR_NO_MEMORY;
    api->config.routes = kept;
    for (; all->path; all++)
        if (is_there(all->whose, api->config.rules->sessions))
            *kept++ = *all;
    return OK;
}

static err openapi_print(struct api *api)
{
    struct buf b;
    err e;

    buf_init(&b, NULL, OPENAPI_MAX);
    if ((e = openapi_write(api, &b)) == OK) {
        api->openapi = arena_dup(&api->mem, buf_str(&b));
        e = api->openapi.p ? OK : ERR_NO_MEMORY;
    }
    buf_end(&b);
    return e;
}

err api_init(struct api *api, const struct api_config *config)
{
    err e;

    *api = (struct api){ .config = *config };
    arena_init(&api->mem, API_MEMORY_MAX);
    if (!api->config.routes)
        api->config.routes = routes;
    if ((e = routes_check(api->config.routes)) != OK)
        return e;
    if ((e = routes_keep(api)) != OK)
        return e;
    if ((e = openapi_print(api)) != OK)
        return e;
    return origins_split(api, config->origins);
}

void api_end(struct api *api)
{
    arena_end(&api->mem);
}

static struct auth auth_of(const struct api *api)
{
    struct auth auth = { .keys = api->config.keys, .rules = api->config.rules,
                         .throttle = api->config.throttle, .decoys = api->config.decoys };

    if (api->config.hasher)
        auth.hasher = *api->config.hasher;
    return auth;
}

void *api_thread_begin(void *app)
{
    struct api *api = app;
    struct api_thread *own = calloc(1, sizeof *own);

    if (!own)
        return NULL;
    own->auth = auth_of(api);
    own->auth.tokens = jwt_cache_new();
    own->auth.accesses = access_cache_new();
    if (own->auth.tokens && own->auth.accesses && db_open(api->config.db, &own->auth.db) == OK)
        return own;
    api_thread_end(app, own);
    return NULL;
}

void *api_waiter_begin(void *app)
{
    const struct api *api = app;
    const struct db_config *db = api->config.db_waiting;
    struct api_thread *own = calloc(1, sizeof *own);

    if (!own)
        return NULL;
    own->auth = auth_of(api);
    if (db_open(db ? db : api->config.db, &own->auth.db) == OK)
        return own;
    api_thread_end(app, own);
    return NULL;
}

void api_thread_end(void *, void *thread)
{
    struct api_thread *own = thread;

    if (own->auth.db)
        db_close(own->auth.db);
    if (own->auth.accesses)
        access_cache_free(own->auth.accesses);
    if (own->auth.tokens)
        jwt_cache_free(own->auth.tokens);
    free(own);
}

static struct pool *choose(void *app, struct exchange *x, size_t *body_max)
{
    struct api *api = app;
    const struct route *route =
        route_match(api->config.routes, method_of(x->req.method), x->req.path);

    *body_max = BODY_MAX;
    x->route = route ? route : &nowhere;
    return route ? api->config.pools[route->work] : NULL;
}

/* Behind a socket of this machine everybody has one address: what stands for it is ::. */
static struct hash_client client_of(const struct exchange *x)
{
    const struct http_peer *peer = &x->req.peer;
    struct hash_client client = { .gone = &x->gone };

    if (peer->family == AF_INET6)
        memcpy(client.address, peer->address, ADDRESS_BYTES);
    if (peer->family == AF_INET) {
        client.address[10] = client.address[11] = 0xff;
        memcpy(client.address + 12, peer->address, 4);
    }
    return client;
}

static struct req request(struct api *api, struct api_thread *own, struct exchange *x)
{
    if (own) {
        own->auth.device = (struct device){0};
        own->auth.hasher.client = client_of(x);
        own->auth.limit = (struct limit){0};
        own->auth.proofs = cookie_proofs(x);
        own->auth.known_device = 0;
    }
    return (struct req){
        .x = x,
        .api = api,
        .own = own,
        .auth = own ? &own->auth : NULL,
        .mem = &x->mem,
        .route = x->route ? x->route : &nowhere,
        .method = method_of(x->req.method),
    };
}

/* What tells browsers to make nothing of an answer but what it says it is (ASVS 3.4). */
static void browser_fields(struct exchange *x)
{
    http_answer_constant(x, STR("X-Content-Type-Options"), STR("nosniff"));
    http_answer_constant(x, STR("Content-Security-Policy"),
                         STR("default-src 'none'; frame-ancestors 'none'"));
    http_answer_constant(x, STR("Referrer-Policy"), STR("no-referrer"));
}

static struct res answer(const struct req *req)
{
    struct res res = { .x = req->x, .req = req };

    http_answer_constant(req->x, STR("X-Request-Id"), str_of(req->x->id));
    if (req->api->config.manner == AS_SERVER)
        browser_fields(req->x);
    return res;
}

static void run(void *app, void *own, struct exchange *x)
{
    struct req req = request(app, own, x);
    struct res res = answer(&req);

    run_route(&req, &res);
    db_over(req.auth->db);
}

/* Browsers show a page only an answer with the CORS fields, so these pass cors too. */
static void refuse(void *app, struct exchange *x, int status)
{
    struct req req = request(app, NULL, x);
    struct res res = answer(&req);

    if ((status != 417 || req.api->config.manner == AS_SERVER) && cors(&req, &res, NULL) != OK)
        x->res.headers_n = 0;
    x->res.status = 0;
    answer_refusal(&req, &res, status);
}

struct http_app api_app(struct api *api)
{
    return (struct http_app){
        .app = api,
        .thread_begin = api_thread_begin,
        .thread_end = api_thread_end,
        .route = choose,
        .run = run,
        .refuse = refuse,
    };
}

static err walk(const struct step *s, struct req *req, struct res *res)
{
    err e = OK;

    for (; s->run && !e && !res->x->res.status; s++)
        e = s->run(req, res, s->arg);
    return e;
}

static str address_text(const struct req *req)
{
    const struct http_peer *peer = &req->x->req.peer;
    char *to = NEW_ARRAY(req->mem, char, INET6_ADDRSTRLEN);

    if (!to || !inet_ntop(peer->family, peer->address, to, INET6_ADDRSTRLEN))
        return STR("unix");
    return str_of(to);
}

/* From this machine, and on behalf of another: a proxy that http.trusted-proxies does not name, so
 * that all its clients are one. */
static bool is_proxied(const struct req *req)
{
    const struct http_peer *peer = &req->x->req.peer;

    return peer->family == AF_INET && peer->address[0] == 127 &&
           (req_header(req, STR("x-forwarded-for")).n || req_header(req, STR("forwarded")).n);
}

/* One line an event that an operator counts, and one for each failure that is ours. */
static void request_tell(const struct req *req, const struct res *res, err e)
{
    static const char *const limits[] = { "none", "address", "account" };
    int status = res->x->res.status;
    enum log_level level = e == OK || e == ERR_CLIENT_GONE  ? LOG_INFO
                           : status >= 500 && e != ERR_BUSY ? LOG_ERROR
                                                            : LOG_WARN;
    struct kv kvs[9] = {0};
    size_t n = 0;

    kvs[n++] = req->event ? text_kv("user", req->who) : text_kv("route", str_of(req->route->path));
    kvs[n++] = int_kv("status", status);
    kvs[n++] = int_kv("ms", clock_mono_ms() - req->x->began);
    kvs[n++] = text_kv("id", str_of(req->x->id));
    if (e != OK)
        kvs[n++] = text_kv("err", str_of(err_name(e)));
    if (e != OK && req->event)
        kvs[n++] = text_kv("address", address_text(req));
    if (req->auth && req->auth->limit.by == LIMIT_ADDRESS && is_proxied(req))
        kvs[n++] = text_kv("hint", STR("http.trusted-proxies"));
    if (req->auth && req->auth->limit.by)
        kvs[n++] = text_kv("limit", str_of(limits[req->auth->limit.by]));
    log_line(level, req->event ? req->event : "request", kvs);
}

/* What has no name is told of when it was our fault. */
static void request_log(const struct req *req, const struct res *res, err e)
{
    if (req->event || (res->x->res.status >= 500 && e != ERR_CLIENT_GONE))
        request_tell(req, res, e);
}

/* Who waited too long for a worker shall not make the next ones wait as well. */
static err turn_check(const struct req *req)
{
    int64_t offered = req->x->offered;

    return offered ? db_waited(req->auth->db, clock_mono_ms() - offered) : OK;
}

void run_route(struct req *req, struct res *res)
{
    err e = walk(before_all, req, res);

    if (!e)
        e = turn_check(req);
    if (!e)
        e = walk(req->route->first, req, res);
    if (!e && !res->x->res.status)
        e = req->route->then(req, res);
    if (e)
        answer_error(req, res, e);
    limit_fields(req, res);
    request_log(req, res, e);
}

str req_param(const struct req *req, const char *name)
{
    return route_param(req->route, req->x->req.path, str_of(name));
}

str req_header(const struct req *req, str name)
{
    return str_trim(http_header(req->x, name));
}

void res_header(struct res *res, str name, str value)
{
    http_answer_header(res->x, name, value);
}

/* Send `body`; in the tutorial's manner, or where it was asked for, tag it and answer 304 to who
 * has it. */
static void body_send(struct res *res, int status, str type, str body)
{
    struct exchange *x = res->x;
    const struct req *req = res->req;

    x->res.status = status;
    x->res.body = body;
    if (req->api->config.manner == AS_TUTORIAL || res->tagged) {
        str tag = etag_of(req->own ? &req->own->etags : NULL, &x->mem, body);

        res_header(res, STR("ETag"), tag);
        if (status == 200 && (req->method == GET || req->method == HEAD) && etag_is_known(x, tag)) {
            x->res.status = 304;
            x->res.body = (str){0};
            return;
        }
    }
    http_answer_constant(res->x, STR("Content-Type"), type);
}

struct json_writer *res_json(struct res *res)
{
    buf_init(&res->text, &res->x->mem, JSON_MAX);
    json_open(&res->json, &res->text);
    return &res->json;
}

err res_send_as(struct res *res, int status, str type)
{
    json_close(&res->json);
    if (res->text.failed)
        return ERR_NO_MEMORY;
    body_send(res, status, type, buf_str(&res->text));
    return OK;
}

err res_send(struct res *res, int status)
{
    return res_send_as(res, status, STR("application/json; charset=utf-8"));
}

err res_text(struct res *res, int status, str text)
{
    return res_text_as(res, status, STR("text/html; charset=utf-8"), text);
}

err res_text_as(struct res *res, int status, str type, str text)
{
    body_send(res, status, type, text);
    return OK;
}

err res_message(struct res *res, int status, str text)
{
    json_text(res_json(res), "message", text);
    return res_send(res, status);
}
