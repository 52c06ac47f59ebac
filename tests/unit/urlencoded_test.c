// SPDX-License-Identifier: MIT
/* urlencoded_test.c - forms, against what qs 6.7 makes of them. */
#include "../tests/fault.h"
#include "../tests/test.h"
#include "api/urlencoded.h"

static struct arena mem;

/* The tree as JSON; `NULL` for a failure. Without recursion: up and down by its own pointers. */
static const char *tree_of(const char *form)
{
    static char text[4096];
    struct json *top, *v;
    struct buf b;

    arena_end(&mem);
    arena_init(&mem, 1 << 20);
    if (urlencoded_read(&mem, str_of(form), &top) != OK)
        return "NULL";
    buf_init(&b, &mem, sizeof text);
    for (v = top;;) {
        if (v->up && v->up->kind == JSON_OBJECT) {
            json_put_text(&b, v->key);
            buf_byte(&b, ':');
        }
        if (v->kind == JSON_TEXT)
            json_put_text(&b, v->text);
        else if (v->kind == JSON_TRUE)
            buf_put(&b, STR("true"));
        else {
            buf_byte(&b, v->kind == JSON_LIST ? '[' : '{');
            if (v->first) {
                v = v->first;
                continue;
            }
            buf_byte(&b, v->kind == JSON_LIST ? ']' : '}');
        }
        for (; v != top && !v->next; v = v->up)
            buf_byte(&b, v->up->kind == JSON_LIST ? ']' : '}');
        if (v == top)
            break;
        buf_byte(&b, ',');
        v = v->next;
    }
    memcpy(text, b.p, b.n < sizeof text - 1 ? b.n : sizeof text - 1);
    text[b.n < sizeof text - 1 ? b.n : sizeof text - 1] = '\0';
    return text;
}

