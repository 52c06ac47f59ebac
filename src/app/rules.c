// SPDX-License-Identifier: MIT
/* rules.c - the domain's rules out of the settings. */
#include "app/rules.h"

#include "app/key_watch.h"

static enum password_scheme scheme_of(const struct settings *s, bool adopted)
{
    if (str_is(s->password_scheme, STR("auto")))
        return adopted ? SCHEME_BCRYPT : SCHEME_ARGON2ID;
    return str_is(s->password_scheme, STR("bcrypt")) ? SCHEME_BCRYPT : SCHEME_ARGON2ID;
}

static enum session_mode sessions_of(const struct settings *s)
{
    if (str_is(s->session_compat, STR("sequel")))
        return SESSIONS_SEQUEL;
    return str_is(s->session_mode, STR("own")) ? SESSIONS_OWN : SESSIONS_NONE;
}

struct auth_rules rules_of(const struct settings *s, bool adopted)
{
    return (struct auth_rules){
        .access_ttl = s->token_ttl,
        .token_life = key_life(s),
        .sessions = sessions_of(s),
        .refresh_ttl = s->session_idle,
        .session_idle = s->session_idle * 1000,
        .session_absolute = s->session_absolute * 1000,
        .session_grace = s->session_grace * 1000,
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
        .throttle = {
            .on = s->throttle,
            .address = { s->address_burst, s->address_rate, BUCKET_FAILURES },
            .signups = { s->signup_burst, s->signup_rate, BUCKET_SIGNUPS },
            .account_free = s->account_free,
            .account_wait = s->account_wait,
            .account_wait_most = s->account_wait_most,
            .account_most = s->account_most,
            .device_ttl = s->device_ttl,
        },
    };
}
