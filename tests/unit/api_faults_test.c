// SPDX-License-Identifier: MIT
/* api_faults_test.c - whole requests through the api, as each allocation of theirs and each step of
 * the database fails once: the client is told that we failed, or gets the whole answer, and asking
 * again helps. */
#include "../tests/fault.h"
#include "../tests/test.h"
#include "api/answers.h"
#include "auth/account.h"
#include "auth/session.h"
#include "auth/sessions.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/migrate.h"
#include "store/role.h"

static const struct db_config memory = { .url = { "sqlite::memory:", 15 }, .wait_ms = 1000 };

static struct auth_rules rules;
static struct keyring keys;
static struct keypair *pair;
static struct db *db;               /* keeps the database in being */
static struct api api;
static struct api_thread *own;
static struct exchange x;
static char hash[128];

/* Who asks, of this round. */
static struct { char name[32], other[32]; int64_t id; struct session s; struct arena mem; } who;

enum shown { NOTHING, TOKEN, BEARER, BY_COOKIE };

/* A request: in its path, body and field NAME, OTHER (a free one), REFRESH, SESSION and SECRET (a
 * refresh token, a session's id, a password) are this round's. */
struct ask {
    const char *method, *path, *type, *body;
    enum shown shown;
    const char *field, *value;
    int want;
    int again;                      /* what it may be answered where the first time it was done
                                       and only the answer failed; 0: the same */
};

#define JSON "application/json"

static const struct throttle_rules throttled = {
    .on = true,
    .address = { 1000, 1000, BUCKET_FAILURES },
    .signups = { 1000000, 1000, BUCKET_SIGNUPS },
    .account_free = 1000,
    .account_wait = 1000,
    .account_wait_most = 1000,
    .device_ttl = 86400,
};

static void world_begin(enum manner manner)
{
    struct api_config config = {
        .manner = manner,
        .welcome = STR("Hello."),
        .origins = STR("https://one.example"),
        .blank_names = manner == AS_TUTORIAL,
        .lax_bodies = manner == AS_TUTORIAL,
        .forms = true,
        .cookies = manner == AS_SERVER ? COOKIES_STRICT : COOKIES_OFF,
        .rules = &rules,
        .keys = &keys,
        .db = &memory,
    };
    struct hasher hasher = {0};
    str made;

    log_set_level(LOG_ERROR + 1);
    rules = (struct auth_rules){
        .access_ttl = 60,
        .password = {.cost = 4},
        .password_min = manner == AS_SERVER ? 8 : 0,
        .signup_open = true,
        .signup_roles = manner == AS_TUTORIAL,
        .sessions = manner == AS_SERVER ? SESSIONS_OWN : SESSIONS_NONE,
        .session_idle = 3600000,
        .session_absolute = 3600000,
        .session_grace = 10000,
        .token_life = 60000,
        .throttle = throttled,
    };
    arena_init(&who.mem, 1 << 20);
    keyring_init(&keys, STR("a secret of the test's own, long"));
    if (manner == AS_SERVER) {
        CHECK_ERR(keypair_new(ALG_EDDSA, &pair), OK);
        CHECK_ERR(keyring_add_pair(&keys, pair, INT64_MAX, true), OK);
    }
    CHECK_ERR(db_open_raw(&memory, &db), OK);
    CHECK_ERR(migrate(&memory, MIGRATE_KEEP, OWNER_DEV), OK);
    config.throttle = throttle_new(64);
    CHECK_ERR(api_init(&api, &config), OK);
    CHECK((own = api_thread_begin(&api)) != NULL);
    CHECK_ERR(password_hash(&hasher, &who.mem, STR("correct horse"), &rules.password, &made), OK);
    (void)snprintf(hash, sizeof hash, STR_FMT, STR_ARG(made));
}

static void world_end(void)
{
    api_thread_end(&api, own);
    throttle_free(api.config.throttle);
    api_end(&api);
    db_close(db);
    arena_end(&x.mem);
    arena_end(&who.mem);
    keyring_end(&keys);
    keypair_free(pair);
    pair = NULL;
}

/* Somebody else. Always true: it stands in a condition. */
static bool who_next(void)
{
    static int n;
    struct imported want;

    arena_end(&who.mem);
    n++;
    (void)snprintf(who.name, sizeof who.name, "zoe%d", n);
    (void)snprintf(who.other, sizeof who.other, "other%d", n);
    want = (struct imported){ .account = { str_of(who.name), str_of(who.name), str_of(hash), {0} } };
    own->auth.hasher = (struct hasher){0};
    own->auth.proofs = (str){0};
    own->auth.device = (struct device){0};
    CHECK_ERR(account_import(&own->auth, &who.mem, &want, &who.id), OK);
    CHECK_ERR(account_give_role(&own->auth, &who.mem, who.id, STR("moderator")), OK);
    CHECK_ERR(session_open(&own->auth, &who.mem, str_of(who.name), STR("correct horse"), &who.s),
              OK);
    return true;
}

