// SPDX-License-Identifier: MIT
/* policy.c - which passwords may be chosen. */
#include "auth/policy.h"

#include "auth/common.h"
#include "auth/name.h"
#include "base/utf8.h"

enum { LISTED_MAX = 72 };

static size_t line_start(size_t at)
{
    while (at > 0 && common_passwords[at - 1] != '\n')
        at--;
    return at;
}

static str line_at(size_t start)
{
    const char *p = common_passwords + start;
    const char *end = memchr(p, '\n', common_passwords_n - start);

    return (str){ p, (size_t)(end - p) };
}

/* As strcmp: by bytes, the shorter first. */
static int order(str a, str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

/* Halving over bytes, each time brought back to the start of a line. */
static bool is_listed(str s)
{
    size_t low = 0, high = common_passwords_n;

    while (low < high) {
        size_t start = line_start(low + (high - low) / 2);
        str line = line_at(start);
        int c = order(s, line);

        if (c == 0)
            return true;
        if (c < 0)
            high = start;
        else
            low = start + line.n + 1;
    }
    return false;
}

bool password_is_common(str password)
{
    char lower[LISTED_MAX];
    bool found;

    if (password.n > sizeof lower)
        return false;
    for (size_t i = 0; i < password.n; i++)
        lower[i] = password.p[i] >= 'A' && password.p[i] <= 'Z'
                       ? (char)(password.p[i] + ('a' - 'A'))
                       : password.p[i];
    found = is_listed((str){ lower, password.n });
    explicit_bzero(lower, sizeof lower);
    return found;
}

/* *same: whether `name`, which may be NULL, is what the password says. */
static err name_compare(struct arena *mem, str said, str name, bool *same)
{
    str canonical;
    err e;

    *same = false;
    if (!name.n || name.n > NAME_BYTES_MAX || !utf8_is_well_formed(name))
        return OK;
    if ((e = name_canonical(mem, name, &canonical)) != OK)
        return e;
    *same = str_is(canonical, said);
    return OK;
}

static err is_a_name(struct arena *mem, str password, const struct user *owner, bool *is)
{
    str local, domain, said;
    err e;

    *is = false;
    if (password.n > NAME_BYTES_MAX)
        return OK;
    if ((e = name_canonical(mem, password, &said)) != OK)
        return e;
    (void)str_cut(owner->email, '@', &local, &domain);
    for (size_t i = 0; i < 4 && !*is; i++) {
        str name = (str[]){ owner->username, owner->email, local, STR("latchkey") }[i];

        if ((e = name_compare(mem, said, name, is)) != OK)
            return e;
    }
    return OK;
}

err policy_check(const struct auth_rules *rules, struct arena *mem, str password,
                 const struct user *owner, const char **why)
{
    size_t max =
        rules->password.scheme == SCHEME_BCRYPT ? PASSWORD_BYTES_MAX : PASSWORD_ARGON2_BYTES_MAX;
    bool named = false;
    err e;

    if (!utf8_is_well_formed(password))
        return ERR_NOT_UNICODE;
    *why = "too short";
    if (name_length(password) < rules->password_min)
        return ERR_PASSWORD_POLICY;
    *why = "too long";
    if (password.n > max)
        return ERR_PASSWORD_POLICY;
    if (rules->password_common)
        return OK;
    *why = "too common";
    if (password_is_common(password))
        return ERR_PASSWORD_POLICY;
    *why = "a name that anyone knows";
    if ((e = is_a_name(mem, password, owner, &named)) != OK)
        return e;
    return named ? ERR_PASSWORD_POLICY : OK;
}
