// SPDX-License-Identifier: MIT
/* forms_test.c - which kinds of values the fields of sign-up and sign-in take. */
#include "../tests/test.h"
#include "api/forms.h"

static struct exchange x;
static struct api api;
static struct req req;

static err form_of(const struct form *form, const char *body, bool blank_names)
{
    static const struct json_rules rules = { 8, 100, false };
    struct json *tree;
    err e;

    arena_end(&x.mem);
    arena_init(&x.mem, 256 << 10);
    api.config.blank_names = blank_names;
    api.config.manner = AS_SERVER;
    req = (struct req){ .x = &x, .api = &api, .mem = &x.mem };
    if ((e = json_parse(&x.mem, str_of(body), &rules, &tree)) != OK)
        return e;
    req.tree = tree;
    return form_read(&req, form, &req.body);
}

static const struct signup *signup_of(const char *members)
{
    static char body[4096];

    (void)snprintf(body, sizeof body, "{\"username\":\"u\",\"email\":\"e\",\"password\":\"p\",%s}",
                   members);
    return form_of(&signup_form, body, true) == OK ? req.body : NULL;
}

TEST(a_sign_up_is_taken_apart)
{
    const struct signup *form = signup_of("\"roles\":[\"user\",\"admin\"],\"id\":7");

    CHECK(form != NULL);
    CHECK_STR(form->username, STR("u"));
    CHECK_STR(form->email, STR("e"));
    CHECK_STR(form->password, STR("p"));
    CHECK(form->roles.names.n == 2 && !form->roles.odd.p && !form->roles.is_none);
    CHECK_STR(form->roles.names.at[1], STR("admin"));
}

TEST(in_the_tutorials_manner_a_field_is_refused_when_it_is_needed)
{
    static const char body[] = "{\"username\":\"u\",\"email\":7,\"roles\":[\"user\"]}";
    const struct signup *form;

    CHECK_ERR(form_of(&signup_form, body, true), ERR_BAD_REQUEST);
    api.config.manner = AS_TUTORIAL;
    CHECK_ERR(form_read(&req, &signup_form, &req.body), OK);
    form = req.body;
    CHECK_STR(form->username, STR("u"));
    CHECK(form->roles.names.n == 1);
    CHECK_ERR(field_check(&req, "username"), OK);
    CHECK_ERR(field_check(&req, "roles"), OK);
    CHECK_ERR(field_check(&req, "password"), ERR_BAD_REQUEST);
    CHECK_STR(req.detail, STR("password"));
    CHECK_ERR(field_check(&req, "email"), ERR_BAD_REQUEST);
    CHECK_STR(req.detail, STR("email"));
    CHECK_ERR(form_of(&signup_form, "{\"username\":7}", true), ERR_BAD_REQUEST);
    CHECK_ERR(form_of(&password_form, "{\"currentPassword\":\"p\"}", true), ERR_BAD_REQUEST);
}

