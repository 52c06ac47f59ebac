// SPDX-License-Identifier: MIT
/* openapi.c - the routes table printed as an OpenAPI 3.1 document.
 *
 * A failure's sentence stands once, as an example under `components`; the answers of the rows refer
 * to it. What may fail in a step stands in steps[] below: a new step is a line there. */
#include "api/openapi.h"

#include "api/answers.h"
#include "api/forms.h"
#include "api/router.h"
#include "base/log.h"

// clang-format off
static const struct { step_fn *run; err fails[6]; } steps[] = {
    { verify_token,         { ERR_TOKEN_MISSING, ERR_TOKEN_INVALID, ERR_TOKEN_EXPIRED, ERR_TOKEN_TWICE, ERR_CROSS_SITE } },
    { refuse_forgeable,     { ERR_TOKEN_INVALID } },
    { require_role,         { ERR_ROLE_MISSING } },
    { check_signin_page,    { ERR_CROSS_SITE } },
    { check_signup_open,    { ERR_SIGNUP_CLOSED } },
    { check_duplicate_user, { ERR_USERNAME_TAKEN, ERR_EMAIL_TAKEN, ERR_NOT_UNICODE } },
    { check_roles_exist,    { ERR_ROLE_UNKNOWN, ERR_ROLE_REFUSED } },
};

static const err of_bodies[] = { ERR_JSON_SHAPE, ERR_JSON_LIMIT, ERR_JSON_REPEATED, ERR_BODY_BROKEN, ERR_BODY_TOO_LARGE,
    ERR_BODY_PARAMETERS, ERR_BODY_ENCODING, ERR_BODY_CHARSET, ERR_BODY_TYPE, ERR_NOT_UNICODE, OK };
static const err of_waiting[] = { ERR_BUSY, ERR_DB_AGAIN, ERR_DB_DOWN, ERR_DB_FULL, OK };
static const err of_everything[] = { ERR_BUG, OK };
static const err of_effort[] = { ERR_TOO_MANY, OK };
// clang-format on

enum { SLUG_MAX = 64 };

/* Whether a failure is in reach at all: settings shut some out. */
static bool can_happen(const struct api *api, const struct route *row, err e)
{
    const struct api_config *config = &api->config;

    switch (e) {
    case ERR_TOKEN_EXPIRED:
    case ERR_REFRESH_EXPIRED:
        return config->rules->sessions == SESSIONS_SEQUEL;
    case ERR_TOKEN_TWICE:
        return config->manner == AS_SERVER;
    case ERR_CROSS_SITE:
        return config->cookies && row->method != GET;
    case ERR_BODY_PARAMETERS:
        return config->forms;
    case ERR_BODY_TYPE:
        return !config->lax_bodies;
    case ERR_SIGNUP_CLOSED:
        return !config->rules->signup_open;
    case ERR_ROLE_REFUSED:
        return !config->rules->signup_roles;
    default:
        return true;
    }
}

static bool fails_of_steps(struct fails *to, const struct step *s)
{
    for (; s && s->run; s++) {
        size_t i = 0, n = sizeof steps / sizeof *steps;

        while (i < n && steps[i].run != s->run)
            i++;
        if (i == n)
            return false;
        fails_add(to, steps[i].fails);
    }
    return true;
}

static bool fails_of_row(struct fails *to, const struct route *row)
{
    *to = (struct fails){0};
    if (row->body) {
        fails_add(to, of_bodies);
        fails_of_form(to, row->body);
    }
    if (row->work == HASHES || row->work == WRITES)
        fails_add(to, of_effort);
    if (row->work != NONE)
        fails_add(to, of_waiting);
    fails_add(to, row->fails);
    fails_add(to, of_everything);
    return fails_of_steps(to, row->first);
}

static bool has_step(const struct route *row, step_fn *run)
{
    for (const struct step *s = row->first; s->run; s++)
        if (s->run == run)
            return true;
    return false;
}

/* --------------------------------------------------------------------------------- the failures */

static const char *sentence_of(const struct answer *a)
{
    return a->message ? a->message : status_words(a->status);
}

