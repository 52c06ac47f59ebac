// SPDX-License-Identifier: MIT
/* client.h - load a database's client library and find its calls. */
#ifndef STORE_CLIENT_H
#define STORE_CLIENT_H

#include "base/err.h"

#include <stddef.h>

/* Fill `calls`, `n` function pointers, with the functions of these names from `library`
 * ("libpq.so.5"). ERR_IO, logged, when the library or one of them is not there. */
err client_load(const char *library, const char *const *names, void *calls, size_t n);

#endif
