// SPDX-License-Identifier: MIT
/* routes.c - the whole HTTP surface of the server. Start reading here.
 *
 * A row reads: METHOD path takes this body, first passes these steps, then runs this controller,
 * which does this kind of work. Steps run left to right; the first that fails ends the request. A
 * token is checked against the account in the database, so whoever verifies one READS. `whose` says
 * how failures look, and that a row which needs sessions is not there without them.
 *
 * A row's second line is for GET /openapi.json: what it does, what it answers (openapi.h says how
 * that is written), and what its controller may refuse; what its steps and its body may is
 * known. */
#include "api/api.h"
#include "api/forms.h"

const struct step before_all[] = {{cors}, {parse_body}, {allow_headers}, {read_form}, {0}};

// clang-format off
static const struct step anyone[]     = { {0} };
static const struct step visitors[]   = { { check_signin_page }, {0} };
static const struct step newcomers[]  = { { check_signup_open }, { check_duplicate_user }, { check_roles_exist }, {0} };
static const struct step signed_in[]  = { { verify_token }, {0} };
static const struct step owners[]     = { { verify_token }, { refuse_forgeable }, {0} };
static const struct step moderators[] = { { verify_token }, { require_role, "moderator" }, {0} };
static const struct step admins[]     = { { verify_token }, { require_role, "admin" }, {0} };

static const err no_account[]   = { ERR_PASSWORD_POLICY, ERR_USERNAME_TAKEN, ERR_EMAIL_TAKEN, ERR_NOT_UNICODE, OK };
static const err no_signin[]    = { ERR_USER_UNKNOWN, ERR_PASSWORD_WRONG, ERR_NOT_UNICODE, ERR_TOKEN_TWICE, OK };
static const err no_refresh[]   = { ERR_REFRESH_MISSING, ERR_REFRESH_UNKNOWN, ERR_REFRESH_EXPIRED, ERR_TOKEN_TWICE, ERR_CROSS_SITE, OK };
static const err no_signout[]   = { ERR_BAD_REQUEST, ERR_NO_SESSION, OK };
static const err no_password[]  = { ERR_CURRENT_WRONG, ERR_PASSWORD_POLICY, ERR_USER_UNKNOWN, OK };
static const err not_found[]    = { ERR_NOT_FOUND, OK };
static const err no_feed[]      = { ERR_KEY_NONE, ERR_BAD_REQUEST, OK };

/* A row that leaves a column out does not build: above all not one that says nothing of who may pass. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wmissing-field-initializers"
const struct route routes[] = {
    /*        path                 body           first       then             work    whose */
    { GET,    "/",                 NULL,          anyone,     welcome,         NONE,   TUTORIALS,
      "The welcome", "message:text", NULL },
    { GET,    "/livez",            NULL,          anyone,     livez,           NONE,   OURS,
      "Whether the process answers", "message:text", NULL },
    { GET,    "/readyz",           NULL,          anyone,     readyz,          READS,  OURS,
      "Whether the database answers too", "message:text", NULL },
    { GET,    "/openapi.json",     NULL,          anyone,     openapi,         NONE,   OURS,
      "This document", "object", NULL },
    { GET,    "/.well-known/jwks.json", NULL,     anyone,     jwks,            NONE,   OURS,
      "The keys that verify our tokens (RFC 7517)", "~=application/jwk-set+json", NULL },
    { GET,    "/revocations",      NULL,          anyone,     revocations,     READS,  OURS,
      "What ended before its tokens did, signed; ?since= (ms) what came after that", "~=application/jose", no_feed },

    { POST,   "/api/auth/signup",  &signup_form,  newcomers,  signup,          HASHES, TUTORIALS,
      "Make an account", "message:text", no_account },
    { POST,   "/api/auth/signin",  &signin_form,  visitors,   signin,          HASHES, TUTORIALS,
      "Trade a name and a password for tokens, in the answer or in cookies",
      "id:integer username:text? email:text? roles:texts accessToken?:text refreshToken?:text", no_signin },
    { POST,   "/api/auth/refreshtoken", &refresh_form, anyone, refresh_token,  WRITES, SEQUELS,
      "Trade a refresh token, from the body or a cookie, for the next tokens",
      "accessToken?:text refreshToken?:text message?:text", no_refresh },
    { POST,   "/api/auth/signout", &signout_form, owners,     signout,         WRITES, SESSIONS,
      "End this session, the others, or all", "message:text", no_signout },
    { GET,    "/api/auth/me",      NULL,          owners,     me,              READS,  SESSIONS,
      "Who the caller is", "id:integer username:text? email:text? roles:texts", NULL },
    { PUT,    "/api/auth/password", &password_form, owners,   password_put,    HASHES, SESSIONS,
      "Change the password and end the other sessions", "message:text", no_password },
    { GET,    "/api/auth/sessions", NULL,         owners,     sessions_list,   READS,  SESSIONS,
      "Where the caller is signed in, the session used last first",
      "sessions:[id:text device:text? address:text userAgent:text createdAt:time usedAt:time expiresAt:time current:boolean]", NULL },
    { DELETE, "/api/auth/sessions/:id", NULL,     owners,     session_end,     WRITES, SESSIONS,
      "End one of the caller's sessions", "message:text", not_found },

    { GET,    "/api/test/all",     NULL,          anyone,     public_board,    NONE,   TUTORIALS,
      "The public board", "=text/html", NULL },
    { GET,    "/api/test/user",    NULL,          signed_in,  user_board,      READS,  TUTORIALS,
      "The board for users", "=text/html", NULL },
    { GET,    "/api/test/mod",     NULL,          moderators, moderator_board, READS,  TUTORIALS,
      "The board for moderators", "=text/html", NULL },
    { GET,    "/api/test/admin",   NULL,          admins,     admin_board,     READS,  TUTORIALS,
      "The board for administrators", "=text/html", NULL },
    {0}
};
#pragma GCC diagnostic pop

/* Where a request goes that no row matches, so that it too passes what all share. */
const struct route nowhere = { .path = "", .first = anyone, .then = no_route, .whose = TUTORIALS };
// clang-format on
