// SPDX-License-Identifier: MIT
/* json.c - the JSON reader stays within its rules, and what it reads can be written and read
 * again. */
#include "api/forms.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { DEPTH = 16, VALUES = 1000, MEMORY = 1 << 20 };

/* Count the values below `top` and the texts again as JSON. */
static void walk(struct arena *mem, struct json *top)
{
    static const struct json_rules rules = { DEPTH, VALUES, false };
    unsigned values = 0, depth = 1;

    for (struct json *v = top;;) {
        struct json *again;
        struct buf b;

        if (++values > VALUES || depth > DEPTH + 1)
            abort();
        if (v->kind == JSON_TEXT) {
            buf_init(&b, mem, MEMORY);
            json_put_text(&b, v->text);
            if (!b.failed && json_parse(mem, buf_str(&b), &rules, &again) == OK &&
                !str_is(again->text, v->text))
                abort();
        }
        if (v->first) {
            v = v->first;
            depth++;
            continue;
        }
        for (; v != top && !v->next; v = v->up)
            depth--;
        if (v == top)
            return;
        v = v->next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct json_rules rules = { DEPTH, VALUES, n % 2 };
    struct arena mem;
    struct json *top;
    struct buf b;

    arena_init(&mem, MEMORY);
    if (json_parse(&mem, (str){ (const char *)data, n }, &rules, &top) == OK) {
        walk(&mem, top);
        buf_init(&b, &mem, MEMORY);
        (void)json_as_string(&b, top);                   /* it may well not fit */
    }
    arena_end(&mem);
    return 0;
}
