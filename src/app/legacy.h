// SPDX-License-Identifier: MIT
/* legacy.h - tokens that the server before this one signed: accepted until they expire.
 *
 * Where the secret is one that others know, anyone can make such tokens. They are refused unless
 * the operator says otherwise; then they count for 24 hours after the adoption and for the role
 * user. */
#ifndef APP_LEGACY_H
#define APP_LEGACY_H

#include "app/settings.h"
#include "crypto/jwt.h"
#include "store/db.h"

/* Whether the settings may stand. ERR_BAD_SETTING, said on standard error in one line. */
err legacy_check(const struct settings *s);

/* Give the keyring its second key, where the settings name one, and wipe the secret. The database
 * is asked when it was adopted, if that matters; a line on standard error says what follows from
 * it. */
err legacy_open(struct keyring *keys, const struct settings *s, const struct db_config *db);

#endif
