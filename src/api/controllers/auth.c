// SPDX-License-Identifier: MIT
/* auth.c - sign up and sign in. */
#include "api/answers.h"
#include "api/api.h"
#include "api/forms.h"
#include "auth/session.h"

/* POST /api/auth/signup - make an account. */
err signup(struct req *req, struct res *res)
{
    const struct signup *form = req->body;
    const struct new_account want = { form->username, form->email, form->password, form->roles.names };
    int64_t id;
    err e;

    req->detail = STR("username");
    e = account_create(req->auth, req->mem, &want, &id);
    if (e == ERR_PASSWORD_POLICY)
        req->detail = str_of(req->auth->refusal);
    if (e != OK)
        return e;
    return res_message(res, 200, said_of(req, SAID_REGISTERED));
}

/* The names of roles as the tutorial's clients know them: ROLE_ADMIN. */
static struct strs role_names(struct arena *mem, struct strs roles)
{
    struct strs names = { NEW_ARRAY(mem, str, roles.n + 1), 0 };

    for (; names.at && names.n < roles.n; names.n++) {
        str role = roles.at[names.n];
        char *p = arena_alloc(mem, role.n + 5, 1);

        if (!p)
            return (struct strs){0};
        memcpy(p, "ROLE_", 5);
        for (size_t i = 0; i < role.n; i++)
            p[5 + i] = role.p[i] >= 'a' && role.p[i] <= 'z' ? (char)(role.p[i] - 'a' + 'A') : role.p[i];
        names.at[names.n] = (str){ p, role.n + 5 };
    }
    return names;
}

/* POST /api/auth/signin - trade a name and a password for a token. */
err signin(struct req *req, struct res *res)
{
    const struct signin *form = req->body;
    struct json_writer *w;
    struct session s;
    struct strs roles;
    err e;

    req->event = "signin";
    req->who = form->username;
    if ((e = session_open(req->auth, req->mem, form->username, form->password, &s)) != OK)
        return e;
    roles = role_names(req->mem, s.roles);
    if (!roles.at)
        return ERR_NO_MEMORY;
    res_header(res, STR("Cache-Control"), STR("no-store"));
    w = res_json(res);
    json_int(w, "id", s.user.id);
    json_text(w, "username", s.user.username);
    json_text(w, "email", s.user.email);
    json_texts(w, "roles", roles);
    json_text(w, "accessToken", s.access_token);
    if (s.refresh_token.p)
        json_text(w, "refreshToken", s.refresh_token);
    return res_send(res, 200);
}

/* POST /api/auth/refreshtoken - trade a refresh token for the next access token. */
err refresh_token(struct req *req, struct res *res)
{
    const struct refresh_body *form = req->body;
    struct json_writer *w;
    struct session s;
    err e;

    req->event = "refresh";
    e = session_refresh(req->auth, req->mem, form->token, &s);
    req->who = s.user.username;
    if (e != OK)
        return e;
    res_header(res, STR("Cache-Control"), STR("no-store"));
    w = res_json(res);
    json_text(w, "accessToken", s.access_token);
    json_text(w, "refreshToken", s.refresh_token);
    return res_send(res, 200);
}