static str filled(const char *text)
{
    struct buf b;

    buf_init(&b, &who.mem, 1 << 16);
    for (str s = str_of(text ? text : ""); s.n; s = str_from(s, 1)) {
        if (str_starts(s, STR("NAME")))
            buf_put(&b, str_of(who.name)), s = str_from(s, 3);
        else if (str_starts(s, STR("OTHER")))
            buf_put(&b, str_of(who.other)), s = str_from(s, 4);
        else if (str_starts(s, STR("REFRESH")))
            buf_put(&b, who.s.refresh_token), s = str_from(s, 6);
        else if (str_starts(s, STR("SESSION")))
            buf_int(&b, who.s.id), s = str_from(s, 6);
        else if (str_starts(s, STR("SECRET")))
            buf_put(&b, STR("correct horse")), s = str_from(s, 5);
        else
            buf_byte(&b, s.p[0]);
    }
    return b.n ? buf_str(&b) : STR("");
}

static struct http_header headers[6];

static size_t headers_of(const struct ask *a)
{
    size_t n = 0;

    headers[n++] = (struct http_header){ STR("Host"), STR("auth.example") };
    if (a->type)
        headers[n++] = (struct http_header){ STR("Content-Type"), str_of(a->type) };
    if (a->field)
        headers[n++] = (struct http_header){ str_of(a->field), filled(a->value) };
    if (a->shown == TOKEN)
        headers[n++] = (struct http_header){ STR("x-access-token"), who.s.access_token };
    if (a->shown == BEARER)
        headers[n++] = (struct http_header){
            STR("Authorization"),
            arena_printf(&who.mem, "Bearer " STR_FMT, STR_ARG(who.s.access_token)) };
    if (a->shown == BY_COOKIE) {
        headers[n++] = (struct http_header){ STR("Origin"), STR("https://auth.example") };
        headers[n++] = (struct http_header){
            STR("Cookie"),
            arena_printf(&who.mem,
                         "__Host-latchkey-access=" STR_FMT "; __Host-latchkey-refresh=" STR_FMT
                         "; __Host-latchkey-device=" STR_FMT,
                         STR_ARG(who.s.access_token), STR_ARG(who.s.refresh_token),
                         STR_ARG(who.s.device_proofs)) };
    }
    return n;
}

static void ready(const struct ask *a)
{
    str target = filled(a->path), query = {0}, path = target;

    arena_end(&x.mem);
    x = (struct exchange){ .id = "0123456789abcdef" };
    arena_init(&x.mem, 1 << 20);
    if (!str_cut(target, '?', &path, &query))
        path = target;
    x.req = (struct http_request){
        .method = str_of(a->method),
        .target = target,
        .path = path,
        .query = query,
        .headers = headers,
        .headers_n = headers_of(a),
        .body = filled(a->body),
        .has_body = a->body != NULL,
        .peer = { .family = AF_INET, .address = { 192, 0, 2, 7 }, .secure = true },
    };
}

static int run(void)
{
    struct http_app app = api_app(&api);
    size_t body_max;

    x.began = clock_mono_ms();
    (void)app.route(app.app, &x, &body_max);
    app.run(app.app, own, &x);
    return x.res.status;
}

/* Nothing is cut off: JSON ends, and a success that has a body has it. */
static bool is_whole(const struct ask *a, str usual)
{
    str body = x.res.body;

    if (x.res.status != a->want)
        return x.res.status == 503 || x.res.status == 500;
    if (a->want >= 400 && body.n == 0)
        return true;                /* no room even for the excuse */
    if (usual.n && usual.p[usual.n - 1] == '}')
        return body.n && body.p[0] == '{' && body.p[body.n - 1] == '}';
    return (body.n == 0) == (usual.n == 0);
}

static void complain(const struct ask *a, const struct round *r, const char *what)
{
    failures++;
    printf("  %s %s %s, call %d of kind %d: %s (%d)\n", a->method, a->path, a->body ? a->body : "",
           r->n, (int)r->kind, what, x.res.status);
}

