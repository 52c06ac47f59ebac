// SPDX-License-Identifier: MIT
/* router.c - match a request to its row. Linear: fine below some 200 rows; measure before making it
 * clever. */
#include "api/router.h"

#include "base/log.h"

static const str names[METHODS] = {
    [GET] = { "GET", 3 },     [HEAD] = { "HEAD", 4 },     [POST] = { "POST", 4 },
    [PUT] = { "PUT", 3 },     [PATCH] = { "PATCH", 5 },   [DELETE] = { "DELETE", 6 },
    [OPTIONS] = { "OPTIONS", 7 },
};

enum method method_of(str name)
{
    for (enum method m = GET; m < METHODS; m++)
        if (str_is(name, names[m]))
            return m;
    return NO_METHOD;
}

const char *method_name(enum method method)
{
    return names[method].p ? names[method].p : "";
}

static str without_slash(str path)
{
    if (path.n && path.p[path.n - 1] == '/')
        path.n--;
    return path;
}

static bool is_param(str s)
{
    return s.n && s.p[0] == ':';
}

static bool is_same_letter(char a, char b)
{
    return a == b || ((a ^ b) == 0x20 && (a | 0x20) >= 'a' && (a | 0x20) <= 'z');
}

/* Does `path` fit? Its slash at the end was taken off. All rows are asked for each request, so one
 * that does not fit is left at its first other byte, and nothing is measured before. */
static bool fits(const char *pattern, str path)
{
    size_t i = 1, began;

    if (!pattern[1] || path.n <= 1)
        return !pattern[1] && path.n == 1;
    for (const char *p = pattern + 1; *p; p++) {
        if (*p != ':' || p[-1] != '/') {
            if (i == path.n || !is_same_letter(*p, path.p[i++]))
                return false;
            continue;
        }
        for (began = i; i < path.n && path.p[i] != '/';)
            i++;
        if (i == began)
            return false;
        while (p[1] && p[1] != '/')
            p++;
    }
    return i == path.n;
}

/* Could one path fit both patterns? */
static bool clash(str a, str b)
{
    bool more_a, more_b;
    str x, y;

    if (a.n <= 1 || b.n <= 1)
        return a.n == b.n;
    a = str_from(without_slash(a), 1);
    b = str_from(without_slash(b), 1);
    do {
        more_a = str_cut(a, '/', &x, &a);
        more_b = str_cut(b, '/', &y, &b);
        if (!str_is_nocase(x, y) && !is_param(x) && !is_param(y))
            return false;
    } while (more_a && more_b);
    return more_a == more_b;
}

/* A path as the rows are asked for it; with no byte when it is none. */
static str asked(str path)
{
    if (path.n == 0)
        return STR("/");
    if (path.p[0] != '/')
        return (str){0};
    return path.n > 2 ? without_slash(path) : path;
}

const struct route *route_match(const struct route *table, enum method method, str path)
{
    enum method want = method == HEAD ? GET : method;

    path = asked(path);
    for (const struct route *r = table; path.n && r->path; r++)
        if (r->method == want && fits(r->path, path))
            return r;
    return NULL;
}

unsigned route_methods(const struct route *table, str path)
{
    unsigned methods = 0;

    path = asked(path);
    for (const struct route *r = table; path.n && r->path; r++)
        if (fits(r->path, path))
            methods |= 1u << r->method | (r->method == GET ? 1u << HEAD : 0);
    return methods;
}

str route_param(const struct route *route, str path, str name)
{
    str pattern = str_from(str_of(route->path), 1), x, y;
    bool more;

    path = str_from(without_slash(path), 1);
    do {
        more = str_cut(pattern, '/', &x, &pattern);
        (void)str_cut(path, '/', &y, &path);             /* the path fits: as many segments */
        if (is_param(x) && str_is(str_from(x, 1), name))
            return y;
    } while (more);
    return (str){0};
}

err routes_check(const struct route *table)
{
    for (const struct route *r = table; r->path; r++)
        if (!r->first) {
            log_error("routes", text_kv("path", str_of(r->path)),
                      text_kv("wrong", STR("no steps")));
            return ERR_BUG;
        }
    for (const struct route *a = table; a->path; a++)
        for (const struct route *b = a + 1; b->path; b++)
            if (a->method == b->method && clash(str_of(a->path), str_of(b->path))) {
                log_error("routes", text_kv("clash", str_of(a->path)),
                          text_kv("with", str_of(b->path)));
                return ERR_BUG;
            }
    return OK;
}
