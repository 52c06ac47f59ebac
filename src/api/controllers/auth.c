// SPDX-License-Identifier: MIT
/* auth.c - sign up and sign in. */
#include "api/answers.h"
#include "api/cookie.h"
#include "api/forms.h"
#include "auth/account.h"
#include "auth/session.h"
#include "auth/sessions.h"
#include "base/utf8.h"
#include "store/role.h"

#include <arpa/inet.h>

/* POST /api/auth/signup - make an account. */
err signup(struct req *req, struct res *res)
{
    const struct signup *form = req->body;
    const struct new_account want = {form->username, form->email, form->password,
                                     form->roles.names};
    int64_t id;
    err e;

    if ((e = field_check(req, "password")) != OK)
        return e;
    req->detail = STR("username");
    e = account_create(req->auth, req->mem, &want, &id);
    if (e == ERR_PASSWORD_POLICY)
        req->detail = str_of(req->auth->refusal);
    if (e == ERR_ROLE_UNKNOWN)
        req->detail = STR("user"); /* who named roles was told before */
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
            p[5 + i] =
                role.p[i] >= 'a' && role.p[i] <= 'z' ? (char)(role.p[i] - 'a' + 'A') : role.p[i];
        names.at[names.n] = (str){ p, role.n + 5 };
    }
    return names;
}

static err account_put(struct json_writer *w, struct arena *mem, const struct user *user,
                       struct strs roles)
{
    struct strs names = role_names(mem, roles);

    if (!names.at)
        return ERR_NO_MEMORY;
    json_int(w, "id", user->id);
    json_text(w, "username", user->username);
    json_text(w, "email", user->email);
    json_texts(w, "roles", names);
    return OK;
}

/* What of a text is printable ASCII, `?` for the rest. */
static str printable(struct arena *mem, str s)
{
    char *p = NEW_ARRAY(mem, char, s.n + 1);

    for (size_t i = 0; p && i < s.n; i++)
        p[i] = s.p[i] >= ' ' && s.p[i] <= '~' ? s.p[i] : '?';
    return (str){ p, p ? s.n : 0 };
}

/* Who signs in, for the list of sessions. */
static struct device device_of(const struct req *req, str name)
{
    const struct http_peer *peer = &req->x->req.peer;
    char *address = NEW_ARRAY(req->mem, char, INET6_ADDRSTRLEN);

    if (address && peer->family != AF_UNIX)
        (void)inet_ntop(peer->family, peer->address, address,
                        INET6_ADDRSTRLEN); /* an unknown family stays unsaid */
    return (struct device){
        .address = str_of(address ? address : ""),
        .agent =
            printable(req->mem, str_head(req_header(req, STR("user-agent")), SESSION_TEXT_MAX)),
        .name = name,
    };
}

/* The tokens into cookies: whom the browser's old ones belonged to is signed out with them, so that
 * no session goes on that nobody can reach. */
static err cookies_replace(struct req *req, struct res *res, str before, const struct session *s)
{
    err e;

    if (before.n && (e = sessions_end_by_token(req->auth, req->mem, before)) != OK)
        return e;
    return cookies_set(res, s);
}

static void tokens_put(struct json_writer *w, const struct session *s)
{
    json_text(w, "accessToken", s->access_token);
    if (s->refresh_token.p)
        json_text(w, "refreshToken", s->refresh_token);
}

/* As the tutorial has it: whoever is not there is told so, whatever stands for a password. */
static err name_then_password(struct req *req, const struct signin *form)
{
    struct user user;
    err amiss = field_check(req, "password"), e;

    if (amiss == OK && req->api->config.manner == AS_TUTORIAL && !utf8_is_well_formed(form->password))
        amiss = ERR_NOT_UNICODE;
    if (amiss == OK)
        return OK;
    e = account_by_name(req->auth, req->mem, form->username, &user);
    return e == OK ? amiss : e;
}

/* POST /api/auth/signin - trade a name and a password for a token. */
err signin(struct req *req, struct res *res)
{
    const struct signin *form = req->body;
    bool by_cookie = form->cookie && req->api->config.cookies;
    struct json_writer *w;
    struct session s;
    str before = {0};
    err e;

    req->event = "signin";
    req->who = form->username;
    req->auth->device = device_of(req, form->device);
    /* Refused after session_open it would leave a session behind. */
    if (by_cookie && (e = cookie_read(req, COOKIE_REFRESH, &before)) != OK)
        return e;
    if ((e = name_then_password(req, form)) != OK)
        return e;
    if ((e = session_open(req->auth, req->mem, form->username, form->password, &s)) != OK)
        return e;
    res_header(res, STR("Cache-Control"), STR("no-store"));
    if (by_cookie && (e = cookies_replace(req, res, before, &s)) != OK)
        return e;
    if ((e = cookie_proofs_set(res, s.device_proofs)) != OK)
        return e;
    w = res_json(res);
    if ((e = account_put(w, req->mem, &s.user, s.roles)) != OK)
        return e;
    if (!by_cookie)
        tokens_put(w, &s);
    return res_send(res, 200);
}

/* The refresh token of the body, or of the cookie. */
static err refresh_shown(struct req *req, str *token)
{
    str kept;
    err e;

    *token = ((const struct refresh_body *)req->body)->token;
    if ((e = cookie_read(req, COOKIE_REFRESH, &kept)) != OK)
        return e;
    if (token->p)
        return kept.n && !str_is(kept, *token) ? ERR_TOKEN_TWICE : OK;
    if (kept.n == 0)
        return ERR_REFRESH_MISSING;
    *token = kept;
    req->by_cookie = true;
    return cookie_page_check(req);
}

/* POST /api/auth/refreshtoken - trade a refresh token for the next access token. */
err refresh_token(struct req *req, struct res *res)
{
    struct session s;
    str token;
    err e;

    req->event = "refresh";
    if ((e = refresh_shown(req, &token)) != OK)
        return e;
    e = session_refresh(req->auth, req->mem, token, &s);
    req->who = s.user.username;
    if (e == ERR_REFRESH_UNKNOWN && req->by_cookie)
        cookies_clear(res);
    if (e != OK)
        return e;
    res_header(res, STR("Cache-Control"), STR("no-store"));
    if (req->by_cookie) {
        e = cookies_set(res, &s);
        return e != OK ? e : res_message(res, 200, STR("The session goes on."));
    }
    tokens_put(res_json(res), &s);
    return res_send(res, 200);
}

/* GET /api/auth/me - who the caller is. */
err me(struct req *req, struct res *res)
{
    struct json_writer *w;
    struct user user;
    struct strs roles;
    err e;

    if ((e = user_by_id(req->auth->db, req->mem, req->caller.user_id, &user)) != OK)
        return e == ERR_NOT_FOUND ? ERR_TOKEN_INVALID : e;
    if ((e = roles_of_user(req->auth->db, req->mem, user.id, &roles)) != OK)
        return e;
    w = res_json(res);
    if ((e = account_put(w, req->mem, &user, roles)) != OK)
        return e;
    return res_send(res, 200);
}