/* A sentence as a name: invalid_username_or_password. */
static void slug_put(struct buf *to, const char *sentence, enum shape shape)
{
    char slug[SLUG_MAX];
    size_t n = 0;

    for (; *sentence && n < sizeof slug; sentence++) {
        char c = (char)(*sentence | 0x20);

        if (c >= 'a' && c <= 'z')
            slug[n++] = c;
        else if (n && slug[n - 1] != '_')
            slug[n++] = '_';
    }
    while (n && slug[n - 1] == '_')
        n--;
    buf_put(to, (str){slug, n});
    if (shape == AS_PROBLEM)
        buf_put(to, STR(".problem"));
}

static void example_put(struct json_writer *w, const struct answer *a, enum shape shape)
{
    struct json_writer one, value;

    if (w->more)
        buf_byte(w->b, ',');
    w->more = true;
    buf_byte(w->b, '"');
    slug_put(w->b, sentence_of(a), shape);
    buf_put(w->b, STR("\":"));
    json_open(&one, w->b);
    json_key(&one, "value");
    json_open(&value, w->b);
    if (shape == AS_PROBLEM) {
        json_text(&value, "type", STR("about:blank"));
        json_text(&value, "title", str_of(status_words(a->status)));
        json_int(&value, "status", a->status);
        json_text(&value, "detail", str_of(sentence_of(a)));
    }
    if (shape == AS_MESSAGE && a->null_member)
        json_text(&value, a->null_member, (str){0});
    json_text(&value, "message", str_of(sentence_of(a)));
    json_close(&value);
    json_close(&one);
}

/* What failures say, each status and sentence once. */
struct sayings {
    const struct answer *at[FAILS_MAX];
    size_t n;
};

static void sayings_add(struct sayings *to, const struct answer *a)
{
    for (size_t i = 0; i < to->n; i++)
        if (to->at[i]->status == a->status && strcmp(sentence_of(to->at[i]), sentence_of(a)) == 0)
            return;
    if (to->n < FAILS_MAX)
        to->at[to->n++] = a;
}

static void examples_put(struct json_writer *w, const struct api *api)
{
    enum manner manner = manner_of_api(api);
    struct sayings all = {0};
    struct json_writer examples;

    for (err e = OK + 1; e < ERR_COUNT; e++)
        sayings_add(&all, answer_of(manner, e));
    json_key(w, "examples");
    json_open(&examples, w->b);
    for (size_t i = 0; i < all.n; i++) {
        if (all.at[i]->shape == AS_MESSAGE)
            example_put(&examples, all.at[i], AS_MESSAGE);
        if (all.at[i]->shape == AS_MESSAGE || all.at[i]->shape == AS_PROBLEM)
            example_put(&examples, all.at[i], AS_PROBLEM);
    }
    json_close(&examples);
}

/* An answer's body of one media type: which sentences it may hold. */
static void media_put(struct json_writer *content, const struct route *row,
                      const struct sayings *said, int status, enum shape shape)
{
    static const struct {
        const char *media, *schema;
    } shapes[] = {
        [AS_MESSAGE] = {"application/json", "{\"$ref\":\"#/components/schemas/Message\"}"},
        [AS_TEXT] = {"text/plain", "{\"type\":\"string\"}"},
        [AS_PAGE] = {"text/html", "{\"type\":\"string\"}"},
        [AS_PROBLEM] = {"application/problem+json", "{\"$ref\":\"#/components/schemas/Problem\"}"},
    };
    bool referred = shape == AS_MESSAGE || shape == AS_PROBLEM, first = true;
    struct buf *b = content->b;

    for (size_t i = 0; i < said->n; i++) {
        if (said->at[i]->status != status || shape_of(row, said->at[i]) != shape)
            continue;
        if (first) {
            json_key(content, shapes[shape].media);
            buf_printf(b, "{\"schema\":%s%s", shapes[shape].schema,
                       referred ? ",\"examples\":{" : "");
        }
        if (referred) {
            buf_put(b, first ? STR("\"") : STR(",\""));
            slug_put(b, sentence_of(said->at[i]), AS_MESSAGE);
            buf_put(b, STR("\":{\"$ref\":\"#/components/examples/"));
            slug_put(b, sentence_of(said->at[i]), shape);
            buf_put(b, STR("\"}"));
        }
        first = false;
    }
    if (!first)
        buf_put(b, referred ? STR("}}") : STR("}"));
}

