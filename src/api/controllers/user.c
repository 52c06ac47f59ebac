// SPDX-License-Identifier: MIT
/* user.c - the four boards; who may see each stands in routes.c. */
#include "api/api.h"

/* GET /api/test/all */
err public_board(struct req *, struct res *res)
{
    return res_text(res, 200, STR("Public Content."));
}

/* GET /api/test/user */
err user_board(struct req *, struct res *res)
{
    return res_text(res, 200, STR("User Content."));
}

/* GET /api/test/mod */
err moderator_board(struct req *, struct res *res)
{
    return res_text(res, 200, STR("Moderator Content."));
}

/* GET /api/test/admin */
err admin_board(struct req *, struct res *res)
{
    return res_text(res, 200, STR("Admin Content."));
}
