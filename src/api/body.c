// SPDX-License-Identifier: MIT
/* body.c - from type and coding to a tree. The order of the checks is body-parser's. */
#include "api/body.h"

#include "api/charset.h"
#include "api/inflate.h"
#include "api/media_type.h"
#include "api/urlencoded.h"
#include "base/utf8.h"

/* The first line of that name: of two Content-Types Node keeps the first. */
static str first_header(const struct http_request *req, str name)
{
    for (size_t i = 0; i < req->headers_n; i++)
        if (str_is_nocase(req->headers[i].name, name))
            return str_trim(req->headers[i].value);
    return (str){0};
}

static err content_decode(struct exchange *x, str *body)
{
    str coding = str_trim(http_header(x, STR("content-encoding")));

    if (x->req.body.n > BODY_MAX)
        return ERR_BODY_TOO_LARGE;
    *body = x->req.body;
    if (coding.n == 0 || str_is_nocase(coding, STR("identity")))
        return OK;
    if (str_is_nocase(coding, STR("gzip")))
        return inflate_read(&x->mem, INFLATE_GZIP, x->req.body, BODY_MAX, body);
    if (str_is_nocase(coding, STR("deflate")))
        return inflate_read(&x->mem, INFLATE_ZLIB, x->req.body, BODY_MAX, body);
    return ERR_BODY_ENCODING;
}

/* body-parser's strict mode: an object or an array, or nothing at all. */
static err json_read(struct arena *mem, str text, bool lax, struct json **out)
{
    const struct json_rules rules = {lax ? BODY_DEPTH_LAX : BODY_DEPTH_MAX, BODY_VALUES_MAX, !lax};
    err e;

    if (text.n == 0)
        return (*out = json_add(mem, NULL, (str){0}, JSON_OBJECT)) ? OK : ERR_NO_MEMORY;
    if ((e = json_parse(mem, text, &rules, out)) != OK)
        return e;
    return (*out)->kind == JSON_OBJECT || (*out)->kind == JSON_LIST ? OK : ERR_JSON_SHAPE;
}

/* A page of another origin may send the types of HTML forms without asking first; in production a
 * route that takes a body takes none of those, nor one that does not say what it is. */
static err type_refusal(const struct exchange *x, const struct body_rules *rules)
{
    return rules->wanted && !rules->lax && x->req.body.n ? ERR_BODY_TYPE : OK;
}

err body_read(struct exchange *x, const struct body_rules *rules, const struct json **out)
{
    struct media_type type;
    enum charset charset = CHARSET_UTF8;
    struct json *tree = NULL;
    bool is_json;
    str text;
    err e;

    *out = NULL;
    if (!x->req.has_body)
        return OK;
    if (!media_type_read(first_header(&x->req, STR("content-type")), &type))
        return type_refusal(x, rules);
    is_json = str_is_nocase(type.name, STR("application/json"));
    if (!is_json &&
        !(rules->forms && str_is_nocase(type.name, STR("application/x-www-form-urlencoded"))))
        return type_refusal(x, rules);
    if (type.charset.n)
        charset = charset_of(type.charset);
    if (charset == CHARSET_NONE || (charset != CHARSET_UTF8 && !(is_json && rules->lax)))
        return ERR_BODY_CHARSET;
    if ((e = content_decode(x, &text)) != OK)
        return e;
    if (!rules->lax)
        e = utf8_is_well_formed(text) ? OK : ERR_NOT_UNICODE;
    else
        e = charset_decode(&x->mem, charset, text, &text);
    if (e != OK)
        return e;
    e = is_json ? json_read(&x->mem, text, rules->lax, &tree)
                : urlencoded_read(&x->mem, text, &tree);
    *out = tree;
    return e;
}
