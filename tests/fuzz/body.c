// SPDX-License-Identifier: MIT
/* body.c - fuzzes a body's reading: its type and charset, its coding, what it unfolds to.
 *
 * An input is a byte of rules, a Content-Type and a Content-Encoding, each ended by a line end, and
 * the body. What production reads dev reads too, JSON to a tree as deep; of a form dev drops a byte
 * order mark. */
#include "api/body.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static err read_by(bool lax, bool forms, struct http_header headers[static 2], str body,
                   size_t *depth)
{
    struct exchange x = {
        .req = {.headers = headers, .headers_n = 2, .body = body, .has_body = true},
    };
    const struct body_rules rules = {.lax = lax, .forms = forms, .wanted = true};
    const struct json *tree = NULL;
    err e;

    arena_init(&x.mem, 4 << 20);
    e = body_read(&x, &rules, &tree);
    *depth = 0;
    for (const struct json *v = e == OK ? tree : NULL; v; v = v->first)
        ++*depth;
    arena_end(&x.mem);
    return e;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);      /* of its own size: an overrun is seen */
    struct http_header headers[2] = {{.name = STR("content-type")},
                                     {.name = STR("content-encoding")}};
    err produced, tutorial;
    size_t strict, lax;
    str body;

    if (!copy || size == 0) {
        free(copy);
        return 0;
    }
    memcpy(copy, data, size);
    (void)str_cut((str){copy + 1, size - 1}, '\n', &headers[0].value, &body);
    (void)str_cut(body, '\n', &headers[1].value, &body);
    produced = read_by(false, copy[0] & 1, headers, body, &strict);
    tutorial = read_by(true, true, headers, body, &lax);
    if (strict > BODY_DEPTH_MAX + 1 || lax > BODY_DEPTH_LAX + 1)
        abort();
    if (produced == OK && strict && (tutorial != OK || (lax != strict && !(copy[0] & 1))))
        abort();
    free(copy);
    return 0;
}
