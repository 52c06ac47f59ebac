// SPDX-License-Identifier: MIT
/* urlencoded.c - forms with nested names.
 *
 * As qs does it: values of one name, as it is spelled, come together first; then each name is taken
 * apart into a tree of its own, and the trees are merged one after the other. (What JavaScript does
 * besides, to take names that are numbers first, no form of ours would notice.)
 *
 * A list under construction keeps each item's index as its key, so that `a[1]=y&a[0]=x` comes out
 * in the order of the indices and a list that meets a name can become an object. */
#include "api/urlencoded.h"

#include "base/utf8.h"

/* A name taken apart: `a[b][]` is "a", "[b]", "[]". */
struct path { str at[FORM_NESTING + 1]; size_t n; };

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
        if (path.n == FORM_NESTING + 1)
            break;                                       /* nobody asks for what is deeper */
        path.at[path.n++] = str_head(str_from(name, at), n);
    }
    return path;
}

/* What a segment names, and whether that is an index of a list in its only spelling. */
static str named(str segment, bool *index)
{
    bool bracketed = segment.n > 1 && segment.p[0] == '[' && segment.p[segment.n - 1] == ']';
    str name = bracketed ? (str){ segment.p + 1, segment.n - 2 } : segment;
    int64_t i;

    *index = bracketed && str_int(name, &i) && i >= 0 && i <= FORM_INDEX_MAX && name.p[0] != '-'
             && (name.n == 1 || name.p[0] != '0');
    return name;
}

static bool is_tree(const struct json *v)
{
    return v->kind == JSON_LIST || v->kind == JSON_OBJECT;
}

static int64_t index_of(const struct json *item)
{
    int64_t index = -1;

    (void)str_int(item->key, &index);                    /* an index: it was checked */
    return index;
}

/* An index behind the last item's, by so many. */
static str index_behind(struct arena *mem, const struct json *list, int64_t by)
{
    struct buf b;

    buf_init(&b, mem, 24);
    buf_int(&b, (list->last ? index_of(list->last) : -1) + 1 + by);
    return b.failed ? (str){0} : buf_str(&b);
}

/* Move the last item, just added behind `before`, to where its index belongs. */
static void sort_last(struct json *list, struct json *before)
{
    struct json *item = list->last, **at = &list->first;

    if (!before || index_of(before) < index_of(item))
        return;
    while (index_of(*at) < index_of(item))
        at = &(*at)->next;
    list->last = before;
    before->next = NULL;
    item->next = *at;
    *at = item;
}

static struct json *child_by_key(const struct json *in, str key)
{
    for (struct json *m = in->first; m; m = m->next)
        if (str_is(m->key, key))
            return m;
    return NULL;
}

/* What `from` holds becomes what `to` holds; nobody looks at `from` again. */
static void take(struct json *to, const struct json *from)
{
    to->kind = from->kind;
    to->text = from->text;
    to->first = from->first;
    to->last = from->last;
    to->n = from->n;
    for (struct json *m = to->first; m; m = m->next)
        m->up = to;
}

static bool add(struct arena *mem, struct json *in, str key, const struct json *value)
{
    struct json *before = in->last, *v = key.p ? json_add(mem, in, key, value->kind) : NULL;

    if (!v)
        return false;
    take(v, value);
    if (in->kind == JSON_LIST)
        sort_last(in, before);
    return true;
}

static bool push(struct arena *mem, struct json *list, const struct json *value)
{
    return add(mem, list, index_behind(mem, list, 0), value);
}

/* Behind a list's items those of another, with the same gaps; what is no list is one. */
static bool concat(struct arena *mem, struct json *list, const struct json *value)
{
    int64_t base = list->last ? index_of(list->last) : -1, last = base;

    if (value->kind != JSON_LIST)
        return push(mem, list, value);
    for (const struct json *m = value->first; m; m = m->next) {
        int64_t index = base + 1 + index_of(m);

        if (!add(mem, list, index_behind(mem, list, index - last - 1), m))
            return false;
        last = index;
    }
    return true;
}

/* Make a list of what stands at `v`, with that as its first item. */
static bool wrap(struct arena *mem, struct json *v)
{
    struct json first = *v;

    *v = (struct json){ .kind = JSON_LIST, .key = v->key, .next = v->next, .up = v->up };
    return push(mem, v, &first);
}

/* A text meets an object: its name is set to true. Nothing is set by the empty one, nor by the name
 * of the prototype, which cannot become true. */
