// SPDX-License-Identifier: MIT
/* urlencoded.c - bodies of every type: a form's tree is well made, and no body breaks its
 * reader. */
#include "api/body.h"
#include "api/urlencoded.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { MEMORY = 4 << 20 };

/* Lists and objects hold as many as they say, linked both ways; no name is `__proto__`. */
static void check(const struct json *top)
{
    for (const struct json *v = top;;) {
        size_t n = 0;

        for (const struct json *m = v->first; m; m = m->next, n++)
            if (m->up != v || (v->kind == JSON_OBJECT && str_is(m->key, STR("__proto__"))) ||
                (!m->next && m != v->last))
                abort();
        if (n != v->n)
            abort();
        if (v->first) {
            v = v->first;
            continue;
        }
        while (v != top && !v->next)
            v = v->up;
        if (v == top)
            return;
        v = v->next;
    }
}

/* The first byte picks how the rest is sent. */
static void body(const uint8_t *data, size_t n)
{
    static const char *const types[] = {
        "application/json", "application/x-www-form-urlencoded", "application/json; charset=utf-16",
        "application/json; charset=utf-7", "application/json; charset=utf-16be",
    };
    static const char *const codings[] = { "", "gzip", "deflate" };
    static struct exchange x;
    struct http_header headers[] = {
        {STR("Content-Type"), str_of(types[data[0] % 5])},
        {STR("Content-Encoding"), str_of(codings[data[0] / 5 % 3])},
        {STR("Content-Type"), {(const char *)data, n}},
    };
    const struct body_rules rules = { .lax = data[0] & 1, .forms = true, .wanted = true };
    const struct json *tree;

    arena_init(&x.mem, MEMORY);
    x.req = (struct http_request){.headers = headers + (data[0] > 250 ? 2 : 0),
                                  .headers_n = data[0] > 250 ? 1 : 2,
                                  .body = {(const char *)data + 1, n - 1},
                                  .has_body = true};
    (void)body_read(&x, &rules, &tree);                  /* most are refused */
    arena_end(&x.mem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str text = { (const char *)data, n };
    struct arena mem;
    struct json *top;

    arena_init(&mem, MEMORY);
    if (utf8_is_well_formed(text) && urlencoded_read(&mem, text, &top) == OK)
        check(top);
    arena_end(&mem);
    if (n)
        body(data, n);
    return 0;
}
