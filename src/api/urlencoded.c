// SPDX-License-Identifier: MIT
/* urlencoded.c - forms with nested names.
 *
 * A list under construction keeps each item's index as its key, so that `a[1]=y&a[0]=x` comes out
 * in the order of the indices and a list that meets a name can become an object. */
#include "api/urlencoded.h"

#include "base/utf8.h"

/* A name taken apart: `a[b][]` is "a", "b", "[]". */
struct path { str at[FORM_NESTING + 2]; size_t n; };

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* `part` decoded; with only its plus signs replaced where decodeURIComponent would throw. */
static str decoded(struct arena *mem, str part)
{
    char *p = arena_alloc(mem, part.n + 1, 1), *q = arena_alloc(mem, part.n + 1, 1);
    bool whole = true;
    size_t n = 0;

    if (!p || !q)
        return (str){0};
    for (size_t i = 0; i < part.n; i++)
        q[i] = part.p[i] == '+' ? ' ' : part.p[i];
    for (size_t i = 0; i < part.n && whole; i++, n++) {
        p[n] = q[i];
        if (q[i] != '%')
            continue;
        whole = i + 2 < part.n && hex_digit(q[i + 1]) >= 0 && hex_digit(q[i + 2]) >= 0;
        if (whole)
            p[n] = (char)(hex_digit(q[i + 1]) << 4 | hex_digit(q[i + 2]));
        i += 2;
    }
    whole = whole && utf8_is_well_formed((str){ p, n });
    return whole ? (str){ p, n } : (str){ q, part.n };
}

/* The next `[...]` in `s`, without a bracket inside; false when there is none. */
static bool next_bracket(str s, size_t *at, size_t *n)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] != '[')
            continue;
        for (size_t j = i + 1; j < s.n && s.p[j] != '['; j++)
            if (s.p[j] == ']') {
                *at = i;
                *n = j + 1 - i;
                return true;
            }
    }
    return false;
}

static struct path path_of(str name)
{
    struct path path = {0};
    size_t at, n;

    if (!next_bracket(name, &at, &n)) {
        path.at[path.n++] = name;
        return path;
    }
    if (at)
        path.at[path.n++] = str_head(name, at);
    for (name = str_from(name, at); next_bracket(name, &at, &n); name = str_from(name, at + n)) {
        str s = str_head(str_from(name, at), n);

        if (path.n == FORM_NESTING + 1) {                /* all the rest is one name */
            path.at[path.n++] = str_from(name, at);
            break;
        }
        path.at[path.n++] = n == 2 ? s : (str){ s.p + 1, n - 2 };
    }
    return path;
}

/* Is it an index of a list, in its only spelling? */
static bool is_index(str s, int64_t *index)
{
    return str_int(s, index) && *index >= 0 && *index <= FORM_INDEX_MAX && s.p[0] != '-'
           && (s.n == 1 || s.p[0] != '0');
}

static bool makes_list(str s)
{
    int64_t index;

    return str_is(s, STR("[]")) || is_index(s, &index);
}

/* A name for an item behind the last one. */
static str next_index(struct arena *mem, const struct json *list)
{
    int64_t last = -1;
    struct buf b;

    if (list->last)
        (void)str_int(list->last->key, &last);           /* in order, so the last is the greatest */
    buf_init(&b, mem, 24);
    buf_int(&b, last + 1);
    return b.failed ? (str){0} : buf_str(&b);
}

/* Move the last item, just added, to where its index belongs. */
static void sort_last(struct json *list)
{
    struct json *item = list->last, **at = &list->first;
    int64_t index = 0, other = 0;

    (void)str_int(item->key, &index);                    /* an index: it was checked */
    for (; *at != item; at = &(*at)->next) {
        (void)str_int((*at)->key, &other);               /* another index */
        if (other >= index)
            break;
    }
    if (*at == item)
        return;
    for (list->last = *at; list->last->next != item; list->last = list->last->next)
        ;
    list->last->next = NULL;
    item->next = *at;
    *at = item;
}

/* NULL without memory, also where there was none for the key. */
static struct json *child(struct arena *mem, struct json *in, str key, enum json_kind kind)
{
    struct json *v = key.p ? json_add(mem, in, key, kind) : NULL;

