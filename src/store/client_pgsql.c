// SPDX-License-Identifier: MIT
/* client_pgsql.c - the table of libpq.so.5's calls. */
#define STORE_CLIENT_PGSQL_C
#include "store/client_pgsql.h"

#include "store/client.h"

#include <pthread.h>

struct pgsql_calls pgsql_calls;

static const char *const names[] = {
#define CALL(name) #name,
    PGSQL_CALLS(CALL)
#undef CALL
};

_Static_assert(sizeof pgsql_calls == sizeof names, "a name a pointer");

static err loaded;

static void load(void)
{
    loaded = client_load("libpq.so.5", names, &pgsql_calls, sizeof names / sizeof *names);
}

err client_pgsql_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    return loaded;
}
