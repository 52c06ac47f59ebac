// SPDX-License-Identifier: MIT
/* rules.h - the domain's rules out of the settings, for the server and the command line alike. */
#ifndef APP_RULES_H
#define APP_RULES_H

#include "app/settings.h"
#include "auth/auth.h"

/* `adopted`: the tutorial's server made the tables and may still read them (migrate.h). Then, and
 * in dev, password.scheme = auto means bcrypt, which that server can check; else Argon2id. */
struct auth_rules rules_of(const struct settings *s, bool adopted);

#endif
