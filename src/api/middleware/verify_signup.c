// SPDX-License-Identifier: MIT
/* verify_signup.c - may this account be made. */
#include "api/api.h"
#include "api/forms.h"
#include "auth/account.h"
#include "auth/attempt.h"

err check_signup_open(struct req *req, struct res *, const char *)
{
    return req->auth->rules->signup_open ? OK : ERR_SIGNUP_CLOSED;
}

err check_duplicate_user(struct req *req, struct res *, const char *)
{
    const struct signup *form = req->body;
    struct attempt attempt;
    err e, amiss;

    req->event = "signup";
    req->who = form->username;
    if ((e = attempt_begin_nameless(req->auth, &attempt)) != OK)
        return e;
    amiss = field_check(req, "email");
    e = account_check_free(req->auth, req->mem, form->username,
                           amiss == OK ? form->email : (str){0});
    if (amiss != OK && (e == OK || e == ERR_EMAIL_TAKEN))
        e = amiss;                  /* what was looked for besides the name is no email */
    return attempt_end(req->auth, &attempt, e);
}

/* Where sign-ups cannot choose, only the default role may be named. */
static err check_roles_allowed(struct req *req, struct strs names)
{
    struct role role = {0};
    err e;

    if (names.n == 0 || req->auth->rules->signup_roles)
        return OK;
    e = role_default(req->auth->db, req->mem, &role);
    if (e != OK && e != ERR_ROLE_UNKNOWN)
        return e;
    for (size_t i = 0; i < names.n; i++)
        if (e != OK || !str_is(names.at[i], role.name)) {
            req->detail = names.at[i];
            return ERR_ROLE_REFUSED;
        }
    return OK;
}

err check_roles_exist(struct req *req, struct res *, const char *)
{
    const struct signup *form = req->body;
    err e = field_check(req, "roles");

    if (e != OK)
        return e;
    if ((e = roles_check_exist(req->auth, req->mem, form->roles.names, &req->detail)) != OK)
        return e;
    if (form->roles.odd.p) {
        req->detail = form->roles.odd;
        return ERR_ROLE_UNKNOWN;
    }
    if (form->roles.is_none) {
        req->detail = STR("roles");
        return ERR_BAD_REQUEST;
    }
    return check_roles_allowed(req, form->roles.names);
}
