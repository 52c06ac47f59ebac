// SPDX-License-Identifier: MIT
/* cli_user.c - `latchkey user`: add, list and change accounts. */
#include "app/cli.h"

#include "app/commands.h"
#include "auth/account.h"
#include "base/buf.h"
#include "base/clock.h"
#include "store/failure.h"
#include "store/role.h"

enum { PAGE = 128, PAGE_MEMORY = 4 << 20, ROW_MEMORY = 1 << 20 };

static err account_named(struct cli *c, struct user *out)
{
    str name = cli_shown(&c->mem, c->name);
    err e;

    if (c->given & FLAG_ID) {
        e = user_by_id(c->auth.db, &c->mem, c->id, out);
        return e == ERR_NOT_FOUND
                   ? cli_fail(c, ERR_USER_UNKNOWN, "no account has the id %lld", (long long)c->id)
                   : e;
    }
    e = account_by_name(&c->auth, &c->mem, c->name, out);
    return e == ERR_USER_UNKNOWN
               ? cli_fail(c, e, "there is no account \"" STR_FMT "\"", STR_ARG(name))
               : e;
}

static err role_unknown(struct cli *c, str which)
{
    str name = cli_shown(&c->mem, which);

    return cli_fail(c, ERR_ROLE_UNKNOWN,
                    "there is no role \"" STR_FMT "\"; `latchkey role list` shows all",
                    STR_ARG(name));
}

/* Why a password was refused, in figures. */
static err password_refused(struct cli *c, err e)
{
    if (e != ERR_PASSWORD_POLICY)
        return e;
    return cli_fail(
        c, e, "the password is %s; it must have at least %lld characters and at most %d bytes",
        c->auth.refusal ? c->auth.refusal : "too long", (long long)c->settings.password_min,
        c->rules.password.scheme == SCHEME_BCRYPT ? PASSWORD_BYTES_MAX : PASSWORD_ARGON2_BYTES_MAX);
}

static void account_said(struct cli *c, const struct user *user, const char *what)
{
    str name = cli_shown(&c->mem, user->username);

    printf(STR_FMT " (id %lld) %s\n", STR_ARG(name), (long long)user->id, what);
}

static err user_add(struct cli *c)
{
    struct new_account want = { .username = c->words.at[0], .email = c->email, .roles = c->roles };
    struct user user = { .username = want.username };
    str which;
    err e;

    if (!(c->given & FLAG_EMAIL))
        return cli_fail(c, ERR_BAD_REQUEST, "an account wants an address: --email ADDRESS");
    if ((e = account_check_free(&c->auth, &c->mem, want.username, want.email)) != OK)
        return e == ERR_BAD_REQUEST ? cli_fail(c, e, "names have at most 255 characters") : e;
    if ((e = roles_check_exist(&c->auth, &c->mem, want.roles, &which)) != OK)
        return e == ERR_ROLE_UNKNOWN ? role_unknown(c, which) : e;
    if ((e = cli_password(c, &want.password)) != OK)
        return password_refused(c, e);
    if ((e = account_create(&c->auth, &c->mem, &want, &user.id)) != OK)
        return password_refused(c, e);
    account_said(c, &user, "added");
    return OK;
}

/* "user,admin" */
static str roles_shown(struct arena *mem, struct strs roles)
{
    struct buf b;

    buf_init(&b, mem, ROW_MEMORY / 2);
    for (size_t i = 0; i < roles.n; i++) {
        if (i)
            buf_byte(&b, ',');
        buf_put(&b, cli_shown(mem, roles.at[i]));
    }
    return b.failed ? STR("?") : b.n ? buf_str(&b) : STR("-");
}

/* What is known of an account beside its row. */
struct particulars { str roles; struct account_state state; char created[20]; };

static err particulars_of(struct cli *c, struct arena *mem, const struct user *user,
                          struct particulars *out)
{
    struct strs roles;
    err e;