static void each_fault(const struct ask *a, enum fault_kind kind)
{
    str usual;

    (void)who_next();
    ready(a);
    if (run() != a->want)
        complain(a, &(struct round){0}, "is answered otherwise");
    usual = arena_dup(&who.mem, x.res.body);
    usual = usual.n ? (str){ strndup(usual.p, usual.n), usual.n } : (str){0};
    for (struct round r = {kind}; who_next() && (ready(a), round_next(&r));) {
        int status = run();
        bool met = round_met(&r);

        if (!met && status != a->want)
            complain(a, &r, "is answered otherwise");
        if (!is_whole(a, usual))
            complain(a, &r, "is not whole");
        if (status == a->want)
            continue;
        ready(a);
        status = run();
        if (status != a->want && status != a->again)
            complain(a, &r, "fails the next time too");
    }
    free((char *)(uintptr_t)usual.p);
}

// clang-format off
static const struct ask tutorials[] = {
    { "GET",  "/", .want = 200 },
    { "GET",  "/nowhere", .want = 404 },
    { "GET",  "/readyz", .want = 200 },
    { "GET",  "/openapi.json", .want = 200 },
    { "OPTIONS", "/api/auth/signup", .field = "Access-Control-Request-Headers", .value = "x", .want = 204 },
    { "POST", "/api/auth/signup", JSON, "{\"username\":\"OTHER\",\"email\":\"OTHER\",\"password\":\"SECRET\",\"roles\":[\"user\",\"moderator\"]}", .want = 200, .again = 400 },
    { "POST", "/api/auth/signup", "application/x-www-form-urlencoded", "username=OTHER&email=OTHER&password=SECRET&roles[]=user&roles[]=admin", .want = 200, .again = 400 },
    { "POST", "/api/auth/signup", JSON, "{\"username\":\"OTHER\",\"email\":\"OTHER\",\"password\":\"SECRET\",\"roles\":[\"user\",[1,2]]}", .want = 400 },
    { "POST", "/api/auth/signup", JSON, "{\"username\":\"OTHER\",\"email\":\"OTHER\",\"password\":\"SECRET\",\"roles\":\"a\xf0\x9f\x98\x80\"}", .want = 400 },
    { "POST", "/api/auth/signup", JSON, "{\"username\":\"a\\ud800\",\"email\":\"OTHER\",\"password\":\"SECRET\",\"roles\":[\"nobody\"]}", .want = 400 },
    { "POST", "/api/auth/signup", JSON, "{\"username\":\"NAME\",\"email\":\"OTHER\",\"password\":\"SECRET\"}", .want = 400 },
    { "POST", "/api/auth/signin", JSON, "{\"username\":\"NAME\",\"password\":\"SECRET\"}", .want = 200 },
    { "POST", "/api/auth/signin", "application/json; charset=utf-7", "{\"username\":\"NAME\",\"password\":\"SECRET\"}", .want = 200 },
    { "POST", "/api/auth/signin", JSON, "{\"username\":\"NAME\",\"password\":\"wrong\"}", .want = 401 },
    { "POST", "/api/auth/signin", JSON, "{\"username\":\"OTHER\",\"password\":\"wrong\"}", .want = 404 },
    { "POST", "/api/auth/signin", JSON, "{\"username\":", .want = 400 },
    { "GET",  "/api/test/all", .want = 200 },
    { "GET",  "/api/test/user", .shown = TOKEN, .want = 200 },
    { "GET",  "/api/test/mod", .shown = BEARER, .want = 200 },
    { "GET",  "/api/test/admin", .shown = TOKEN, .want = 403 },
    { "GET",  "/api/test/user", .want = 403 },
};

