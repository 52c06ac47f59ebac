// SPDX-License-Identifier: MIT
/* rules.c - the domain's rules out of the settings. */
#include "app/rules.h"

static enum password_scheme scheme_of(const struct settings *s, bool adopted)
{
    if (str_is(s->password_scheme, STR("auto")))
        return adopted ? SCHEME_BCRYPT : SCHEME_ARGON2ID;
    return str_is(s->password_scheme, STR("bcrypt")) ? SCHEME_BCRYPT : SCHEME_ARGON2ID;
}

struct auth_rules rules_of(const struct settings *s, bool adopted)
{
    return (struct auth_rules){
        .access_ttl = s->token_ttl,
        .password = {
            .scheme = scheme_of(s, adopted),
            .cost = (int)s->password_cost,
            .argon2 = { (uint32_t)s->argon2_memory, (uint32_t)s->argon2_passes, 1 },
        },
        .password_min = (size_t)s->password_min,
        .password_common = s->dev,
        .rehash = !s->dev,
        .signup_open = s->signup_open,
        .signup_roles = s->signup_roles,
        .strict_time = !s->dev,
        .iat_required = !s->dev,
    };
}
