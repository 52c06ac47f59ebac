// SPDX-License-Identifier: MIT
/* json.c - a strict JSON reader that does not recurse, and a writer in order (RFC 8259). */
#include "base/json.h"
#include "base/utf8.h"

struct reader {
    struct arena *mem;
    const char *p, *end;
    const struct json_rules *rules;
    unsigned depth, values;
    struct json *in;             /* the list or object that is open, NULL at the top */
    struct json *top;
};

struct json *json_add(struct arena *mem, struct json *in, str key, enum json_kind kind)
{
    struct json *v = NEW(mem, struct json);

    if (!v)
        return NULL;
    v->kind = kind;
    v->key = key;
    v->up = in;
    if (in) {
        if (in->last)
            in->last->next = v;
        else
            in->first = v;
        in->last = v;
        in->n++;
    }
    return v;
}

static void skip_blanks(struct reader *r)
{
    while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r'))
        r->p++;
}

static bool eat(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hex digits at `p`; -1 when they are not. */
static int32_t hex4(const struct reader *r, const char *p)
{
    int32_t v = 0;

    if (r->end - p < 4)
        return -1;
    for (int i = 0; i < 4; i++) {
        int d = hex_digit(p[i]);

        if (d < 0)
            return -1;
        v = v << 4 | d;
    }
    return v;
}

/* After `\u`: one code point, from two escapes where they are a surrogate pair. */
static err read_code(struct reader *r, struct buf *to, bool *lone)
{
    int32_t low, code = hex4(r, r->p);

    if (code < 0)
        return ERR_JSON_SHAPE;
    r->p += 4;
    if (code >= 0xd800 && code < 0xdc00 && r->end - r->p >= 6 && r->p[0] == '\\' && r->p[1] == 'u'
        && (low = hex4(r, r->p + 2)) >= 0xdc00 && low < 0xe000) {
        r->p += 6;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    *lone |= code >= 0xd800 && code < 0xe000;
    utf8_put(to, (uint32_t)code);
    return OK;
}

static err read_escape(struct reader *r, struct buf *to, bool *lone)
{
    static const char from[] = "\"\\/bfnrt", as[] = "\"\\/\b\f\n\r\t";
    const char *at;
    char c;

    if (r->p == r->end)
        return ERR_JSON_SHAPE;
    c = *r->p++;
    if (c == 'u')
        return read_code(r, to, lone);
    if (c == '\0' || (at = strchr(from, c)) == NULL)
        return ERR_JSON_SHAPE;
    buf_byte(to, as[at - from]);
    return OK;
}

/* The rest of a text that has an escape; r->p stands on its first backslash. */
static err read_escaped(struct reader *r, const char *start, str *out, bool *lone)
{
    struct buf to;
    err e;

    buf_init(&to, r->mem, (size_t)(r->end - start));     /* decoded text is never longer */
    buf_put(&to, (str){ start, (size_t)(r->p - start) });
    while (r->p < r->end && *r->p != '"') {
        const char *from = r->p;

        if ((unsigned char)*r->p < 0x20)
            return ERR_JSON_SHAPE;
        if (*r->p++ == '\\') {
            if ((e = read_escape(r, &to, lone)) != OK)
                return e;
            continue;
        }
        while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= 0x20)
            r->p++;
        buf_put(&to, (str){ from, (size_t)(r->p - from) });
    }
    if ((e = buf_ok(&to)) != OK)
        return e;
    *out = buf_str(&to);                /* not empty: there was an escape */
    return eat(r, '"') ? OK : ERR_JSON_SHAPE;
}

/* After the opening quote. */
static err read_text(struct reader *r, str *out, bool *lone)
{
    const char *start = r->p;

    *lone = false;
    while (r->p < r->end && *r->p != '"' && *r->p != '\\' && (unsigned char)*r->p >= 0x20)
        r->p++;
    if (r->p == r->end || (unsigned char)*r->p < 0x20)
        return ERR_JSON_SHAPE;
    if (*r->p == '\\')
        return read_escaped(r, start, out, lone);
    *out = (str){ start, (size_t)(r->p++ - start) };
    return OK;
}

static bool digits(struct reader *r)
{
    const char *from = r->p;

    while (r->p < r->end && *r->p >= '0' && *r->p <= '9')
        r->p++;
    return r->p > from;
}

static err read_number(struct reader *r, str *out)
{
    const char *from = r->p;

    (void)eat(r, '-');                                   /* may or may not be there */
    if (!eat(r, '0') && !digits(r))
        return ERR_JSON_SHAPE;
    if (eat(r, '.') && !digits(r))
        return ERR_JSON_SHAPE;
    if (eat(r, 'e') || eat(r, 'E')) {
        if (!eat(r, '+'))
            (void)eat(r, '-');
        if (!digits(r))
            return ERR_JSON_SHAPE;
    }
    *out = (str){ from, (size_t)(r->p - from) };
    return OK;
}

static err read_word(struct reader *r, struct json *v)
{
    static const struct { const char *word; enum json_kind kind; } words[] = {
        { "null", JSON_NULL }, { "false", JSON_FALSE }, { "true", JSON_TRUE },
    };
    str rest = { r->p, (size_t)(r->end - r->p) };

    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_starts(rest, str_of(words[i].word))) {
            v->kind = words[i].kind;
            r->p += strlen(words[i].word);
            return OK;
        }
    }
    return ERR_JSON_SHAPE;
}