/* The fields that an answer carries (answers.c); status 0: any of a row that is counted. */
static const struct {
    int status;
    const char *name, *about, *type;
} fields[] = {
    { 401, "WWW-Authenticate", "How to come in (RFC 6750).", "string" },
    { 429, "Retry-After", "Seconds to wait.", "integer" },
    { 503, "Retry-After", NULL, NULL },
    { 0, "RateLimit-Policy", "How many attempts an address has (draft-ietf-httpapi-ratelimit-"
      "headers-10); not told while more than half is left.", "string" },
    { 0, "RateLimit", "How many of them are left.", "string" },
};

enum { FIELD_COUNT = sizeof fields / sizeof *fields };

static bool is_counted(const struct api *api, const struct route *row)
{
    return row->work == HASHES && api->config.rules->throttle.on;
}

static void headers_put(struct json_writer *w, const struct api *api, const struct route *row,
                        int status)
{
    bool first = true;

    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const char *name = fields[i].name;

        if (fields[i].status ? fields[i].status != status : !is_counted(api, row))
            continue;
        if (first)
            json_key(w, "headers");
        buf_printf(w->b, "%s\"%s\":{\"$ref\":\"#/components/headers/%s\"}", first ? "{" : ",",
                   name, name);
        first = false;
    }
    if (!first)
        buf_byte(w->b, '}');
}

static void headers_named(struct json_writer *w)
{
    struct json_writer all;

    json_key(w, "headers");
    json_open(&all, w->b);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!fields[i].about)
            continue;
        json_key(&all, fields[i].name);
        buf_printf(w->b, "{\"description\":\"%s\",\"schema\":{\"type\":\"%s\"}}",
                   fields[i].about, fields[i].type);
    }
    json_close(&all);
}

static void status_put(struct json_writer *responses, const struct api *api,
                       const struct route *row, const struct sayings *said, int status)
{
    struct json_writer one, content;

    json_key(responses, (char[]){(char)('0' + status / 100), (char)('0' + status / 10 % 10),
                                 (char)('0' + status % 10), '\0'});
    json_open(&one, responses->b);
    json_text(&one, "description", str_of(status_words(status)));
    headers_put(&one, api, row, status);
    json_key(&one, "content");
    json_open(&content, responses->b);
    for (enum shape shape = AS_MESSAGE; shape <= AS_PROBLEM; shape++)
        media_put(&content, row, said, status, shape);
    json_close(&content);
    json_close(&one);
}

static bool failures_put(struct json_writer *responses, const struct api *api,
                         const struct route *row)
{
    struct sayings said = {0};
    struct fails fails;
    bool known = fails_of_row(&fails, row);

    for (size_t i = 0; i < fails.n; i++)
        if (can_happen(api, row, fails.at[i]))
            sayings_add(&said, answer_of(manner_of_api(api), fails.at[i]));
    for (int status = 400; status < 600; status++)
        for (size_t i = 0; i < said.n; i++)
            if (said.at[i]->status == status) {
                status_put(responses, api, row, &said, status);
                break;
            }
    return known;
}

/* -------------------------------------------------------------------------------------- a route */

static bool success_put(struct json_writer *responses, const struct api *api,
                        const struct route *row)
{
    bool tagged = row->answer[0] == '~', readable;
    const char *said = row->answer + tagged, *media = *said == '=' ? said + 1 : "application/json";
    struct json_writer one;

    json_key(responses, "200");
    json_open(&one, responses->b);
    json_text(&one, "description", STR("OK"));
    headers_put(&one, api, row, 200);
    json_key(&one, "content");
    buf_printf(responses->b, "{\"%s\":{\"schema\":", media);
    readable = schema_of_answer(responses->b, row->answer);
    buf_put(responses->b, STR("}}"));
    json_close(&one);
    if (row->method == GET && (tagged || api->config.manner == AS_TUTORIAL)) {
        json_key(responses, "304");
        buf_put(responses->b, STR("{\"description\":\"Not Modified\"}"));
    }
    return readable;
}