TEST(an_object_with_a_length_is_walked_as_a_list)
{
    static const struct { const char *roles, *odd; size_t names; } cases[] = {
        {"\"roles\":{\"length\":1}", "undefined", 0},
        {"\"roles\":{\"length\":\"1\",\"0\":7}", "7", 0},
        {"\"roles\":{\"length\":2,\"0\":\"user\"}", "undefined", 1},
        {"\"roles\":{\"length\":1,\"0\":\"user\"}", NULL, 1},
        {"\"roles\":{\"length\":1,\"0\":[]}", "", 0},
        {"\"roles\":{\"length\":1,\"0\":\"\\ud800\"}", "\xed\xa0\x80", 0},
        {"\"roles\":{\"length\":1000000,\"0\":{}}", "[object Object]", 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct signup *form = signup_of(cases[i].roles);

        CHECK(form && form->roles.is_none && form->roles.names.n == cases[i].names);
        CHECK(!cases[i].odd == !form->roles.odd.p);
        if (cases[i].odd)
            CHECK_STR(form->roles.odd, str_of(cases[i].odd));
    }
    CHECK(!signup_of("\"roles\":{\"length\":1.5}"));
    CHECK(!signup_of("\"roles\":{\"length\":-1,\"0\":\"user\"}"));
    CHECK(!signup_of("\"roles\":{\"length\":\"x\"}"));
    CHECK(!signup_of("\"roles\":{\"length\":[1]}"));
}

TEST(a_refused_field_is_named)
{
    static const struct { const char *body, *field;
    } cases[] = {
        {"{}", "username"},
        {"[]", "username"},
        {"{\"username\":1}", "username"},
        {"{\"username\":{\"a\":1}}", "username"},
        {"{\"username\":[\"a\"]}", "username"},
        {"{\"username\":\"u\"}", "email"},
        {"{\"username\":\"u\",\"email\":true}", "email"},
        {"{\"username\":\"u\",\"email\":\"e\"}", "password"},
        {"{\"username\":\"u\",\"email\":\"e\",\"password\":null}", "password"},
        {"{\"username\":\"u\",\"email\":\"e\",\"password\":[\"p\"]}", "password"},
        {"{\"username\":\"u\",\"email\":\"e\",\"password\":\"p\",\"roles\":[]}", "roles"},
        {"{\"username\":\"u\",\"email\":\"e\",\"password\":\"p\",\"roles\":{\"length\":0}}",
         "roles"},
        {"{\"username\":\"u\",\"email\":\"e\",\"password\":\"p\",\"roles\":true}", "roles"},
        {"{\"username\":\"u\",\"email\":\"e\",\"password\":\"p\",\"roles\":5}", "roles"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_ERR(form_of(&signup_form, cases[i].body, true), ERR_BAD_REQUEST);
        CHECK_STR(req.detail, str_of(cases[i].field));
    }
    CHECK_ERR(form_read(&(struct req){.api = &api, .mem = &x.mem}, &signin_form, &req.body),
              ERR_BAD_REQUEST);
}

TEST(blank_names_pass_only_where_they_may)
{
    static const char *const blank[] = {
        "{\"username\":null,\"email\":\"e\",\"password\":\"p\"}",
        "{\"username\":\"u\",\"email\":\"\",\"password\":\"p\"}",
    };

    for (size_t i = 0; i < 2; i++) {
        CHECK_ERR(form_of(&signup_form, blank[i], true), OK);
        CHECK_ERR(form_of(&signup_form, blank[i], false), ERR_BAD_REQUEST);
    }
    CHECK_ERR(form_of(&signup_form, blank[0], true), OK);
    CHECK(!((const struct signup *)req.body)->username.p);
}

TEST(names_have_at_most_255_code_points)
{
    static char body[2048];

    for (int n = 255; n <= 256; n++) {
        size_t at = (size_t)snprintf(body, sizeof body, "{\"username\":\"");

        for (int i = 0; i < n; i++, at += 4)
            memcpy(body + at, "\xf0\x9f\x98\x80", 4);
        (void)snprintf(body + at, sizeof body - at, "\",\"email\":\"e\",\"password\":\"p\"}");
        CHECK_ERR(form_of(&signup_form, body, true), n == 255 ? OK : ERR_BAD_REQUEST);
    }
}

TEST(other_scalars_name_nobody_at_sign_in)
{
    static const char *const names[] = { "0", "true", "false", "[\"admin\"]", "[null]" };
    char body[80];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(body, sizeof body, "{\"username\":%s,\"password\":\"p\"}", names[i]);
        CHECK_ERR(form_of(&signin_form, body, true), ERR_USER_UNKNOWN);
    }
    CHECK_ERR(form_of(&signin_form, "{\"username\":{\"$ne\":\"x\"},\"password\":\"p\"}", true),
              ERR_BAD_REQUEST);
}

TEST(lone_surrogates_are_replaced_in_names_and_kept_in_passwords)
{
    CHECK_ERR(form_of(&signin_form, "{\"username\":\"b\\ud800b\",\"password\":\"x\\udc00\"}", true),
              OK);
    CHECK_STR(((const struct signin *)req.body)->username, STR("b\xef\xbf\xbd" "b"));
    CHECK_STR(((const struct signin *)req.body)->password, STR("x\xed\xb0\x80"));
}

TEST(what_javascript_holds_for_false_asks_for_no_role)
{
    static const char *const nothing[] = {"\"x\":1",     "\"roles\":null", "\"roles\":false",
                                          "\"roles\":0", "\"roles\":-0.0", "\"roles\":\"\""};

    for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++) {
        const struct signup *form = signup_of(nothing[i]);

        CHECK(form && form->roles.names.n == 0 && !form->roles.odd.p && !form->roles.is_none);
    }
}

TEST(an_item_that_is_no_text_is_a_role_nobody_has)
{
    static const struct { const char *item, *want;
    } cases[] = {
        {"null", "null"},
        {"true", "true"},
        {"1", "1"},
        {"1.5", "1.5"},
        {"1e21", "1e+21"},
        {"-1.50", "-1.5"},
        {"0.000001", "0.000001"},
        {"1e-7", "1e-7"},
        {"123456789012345680000", "123456789012345680000"},
        {"1e400", "Infinity"},
        {"-1e400", "-Infinity"},
        {"-0", "0"},
        {"0.1", "0.1"},
        {"1.25e22", "1.25e+22"},
        {"100", "100"},
        {"12.5e1", "125"},
        {"{\"a\":1}", "[object Object]"},
        {"[\"admin\"]", "admin"},
        {"[]", ""},
        {"[\"a\",\"b\",null]", "a,b,"},
        {"[[1,[2]],{},[]]", "1,2,[object Object],"},
        {"\"x\\ud800\"", "x\xed\xa0\x80"},
    };
    char members[128];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct signup *form;

        (void)snprintf(members, sizeof members, "\"roles\":[\"user\",%s]", cases[i].item);
        form = signup_of(members);
        CHECK(form && form->roles.names.n == 1 && form->roles.odd.p);
        if (form)
            CHECK_STR(form->roles.odd, str_of(cases[i].want));
    }
}