    if ((e = roles_of_user(c->auth.db, mem, user->id, &roles)) != OK)
        return e;
    if ((e = account_state_of(c->auth.db, user->id, user->created_at, &out->state)) != OK)
        return e;
    out->roles = roles_shown(mem, roles);
    clock_datetime(user->created_at, out->created);
    return OK;
}

static const char *state_name(const struct account_state *state)
{
    return state->disabled_at ? "disabled" : "enabled";
}

static err row_print(struct cli *c, const struct user *user)
{
    struct particulars p;
    struct arena mem;
    err e;

    arena_init(&mem, ROW_MEMORY);
    if ((e = particulars_of(c, &mem, user, &p)) == OK) {
        str name = cli_shown(&mem, user->username), email = cli_shown(&mem, user->email);

        printf("%lld\t" STR_FMT "\t" STR_FMT "\t" STR_FMT "\t%s\t%s\n", (long long)user->id,
               STR_ARG(name), STR_ARG(email), STR_ARG(p.roles), state_name(&p.state), p.created);
    }
    arena_end(&mem);
    return e;
}

struct page { struct user rows[PAGE]; size_t n; };

static err page_keep(void *arg, const struct user *user)
{
    struct page *page = arg;

    if (page->n == PAGE)
        return ERR_BUG;
    page->rows[page->n++] = *user;
    return OK;
}

static err page_print(struct cli *c, struct arena *mem, struct page *page, int64_t *after)
{
    err e;

    page->n = 0;
    if ((e = users_after(c->auth.db, mem, *after, PAGE, page_keep, page)) != OK)
        return e;
    for (size_t i = 0; i < page->n; i++) {
        if ((e = row_print(c, &page->rows[i])) != OK)
            return e;
        *after = page->rows[i].id;
    }
    return ferror(stdout) ? ERR_IO : OK;
}

static err user_list(struct cli *c)
{
    struct page page = { .n = PAGE };
    struct arena mem;
    int64_t after = 0;
    err e = OK;

    arena_init(&mem, PAGE_MEMORY);
    puts("id\tusername\temail\troles\tstate\tcreated");
    while (e == OK && page.n == PAGE) {
        arena_reset(&mem);
        e = page_print(c, &mem, &page, &after);
    }
    arena_end(&mem);
    return e;
}

static void line_print(const char *what, str value)
{
    printf("%-10s" STR_FMT "\n", what, STR_ARG(value.p ? value : STR("?")));
}

/* How often somebody failed to sign in as it since the last that did not, and what follows. */
static err failures_print(struct cli *c, const struct user *user)
{
    struct failure_key key = failure_key_of_account(user->id, user->created_at);
    struct failure_row row;
    char until[20];
    err e;

    if ((e = failure_read(c->auth.db, &key, &row)) != OK || !row.failures)
        return e;
    clock_datetime(row.wait_until / 1000, until);
    line_print("failures",
               arena_printf(&c->mem, "%lld in a row%s%s", (long long)row.failures,
                            row.wait_until > clock_ms() ? "; strangers wait until " : "",
                            row.wait_until > clock_ms() ? until : ""));
    return OK;
}

static err user_show(struct cli *c)
{
    struct particulars p;
    char since[20];
    struct user user;
    err e;

    if ((e = account_named(c, &user)) != OK)
        return e;
    if ((e = particulars_of(c, &c->mem, &user, &p)) != OK)
        return e;
    printf("%-10s%lld\n", "id", (long long)user.id);
    line_print("username", cli_shown(&c->mem, user.username));
    line_print("email", cli_shown(&c->mem, user.email));
    line_print("roles", p.roles);
    line_print("state", str_of(state_name(&p.state)));
    line_print("created", str_of(p.created));
    clock_datetime(p.state.tokens_from, since);
    if ((e = failures_print(c, &user)) != OK)
        return e;
    if (p.state.tokens_from)
        line_print("tokens", arena_printf(&c->mem, "refused from before %s", since));
    return OK;
}

