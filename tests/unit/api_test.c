// SPDX-License-Identifier: MIT
/* api_test.c - requests straight into the api, on a database in memory and routes of the test's
 * own. */
#include "../tests/test.h"
#include "api/answers.h"
#include "auth/account.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"

static err either_board(struct req *, struct res *res)
{
    return res_text(res, 200, STR("Either Content."));
}

static err broken(struct req *, struct res *)
{
    return ERR_BUG;
}

static err busy(struct req *, struct res *)
{
    return ERR_BUSY;
}

static err crowded(struct req *req, struct res *)
{
    req->auth->hasher.client.retry_after_ms = 20000;
    return ERR_TOO_MANY;
}

static struct hash_client client;   /* of who asked last */

static err asker(struct req *req, struct res *res)
{
    client = req->auth->hasher.client;
    return res_text(res, 200, STR("You."));
}

static err echo(struct req *req, struct res *res)
{
    return res_message(res, 200, req_param(req, "id"));
}

static const struct step anyone[] = { {0} };
static const struct step odd[] = { { verify_token }, { require_role, "x1||Root|{" }, {0} };
static const struct step mine[] = { { verify_token }, { refuse_forgeable }, {0} };
static const struct step either[] = { { verify_token }, { require_role, "moderator|admin" }, {0} };
static const struct route own_routes[] = {
    { GET, "/", NULL, anyone, welcome, NONE, TUTORIALS },
    { GET, "/either", NULL, either, either_board, READS, TUTORIALS },
    { GET, "/odd", NULL, odd, either_board, READS, TUTORIALS },
    { GET, "/mine", NULL, mine, either_board, READS, OURS },
    { PUT, "/mine", NULL, mine, either_board, READS, OURS },
    { GET, "/echo/:id", NULL, anyone, echo, NONE, TUTORIALS },
    { GET, "/broken", NULL, anyone, broken, NONE, TUTORIALS },
    { GET, "/busy", NULL, anyone, busy, NONE, TUTORIALS },
    { GET, "/crowded", NULL, anyone, crowded, NONE },
    { GET, "/asker", NULL, anyone, asker, NONE },
    {0}
};

static const struct db_config memory = { .url = { "sqlite::memory:", 15 }, .wait_ms = 1000 };
static struct auth_rules rules = {.access_ttl = 60,
                                  .password = {.cost = 4},
                                  .password_common = true,
                                  .signup_open = true,
                                  .signup_roles = true};
static struct keyring keys;
static struct db *db;               /* keeps the database in being */
static struct api api;
static struct api_thread *own;
static struct exchange x;
static struct http_header headers[4];
static struct http_peer peer;       /* who asks */

static enum cookies cookies;        /* of the api that begins next */
static const char *origins = "http://one.example, http://two.example";

static void api_begin(enum manner manner, const struct route *table)
{
    struct api_config config = {
        .manner = manner,
        .welcome = STR("Hello \"you\"."),
        .origins = str_of(origins),
        .cookies = cookies,
        .blank_names = manner == AS_TUTORIAL,
        .rules = &rules,
        .keys = &keys,
        .db = &memory,
        .routes = table,
    };

    log_set_level(LOG_WARN);
    keyring_init(&keys, STR("a secret of the test's own, long"));
    CHECK_ERR(db_open_raw(&memory, &db), OK);
    CHECK_ERR(migrate(&memory, MIGRATE_KEEP, OWNER_DEV), OK);
    CHECK_ERR(api_init(&api, &config), OK);
    CHECK((own = api_thread_begin(&api)) != NULL);
}

static void api_finish(void)
{
    api_thread_end(&api, own);
    api_end(&api);
    db_close(db);
    arena_end(&x.mem);
    keyring_end(&keys);
}