TEST(a_wish_is_true_and_nothing_else)
{
    static const struct { const char *value; bool want; } cases[] = {
        {"true", true}, {"\"true\"", true}, {"false", false}, {"1", false},    {"\"yes\"", false},
        {"null", false}, {"[true]", false},  {"{}", false},    {"\"\"", false}, {"\"True\"", false},
    };
    char body[128];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(body, sizeof body, "{\"username\":\"u\",\"password\":\"p\",\"cookie\":%s}",
                       cases[i].value);
        CHECK_ERR(form_of(&signin_form, body, false), OK);
        CHECK(((const struct signin *)req.body)->cookie == cases[i].want);
    }
}

TEST(a_refresh_token_may_be_left_out_where_a_cookie_can_hold_it)
{
    CHECK_ERR(form_of(&refresh_form, "{}", false), ERR_REFRESH_MISSING);
    api.config.cookies = COOKIES_LAX;
    CHECK_ERR(form_of(&refresh_form, "{\"refreshToken\":null}", false), OK);
    CHECK(((const struct refresh_body *)req.body)->token.p == NULL);
    CHECK_ERR(form_of(&refresh_form, "{\"refreshToken\":7}", false), ERR_REFRESH_UNKNOWN);
    api.config.cookies = COOKIES_OFF;
}

TEST(a_field_of_no_kind_is_a_fault_of_ours)
{
    static const struct field none[] = {{"username", FIELD_KINDS, 0, 0}, {0}};
    static const struct form form = {8, none};

    CHECK_ERR(form_of(&form, "{\"username\":\"u\"}", true), ERR_BUG);
}

TEST(what_is_longer_than_a_label_or_holds_a_nul_is_no_label)
{
    static const struct { const char *value; size_t n; } cases[] = {
        {"\"a\"", 1},      {"7", 0},          {"null", 0},    {"\"a\\ud800\"", 0},
        {"\"a\\u0000\"", 0}, {"[\"a\"]", 0}, {"\"\"", 0},
    };
    char body[600];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)snprintf(body, sizeof body, "{\"username\":\"u\",\"password\":\"p\",\"device\":%s}",
                       cases[i].value);
        CHECK_ERR(form_of(&signin_form, body, false), OK);
        CHECK(((const struct signin *)req.body)->device.n == cases[i].n);
    }
    for (int n = 255; n <= 256; n++) {
        (void)snprintf(body, sizeof body,
                       "{\"username\":\"u\",\"password\":\"p\",\"device\":\"%0*d\"}", n, 0);
        CHECK_ERR(form_of(&signin_form, body, false), OK);
        CHECK(((const struct signin *)req.body)->device.n == (n == 255 ? 255 : 0));
    }
}

TEST(no_more_roles_than_there_is_room_for_are_read)
{
    char body[1024] = "{\"username\":\"u\",\"email\":\"e\",\"password\":\"p\",\"roles\":[";
    size_t at = strlen(body);

    for (int i = 0; i < ROLE_ITEMS_MAX; i++)
        at += (size_t)snprintf(body + at, sizeof body - at, "%s\"r\"", i ? "," : "");
    (void)snprintf(body + at, sizeof body - at, "]}");
    CHECK_ERR(form_of(&signup_form, body, true), OK);
    CHECK(((const struct signup *)req.body)->roles.names.n == ROLE_ITEMS_MAX);
    (void)snprintf(body + at, sizeof body - at, ",\"r\"]}");
    CHECK_ERR(form_of(&signup_form, body, true), ERR_BAD_REQUEST);
    (void)snprintf(body + at, sizeof body - at, ",7]}");
    CHECK_ERR(form_of(&signup_form, body, true), OK);
    CHECK_STR(((const struct signup *)req.body)->roles.odd, STR("7"));
}

TEST(a_text_of_roles_ends_at_what_no_role_is_called)
{
    static char many[ROLE_ITEMS_MAX + 40];
    const struct signup *form = signup_of("\"roles\":\"a\\udc00z\"");

    CHECK(form && form->roles.is_none && form->roles.names.n == 1);
    CHECK_STR(form->roles.odd, STR("\xed\xb0\x80"));
    form = signup_of("\"roles\":\"\xed\x9f\xbf\"");     /* the last before the surrogates */
    CHECK(form && form->roles.names.n == 1 && !form->roles.odd.p);
    (void)snprintf(many, sizeof many, "\"roles\":\"%0*d\"", ROLE_ITEMS_MAX + 1, 0);
    form = signup_of(many);
    CHECK(form && form->roles.names.n == ROLE_ITEMS_MAX);
}

TEST(a_text_is_walked_by_utf_16_units)
{
    const struct signup *form = signup_of("\"roles\":\"a\xc3\xa9\xe5\x8c\x97\xf0\x9f\x98\x80z\"");

    CHECK(form && form->roles.is_none && form->roles.names.n == 3);
    CHECK_STR(form->roles.names.at[2], STR("\xe5\x8c\x97"));
    CHECK_STR(form->roles.odd, STR("\xed\xa0\xbd"));
    arena_end(&x.mem);
}
