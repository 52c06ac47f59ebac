// SPDX-License-Identifier: MIT
/* forms.h - what the bodies of routes must look like: tables of fields, read into typed structs.
 *
 * A controller never sees a missing field, a number for a name, or an object for a password. What
 * the tutorial answers with a crash, a hang or a message of its libraries is ERR_BAD_REQUEST here,
 * with req->detail naming the field. Unknown fields are ignored; of repeated ones the last
 * counts.
 *
 * The tutorial looks at a field when it needs it: a name that is taken is told before a password
 * that is missing. In its manner all fields but the first are put off, and who needs one asks
 * field_check. */
#ifndef API_FORMS_H
#define API_FORMS_H

#include "api/api.h"

enum { NAME_MAX_CODES = 255, ROLE_ITEMS_MAX = 64, OPTIONAL_MAX = 255 };

enum field_kind {
    FIELD_NAME,     /* str: text, or null as p == NULL where blank names are allowed */
    FIELD_LOGIN,    /* the same; other scalars and lists name nobody: ERR_USER_UNKNOWN */
    FIELD_PASSWORD, /* str: text, perhaps with lone surrogates (WTF-8): the domain refuses them */
    FIELD_ROLES,    /* struct asked_roles */
    FIELD_OPTIONAL, /* str: text without NUL of 255 bytes at most; p == NULL for anything else */
    FIELD_WISH,     /* bool: true, or "true" as a form sends it; anything else is no wish */
    FIELD_REFRESH,  /* str: text, or p == NULL where a cookie may hold it; ERR_REFRESH_MISSING, or
                       ERR_REFRESH_UNKNOWN for what is no text */
    FIELD_KINDS
};

struct field {
    const char *key;
    enum field_kind kind;
    size_t at;            /* in the struct */
    size_t codes_max;     /* code points of a name; 0: any number */
};

struct form {
    size_t size;
    const struct field *fields;
    bool puts_off;        /* in the tutorial's manner: at most FIELDS_MAX fields */
};

/* The roles that a sign-up asks for. */
struct asked_roles {
    struct strs names;    /* texts, up to the first item that is none */
    str odd;      /* that item as String(item) has it: no role can have it; p == NULL: none */
    bool is_none; /* no list: what is in `names` the tutorial finds in it, and then fails */
};

/* Bodies of POST /api/auth/signup and /signin. */
struct signup { str username, email, password; struct asked_roles roles; };
struct signin { str username, password, device; bool cookie; };

/* Bodies of PUT /api/auth/password and POST /api/auth/signout. */
struct password_body { str current, next; };
struct signout_body { str sessions; };

/* Body of POST /api/auth/refreshtoken. */
struct refresh_body { str token; };

extern const struct form signup_form, signin_form, refresh_form, password_form, signout_form;

/* Fill a new struct from the body's tree (NULL: nothing was sent). ERR_BAD_REQUEST,
 * ERR_USER_UNKNOWN, ERR_REFRESH_MISSING, ERR_REFRESH_UNKNOWN, ERR_NO_MEMORY. */
err form_read(struct req *req, const struct form *form, const void **out);

/* ERR_BAD_REQUEST, with req->detail, when this field was put off and is missing or wrong. */
err field_check(struct req *req, const char *key);

/* String(value) as JavaScript has it: null, 1e+21, [object Object], a,b, (of ["a","b",null]). */
err json_as_string(struct buf *to, const struct json *value);

#endif
