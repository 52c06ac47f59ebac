// SPDX-License-Identifier: MIT
/* cli_role.c - `latchkey role`: which roles there are. */
#include "app/cli.h"

#include "app/commands.h"
#include "auth/name.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "store/role.h"

/* A role on its way into the table, or out of it. */
struct role_change { struct arena *mem; int64_t id; str name; };

static err role_store(struct db *db, void *arg)
{
    struct role_change *c = arg;
    struct role same;
    err e = role_by_name(db, c->mem, c->name, &same);

    if (e != ERR_NOT_FOUND)
        return e == OK ? ERR_EXISTS : e;
    return role_insert(db, c->id, c->name, clock_ms() / 1000);
}

static err role_drop(struct db *db, void *arg)
{
    const struct role_change *c = arg;
    struct role role;
    err e;

    if ((e = role_by_name(db, c->mem, c->name, &role)) != OK)
        return e;
    return role_delete(db, role.id);
}

/* '|' stands between roles where one of several is asked for, and a client reads ROLE_NAME. */
static bool is_role_name(str name)
{
    return name.n && utf8_is_well_formed(name) && name_length(name) <= NAME_LENGTH_MAX &&
           !memchr(name.p, '|', name.n) && str_is(str_trim(name), name);
}

static err role_add(struct cli *c)
{
    struct role_change add = { &c->mem, c->given & FLAG_ID ? c->id : 0, c->words.at[0] };
    str name = cli_shown(&c->mem, add.name);
    err e;

    if (!is_role_name(add.name))
        return cli_fail(c, ERR_BAD_REQUEST,
                        "a role's name has 1 to 255 characters, no '|', no blank at its ends");
    e = db_write(c->auth.db, role_store, &add);
    if (e == ERR_EXISTS)
        return cli_fail(
            c, e, "there is such a role, or another with that id; `latchkey role list` shows all");
    if (e != OK)
        return e;
    printf(STR_FMT " added\n", STR_ARG(name));
    return OK;
}

static err role_list(struct cli *c)
{
    struct roles all;
    err e;

    if ((e = roles_all(c->auth.db, &c->mem, &all)) != OK)
        return e;
    puts("id\tname");
    for (size_t i = 0; i < all.n; i++) {
        str name = cli_shown(&c->mem, all.at[i].name);

        printf("%lld\t" STR_FMT "\n", (long long)all.at[i].id, STR_ARG(name));
    }
    return OK;
}

static err role_remove(struct cli *c)
{
    struct role_change drop = { .mem = &c->mem, .name = c->words.at[0] };
    str name = cli_shown(&c->mem, drop.name);
    err e = db_write(c->auth.db, role_drop, &drop);

    if (e == ERR_NOT_FOUND)
        return cli_fail(c, e, "there is no role \"" STR_FMT "\"", STR_ARG(name));
    if (e != OK)
        return e;
    printf(STR_FMT " removed; nobody holds it any more\n", STR_ARG(name));
    return OK;
}

// clang-format off
static const struct cli_verb verbs[] = {
    /* name     account least most flags                                         */
    { "add",    false,  1,  1, FLAG_ID, role_add,    "NAME [--id ID]",
      "Add a role; without --id it gets the next free id." },
    { "list",   false,  0,  0, 0,       role_list,   "",
      "List all roles." },
    { "remove", false,  1,  1, 0,       role_remove, "NAME",
      "Remove a role, and take it from all who hold it." },
    {0},
};
// clang-format on

int role_main(int argc, char **argv)
{
    return cli_main(verbs, argc, argv);
}