/* One value; a list or an object is only opened. */
static err read_value(struct reader *r, str key)
{
    struct json *v;
    char c;

    if (r->p == r->end)
        return ERR_JSON_SHAPE;
    if (++r->values > r->rules->values_max)
        return ERR_JSON_LIMIT;
    if ((v = json_add(r->mem, r->in, key, JSON_NULL)) == NULL)
        return ERR_NO_MEMORY;
    if (!r->top)
        r->top = v;
    c = *r->p;
    if (c == '{' || c == '[') {
        v->kind = c == '{' ? JSON_OBJECT : JSON_LIST;
        r->p++;
        r->in = v;
        return ++r->depth > r->rules->depth_max ? ERR_JSON_LIMIT : OK;
    }
    if (c == '"') {
        v->kind = JSON_TEXT;
        r->p++;
        return read_text(r, &v->text, &v->lone_surrogate);
    }
    if (c == '-' || (c >= '0' && c <= '9')) {
        v->kind = JSON_NUMBER;
        return read_number(r, &v->text);
    }
    return read_word(r, v);
}

static err read_key(struct reader *r, str *key)
{
    bool lone;
    err e;

    if (!eat(r, '"'))
        return ERR_JSON_SHAPE;
    if ((e = read_text(r, key, &lone)) != OK)
        return e;
    skip_blanks(r);
    if (!eat(r, ':'))
        return ERR_JSON_SHAPE;
    skip_blanks(r);
    return OK;
}

/* Close what ends here; true when the reader stands behind a value. */
static bool closes(struct reader *r)
{
    if (!eat(r, r->in->kind == JSON_OBJECT ? '}' : ']'))
        return false;
    r->in = r->in->up;
    r->depth--;
    return true;
}

/* Any order will do that puts the same names side by side. */
static int by_key(const void *a, const void *b)
{
    str x = (*(struct json *const *)a)->key, y = (*(struct json *const *)b)->key;

    if (x.n != y.n)
        return x.n < y.n ? -1 : 1;
    return x.n ? memcmp(x.p, y.p, x.n) : 0;
}

/* How many names there are is the sender's choice: they are sorted, not each compared with each. */
static err names_check(struct arena *mem, const struct json *object)
{
    const struct json **all = NEW_ARRAY(mem, const struct json *, object->n);
    size_t n = 0;

    if (!all)
        return ERR_NO_MEMORY;
    for (const struct json *m = object->first; m; m = m->next)
        all[n++] = m;
    qsort(all, n, sizeof *all, by_key);
    for (size_t i = 1; i < n; i++)
        if (str_is(all[i - 1]->key, all[i]->key))
            return ERR_JSON_REPEATED;
    return OK;
}

/* What ends here is whole. */
static err close_check(const struct reader *r, const struct json *v)
{
    return r->rules->unique && v->kind == JSON_OBJECT && v->n > 1 ? names_check(r->mem, v) : OK;
}

/* The next value inside the open list or object: its comma, its key, itself. */
static err read_member(struct reader *r)
{
    str key = {0};
    err e;

    if (r->in->n) {
        if (!eat(r, ','))
            return ERR_JSON_SHAPE;
        skip_blanks(r);
    }
    if (r->in->kind == JSON_OBJECT && (e = read_key(r, &key)) != OK)
        return e;
    return read_value(r, key);
}

