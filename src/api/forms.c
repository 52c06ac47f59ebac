// SPDX-License-Identifier: MIT
/* forms.c - the tables of fields, and how a field of each kind is read. */
#include "api/forms.h"

#include "api/body.h"
#include "auth/name.h"
#include "base/utf8.h"

#include <math.h>

// clang-format off
static const struct field signup_fields[] = {
    { "username", FIELD_NAME,     offsetof(struct signup, username), NAME_MAX_CODES },
    { "email",    FIELD_NAME,     offsetof(struct signup, email),    NAME_MAX_CODES },
    { "password", FIELD_PASSWORD, offsetof(struct signup, password), 0 },
    { "roles",    FIELD_ROLES,    offsetof(struct signup, roles),    0 },
    {0}
};
static const struct field signin_fields[] = {
    { "username", FIELD_LOGIN,    offsetof(struct signin, username), 0 },
    { "password", FIELD_PASSWORD, offsetof(struct signin, password), 0 },
    { "device",   FIELD_OPTIONAL, offsetof(struct signin, device),   0 },
    { "cookie",   FIELD_WISH,     offsetof(struct signin, cookie),   0 },
    {0}
};
static const struct field password_fields[] = {
    { "currentPassword", FIELD_PASSWORD, offsetof(struct password_body, current), 0 },
    { "password",        FIELD_PASSWORD, offsetof(struct password_body, next),    0 },
    {0}
};
static const struct field signout_fields[] = {
    { "sessions", FIELD_OPTIONAL, offsetof(struct signout_body, sessions), 0 },
    {0}
};
static const struct field refresh_fields[] = {
    { "refreshToken", FIELD_REFRESH, offsetof(struct refresh_body, token), 0 },
    {0}
};
// clang-format on

const struct form signup_form = { sizeof(struct signup), signup_fields, true };
const struct form signin_form = { sizeof(struct signin), signin_fields, true };
const struct form password_form = { sizeof(struct password_body), password_fields, false };
const struct form signout_form = { sizeof(struct signout_body), signout_fields, false };
const struct form refresh_form = { sizeof(struct refresh_body), refresh_fields, false };

enum { NUMBER_MAX = 512, DIGITS_MAX = 17 };

/* The `n` digits of d.ddd times ten to the exponent, spelled as JavaScript does. */
static void digits_put(struct buf *to, const char *digits, int n, int exponent)
{
    if (exponent >= 21 || exponent < -6) {
        buf_byte(to, digits[0]);
        if (n > 1)
            buf_printf(to, ".%.*s", n - 1, digits + 1);
        buf_printf(to, "e%+d", exponent);
        return;
    }
    if (exponent < 0)
        buf_put(to, str_head(STR("0.00000"), (size_t)(1 - exponent)));
    for (int i = 0; i < n || i <= exponent; i++) {
        if (exponent >= 0 && i == exponent + 1)
            buf_byte(to, '.');
        buf_byte(to, i < n ? digits[i] : '0');
    }
}

/* A number as JavaScript spells it (ECMA-262 section 6.1.6.1.20): the fewest digits that read back
 * as the same double, an exponent only from 1e21 on and below 1e-6. */
static void number_put(struct buf *to, str spelled)
{
    char text[NUMBER_MAX], digits[DIGITS_MAX + 1];
    int precision = 0;
    double d;

    spelled = str_head(spelled, sizeof text - 1);        /* longer ones only serve to be refused */
    memcpy(text, spelled.p, spelled.n);
    text[spelled.n] = '\0';
    d = strtod(text, NULL);
    if (d == 0) {
        buf_put(to, STR("0"));
        return;
    }
    if (d < 0)
        buf_byte(to, '-');
    d = fabs(d);
    if (isinf(d)) {
        buf_put(to, STR("Infinity"));
        return;
    }
    do
        (void)snprintf(text, sizeof text, "%.*e", precision, d);
    while (strtod(text, NULL) != d && ++precision < DIGITS_MAX);
    digits[0] = text[0];
    if (precision)
        memcpy(digits + 1, text + 2, (size_t)precision);
    digits_put(to, digits, precision + 1, (int)strtol(strchr(text, 'e') + 1, NULL, 10));
}

static void scalar_put(struct buf *to, const struct json *value)
{
    static const char *const words[] = {
        [JSON_NULL] = "null",
        [JSON_FALSE] = "false",
        [JSON_TRUE] = "true",
        [JSON_OBJECT] = "[object Object]",
    };

    if (value->kind == JSON_NUMBER)
        number_put(to, value->text);
    else if (value->kind == JSON_TEXT)
        buf_put(to, value->text);
    else if (value->kind != JSON_LIST)
        buf_put(to, str_of(words[value->kind]));
}