    if (v && in->kind == JSON_LIST)
        sort_last(in);
    return v;
}

static struct json *child_by_key(const struct json *in, str key)
{
    for (struct json *m = in->first; m; m = m->next)
        if (str_is(m->key, key))
            return m;
    return NULL;
}

/* Make a list of what stands at `v`, with that as its first item. */
static bool wrap(struct arena *mem, struct json *v)
{
    str text = v->text;
    struct json *first;

    v->kind = JSON_LIST;
    v->text = (str){0};
    if ((first = json_add(mem, v, STR("0"), JSON_TEXT)) == NULL)
        return false;
    first->text = text;
    return true;
}

/* A text meets an object: its name is set to true, whatever that was. Nothing is set by the empty
 * one, nor by the name of the prototype, which cannot become true. */
static bool join_name(struct arena *mem, struct json *v, str text)
{
    struct json *m;

    if (text.n == 0 || str_is(text, STR("__proto__")))
        return true;
    if ((m = child_by_key(v, text)) == NULL)
        return child(mem, v, text, JSON_TRUE) != NULL;
    m->kind = JSON_TRUE;
    m->text = (str){0};
    m->first = m->last = NULL;
    m->n = 0;
    return true;
}

/* A text meets what stands there already. */
static bool join_text(struct arena *mem, struct json *v, str text)
{
    struct json *item;

    if (v->kind == JSON_OBJECT)
        return join_name(mem, v, text);
    if (v->kind != JSON_LIST && !wrap(mem, v))
        return false;
    if ((item = child(mem, v, next_index(mem, v), JSON_TEXT)) == NULL)
        return false;
    item->text = text;
    return true;
}

/* Into `in`, which is a list or an object, at path->at[i] and on. */
static bool put(struct arena *mem, struct json *in, const struct path *path, str text)
{
    for (size_t i = 0; i < path->n; i++) {
        str key = path->at[i];
        bool last = i + 1 == path->n, append = i && str_is(key, STR("[]"));
        struct json *v;

        if (i && in->kind == JSON_LIST && !makes_list(key))
            in->kind = JSON_OBJECT;                      /* its indices are its names now */
        if (append)
            key = in->kind == JSON_LIST ? next_index(mem, in) : STR("0");
        v = child_by_key(in, key);
        if (last && v)
            return join_text(mem, v, text);
        if (!v) {
            v = child(mem, in, key,
                      last                          ? JSON_TEXT
                      : makes_list(path->at[i + 1]) ? JSON_LIST
                                                    : JSON_OBJECT);
            if (!v)
                return false;
            v->text = last ? text : (str){0};
        } else if (v->kind != JSON_LIST && v->kind != JSON_OBJECT && !wrap(mem, v))
            return false;
        in = v;
    }
    return true;
}

static bool goes_through_proto(const struct path *path)
{
    for (size_t i = 0; i < path->n; i++)
        if (str_is(path->at[i], STR("__proto__")))
            return true;
    return false;
}

/* Name and value split at the first `]=`, else at the first `=`. */
static err parameter(struct arena *mem, struct json *form, str part)
{
    ptrdiff_t bracket = str_find(part, STR("]="));
    str name, value;
    struct path path;

    if (bracket >= 0) {
        name = str_head(part, (size_t)bracket + 1);
        value = str_from(part, (size_t)bracket + 2);
    } else if (!str_cut(part, '=', &name, &value))
        value = STR("");
    name = decoded(mem, name);
    value = decoded(mem, value);
    if (!name.p || !value.p)
        return ERR_NO_MEMORY;
    path = path_of(name);
    if (name.n == 0 || goes_through_proto(&path))
        return OK;
    return put(mem, form, &path, value) ? OK : ERR_NO_MEMORY;
}

err urlencoded_read(struct arena *mem, str text, struct json **out)
{
    size_t n = 1;
    bool more;
    str part;
    err e;

    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == '&';
    if (n > FORM_PARAMETERS_MAX)
        return ERR_BODY_PARAMETERS;
    if ((*out = json_add(mem, NULL, (str){0}, JSON_OBJECT)) == NULL)
        return ERR_NO_MEMORY;
    do {
        more = str_cut(text, '&', &part, &text);
        if ((e = parameter(mem, *out, part)) != OK)
            return e;
    } while (more);
    return OK;
}