err json_parse(struct arena *mem, str text, const struct json_rules *rules, struct json **out)
{
    struct reader r = { .mem = mem, .p = text.p, .end = text.p + text.n, .rules = rules };
    err e;

    if (text.n == 0 || !utf8_is_well_formed(text))
        return ERR_JSON_SHAPE;
    skip_blanks(&r);
    if ((e = read_value(&r, (str){0})) != OK)
        return e;
    while (r.in) {
        const struct json *in = r.in;

        skip_blanks(&r);
        if ((e = closes(&r) ? close_check(&r, in) : read_member(&r)) != OK)
            return e;
    }
    skip_blanks(&r);
    if (r.p != r.end)
        return ERR_JSON_SHAPE;
    *out = r.top;
    return OK;
}

struct json *json_member(const struct json *object, str key)
{
    struct json *found = NULL;

    if (!object || object->kind != JSON_OBJECT)
        return NULL;
    for (struct json *m = object->first; m; m = m->next)
        if (str_is(m->key, key))
            found = m;
    return found;
}

/* The digits of `s` moved by its exponent, when what is behind the point is zero. */
static bool whole(str s, int64_t *out)
{
    char z[64], *end;
    double d;

    if (s.n >= sizeof z)
        return false;
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    d = strtod(z, &end);
    if (*end || d <= -9007199254740992.0 || d >= 9007199254740992.0 || d != (double)(int64_t)d)
        return false;                       /* from 2^53 on a double does not name one number */
    *out = (int64_t)d;
    return true;
}

bool json_int_of(const struct json *number, int64_t *out)
{
    if (!number || number->kind != JSON_NUMBER)
        return false;
    return str_int(number->text, out) || whole(number->text, out);
}

/* A surrogate in WTF-8: ED A0..BF xx. */
static bool is_surrogate(const unsigned char *p, size_t left)
{
    return left >= 3 && p[0] == 0xed && p[1] >= 0xa0;
}

void json_put_text(struct buf *b, str text)
{
    static const char short_for[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                      ['\r'] = 'r', [0x1f] = 0 };
    const unsigned char *p = (const unsigned char *)text.p;

    buf_byte(b, '"');
    for (size_t at = 0; at < text.n;) {
        size_t from = at;

        while (at < text.n && p[at] >= 0x20 && p[at] != '"' && p[at] != '\\'
               && !is_surrogate(p + at, text.n - at))
            at++;
        buf_put(b, (str){ text.p + from, at - from });
        if (at == text.n)
            break;
        if (p[at] == '"' || p[at] == '\\')
            buf_printf(b, "\\%c", p[at++]);
        else if (p[at] >= 0x20) {
            buf_printf(b, "\\u%04x", 0xd000u | (p[at + 1] & 0x3fu) << 6 | (p[at + 2] & 0x3fu));
            at += 3;
        } else if (short_for[p[at]])
            buf_printf(b, "\\%c", short_for[p[at++]]);
        else
            buf_printf(b, "\\u%04x", p[at++]);
    }
    buf_byte(b, '"');
}

void json_open(struct json_writer *w, struct buf *b)
{
    *w = (struct json_writer){ .b = b };
    buf_byte(b, '{');
}

void json_close(struct json_writer *w)
{
    buf_byte(w->b, '}');
}

void json_key(struct json_writer *w, const char *key)
{
    if (w->more)
        buf_byte(w->b, ',');
    w->more = true;
    json_put_text(w->b, str_of(key));
    buf_byte(w->b, ':');
}

void json_int(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    buf_int(w->b, v);
}

void json_bool(struct json_writer *w, const char *key, bool v)
{
    json_key(w, key);
    buf_put(w->b, v ? STR("true") : STR("false"));
}

void json_text(struct json_writer *w, const char *key, str v)
{
    json_key(w, key);
    if (v.p)
        json_put_text(w->b, v);
    else
        buf_put(w->b, STR("null"));
}

void json_texts(struct json_writer *w, const char *key, struct strs v)
{
    json_key(w, key);
    buf_byte(w->b, '[');
    for (size_t i = 0; i < v.n; i++) {
        if (i)
            buf_byte(w->b, ',');
        json_put_text(w->b, v.at[i]);
    }
    buf_byte(w->b, ']');
}