static const struct ask servers[] = {
    { "GET",  "/", .want = 200 },
    { "GET",  "/nowhere", .want = 404 },
    { "PUT",  "/api/auth/me", .want = 405 },
    { "GET",  "/livez", .want = 200 },
    { "GET",  "/.well-known/jwks.json", .want = 200 },
    { "GET",  "/revocations", .want = 200 },
    { "GET",  "/revocations?since=1&x", .want = 200 },
    { "GET",  "/revocations?since=x", .want = 400 },
    { "OPTIONS", "/api/auth/signin", .field = "Origin", .value = "https://one.example", .want = 204 },
    { "POST", "/api/auth/signup", JSON, "{\"username\":\"OTHER\",\"email\":\"OTHER\",\"password\":\"the SECRET of OTHER\",\"roles\":[\"user\"]}", .want = 200, .again = 400 },
    { "POST", "/api/auth/signup", JSON, "{\"username\":\"OTHER\",\"email\":\"OTHER\",\"password\":\"the SECRET of OTHER\",\"roles\":[\"admin\"]}", .want = 403 },
    { "POST", "/api/auth/signin", JSON, "{\"username\":\"NAME\",\"password\":\"SECRET\"}", .field = "User-Agent", .value = "me\x01", .want = 200 },
    { "POST", "/api/auth/signin", JSON, "{\"username\":\"NAME\",\"password\":\"SECRET\",\"cookie\":true,\"device\":\"tablet\"}", .shown = BY_COOKIE, .want = 200 },
    { "POST", "/api/auth/refreshtoken", JSON, "{\"refreshToken\":\"REFRESH\"}", .want = 200 },
    { "POST", "/api/auth/refreshtoken", JSON, "{}", .shown = BY_COOKIE, .want = 200 },
    { "POST", "/api/auth/refreshtoken", JSON, "{\"refreshToken\":\"x\"}", .want = 403 },
    { "POST", "/api/auth/signout", JSON, "{}", .shown = BY_COOKIE, .want = 200, .again = 401 },
    { "POST", "/api/auth/signout", JSON, "{\"sessions\":\"others\"}", .shown = TOKEN, .want = 200 },
    { "POST", "/api/auth/signout", JSON, "{\"sessions\":\"all\"}", .shown = BEARER, .want = 200, .again = 401 },
    { "POST", "/api/auth/signout", JSON, "{\"sessions\":\"none\"}", .shown = TOKEN, .want = 400 },
    { "GET",  "/api/auth/me", .shown = BY_COOKIE, .want = 200 },
    { "GET",  "/api/auth/sessions", .shown = TOKEN, .want = 200 },
    { "DELETE", "/api/auth/sessions/SESSION", .shown = BY_COOKIE, .want = 200, .again = 401 },
    { "DELETE", "/api/auth/sessions/x", .shown = TOKEN, .want = 404 },
    { "PUT",  "/api/auth/password", JSON, "{\"currentPassword\":\"SECRET\",\"password\":\"another SECRET\"}", .shown = BY_COOKIE, .want = 200, .again = 403 },
    { "PUT",  "/api/auth/password", JSON, "{\"currentPassword\":\"SECRET\",\"password\":\"x\"}", .shown = TOKEN, .want = 400 },
    { "GET",  "/api/test/mod", .shown = BY_COOKIE, .want = 200 },
    { "GET",  "/api/test/admin", .shown = TOKEN, .want = 403 },
    { "GET",  "/api/test/user", .field = "x-access-token", .value = "x.y.z", .want = 401 },
};
// clang-format on

static void all_faults(enum fault_kind kind)
{
    world_begin(AS_TUTORIAL);
    for (size_t i = 0; i < sizeof tutorials / sizeof *tutorials; i++)
        each_fault(&tutorials[i], kind);
    world_end();
    world_begin(AS_SERVER);
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        each_fault(&servers[i], kind);
    world_end();
}

TEST(a_full_arena_cuts_no_answer)
{
    all_faults(FAULT_ARENA);
}

TEST(memory_that_is_not_there_cuts_no_answer)
{
    all_faults(FAULT_ALLOC);
}

TEST(a_database_that_fails_cuts_no_answer)
{
    all_faults(FAULT_SQL);
}

TEST(an_api_and_its_threads_begin_whole_or_not)
{
    static const enum fault_kind kinds[] = { FAULT_ARENA, FAULT_ALLOC, FAULT_SQL };

    world_begin(AS_SERVER);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (struct round r = { kinds[k] }; round_next(&r);) {
            struct api other;
            err e = api_init(&other, &api.config);

            CHECK(e == OK || round_met(&r));
            (void)round_met(&r);
            CHECK(e != OK || other.openapi.n > 0);
            api_end(&other);
        }
        for (struct round r = { kinds[k] }; round_next(&r);) {
            struct api_thread *thread = api_thread_begin(&api);

            CHECK(thread || round_met(&r));
            (void)round_met(&r);
            if (thread)
                api_thread_end(&api, thread);
        }
        for (struct round r = { kinds[k] }; round_next(&r);) {
            struct api_thread *thread = api_waiter_begin(&api);

            CHECK(thread || round_met(&r));
            (void)round_met(&r);
            if (thread)
                api_thread_end(&api, thread);
        }
    }
    world_end();
}

/* Asking whether names are free is asking about accounts: an address may do it so often. */
TEST(who_signs_up_too_often_is_told_to_wait)
{
    static const struct ask a = { "POST", "/api/auth/signup", JSON,
        "{\"username\":\"OTHER\",\"email\":\"OTHER\",\"password\":\"the SECRET of OTHER\"}", .want = 200 };

    world_begin(AS_SERVER);
    rules.throttle.signups = (struct bucket_rule){ 2, 1, BUCKET_SIGNUPS };
    for (int n = 0; n < 4 && who_next(); n++) {
        ready(&a);
        CHECK(run() == (n < 2 ? 200 : 429));
    }
    world_end();
}