/* Ask, with a field more when `name` is not NULL; the answer stands in x.res. */
static int ask(const char *method, const char *path, const char *name, const char *value)
{
    struct http_app app = api_app(&api);
    size_t body_max;

    arena_end(&x.mem);
    arena_init(&x.mem, 1 << 20);
    headers[0] = (struct http_header){ STR("Host"), STR("localhost") };
    headers[1] = (struct http_header){ str_of(name), str_of(value) };
    x.req = (struct http_request){.method = str_of(method),
                                  .target = str_of(path),
                                  .path = str_of(path),
                                  .headers = headers,
                                  .headers_n = name ? 2 : 1,
                                  .peer = peer};
    memset(&x.res, 0, sizeof x.res);
    x.id = "0123456789abcdef";
    x.began = clock_mono_ms();
    (void)app.route(app.app, &x, &body_max);
    app.run(app.app, own, &x);
    return x.res.status;
}

static str field(const char *name)
{
    for (size_t i = 0; i < x.res.headers_n; i++)
        if (str_is_nocase(x.res.headers[i].name, str_of(name)))
            return x.res.headers[i].value;
    return (str){0};
}

/* A token of a new account that holds this role. */
static const char *token_of(const char *name, const char *role)
{
    static char text[1024];
    struct arena mem;
    str roles[] = { str_of(role) }, token;
    struct new_account want = { str_of(name), str_of(name), STR("secret"), { roles, 1 } };
    struct claims claims = { .has_issued_at = true };

    arena_init(&mem, 1 << 20);
    CHECK_ERR(account_create(&own->auth, &mem, &want, &claims.user_id), OK);
    claims.issued_at = clock_ms() / 1000;       /* not before its account */
    claims.expires_at = claims.issued_at + 60;
    CHECK_ERR(jwt_sign(&mem, &keys, &claims, &token), OK);
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(token));
    arena_end(&mem);
    return text;
}

TEST(a_row_with_two_roles_takes_either)
{
    api_begin(AS_TUTORIAL, own_routes);

    CHECK(ask("GET", "/either", NULL, NULL) == 403);
    CHECK_STR(x.res.body, STR("{\"message\":\"No token provided!\"}"));
    CHECK(ask("GET", "/either", "x-access-token", token_of("u", "user")) == 403);
    CHECK_STR(x.res.body, STR("{\"message\":\"Require Moderator or Admin Role!\"}"));
    CHECK(ask("GET", "/either", "x-access-token", token_of("m", "moderator")) == 200);
    CHECK(ask("GET", "/either", "X-Access-Token", token_of("a", "admin")) == 200);
    CHECK_STR(x.res.body, STR("Either Content."));
    api_finish();
}

TEST(a_bearer_token_counts_where_there_is_no_other)
{
    char bearer[1100];
    const char *token;

    api_begin(AS_SERVER, own_routes);
    token = token_of("a", "admin");
    (void)snprintf(bearer, sizeof bearer, "bearer  %s", token);

    CHECK(ask("GET", "/either", "Authorization", bearer) == 200);
    CHECK(ask("GET", "/either", "Authorization", token) == 403);
    CHECK_STR(x.res.body, STR("{\"message\":\"No token provided!\"}"));
    CHECK(ask("GET", "/either", "Authorization", "Bearer x") == 401);
    CHECK_STR(field("WWW-Authenticate"), STR("Bearer error=\"invalid_token\""));
    api_finish();
}

TEST(another_scheme_than_bearer_shows_no_token)
{
    static const char *const others[] = { "Basic dTpw", "Bearer", "Bearers x", "BearerX y", "" };

    for (enum manner m = AS_TUTORIAL; m <= AS_SERVER; m++) {
        api_begin(m, own_routes);
        for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
            CHECK(ask("GET", "/either", "Authorization", others[i]) == 403);
            CHECK_STR(x.res.body, STR("{\"message\":\"No token provided!\"}"));
        }
        api_finish();
    }
}

TEST(roles_are_named_as_they_are_whatever_they_begin_with)
{
    api_begin(AS_TUTORIAL, own_routes);
    CHECK(ask("GET", "/odd", "x-access-token", token_of("u", "user")) == 403);
    CHECK_STR(x.res.body, STR("{\"message\":\"Require X1 or  or Root or { Role!\"}"));
    api_finish();
}

