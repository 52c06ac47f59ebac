// SPDX-License-Identifier: MIT
/* policy.h - which passwords may be chosen (NIST SP 800-63B section 3.1.1.2): long enough, not one
 * that everyone chooses, not one's own name. There are no rules about what it is composed of. */
#ifndef AUTH_POLICY_H
#define AUTH_POLICY_H

#include "auth/auth.h"
#include "store/user.h"

/* May this account's owner choose `password`, which is in NFC?  OK, or ERR_PASSWORD_POLICY with
 * *why in words that follow "the password is ":
 *
 *   too short     under rules->password_min code points
 *   too long      over 72 bytes for bcrypt, 1024 for Argon2id: nothing is ever cut
 *   too common    one of data/common-passwords.txt, in any case of letters
 *   a name that anyone knows:  the username, the address or its part before the '@', "latchkey"
 * (canonical, name.h)
 *
 * The last two are not asked under rules->password_common. ERR_NOT_UNICODE, ERR_NO_MEMORY. */
err policy_check(const struct auth_rules *rules, struct arena *mem, str password,
                 const struct user *owner, const char **why);

/* Whether the list has it, in any case of ASCII letters. */
bool password_is_common(str password);

#endif
