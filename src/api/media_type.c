// SPDX-License-Identifier: MIT
/* media_type.c - read a media type and the one parameter that matters here. */
#include "api/media_type.h"

static bool is_token(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z')
           || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static str token(str *s)
{
    size_t n = 0;

    while (n < s->n && is_token(s->p[n]))
        n++;
    *s = str_from(*s, n);
    return (str){ s->p - n, n };
}

static void blanks(str *s)
{
    while (s->n && (s->p[0] == ' ' || s->p[0] == '\t'))
        *s = str_from(*s, 1);
}

static bool eat(str *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    *s = str_from(*s, 1);
    return true;
}

/* After the opening quote (RFC 9110 section 5.6.4). What does not fit is no charset we know, so it
 * may be cut. */
static bool quoted(str *s, char to[static CHARSET_NAME_MAX], str *out)
{
    size_t n = 0;

    while (s->n && s->p[0] != '"') {
        unsigned char c;

        if (s->p[0] == '\\' && s->n > 1)
            *s = str_from(*s, 1);
        c = (unsigned char)s->p[0];
        if (c < ' ' || c == 0x7f)
            return false;
        if (n < CHARSET_NAME_MAX)
            to[n++] = (char)c;
        *s = str_from(*s, 1);
    }
    *out = (str){ to, n };
    return eat(s, '"');
}

static bool parameter(str *s, struct media_type *out)
{
    char unquoted[CHARSET_NAME_MAX];
    str name, value;

    blanks(s);
    name = token(s);
    blanks(s);
    if (name.n == 0 || !eat(s, '='))
        return false;
    blanks(s);
    if (eat(s, '"')) {
        if (!quoted(s, unquoted, &value))
            return false;
    } else if ((value = token(s)).n == 0)
        return false;
    blanks(s);
    if (str_is_nocase(name, STR("charset"))) {
        value = str_head(value, CHARSET_NAME_MAX);
        if (value.n)
            memcpy(out->unquoted, value.p, value.n);
        out->charset = (str){ out->unquoted, value.n };
    }
    return true;
}

bool media_type_read(str text, struct media_type *out)
{
    str whole = str_trim(text), rest = whole, kind = token(&rest), sub;

    if (kind.n == 0 || !eat(&rest, '/') || (sub = token(&rest)).n == 0)
        return false;
    *out = (struct media_type){ .name = { whole.p, kind.n + 1 + sub.n } };
    blanks(&rest);
    while (rest.n) {
        if (!eat(&rest, ';') || !parameter(&rest, out))
            return false;
    }
    return true;
}