/* The items of a list joined by commas, lists inside likewise, null as nothing. Walks up and down
 * by the tree's own pointers: depth costs no stack. */
err json_as_string(struct buf *to, const struct json *value)
{
    const struct json *v = value;

    for (;;) {
        if (v->kind == JSON_LIST && v->first) {
            v = v->first;
            continue;
        }
        if (v == value || v->kind != JSON_NULL)
            scalar_put(to, v);
        while (v != value && !v->next)
            v = v->up;
        if (v == value)
            return buf_ok(to);
        buf_byte(to, ',');
        v = v->next;
    }
}

/* A name with each lone surrogate replaced by one U+FFFD, as Node stores it. */
static str surrogates_replaced(struct arena *mem, str s)
{
    char *p;
    str out = arena_dup(mem, s);

    if ((p = (char *)(uintptr_t)out.p) == NULL)
        return (str){0};
    for (size_t i = 0; i + 2 < s.n; i++)
        if ((unsigned char)p[i] == 0xed && (unsigned char)p[i + 1] >= 0xa0)
            memcpy(p + i, "\xef\xbf\xbd", 3);
    return out;
}

static err read_name(struct req *req, const struct field *f, const struct json *v, str *to)
{
    bool blank = v->kind == JSON_NULL || (v->kind == JSON_TEXT && v->text.n == 0);

    if (blank && !req->api->config.blank_names)
        return ERR_BAD_REQUEST;
    if (v->kind == JSON_NULL)
        return OK;
    if (v->kind != JSON_TEXT)
        return f->kind == FIELD_LOGIN && v->kind != JSON_OBJECT ? ERR_USER_UNKNOWN
                                                                : ERR_BAD_REQUEST;
    *to = v->lone_surrogate ? surrogates_replaced(req->mem, v->text) : v->text;
    if (!to->p)
        return ERR_NO_MEMORY;
    return f->codes_max && name_length(*to) > f->codes_max ? ERR_BAD_REQUEST : OK;
}

/* A text's UTF-16 units, each a text of its own; half of a surrogate pair ends them, as nothing
 * that a role could be called. */
static err read_units(struct req *req, str text, struct asked_roles *to)
{
    size_t at = 0;

    to->is_none = true;
    while (at < text.n && !to->odd.p && to->names.n < ROLE_ITEMS_MAX) {
        unsigned char c = (unsigned char)text.p[at];
        size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        str unit = str_head(str_from(text, at), n);

        at += n;
        if (n == 4) {
            uint32_t code = (c & 7u) << 18 | ((unsigned char)unit.p[1] & 63u) << 12
                            | ((unsigned char)unit.p[2] & 63u) << 6;
            struct buf b;

            buf_init(&b, req->mem, 8);
            utf8_put(&b, 0xd800 + ((code - 0x10000) >> 10));
            if (b.failed)
                return ERR_NO_MEMORY;
            to->odd = buf_str(&b);
        } else if (c == 0xed && (unsigned char)unit.p[1] >= 0xa0)
            to->odd = unit;
        else
            to->names.at[to->names.n++] = unit;
    }
    return OK;
}

/* An item that no role can be called. */
static err read_odd(struct req *req, const struct json *item, struct asked_roles *to)
{
    struct buf b;
    err e;

    buf_init(&b, req->mem, BODY_MAX);
    if ((e = json_as_string(&b, item)) != OK)
        return e;
    to->odd = b.n ? buf_str(&b) : STR("");
    return OK;
}

static err read_items(struct req *req, const struct json *list, struct asked_roles *to)
{
    for (const struct json *item = list->first; item; item = item->next) {
        if (item->kind != JSON_TEXT || item->lone_surrogate)
            return read_odd(req, item, to);
        if (to->names.n == ROLE_ITEMS_MAX)
            return ERR_BAD_REQUEST;
        to->names.at[to->names.n++] = item->text;
    }
    return OK;
}

/* An object that has a length is walked as a list is: `{"length":1}` has one item, undefined. */
static err read_lookalike(struct req *req, const struct json *v, struct asked_roles *to)
{
    const struct json *length = json_member(v, STR("length")), *item;
    int64_t n = 0;
    char key[24];

    if (!length || !(length->kind == JSON_NUMBER ? json_int_of(length, &n)
                     : length->kind == JSON_TEXT && str_int(length->text, &n)) || n <= 0)
        return ERR_BAD_REQUEST;
    to->is_none = true;
    for (int64_t i = 0; i < n && i < ROLE_ITEMS_MAX; i++) {
        (void)snprintf(key, sizeof key, "%lld", (long long)i);
        if (!(item = json_member(v, str_of(key)))) {
            to->odd = STR("undefined");
            return OK;
        }
        if (item->kind != JSON_TEXT || item->lone_surrogate)
            return read_odd(req, item, to);
        to->names.at[to->names.n++] = item->text;
    }
    return OK;
}

