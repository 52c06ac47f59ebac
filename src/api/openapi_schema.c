// SPDX-License-Identifier: MIT
/* openapi_schema.c - JSON Schema of bodies, from their forms, and of answers, from their rows. */
#include "api/forms.h"
#include "api/openapi.h"

enum { MEMBERS_MAX = 32, NESTED_MAX = 4 };

void fails_add(struct fails *to, const err *more)
{
    for (; more && *more != OK && to->n < FAILS_MAX; more++)
        to->at[to->n++] = *more;
}

/* What a field of each kind looks like, and what it refuses. */
static const struct {
    const char *schema;
    bool required;
    err fails[3];
} kinds[FIELD_KINDS] = {
    [FIELD_NAME] = {"\"type\":\"string\",\"minLength\":1", true, {ERR_BAD_REQUEST}},
    [FIELD_LOGIN] = {"\"type\":\"string\"", true, {ERR_BAD_REQUEST, ERR_USER_UNKNOWN}},
    [FIELD_PASSWORD] = {"\"type\":\"string\",\"format\":\"password\"",
                        true,
                        {ERR_BAD_REQUEST, ERR_NOT_UNICODE}},
    [FIELD_ROLES] = {"\"type\":\"array\",\"items\":{\"type\":\"string\"},\"minItems\":1",
                     false,
                     {ERR_BAD_REQUEST, ERR_ROLE_UNKNOWN}},
    [FIELD_OPTIONAL] = {"\"type\":\"string\"", false, {0}},
    [FIELD_WISH] = {"\"type\":\"boolean\"", false, {0}},
    [FIELD_REFRESH] = {"\"type\":\"string\"", true, {ERR_REFRESH_MISSING, ERR_REFRESH_UNKNOWN}},
};

void fails_of_form(struct fails *to, const struct form *form)
{
    for (const struct field *f = form->fields; f->key; f++)
        fails_add(to, kinds[f->kind].fails);
}

static bool is_required(const struct api *api, const struct field *f)
{
    return kinds[f->kind].required && !(f->kind == FIELD_REFRESH && api->config.cookies);
}

bool form_is_optional(const struct api *api, const struct form *form)
{
    for (const struct field *f = form->fields; f->key; f++)
        if (is_required(api, f))
            return false;
    return true;
}

static void field_put(struct json_writer *w, const struct field *f)
{
    json_key(w, f->key);
    buf_printf(w->b, "{%s", kinds[f->kind].schema);
    if (f->codes_max)
        buf_printf(w->b, ",\"maxLength\":%zu", f->codes_max);
    buf_byte(w->b, '}');
}

void schema_of_form(struct buf *to, const struct api *api, const struct form *form)
{
    str required[MEMBERS_MAX];
    struct json_writer w, fields;
    size_t n = 0;

    json_open(&w, to);
    json_text(&w, "type", STR("object"));
    json_key(&w, "properties");
    json_open(&fields, to);
    for (const struct field *f = form->fields; f->key; f++) {
        field_put(&fields, f);
        if (is_required(api, f) && n < MEMBERS_MAX)
            required[n++] = str_of(f->key);
    }
    json_close(&fields);
    if (n)
        json_texts(&w, "required", (struct strs){required, n});
    json_close(&w);
}

static const struct {
    const char *word, *schema;
} types[] = {
    {"texts", "\"array\",\"items\":{\"type\":\"string\"}"},
    {"text", "\"string\""},
    {"time", "\"string\",\"format\":\"date-time\""},
    {"integer", "\"integer\""},
    {"boolean", "\"boolean\""},
};

static bool take(str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

/* "string" as ["string","null"] where `?` follows. */
static bool type_word(struct buf *to, str *s)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        str word = str_of(types[i].word), kind, rest;
        bool more;

        if (!str_starts(*s, word))
            continue;
        *s = str_from(*s, word.n);
        more = str_cut(str_of(types[i].schema), ',', &kind, &rest);
        buf_put(to, STR("{\"type\":"));
        if (take(s, '?'))
            buf_printf(to, "[" STR_FMT ",\"null\"]", STR_ARG(kind));
        else
            buf_put(to, kind);
        if (more)
            buf_printf(to, "," STR_FMT, STR_ARG(rest));
        buf_byte(to, '}');
        return true;
    }
    return false;
}

static bool members_put(struct buf *to, str *s, int nested);

static bool type_put(struct buf *to, str *s, int nested)
{
    if (!take(s, '['))
        return type_word(to, s);
    buf_put(to, STR("{\"type\":\"array\",\"items\":"));
    if (nested == NESTED_MAX || !members_put(to, s, nested + 1) || !take(s, ']'))
        return false;
    buf_byte(to, '}');
    return true;
}

static size_t name_length_of(str s)
{
    size_t n = 0;

    while (n < s.n && ((s.p[n] | 0x20) >= 'a' && (s.p[n] | 0x20) <= 'z'))
        n++;
    return n;
}

static bool members_put(struct buf *to, str *s, int nested)
{
    str required[MEMBERS_MAX];
    struct json_writer w;
    size_t n = 0;
    bool first = true;

    json_open(&w, to);
    json_text(&w, "type", STR("object"));
    json_key(&w, "properties");
    buf_byte(to, '{');
    do {
        str name = str_head(*s, name_length_of(*s));

        *s = str_from(*s, name.n);
        if (!take(s, '?') && n < MEMBERS_MAX)
            required[n++] = name;
        if (!take(s, ':') || name.n == 0)
            return false;
        if (!first)
            buf_byte(to, ',');
        first = false;
        json_put_text(to, name);
        buf_byte(to, ':');
        if (!type_put(to, s, nested))
            return false;
    } while (take(s, ' '));
    buf_byte(to, '}');
    json_texts(&w, "required", (struct strs){required, n});
    json_close(&w);
    return true;
}

bool schema_of_answer(struct buf *to, const char *answer)
{
    str s = str_of(answer);

    (void)take(&s, '~');
    if (str_is(s, STR("object"))) {
        buf_put(to, STR("{\"type\":\"object\"}"));
        return true;
    }
    if (take(&s, '=')) {
        buf_put(to, str_find(s, STR("json")) >= 0 ? STR("{\"type\":\"object\"}")
                                             : STR("{\"type\":\"string\"}"));
        return s.n != 0;
    }
    return members_put(to, &s, 0) && s.n == 0;
}