static err user_passwd(struct cli *c)
{
    struct user user;
    str password;
    err e;

    if ((e = account_named(c, &user)) != OK)
        return e;
    if ((e = cli_password(c, &password)) != OK)
        return password_refused(c, e);
    if ((e = account_set_password(&c->auth, &c->mem, user.id, password)) != OK)
        return password_refused(c, e);
    account_said(c, &user, "has a new password; its tokens are refused from now on");
    return OK;
}

static err user_role(struct cli *c)
{
    bool gives = str_is(c->words.at[0], STR("give"));
    struct strs roles = { c->words.at + 1, c->words.n - 1 };
    struct user user;
    str which;
    err e;

    if (!gives && !str_is(c->words.at[0], STR("take")))
        return cli_fail(c, ERR_BAD_REQUEST, "say `give ROLE` or `take ROLE`");
    if ((e = account_named(c, &user)) != OK)
        return e;
    if ((e = roles_check_exist(&c->auth, &c->mem, roles, &which)) != OK)
        return e == ERR_ROLE_UNKNOWN ? role_unknown(c, which) : e;
    for (size_t i = 0; i < roles.n; i++) {
        e = gives ? account_give_role(&c->auth, &c->mem, user.id, roles.at[i])
                  : account_take_role(&c->auth, &c->mem, user.id, roles.at[i]);
        if (e != OK)
            return e == ERR_ROLE_UNKNOWN ? role_unknown(c, roles.at[i]) : e;
    }
    account_said(c, &user, gives ? "holds what was given" : "holds no more what was taken");
    return OK;
}

static err change(struct cli *c, err (*apply)(struct auth *a, int64_t id), const char *what)
{
    struct user user;
    err e;

    if ((e = account_named(c, &user)) != OK)
        return e;
    if ((e = apply(&c->auth, user.id)) != OK)
        return e;
    account_said(c, &user, what);
    return OK;
}

static err user_disable(struct cli *c)
{
    return change(c, account_disable, "disabled; its tokens are refused from now on");
}

static err user_enable(struct cli *c)
{
    return change(c, account_enable, "enabled; older tokens stay refused");
}

static err user_unlock(struct cli *c)
{
    return change(c, account_unlock, "may be tried again; its failed attempts are forgotten");
}

static err user_remove(struct cli *c)
{
    return change(c, account_delete, "deleted");
}

// clang-format off
static const struct cli_verb verbs[] = {
    /* name      account least most flags                                                                    */
    { "add",     false,  1,  1, FLAG_EMAIL | FLAG_ROLE, user_add,     "NAME --email ADDRESS [--role ROLE]...",
      "Add an account; the password is asked for, or read from standard input." },
    { "import",  false,  1,  1, FLAG_YES,               user_import,  "FILE [--yes]",
      "Add accounts with their hashes from CSV or JSON lines; without --yes, say what would be done." },
    { "list",    false,  0,  0, 0,                      user_list,    "",
      "List all accounts, a line each, columns separated by tabs." },
    { "show",    true,   0,  0, FLAG_ID,                user_show,    "NAME | --id ID",
      "Show one account." },
    { "passwd",  true,   0,  0, FLAG_ID,                user_passwd,  "NAME | --id ID",
      "Set a new password, asked for as with add; older tokens stop." },
    { "role",    true,   2, 64, FLAG_ID,                user_role,    "(NAME | --id ID) (give | take) ROLE...",
      "Give roles, or take them; it holds at the next request." },
    { "disable", true,   0,  0, FLAG_ID,                user_disable, "NAME | --id ID",
      "Shut an account out; its tokens stop at the next request." },
    { "enable",  true,   0,  0, FLAG_ID,                user_enable,  "NAME | --id ID",
      "Let it in again." },
    { "unlock",  true,   0,  0, FLAG_ID,                user_unlock,  "NAME | --id ID",
      "Forget its failed attempts, so that nobody has to wait." },
    { "delete",  true,   0,  0, FLAG_ID,                user_remove,  "NAME | --id ID",
      "Delete an account with all that is kept about it." },
    {0},
};
// clang-format on

int user_main(int argc, char **argv)
{
    return cli_main(verbs, argc, argv);
}
