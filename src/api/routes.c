// SPDX-License-Identifier: MIT
/* routes.c - the whole HTTP surface of the server. Start reading here.
 *
 * A row reads: METHOD path takes this body, first passes these steps, then runs this controller,
 * which does this kind of work. Steps run left to right; the first that fails ends the request. A
 * token is checked against the account in the database, so whoever verifies one READS. A row that
 * needs sessions is not there without them. */
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

const struct route routes[] = {
    /*        path                 body           first       then             work    needs */
    { GET,    "/",                 NULL,          anyone,     welcome,         NONE   },
    { GET,    "/livez",            NULL,          anyone,     livez,           NONE   },
    { GET,    "/readyz",           NULL,          anyone,     readyz,          READS  },
    { GET,    "/.well-known/jwks.json", NULL,     anyone,     jwks,            NONE   },

    { POST,   "/api/auth/signup",  &signup_form,  newcomers,  signup,          HASHES },
    { POST,   "/api/auth/signin",  &signin_form,  visitors,   signin,          HASHES },
    { POST,   "/api/auth/refreshtoken", &refresh_form, anyone, refresh_token,  WRITES, SESSIONS_SEQUEL },
    { POST,   "/api/auth/signout", &signout_form, owners,      signout,        WRITES, SESSIONS_OWN },
    { GET,    "/api/auth/me",      NULL,          owners,      me,             READS,  SESSIONS_OWN },
    { PUT,    "/api/auth/password", &password_form, owners,    password_put,   HASHES, SESSIONS_OWN },
    { GET,    "/api/auth/sessions", NULL,         owners,      sessions_list,  READS,  SESSIONS_OWN },
    { DELETE, "/api/auth/sessions/:id", NULL,     owners,      session_end,    WRITES, SESSIONS_OWN },

    { GET,    "/api/test/all",     NULL,          anyone,     public_board,    NONE   },
    { GET,    "/api/test/user",    NULL,          signed_in,  user_board,      READS  },
    { GET,    "/api/test/mod",     NULL,          moderators, moderator_board, READS  },
    { GET,    "/api/test/admin",   NULL,          admins,     admin_board,     READS  },
    {0}
};

/* Where a request goes that no row matches, so that it too passes what all share. */
const struct route nowhere = { NO_METHOD, "", NULL, anyone, no_route, NONE };
// clang-format on
