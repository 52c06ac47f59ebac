// SPDX-License-Identifier: MIT
/* client_mysql.c - the table of libmariadb.so.3's calls. */
#define STORE_CLIENT_MYSQL_C
#include "store/client_mysql.h"

#include "store/client.h"

#include <pthread.h>

struct mysql_calls mysql_calls;

static const char *const names[] = {
#define CALL(name) #name,
    MYSQL_CALLS(CALL)
#undef CALL
};

_Static_assert(sizeof mysql_calls == sizeof names, "a name a pointer");

static err loaded;

static void load(void)
{
    loaded = client_load("libmariadb.so.3", names, &mysql_calls, sizeof names / sizeof *names);
}

err client_mysql_load(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, load);
    return loaded;
}
