// SPDX-License-Identifier: MIT
/* router_test.c - which row a request runs. */
#include "../tests/test.h"
#include "api/router.h"
#include "base/log.h"

static err answer_nothing(struct req *, struct res *)
{
    return OK;
}

static const struct step none[] = { {0} };
static const struct route table[] = {
    { GET, "/", NULL, none, answer_nothing, NONE },
    { GET, "/api/test/all", NULL, none, answer_nothing, NONE },
    { POST, "/api/test/all", NULL, none, answer_nothing, NONE },
    { DELETE, "/api/users/:id/keys/:key", NULL, none, answer_nothing, NONE },
    {0}
};

static const struct route *matched(const char *method, const char *path)
{
    return route_match(table, method_of(str_of(method)), str_of(path));
}

static const struct step anyone[] = { {0} };

TEST(paths_match_as_express_matches_them)
{
    CHECK(matched("GET", "/") == &table[0]);
    CHECK(matched("GET", "") == &table[0]);
    CHECK(matched("GET", "/api/test/all") == &table[1]);
    CHECK(matched("GET", "/API/Test/aLL/") == &table[1]);
    CHECK(matched("POST", "/api/test/all") == &table[2]);
    CHECK(matched("HEAD", "/api/test/all") == &table[1]);
    CHECK(matched("DELETE", "/api/users/7/keys/a%2fb/") == &table[3]);
}

TEST(what_only_looks_like_a_path_matches_nothing)
{
    static const char *const paths[] = {
        "//",
        "/.",
        "*",
        "?",
        "/api",
        "/api/test",
        "/api/test/",
        "/api/test/all//",
        "//api/test/all",
        "/api//test/all",
        "/api/test/all2",
        "/api/test/./all",
        "/api/test/%61ll",
        "/api/test/all;x=1",
        "/api/test/all/x",
        "api/test/all",
        "/api/test/\xc3\xa4ll",
        "/api/test/:all",
    };

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK(!matched("GET", paths[i]));
    CHECK(!matched("DELETE", "/api/users//keys/1"));
    CHECK(!matched("get", "/"));
    CHECK(!matched("FOO", "/"));
    CHECK(!matched("HEAD", "/api/users/1/keys/2"));
}

TEST(a_path_knows_its_methods)
{
    CHECK(!route_match(table, PUT, STR("/api/test/all")));
    CHECK(route_methods(table, STR("/api/test/all")) == (1u << GET | 1u << HEAD | 1u << POST));
    CHECK(route_methods(table, STR("/api/test/ALL/")) == (1u << GET | 1u << HEAD | 1u << POST));
    CHECK(route_methods(table, STR("")) == (1u << GET | 1u << HEAD));
    CHECK(route_methods(table, STR("/nope")) == 0);
    CHECK(route_methods(table, STR("*")) == 0);
}

TEST(parameters_are_the_segments_as_sent)
{
    str path = STR("/api/Users/7%20/keys/x/");

    CHECK_STR(route_param(&table[3], path, STR("id")), STR("7%20"));
    CHECK_STR(route_param(&table[3], path, STR("key")), STR("x"));
    CHECK(!route_param(&table[3], path, STR("other")).p);
}

TEST(two_rows_that_could_match_one_request_do_not_start)
{
    static const struct { const char *a, *b; err want; } pairs[] = {
        { "/a", "/b", OK },        { "/a", "/a/b", OK },        { "/a/:x", "/b/:x", OK },
        { "/:x/a", "/:y/b", OK },  { "/a", "/A/", ERR_BUG },    { "/a/:x", "/a/:y", ERR_BUG },
        { "/a/:x", "/a/b", ERR_BUG }, { "/:x/b", "/a/:y", ERR_BUG },
    };

    log_set_level(LOG_ERROR + 1);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        const struct route rows[] = {{.method = GET, .path = pairs[i].a, .first = anyone},
                                     {.method = GET, .path = pairs[i].b, .first = anyone},
                                     {0}};
        const struct route other[] = {{.method = GET, .path = pairs[i].a, .first = anyone},
                                      {.method = PUT, .path = pairs[i].b, .first = anyone},
                                      {0}};

        CHECK_ERR(routes_check(rows), pairs[i].want);
        CHECK_ERR(routes_check(other), OK);
    }
    CHECK_ERR(routes_check(routes), OK);
    log_set_level(LOG_INFO);
}

TEST(a_row_that_says_nothing_of_who_may_pass_does_not_start)
{
    static const struct route rows[] = {
        { .method = GET, .path = "/a", .first = anyone }, { .method = GET, .path = "/b" }, {0}};

    log_set_level(LOG_ERROR + 1);
    CHECK_ERR(routes_check(rows), ERR_BUG);
    log_set_level(LOG_INFO);
}

TEST(rows_that_check_a_token_do_not_claim_to_cost_nothing)
{
    for (const struct route *r = routes; r->path; r++)
        for (const struct step *s = r->first; s->run; s++)
            CHECK(r->work != NONE || (s->run != verify_token && s->run != require_role));
}