static bool answers_put(struct json_writer *w, const struct api *api, const struct route *row)
{
    struct json_writer responses;
    bool readable, known;

    json_key(w, "responses");
    json_open(&responses, w->b);
    readable = success_put(&responses, api, row);
    known = failures_put(&responses, api, row);
    json_key(&responses, "default");
    buf_put(w->b, STR("{\"$ref\":\"#/components/responses/Refused\"}"));
    json_close(&responses);
    if (!readable || !known)
        log_error("routes", text_kv("path", str_of(row->path)),
                  text_kv("wrong", readable ? STR("its steps") : STR("its answer")));
    return readable && known;
}

/* "/users/:id" as "/users/{id}". */
static void path_put(struct buf *b, const char *path)
{
    bool inside = false;

    for (; *path; path++) {
        if (inside && *path == '/')
            buf_byte(b, '}');
        inside = *path == ':' || (inside && *path != '/');
        buf_byte(b, *path == ':' ? '{' : *path);
    }
    if (inside)
        buf_byte(b, '}');
}

static void parameter_put(struct json_writer *w, str name, bool in_path, bool *first)
{
    if (*first)
        json_key(w, "parameters");
    buf_byte(w->b, *first ? '[' : ',');
    buf_put(w->b, STR("{\"name\":"));
    json_put_text(w->b, name);
    buf_printf(w->b, ",\"in\":%s}}",
               in_path ? "\"path\",\"required\":true,\"schema\":{\"type\":\"string\""
                       : "\"query\",\"schema\":{\"type\":\"integer\",\"minimum\":0");
    *first = false;
}

static void parameters_put(struct json_writer *w, const struct route *row)
{
    str rest = str_of(row->path), segment;
    bool first = true, more;

    do {
        more = str_cut(rest, '/', &segment, &rest);
        if (str_starts(segment, STR(":")))
            parameter_put(w, str_from(segment, 1), true, &first);
    } while (more);
    if (row->then == revocations)
        parameter_put(w, STR("since"), false, &first);
    if (!first)
        buf_byte(w->b, ']');
}

static void body_put(struct json_writer *w, const struct api *api, const struct form *form)
{
    struct json_writer body, content;

    json_key(w, "requestBody");
    json_open(&body, w->b);
    json_bool(&body, "required", !form_is_optional(api, form));
    json_key(&body, "content");
    json_open(&content, w->b);
    for (int as_form = 0; as_form <= api->config.forms; as_form++) {
        json_key(&content, as_form ? "application/x-www-form-urlencoded" : "application/json");
        buf_put(w->b, STR("{\"schema\":"));
        schema_of_form(w->b, api, form);
        buf_byte(w->b, '}');
    }
    json_close(&content);
    json_close(&body);
}

/* What opens the row, besides what stands in its body. */
static void security_put(struct json_writer *w, const struct api *api, const struct route *row)
{
    json_key(w, "security");
    buf_byte(w->b, '[');
    if (has_step(row, verify_token))
        buf_printf(w->b, "{\"token\":[]},{\"bearer\":[]}%s",
                   api->config.cookies ? ",{\"cookie\":[]}" : "");
    else if (row->then == refresh_token && api->config.cookies)
        buf_put(w->b, STR("{},{\"refreshCookie\":[]}"));
    buf_byte(w->b, ']');
}

static void operation_id_put(struct json_writer *w, const struct route *row)
{
    json_key(w, "operationId");
    buf_byte(w->b, '"');
    for (const char *p = method_name(row->method); *p; p++)
        buf_byte(w->b, (char)(*p | 0x20));
    for (const char *p = row->path; *p; p++)
        buf_byte(w->b, *p >= '0' ? *p : '_');
    buf_byte(w->b, '"');
}

/* A role that is asked for, in words. */
static void roles_put(struct json_writer *w, const struct route *row)
{
    for (const struct step *s = row->first; s->run; s++)
        if (s->run == require_role) {
            json_key(w, "description");
            buf_printf(w->b, "\"For accounts with one of these roles: %s.\"", s->arg);
        }
}