static bool join_name(struct arena *mem, struct json *v, str text)
{
    const struct json yes = { .kind = JSON_TRUE };
    struct json *there = child_by_key(v, text);

    if (str_is(text, STR("__proto__")))
        return true;
    if (there)
        take(there, &yes);
    return there || add(mem, v, text, &yes);
}

static bool merge(struct arena *mem, struct json *v, const struct json *source);

/* Item by item: trees are merged, what meets anything else goes to the end. */
static bool merge_lists(struct arena *mem, struct json *v, const struct json *source)
{
    bool fine = true;

    for (const struct json *m = source->first, *next; m && fine; m = next) {
        struct json *there = child_by_key(v, m->key);

        next = m->next;
        fine = there && is_tree(there) && is_tree(m) ? merge(mem, there, m)
               : there                               ? push(mem, v, m)
                                                     : add(mem, v, m->key, m);
    }
    return fine;
}

/* Name by name; the indices of a list are its names then. */
static bool merge_names(struct arena *mem, struct json *v, const struct json *source)
{
    bool fine = true;

    v->kind = JSON_OBJECT;
    for (const struct json *m = source->first, *next; m && fine; m = next) {
        struct json *there = child_by_key(v, m->key);

        next = m->next;
        fine = there ? merge(mem, there, m) : add(mem, v, m->key, m);
    }
    return fine;
}

/* Into what stands at `v`. As deep as a name's path at most. False: no memory. */
static bool merge(struct arena *mem, struct json *v, const struct json *source)
{
    if (!is_tree(source)) {
        if (source->text.n == 0)
            return true;
        if (v->kind == JSON_OBJECT)
            return join_name(mem, v, source->text);
        return (v->kind == JSON_LIST || wrap(mem, v)) && push(mem, v, source);
    }
    if (!is_tree(v))
        return wrap(mem, v) && concat(mem, v, source);
    return v->kind == JSON_LIST && source->kind == JSON_LIST ? merge_lists(mem, v, source)
                                                             : merge_names(mem, v, source);
}

/* The tree of one name with its value, or values. */
static bool grow(struct arena *mem, const struct path *path, struct json *value)
{
    struct json leaf;
    bool index, fine = true;

    for (size_t i = path->n; i-- > 0 && fine;) {
        str key = named(path->at[i], &index);

        leaf = *value;
        *value = (struct json){ .kind = JSON_LIST };
        if (str_is(path->at[i], STR("[]"))) {
            fine = concat(mem, value, &leaf);
            continue;
        }
        value->kind = index ? JSON_LIST : JSON_OBJECT;
        fine = add(mem, value, key, &leaf);
    }
    return fine;
}

static bool goes_through_proto(const struct path *path)
{
    bool index, found = false;

    for (size_t i = 0; i < path->n; i++)
        found |= str_is(named(path->at[i], &index), STR("__proto__"));
    return found;
}

/* Name and value split at the first `]=`, else at the first `=`; to the values of that name. */
static err parameter(struct arena *mem, struct json *names, str part)
{
    ptrdiff_t bracket = str_find(part, STR("]="));
    struct json value = { .kind = JSON_TEXT }, *there;
    str name;
    bool fine;

    if (bracket >= 0) {
        name = str_head(part, (size_t)bracket + 1);
        value.text = str_from(part, (size_t)bracket + 2);
    } else if (!str_cut(part, '=', &name, &value.text))
        value.text = STR("");
    name = decoded(mem, name);
    value.text = decoded(mem, value.text);
    if (!name.p || !value.text.p)
        return ERR_NO_MEMORY;
    if (name.n == 0)
        return OK;
    if ((there = child_by_key(names, name)) == NULL)
        fine = add(mem, names, name, &value);
    else
        fine = (there->kind == JSON_LIST || wrap(mem, there)) && push(mem, there, &value);
    return fine ? OK : ERR_NO_MEMORY;
}

static err names_merge(struct arena *mem, struct json *names, struct json *to)
{
    for (struct json *m = names->first, *next; m; m = next) {
        struct path path = path_of(m->key);
        struct json tree = *m;

        next = m->next;
        if (!goes_through_proto(&path) && !(grow(mem, &path, &tree) && merge_names(mem, to, &tree)))
            return ERR_NO_MEMORY;
    }
    return OK;
}

err urlencoded_read(struct arena *mem, str text, struct json **out)
{
    struct json names = { .kind = JSON_OBJECT };
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
        if ((e = parameter(mem, &names, part)) != OK)
            return e;
    } while (more);
    return names_merge(mem, &names, *out);
}
