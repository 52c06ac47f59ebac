// SPDX-License-Identifier: MIT
/* session.c - what an account's owner sees and ends of his sessions. */
#include "api/cookie.h"
#include "api/forms.h"
#include "auth/session.h"
#include "auth/sessions.h"
#include "base/clock.h"

/* 2026-11-23T19:04:11Z (RFC 3339) from ms. */
static void time_put(struct json_writer *w, const char *key, int64_t ms)
{
    char text[21];

    clock_datetime(ms / 1000, text);
    text[10] = 'T';
    text[19] = 'Z';
    json_text(w, key, (str){ text, 20 });
}

static void id_put(struct json_writer *w, const char *key, int64_t id)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%lld", (long long)id);

    json_text(w, key, (str){ text, (size_t)n });
}

static void session_put(struct json_writer *w, const struct req *req, const struct session_row *row)
{
    struct json_writer one;

    json_open(&one, w->b);
    id_put(&one, "id", row->id);
    json_text(&one, "device", row->name.n ? row->name : (str){0});
    json_text(&one, "address", row->address);
    json_text(&one, "userAgent", row->agent);
    time_put(&one, "createdAt", row->created_at);
    time_put(&one, "usedAt", row->used_at);
    time_put(&one, "expiresAt", row->expires_at);
    json_bool(&one, "current", row->id == req->caller.session_id);
    json_close(&one);
}

/* GET /api/auth/sessions - where the caller is signed in, the session used last first. */
err sessions_list(struct req *req, struct res *res)
{
    struct session_rows rows;
    struct json_writer *w;
    err e;

    if ((e = sessions_of_user(req->auth, req->mem, req->caller.user_id, &rows)) != OK)
        return e;
    w = res_json(res);
    json_key(w, "sessions");
    buf_byte(w->b, '[');
    for (size_t i = 0; i < rows.n; i++) {
        if (i)
            buf_byte(w->b, ',');
        session_put(w, req, &rows.at[i]);
    }
    buf_byte(w->b, ']');
    return res_send(res, 200);
}

/* DELETE /api/auth/sessions/:id - end one of the caller's. */
err session_end(struct req *req, struct res *res)
{
    int64_t id;
    err e;

    req->event = "signout";
    if (!str_int(req_param(req, "id"), &id))
        return ERR_NOT_FOUND;
    if ((e = sessions_end_one(req->auth, req->caller.user_id, id)) != OK)
        return e;
    if (req->by_cookie && id == req->caller.session_id)
        cookies_clear(res);
    return res_message(res, 200, STR("The session is over."));
}

static err signout_this(struct req *req)
{
    err e;

    if (!req->caller.session_id)
        return ERR_NO_SESSION;
    e = sessions_end_one(req->auth, req->caller.user_id, req->caller.session_id);
    return e == ERR_NOT_FOUND ? OK : e;          /* it ended meanwhile: that was the wish */
}

/* POST /api/auth/signout - end this session, the others, or all. */
err signout(struct req *req, struct res *res)
{
    str which = ((const struct signout_body *)req->body)->sessions;
    err e = ERR_BAD_REQUEST;

    req->event = "signout";
    req->detail = STR("sessions");
    if (!which.p || str_is(which, STR("this")))
        e = signout_this(req);
    else if (str_is(which, STR("others")))
        e = req->caller.session_id
                ? account_sign_out(req->auth, req->caller.user_id, req->caller.session_id)
                : ERR_NO_SESSION;
    else if (str_is(which, STR("all")))
        e = account_sign_out(req->auth, req->caller.user_id, 0);
    if (e != OK)
        return e;
    if (req->by_cookie && !str_is(which, STR("others")))
        cookies_clear(res);
    return res_message(res, 200, STR("Signed out."));
}

/* PUT /api/auth/password - who knows the current one may change it; all other sessions end. */
err password_put(struct req *req, struct res *res)
{
    const struct password_body *form = req->body;
    struct password_change want = {req->caller.user_id, req->caller.session_id, form->current,
                                   form->next, {0}};
    err e;

    req->event = "password";
    e = session_change_password(req->auth, req->mem, &want);
    if (e == ERR_PASSWORD_POLICY)
        req->detail = str_of(req->auth->refusal);
    if (e != OK)
        return e;
    if ((e = cookie_proofs_set(res, want.device_proofs)) != OK)
        return e;
    return res_message(res, 200, STR("The password was changed."));
}