static bool operation_put(struct json_writer *methods, const struct api *api,
                          const struct route *row)
{
    const char *name = method_name(row->method);
    struct json_writer w;
    char lower[16];
    size_t n = 0;
    bool fine;

    for (; name[n] && n < sizeof lower - 1; n++)
        lower[n] = (char)(name[n] | 0x20);
    lower[n] = '\0';
    json_key(methods, lower);
    json_open(&w, methods->b);
    json_text(&w, "summary", str_of(row->about));
    roles_put(&w, row);
    operation_id_put(&w, row);
    parameters_put(&w, row);
    if (row->body)
        body_put(&w, api, row->body);
    security_put(&w, api, row);
    fine = answers_put(&w, api, row);
    json_close(&w);
    return fine;
}

/* ------------------------------------------------------------------------------------ the whole */

static bool is_first_of_its_path(const struct route *table, const struct route *row)
{
    for (const struct route *r = table; r != row; r++)
        if (strcmp(r->path, row->path) == 0)
            return false;
    return true;
}

static bool paths_put(struct json_writer *w, const struct api *api)
{
    const struct route *table = api->config.routes;
    bool fine = true, more = false;

    json_key(w, "paths");
    buf_byte(w->b, '{');
    for (const struct route *row = table; row->path; row++) {
        struct json_writer methods;

        if (!row->about || !row->answer || !is_first_of_its_path(table, row))
            continue;
        buf_put(w->b, more ? STR(",\"") : STR("\""));
        more = true;
        path_put(w->b, row->path);
        buf_put(w->b, STR("\":"));
        json_open(&methods, w->b);
        for (const struct route *r = row; r->path; r++)
            if (r->about && r->answer && strcmp(r->path, row->path) == 0)
                fine &= operation_put(&methods, api, r);
        json_close(&methods);
    }
    buf_byte(w->b, '}');
    return fine;
}

static const char schemas[] =
    "\"schemas\":{"
    "\"Message\":{\"type\":\"object\",\"properties\":{\"message\":{\"type\":\"string\"},"
    "\"accessToken\":{\"type\":\"null\"}},\"required\":[\"message\"]},"
    "\"Problem\":{\"type\":\"object\",\"description\":\"Problem details (RFC "
    "9457).\",\"properties\":{"
    "\"type\":{\"type\":\"string\"},\"title\":{\"type\":\"string\"},\"status\":{\"type\":"
    "\"integer\"},"
    "\"detail\":{\"type\":\"string\"},\"instance\":{\"type\":\"string\"},\"message\":{\"type\":"
    "\"string\"}},"
    "\"required\":[\"type\",\"title\",\"status\",\"detail\",\"instance\",\"message\"]}}";

static const char token_schemes[] =
    "\"token\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"x-access-token\"},"
    "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"}";

static const char cookie_schemes[] =
    ",\"cookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-latchkey-access\"},"
    "\"refreshCookie\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"__Host-latchkey-"
    "refresh\"}";

static void components_put(struct json_writer *w, const struct api *api)
{
    struct json_writer inner;

    json_key(w, "components");
    json_open(&inner, w->b);
    inner.more = true;
    buf_printf(w->b,
               "%s,\"responses\":{\"Refused\":{\"description\":\"What no route is asked for: "
               "too large, too slow, not understood.\"%s}},",
               schemas,
               api->config.manner != AS_SERVER
                   ? ""
                   : ",\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":"
                     "\"#/components/schemas/Problem\"}}}");
    buf_printf(w->b, "\"securitySchemes\":{%s%s}", token_schemes,
               api->config.cookies ? cookie_schemes : "");
    headers_named(&inner);
    examples_put(&inner, api);
    json_close(&inner);
}

err openapi_write(const struct api *api, struct buf *to)
{
    struct json_writer w;
    bool fine;

    json_open(&w, to);
    json_text(&w, "openapi", STR("3.1.0"));
    json_key(&w, "info");
    buf_put(to, STR("{\"title\":\"Latchkey\",\"version\":\"1\",\"summary\":\"Sign-up, sign-in, "
                    "sessions and "
                    "roles.\",\"license\":{\"name\":\"MIT\",\"identifier\":\"MIT\"}}"));
    json_key(&w, "servers");
    buf_put(to, STR("[{\"url\":\"/\"}]"));
    fine = paths_put(&w, api);
    components_put(&w, api);
    json_close(&w);
    return fine ? buf_ok(to) : ERR_BUG;
}