/* Whatever JavaScript holds for false asks for nothing. An empty list is refused: with the tutorial
 * it gives every role there is. */
static err read_roles(struct req *req, const struct json *v, struct asked_roles *to)
{
    int64_t n;

    if (v->kind == JSON_NULL || v->kind == JSON_FALSE || (v->kind == JSON_TEXT && v->text.n == 0)
        || (v->kind == JSON_NUMBER && json_int_of(v, &n) && n == 0))
        return OK;
    if ((to->names.at = NEW_ARRAY(req->mem, str, ROLE_ITEMS_MAX)) == NULL)
        return ERR_NO_MEMORY;
    if (v->kind == JSON_TEXT)
        return read_units(req, v->text, to);
    if (v->kind == JSON_LIST && v->n)
        return read_items(req, v, to);
    return v->kind == JSON_OBJECT ? read_lookalike(req, v, to) : ERR_BAD_REQUEST;
}

/* What the tutorial's clients may send under that name, and its server overlooks, is overlooked. */
static str optional_of(const struct json *v)
{
    if (!v || v->kind != JSON_TEXT || v->lone_surrogate || v->text.n > OPTIONAL_MAX
        || memchr(v->text.p, '\0', v->text.n))
        return (str){0};
    return v->text;
}

static bool is_wished(const struct json *v)
{
    return v && (v->kind == JSON_TRUE || (v->kind == JSON_TEXT && str_is(v->text, STR("true"))));
}

static err read_refresh(const struct req *req, const struct json *v, str *to)
{
    *to = (str){0};
    if (!v || v->kind == JSON_NULL)
        return req->api->config.cookies ? OK : ERR_REFRESH_MISSING;
    if (v->kind != JSON_TEXT)
        return ERR_REFRESH_UNKNOWN;
    *to = v->text;
    return OK;
}

static err read_password(const struct json *v, str *to)
{
    *to = v->text;
    return v->kind == JSON_TEXT ? OK : ERR_BAD_REQUEST;
}

static err read_field(struct req *req, const struct field *f, char *form)
{
    const struct json *v = json_member(req->tree, str_of(f->key));
    void *to = form + f->at;

    req->detail = str_of(f->key);
    switch (f->kind) {
    case FIELD_NAME:
    case FIELD_LOGIN:    return v ? read_name(req, f, v, to) : ERR_BAD_REQUEST;
    case FIELD_PASSWORD: return v ? read_password(v, to) : ERR_BAD_REQUEST;
    case FIELD_ROLES:    return v ? read_roles(req, v, to) : OK;
    case FIELD_REFRESH:  return read_refresh(req, v, to);
    case FIELD_OPTIONAL: *(str *)to = optional_of(v); return OK;
    case FIELD_WISH:     *(bool *)to = is_wished(v); return OK;
    case FIELD_KINDS:    break;
    }
    return ERR_BUG;
}

static bool is_tutorial(const struct req *req)
{
    return req->api->config.manner == AS_TUTORIAL;
}

err field_check(struct req *req, const char *key)
{
    for (size_t i = 0; i < req->amiss_n; i++)
        if (strcmp(req->amiss[i], key) == 0) {
            req->detail = str_of(key);
            return ERR_BAD_REQUEST;
        }
    return OK;
}

err form_read(struct req *req, const struct form *form, const void **out)
{
    char *to = arena_alloc(req->mem, form->size, _Alignof(max_align_t));
    err e;

    if (!to)
        return ERR_NO_MEMORY;
    for (const struct field *f = form->fields; f->key; f++) {
        e = read_field(req, f, to);
        if (e == ERR_BAD_REQUEST && form->puts_off && f != form->fields && is_tutorial(req) &&
            req->amiss_n < FIELDS_MAX)
            req->amiss[req->amiss_n++] = f->key;
        else if (e != OK)
            return e;
    }
    *out = to;
    req->detail = (str){0};
    return OK;
}

/* A body that cannot be read ends any request, even one that no row wants. */
err parse_body(struct req *req, struct res *, const char *)
{
    const struct api_config *config = &req->api->config;
    const struct body_rules rules = { config->lax_bodies, config->forms, req->route->body != NULL };

    return body_read(req->x, &rules, &req->tree);
}

err read_form(struct req *req, struct res *, const char *)
{
    return req->route->body ? form_read(req, req->route->body, &req->body) : OK;
}