/* What everybody can sign opens what a user may see, and nothing that is somebody's own. */
TEST(a_token_that_anybody_could_sign_opens_nothing_of_ones_own)
{
    static char text[1024];
    struct keyring legacy;
    struct claims claims = { .user_id = 1, .has_issued_at = true };
    struct arena mem;
    str token;

    api_begin(AS_SERVER, own_routes);
    arena_init(&mem, 1 << 16);
    keyring_add_legacy(&keys, STR("bezkoder-secret-key"), INT64_MAX, true);
    keyring_init(&legacy, STR("bezkoder-secret-key"));
    CHECK(ask("GET", "/mine", "x-access-token", token_of("m", "moderator")) == 200);
    claims.issued_at = clock_ms() / 1000;
    claims.expires_at = claims.issued_at + 60;
    CHECK_ERR(jwt_sign(&mem, &legacy, &claims, &token), OK);
    (void)snprintf(text, sizeof text, STR_FMT, STR_ARG(token));
    CHECK(ask("GET", "/mine", "x-access-token", text) == 401);
    CHECK(ask("GET", "/either", "x-access-token", text) == 403);
    arena_end(&mem);
    keyring_end(&legacy);
    api_finish();
}

/* A cookie comes with whatever page asks; what changes nothing may be asked by any. */
TEST(a_cookie_is_taken_from_pages_that_may)
{
    static char field_of[1100];
    static struct http_header more[3];
    static const struct { const char *method, *host, *name, *value; int want; } cases[] = {
        { "GET", "auth.example", "Origin", "https://evil.example", 200 },
        { "HEAD", "auth.example", "Origin", "https://evil.example", 200 },
        { "PUT", "auth.example", "Origin", "https://evil.example", 403 },
        { "PUT", "auth.example", "Origin", "https://auth.example", 200 },
        { "PUT", "auth.example", "Origin", "https://AUTH.example", 200 },
        { "PUT", "auth.example", "Origin", "http://auth.example", 403 },
        { "PUT", "auth.example", "Origin", "https://auth.example.evil", 403 },
        { "PUT", "auth.example", "Origin", "http://one.example", 200 },
        { "PUT", "auth.example", "Origin", "null", 403 },
        { "PUT", "auth.example", "X-Nothing", "", 403 },
        { "PUT", "", "Origin", "https://", 403 },
        { "PUT", "auth.example", "Sec-Fetch-Site", "same-origin", 200 },
        { "PUT", "auth.example", "Sec-Fetch-Site", "none", 200 },
        { "PUT", "auth.example", "Sec-Fetch-Site", "same-site", 403 },
        { "PUT", "auth.example", "Sec-Fetch-Site", "cross-site", 403 },
    };

    cookies = COOKIES_LAX;
    api_begin(AS_SERVER, own_routes);
    (void)snprintf(field_of, sizeof field_of, "a=b; __Host-latchkey-access=%s",
                   token_of("u", "user"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct http_app app = api_app(&api);
        size_t body_max;

        (void)ask(cases[i].method, "/mine", NULL, NULL);
        more[0] = (struct http_header){ STR("Host"), str_of(cases[i].host) };
        more[1] = (struct http_header){ STR("Cookie"), str_of(field_of) };
        more[2] = (struct http_header){ str_of(cases[i].name), str_of(cases[i].value) };
        x.req.headers = more;
        x.req.headers_n = 3;
        memset(&x.res, 0, sizeof x.res);
        (void)app.route(app.app, &x, &body_max);
        app.run(app.app, own, &x);
        if (x.res.status != cases[i].want)
            failures++, printf("  %s by %s: %s: %d\n", cases[i].method, cases[i].name,
                               cases[i].value, x.res.status);
    }
    api_finish();
    cookies = COOKIES_OFF;
}

TEST(without_a_list_no_origin_is_named)
{
    const char *before = origins;

    for (enum manner m = AS_TUTORIAL; m <= AS_SERVER; m++) {
        origins = "";
        api_begin(m, own_routes);
        CHECK(ask("GET", "/", "Origin", "http://one.example") == 200);
        CHECK(!field("Access-Control-Allow-Origin").p);
        CHECK(ask("OPTIONS", "/", "Origin", "http://one.example") == 204);
        CHECK(!field("Access-Control-Allow-Methods").p);
        api_finish();
    }
    origins = before;
}

static int sign_up_as(const char *name, const char *more)
{
    static struct http_header json[2];
    static char body[256];
    struct http_app app = api_app(&api);
    size_t body_max;

    (void)ask("POST", "/api/auth/signup", NULL, NULL);
    (void)snprintf(body, sizeof body,
                   "{\"username\":\"%s\",\"email\":\"%s\",\"password\":\"secret word\"%s}", name,
                   name, more);
    json[0] = headers[0];
    json[1] = (struct http_header){ STR("Content-Type"), STR("application/json") };
    x.req.headers = json;
    x.req.headers_n = 2;
    x.req.body = str_of(body);
    x.req.has_body = true;
    memset(&x.res, 0, sizeof x.res);
    (void)app.route(app.app, &x, &body_max);
    app.run(app.app, own, &x);
    return x.res.status;
}

/* A text is a list of its letters to the original's loop, and no list to store. */
TEST(a_text_of_letters_that_are_roles_is_no_list_of_roles)
{
    api_begin(AS_TUTORIAL, NULL);
    CHECK_ERR(db_script(db, STR("INSERT INTO roles SELECT id + 7, substr('abc', id, 1), "
                                "\"createdAt\", \"updatedAt\" FROM roles WHERE id < 3")), OK);
    CHECK(sign_up_as("zoe", ",\"roles\":\"abz\"") == 400);
    CHECK(sign_up_as("zoe", ",\"roles\":\"ab\"") == 400);
    CHECK(sign_up_as("zoe", ",\"roles\":[\"a\",\"b\"]") == 200);
    api_finish();
}

TEST(where_nobody_may_sign_up_nobody_does)
{
    rules.signup_open = false;
    for (enum manner m = AS_TUTORIAL; m <= AS_SERVER; m++) {
        api_begin(m, NULL);
        CHECK(sign_up_as("a", "") == 403);
        CHECK(sign_up_as("a", ",\"roles\":[\"admin\"]") == 403);
        rules.signup_open = true;
        CHECK(sign_up_as("a", "") == 200);      /* it was not there */
        rules.signup_open = false;
        api_finish();
    }
    rules.signup_open = true;
}

/* Where nobody chooses, the role that one gets may be named: "user", or else that of the id 1. */
TEST(the_default_role_may_be_named_and_no_other)
{
    rules.signup_roles = false;
    api_begin(AS_SERVER, NULL);
    CHECK(sign_up_as("a", ",\"roles\":[\"user\",\"user\"]") == 200);
    CHECK(sign_up_as("b", ",\"roles\":[\"user\",\"admin\"]") == 403);
    CHECK(sign_up_as("b", "") == 200);
    CHECK_ERR(db_script(db, STR("UPDATE roles SET name = 'reader' WHERE id = 1")), OK);
    CHECK(sign_up_as("c", ",\"roles\":[\"reader\"]") == 200);
    CHECK(sign_up_as("d", ",\"roles\":[\"moderator\"]") == 403);
    api_finish();
    rules.signup_roles = true;
}

/* An operator who removes it makes nobody a moderator by that. */
TEST(without_the_default_role_strangers_get_no_other)
{
    rules.signup_roles = false;
    api_begin(AS_SERVER, NULL);
    CHECK_ERR(db_script(db, STR("DELETE FROM user_roles; DELETE FROM roles WHERE name = 'user'")),
              OK);
    CHECK(sign_up_as("a", ",\"roles\":[\"moderator\"]") == 403);
    CHECK(sign_up_as("a", "") == 400);
    CHECK_STR(x.res.body, STR("{\"message\":\"Failed! Role does not exist = user\"}"));
    api_finish();
    rules.signup_roles = true;
}

TEST(failures_of_ours_say_nothing_and_when_to_come_back)
{
    for (enum manner m = AS_TUTORIAL; m < MANNERS; m++) {
        api_begin(m, own_routes);
        log_set_level(LOG_ERROR + 1);
        CHECK(ask("GET", "/broken", NULL, NULL) == 500);
        if (m == AS_SERVER)
            CHECK_STR(field("Content-Type"), STR("application/problem+json"));
        else
            CHECK_STR(x.res.body, STR("{\"message\":\"Internal error.\"}"));
        CHECK(ask("GET", "/busy", NULL, NULL) == 503);
        CHECK_STR(field("Retry-After"), STR("1"));
        CHECK_STR(field("X-Request-Id"), STR("0123456789abcdef"));
        api_finish();
    }
}

/* The estimate, and by chance up to half of it more. */
TEST(who_comes_too_often_is_told_how_long_to_wait)
{
    int64_t wait = 0;

    for (enum manner m = AS_TUTORIAL; m <= AS_SERVER; m++) {
        api_begin(m, own_routes);
        CHECK(ask("GET", "/crowded", NULL, NULL) == 429);
        CHECK(str_int(field("Retry-After"), &wait) && wait >= 20 && wait <= 30);
        CHECK(ask("GET", "/busy", NULL, NULL) == 503);
        CHECK_STR(field("Retry-After"), STR("1"));
        api_finish();
    }
}

TEST(a_request_hashes_in_the_name_of_its_client)
{
    static const unsigned char none[16], four[16] = {[10] = 0xff, 0xff, 192, 0, 2, 7},
                                         six[16] = {0x20, 1, 0xd, 0xb8, [15] = 7};

    api_begin(AS_SERVER, own_routes);
    peer = (struct http_peer){ .family = AF_INET, .address = { 192, 0, 2, 7 } };
    CHECK(ask("GET", "/asker", NULL, NULL) == 200);
    CHECK(memcmp(client.address, four, 16) == 0 && client.gone == &x.gone && !client.known);
    peer = (struct http_peer){ .family = AF_INET6 };
    memcpy(peer.address, six, 16);
    CHECK(ask("GET", "/asker", NULL, NULL) == 200);
    CHECK(memcmp(client.address, six, 16) == 0);
    peer.family = AF_UNIX;
    CHECK(ask("GET", "/asker", NULL, NULL) == 200);
    CHECK(memcmp(client.address, none, 16) == 0);
    peer = (struct http_peer){ 0 };
    api_finish();
}

TEST(production_answers_with_problems_and_names_the_methods)
{
    api_begin(AS_SERVER, own_routes);

    CHECK(ask("GET", "/nope", NULL, NULL) == 404);
    CHECK_STR(field("Content-Type"), STR("application/problem+json"));
    CHECK_STR(
        x.res.body,
        STR("{\"type\":\"about:blank\",\"title\":\"Not Found\",\"status\":404,"
            "\"detail\":\"There is nothing at this path.\",\"instance\":\"#0123456789abcdef\","
            "\"message\":\"There is nothing at this path.\"}"));
    CHECK(ask("PUT", "/either", NULL, NULL) == 405);
    CHECK_STR(field("Allow"), STR("GET, HEAD"));
    api_finish();
}

TEST(the_tutorials_page_names_the_path_safely)
{
    static const struct { const char *path, *said; } cases[] = {
        { "/nope", "Cannot GET /nope" },        { "/a\"'&<>", "Cannot GET /a%22&#39;&amp;%3C%3E" },
        { "/%zz", "Cannot GET /%25zz" },        { "/%ff", "Cannot GET /%ff" },
        { "/a\\b", "Cannot GET /a%5Cb" },       { "/[x]{y}", "Cannot GET /[x]%7By%7D" },
        { "/%", "Cannot GET /%25" },            { "/%4", "Cannot GET /%4" },
        { "/%%41", "Cannot GET /%25%2541" },    { "/%4\"", "Cannot GET /%254%22" },
        { "*", "Cannot GET *" },                { "/a;b=c,d$e", "Cannot GET /a;b=c,d$e" },
    };

    api_begin(AS_TUTORIAL, own_routes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        str body, said;

        CHECK(ask("GET", cases[i].path, NULL, NULL) == 404);
        (void)str_cut(str_from(x.res.body, (size_t)str_find(x.res.body, STR("<pre>")) + 5), '\n',
                      &body, &said);
        CHECK_STR(str_head(body, body.n - strlen("</pre>")), str_of(cases[i].said));
    }
    api_finish();
}

TEST(origins_are_named_as_each_manner_names_them)
{
    api_begin(AS_TUTORIAL, own_routes);
    CHECK(ask("GET", "/", "Origin", "http://two.example") == 200);
    CHECK_STR(field("Access-Control-Allow-Origin"), STR("http://two.example"));
    CHECK(ask("GET", "/", "Origin", "http://evil.example") == 200);
    CHECK_STR(field("Access-Control-Allow-Origin"), STR("http://one.example"));
    CHECK(!field("Access-Control-Allow-Headers").p);
    CHECK(ask("OPTIONS", "/nope", "Access-Control-Request-Headers", "x-foo") == 204);
    CHECK_STR(field("Access-Control-Allow-Headers"), STR("x-foo"));
    api_finish();

    api_begin(AS_SERVER, own_routes);
    CHECK(ask("GET", "/", "Origin", "http://evil.example") == 200);
    CHECK(!field("Access-Control-Allow-Origin").p);
    CHECK_STR(field("Vary"), STR("Origin"));
    CHECK(ask("OPTIONS", "/either", "Origin", "http://two.example") == 204);
    CHECK_STR(field("Access-Control-Allow-Origin"), STR("http://two.example"));
    CHECK(ask("OPTIONS", "/either", "Origin", "http://evil.example") == 204);
    CHECK(!field("Access-Control-Allow-Methods").p);
    CHECK(ask("OPTIONS", "/nope", "Origin", "http://two.example") == 404);
    api_finish();
}

TEST(the_welcome_is_a_setting_and_parameters_come_as_sent)
{
    api_begin(AS_SERVER, own_routes);
    CHECK(ask("GET", "/", NULL, NULL) == 200);
    CHECK_STR(x.res.body, STR("{\"message\":\"Hello \\\"you\\\".\"}"));
    CHECK(!field("ETag").p);
    CHECK(ask("GET", "/echo/a%20b/", NULL, NULL) == 200);
    CHECK_STR(x.res.body, STR("{\"message\":\"a%20b\"}"));
    api_finish();
}

TEST(no_failure_is_without_a_status_and_a_sentence)
{
    for (enum manner m = AS_TUTORIAL; m < MANNERS; m++)
        for (int e = 1; e < ERR_COUNT; e++) {
            const struct answer *a = answer_of(m, (err)e);

            CHECK(a->status >= 400 && a->status <= 599);
            CHECK(strcmp(status_words(a->status), "Error") != 0);
            CHECK(a->shape == AS_PAGE || a->message);
        }
}

TEST(more_origins_than_fit_are_refused)
{
    static char many[ORIGINS_MAX * 2 + 2];
    struct api_config config = { .routes = own_routes, .rules = &rules };

    for (size_t i = 0; i <= ORIGINS_MAX; i++)
        memcpy(many + 2 * i, "a,", 2);
    config.origins = (str){ many, sizeof many };
    CHECK_ERR(api_init(&api, &config), ERR_BAD_SETTING);
    api_end(&api);
    config.origins = (str){ many, sizeof many - 2 };
    CHECK_ERR(api_init(&api, &config), OK);
    CHECK(api.origins.n == ORIGINS_MAX);
    api_end(&api);
}
