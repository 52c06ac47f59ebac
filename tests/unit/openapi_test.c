// SPDX-License-Identifier: MIT
/* openapi_test.c - every row is described, and what cannot be described does not start. */
#include "../tests/test.h"
#include "api/answers.h"
#include "api/forms.h"
#include "api/openapi.h"
#include "base/log.h"

static struct buf document;
static struct arena mem;
static struct auth_rules rules;

static err write_of(const struct route *table, enum manner manner, enum session_mode sessions)
{
    struct api api = {.config = {.manner = manner, .rules = &rules, .routes = table}};

    rules.sessions = sessions;
    buf_end(&document);
    buf_init(&document, NULL, 1 << 20);
    return openapi_write(&api, &document);
}

static const struct json *read_of(const struct route *table, enum manner manner)
{
    static const struct json_rules strict = {32, 10000, true};
    struct json *tree = NULL;

    arena_end(&mem);
    arena_init(&mem, 4 << 20);
    CHECK_ERR(write_of(table, manner, SESSIONS_OWN), OK);
    CHECK_ERR(json_parse(&mem, buf_str(&document), &strict, &tree), OK);
    return tree;
}

static const struct json *at(const struct json *tree, const char *const *way)
{
    for (; *way && tree; way++)
        tree = json_member(tree, str_of(*way));
    return tree;
}
#define AT(tree, ...) at(tree, (const char *const[]){__VA_ARGS__, NULL})

static const struct step anyone[] = {{0}};

TEST(each_row_says_who_passes_what_it_does_and_what_it_answers)
{
    for (const struct route *r = routes; r->path; r++) {
        struct buf schema;

        buf_init(&schema, NULL, 4096);
        CHECK(r->first && r->about && *r->about && r->answer);
        CHECK(r->answer && schema_of_answer(&schema, r->answer));
        buf_end(&schema);
    }
}

TEST(the_document_is_strict_json_in_each_manner)
{
    for (enum manner m = AS_TUTORIAL; m <= AS_SERVER; m++)
        CHECK(AT(read_of(routes, m), "paths", "/api/auth/signin", "post", "responses", "200"));
    CHECK_ERR(write_of(routes, AS_TUTORIAL, SESSIONS_SEQUEL), OK);
}

TEST(a_step_without_a_line_or_an_answer_that_cannot_be_read_does_not_start)
{
    static const struct step strange[] = {{read_form}, {0}};
    static const struct route steps[] = {
        {GET, "/a", NULL, strange, welcome, NONE, OURS, "a", "message:text", NULL}, {0}};
    static const struct route says[] = {
        {GET, "/a", NULL, anyone, welcome, NONE, OURS, "a", "message:nothing", NULL}, {0}};

    log_set_level(LOG_ERROR + 1);
    CHECK_ERR(write_of(steps, AS_SERVER, SESSIONS_OWN), ERR_BUG);
    CHECK_ERR(write_of(says, AS_SERVER, SESSIONS_OWN), ERR_BUG);
    log_set_level(LOG_INFO);
}

TEST(an_answer_is_read_to_its_end_or_refused)
{
    static const struct {
        const char *answer, *schema;
    } cases[] = {
        {"object", "{\"type\":\"object\"}"},
        {"=text/html", "{\"type\":\"string\"}"},
        {"~=application/jwk-set+json", "{\"type\":\"object\"}"},
        {"a:text",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"]}"},
        {"a?:integer? b:texts",
         "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":[\"integer\",\"null\"]},"
         "\"b\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},\"required\":[\"b\"]}"},
        {"a:[b:time]", "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"array\",\"items\":{"
                       "\"type\":\"object\","
                       "\"properties\":{\"b\":{\"type\":\"string\",\"format\":\"date-time\"}},"
                       "\"required\":[\"b\"]}}},\"required\":[\"a\"]}"},
        {"", NULL},
        {"=", NULL},
        {"a", NULL},
        {"a:", NULL},
        {":text", NULL},
        {"a:text ", NULL},
        {"a:text  b:text", NULL},
        {"a:[b:text", NULL},
        {"a:[]", NULL},
        {"a:text]", NULL},
        {"a:textual", NULL},
        {"a:[b:[c:[d:[e:[f:text]]]]]", NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf schema;
        bool fine;

        buf_init(&schema, NULL, 4096);
        fine = schema_of_answer(&schema, cases[i].answer);
        CHECK(fine == (cases[i].schema != NULL));
        if (fine && cases[i].schema)
            CHECK_STR(buf_str(&schema), str_of(cases[i].schema));
        buf_end(&schema);
    }
}

TEST(rows_of_one_path_stand_together_and_its_parameters_are_named)
{
    static const struct route rows[] = {
        {GET, "/a/:one/b/:two", NULL, anyone, welcome, NONE, OURS, "read", "message:text", NULL},
        {GET, "/", NULL, anyone, welcome, NONE, OURS, "other", "message:text", NULL},
        {DELETE, "/a/:one/b/:two", NULL, anyone, welcome, NONE, OURS, "end", "message:text", NULL},
        {0}};
    const struct json *tree = read_of(rows, AS_SERVER), *list;

    CHECK(AT(tree, "paths", "/a/{one}/b/{two}", "get") &&
          AT(tree, "paths", "/a/{one}/b/{two}", "delete"));
    list = AT(tree, "paths", "/a/{one}/b/{two}", "get", "parameters");
    CHECK(list && list->n == 2);
    if (list && list->n == 2)
        CHECK_STR(json_member(list->first->next, STR("name"))->text, STR("two"));
}

TEST(failures_are_problems_on_routes_that_the_tutorial_does_not_have)
{
    static const struct {
        const char *path, *status, *media;
        bool server;
    } cases[] = {
        {"/api/test/user", "403", "application/json", true},
        {"/api/auth/me", "403", "application/problem+json", true},
        {"/api/auth/me", "403", "application/problem+json", false},
        {"/readyz", "503", "application/problem+json", false},
        {"/api/test/user", "503", "application/json", false},
        {"/api/auth/signin", "400", "text/html", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json *tree = read_of(routes, cases[i].server ? AS_SERVER : AS_TUTORIAL);
        const struct json *path = AT(tree, "paths", cases[i].path);
        const struct json *row = AT(path, "get") ? AT(path, "get") : AT(path, "post");

        CHECK(AT(row, "responses", cases[i].status, "content", cases[i].media));
    }
    arena_end(&mem);
    buf_end(&document);
}
