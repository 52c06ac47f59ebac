// SPDX-License-Identifier: MIT
/* listen.h - http.listen and tls.listen: where a server may listen, and the ports left out. */
#ifndef APP_LISTEN_H
#define APP_LISTEN_H

#include "app/settings.h"

/* The checks of the two rows: NULL, or what is wrong with a list of addresses. `dev` listens where
 * this machine alone reaches it. tls.listen leaves no port out. */
const char *listen_check(const struct settings *s, str value);
const char *listen_check_tls(const struct settings *s, str value);

/* The list with `port` where an address has none, as the HTTP server takes it; .p is NULL at the
 * arena's limit. */
str listen_complete(struct arena *mem, str list, int64_t port);

#endif