TEST(forms_read_as_qs_reads_them)
{
    static const struct { const char *form, *want; } cases[] = {
        { "", "{}" },
        { "&&&", "{}" },
        { "=1", "{}" },
        { "a", "{\"a\":\"\"}" },
        { "a=", "{\"a\":\"\"}" },
        { "a=1&b=2", "{\"a\":\"1\",\"b\":\"2\"}" },
        { "a=b=c", "{\"a\":\"b=c\"}" },
        { "a=1;b=2", "{\"a\":\"1;b=2\"}" },
        { "a=x+y%20z", "{\"a\":\"x y z\"}" },
        { "a=caf%C3%A9", "{\"a\":\"caf\xc3\xa9\"}" },
        { "a=%ffx+y", "{\"a\":\"%ffx y\"}" },
        { "a=%zz&b=%4&c=%", "{\"a\":\"%zz\",\"b\":\"%4\",\"c\":\"%\"}" },
        { "a=a%ED%A0%80b", "{\"a\":\"a%ED%A0%80b\"}" },
        { "a=1&a=2&a=3", "{\"a\":[\"1\",\"2\",\"3\"]}" },
        { "a[]=1", "{\"a\":[\"1\"]}" },
        { "a[]=1&a[]=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a%5B%5D=1", "{\"a\":[\"1\"]}" },
        { "a[1]=y&a[0]=x", "{\"a\":[\"x\",\"y\"]}" },
        { "a[100]=1", "{\"a\":[\"1\"]}" },
        { "a[101]=1", "{\"a\":{\"101\":\"1\"}}" },
        { "a[01]=1", "{\"a\":{\"01\":\"1\"}}" },
        { "a[b]=1", "{\"a\":{\"b\":\"1\"}}" },
        { "a[b][c]=1&a[b][d]=2", "{\"a\":{\"b\":{\"c\":\"1\",\"d\":\"2\"}}}" },
        { "a[0]=x&a[b]=y", "{\"a\":{\"0\":\"x\",\"b\":\"y\"}}" },
        { "a=1&a[]=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a[b]=1&a=c", "{\"a\":{\"b\":\"1\",\"c\":true}}" },
        { "a[b]=1&a=__proto__&a[c]=2", "{\"a\":{\"b\":\"1\",\"c\":\"2\"}}" },
        { "a[b]=1&a=", "{\"a\":{\"b\":\"1\"}}" },
        { "a[b[c]=1", "{\"a[b\":{\"c\":\"1\"}}" },
        { "a]b=1", "{\"a]b\":\"1\"}" },
        { "a[[]]=1", "{\"a[\":[\"1\"]}" },
        { "[x]=1", "{\"x\":\"1\"}" },
        { "a[b]c[d]=1", "{\"a\":{\"b\":{\"d\":\"1\"}}}" },
        { "a[1][2][3][4][5][6][7]=x", "{\"a\":[[[[[[[\"x\"]]]]]]]}" },
        { "a=1&[a]=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a[0]=x&a[5]=y&a[2]=z", "{\"a\":[\"x\",\"z\",\"y\"]}" },
        { "a[0]=1&[a]=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a=1&[a]=", "{\"a\":\"1\"}" },
        { "[a=1", "{\"[a\":\"1\"}" },
        { "a[b=1", "{\"a[b\":\"1\"}" },
        { "a[][b]=1&a[0]=x", "{\"a\":[{\"b\":\"1\"},\"x\"]}" },
        { "a[]=x&a[0][b]=1", "{\"a\":[\"x\",{\"b\":\"1\"}]}" },
        { "a[1]=x&a[3]=y&b=z&b[0]=w", "{\"a\":[\"x\",\"y\"],\"b\":[\"z\",\"w\"]}" },
        { "a=1&a[0]=2", "{\"a\":[\"1\",\"2\"]}" },
        { "a=1&a[0]=2&a[]=3", "{\"a\":[\"1\",\"2\",\"3\"]}" },
        { "a=1&a[0]=2&a=3", "{\"a\":[\"1\",\"3\",\"2\"]}" },
        { "a[0]=1&a[0]=2", "{\"a\":[[\"1\",\"2\"]]}" },
        { "a[]=1&a[0]=2&a[1]=3", "{\"a\":[\"1\",\"2\",\"3\"]}" },
        { "a[][]=1", "{\"a\":[\"1\"]}" },
        { "a[][b]=1&a[][c]=2", "{\"a\":[{\"b\":\"1\",\"c\":\"2\"}]}" },
        { "a[20]=1&a=", "{\"a\":[\"1\"]}" },
        { "a=&a[1]=x&a[5]=y", "{\"a\":[\"\",\"x\",\"y\"]}" },
        { "a[b]=1&a[c]=2&a=b", "{\"a\":{\"b\":true,\"c\":\"2\"}}" },
        { "a[b]=1&a=c&a[c]=2", "{\"a\":{\"b\":\"1\",\"c\":[true,\"2\"]}}" },
        { "a=1&a[b]=2&a[b][c]=3", "{\"a\":{\"0\":\"1\",\"1\":{\"b\":\"2\"},\"b\":{\"c\":\"3\"}}}" },
        { "__proto__[x]=1&a[__proto__]=2&b=3", "{\"b\":\"3\"}" },
        { "constructor[prototype][x]=1", "{\"constructor\":{\"prototype\":{\"x\":\"1\"}}}" },
        { "hasOwnProperty=1", "{\"hasOwnProperty\":\"1\"}" },
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STR(str_of(tree_of(cases[i].form)), str_of(cases[i].want));
}

TEST(a_thousand_parameters_pass_and_one_more_does_not)
{
    static char form[4096];
    struct json *top;

    for (size_t i = 0; i < FORM_PARAMETERS_MAX; i++)
        memcpy(form + 4 * i, "a[]&", 4);
    arena_end(&mem);
    arena_init(&mem, 1 << 20);

    CHECK_ERR(urlencoded_read(&mem, (str){ form, 4 * FORM_PARAMETERS_MAX - 1 }, &top), OK);
    CHECK(json_member(top, STR("a"))->n == FORM_PARAMETERS_MAX);
    CHECK_ERR(urlencoded_read(&mem, (str){form, 4 * FORM_PARAMETERS_MAX}, &top),
              ERR_BODY_PARAMETERS);
}

TEST(what_is_too_deep_is_put_where_the_last_level_is)
{
    char form[400] = "a", *p = form + 1;

    for (int i = 0; i < FORM_NESTING + 8; i++)
        p += snprintf(p, (size_t)(form + sizeof form - p), "[%d]", i + 200);
    (void)snprintf(p, (size_t)(form + sizeof form - p), "=x");
    CHECK(strstr(tree_of(form), "{\"231\":\"x\"}}") != NULL);
    CHECK(strstr(tree_of(form), "232") == NULL);
}

TEST(a_form_that_does_not_fit_says_so)
{
    struct json *top;

    arena_end(&mem);
    arena_init(&mem, 512);
    CHECK_ERR(urlencoded_read(&mem, STR("a[b][c][d][e][f]=1&a[b][c][d][e][g]=2"), &top),
              ERR_NO_MEMORY);
    arena_end(&mem);
}

/* What stands there, digit by digit, in either case; and what is no escape stays as it is. */
TEST(escapes_have_two_digits_of_sixteen)
{
    CHECK_STR(str_of(tree_of("a=%4a%4A%7e%2f")), STR("{\"a\":\"JJ~/\"}"));
    CHECK_STR(str_of(tree_of("a=%4g")), STR("{\"a\":\"%4g\"}"));
    CHECK_STR(str_of(tree_of("a=%g4")), STR("{\"a\":\"%g4\"}"));
    CHECK_STR(str_of(tree_of("a=%4/")), STR("{\"a\":\"%4/\"}"));
    CHECK_STR(str_of(tree_of("a=%:0")), STR("{\"a\":\"%:0\"}"));
    CHECK_STR(str_of(tree_of("a=%zz%41+")), STR("{\"a\":\"%zz%41 \"}"));
    CHECK_STR(str_of(tree_of("a=%4")), STR("{\"a\":\"%4\"}"));
    CHECK_STR(str_of(tree_of("a=%")), STR("{\"a\":\"%\"}"));
}

TEST(a_text_is_a_name_in_an_object)
{
    CHECK_STR(str_of(tree_of("a[b]=1&a=c")), STR("{\"a\":{\"b\":\"1\",\"c\":true}}"));
    CHECK_STR(str_of(tree_of("a[b]=1&a=b")), STR("{\"a\":{\"b\":true}}"));
    CHECK_STR(str_of(tree_of("a[b][c]=1&a=b")), STR("{\"a\":{\"b\":true}}"));
    CHECK_STR(str_of(tree_of("a[b]=1&a=b&a=b")), STR("{\"a\":{\"b\":\"1\",\"0\":\"b\",\"1\":\"b\"}}"));
    CHECK_STR(str_of(tree_of("a[b]=1&a=")), STR("{\"a\":{\"b\":\"1\"}}"));
    CHECK_STR(str_of(tree_of("a[b]=1&a[]=2")), STR("{\"a\":{\"b\":\"1\",\"0\":\"2\"}}"));
}

TEST(indices_are_spelled_in_one_way)
{
    CHECK_STR(str_of(tree_of("a[-0]=x")), STR("{\"a\":{\"-0\":\"x\"}}"));
    CHECK_STR(str_of(tree_of("a[-1]=x")), STR("{\"a\":{\"-1\":\"x\"}}"));
    CHECK_STR(str_of(tree_of("a[00]=x")), STR("{\"a\":{\"00\":\"x\"}}"));
    CHECK_STR(str_of(tree_of("a[0]=x")), STR("{\"a\":[\"x\"]}"));
    CHECK_STR(str_of(tree_of("a[100]=x")), STR("{\"a\":[\"x\"]}"));
    CHECK_STR(str_of(tree_of("a[101]=x")), STR("{\"a\":{\"101\":\"x\"}}"));
    CHECK_STR(str_of(tree_of("a[2]=x&a[1]=y&a[3]=z&a[0]=w")),
              STR("{\"a\":[\"w\",\"y\",\"x\",\"z\"]}"));
}

/* The shortage is said: a form is never taken for one with less in it. */
TEST(a_form_is_read_whole_or_not_at_all)
{
    static const char *const forms[] = {
        "a=1",        "a=1&a=2&a=3", "a[]=1&a[]=2", "a[1]=y&a[0]=x", "a[b]=1&a=c&a[d][e]=f",
        "a=1&a[b]=2", "a[b]=1&a=c",  "a[0]=1&a[b]=2", "a=b&a[][c]=d",
        "a[1]=x&a[0]=y&a[]=z", "a[0]=1&a[]=2&a[]=3", "a=1&[a]=2&a[]=3&a[4]=5", "a[b][c]=1&a[b][d]=2&a[b]=e&a[b]=f",
    };

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        char whole[256];

        (void)snprintf(whole, sizeof whole, "%s", tree_of(forms[i]));
        for (struct round r = { FAULT_ARENA }; round_next(&r);) {
            struct json *top;
            err e;

            arena_end(&mem);
            arena_init(&mem, 1 << 20);
            e = urlencoded_read(&mem, str_of(forms[i]), &top);
            CHECK_ERR(e, round_met(&r) ? ERR_NO_MEMORY : OK);
        }
        CHECK_STR(str_of(tree_of(forms[i])), str_of(whole));
    }
}
