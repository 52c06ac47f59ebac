// SPDX-License-Identifier: MIT
/* client_mysql.h - libmariadb, loaded when a database asks for it.
 *
 * Whoever stays with SQLite carries neither the library nor the memory it takes (the two client
 * libraries and what they pull in are some 4 MB). Calls read as if it were linked: each name below
 * is a pointer of the table that client_mysql_load fills. */
#ifndef STORE_CLIENT_MYSQL_H
#define STORE_CLIENT_MYSQL_H

#include "base/err.h"

#include <mysql.h>

#define MYSQL_CALLS(CALL) \
    CALL(mysql_close) CALL(mysql_errno) CALL(mysql_error) CALL(mysql_free_result) \
    CALL(mysql_get_socket) CALL(mysql_get_ssl_cipher) CALL(mysql_init) CALL(mysql_options) \
    CALL(mysql_query) \
    CALL(mysql_real_connect) CALL(mysql_real_query) CALL(mysql_server_init) CALL(mysql_ssl_set) \
    CALL(mysql_stmt_affected_rows) CALL(mysql_stmt_bind_param) CALL(mysql_stmt_bind_result) \
    CALL(mysql_stmt_close) CALL(mysql_stmt_errno) CALL(mysql_stmt_execute) CALL(mysql_stmt_fetch) \
    CALL(mysql_stmt_fetch_column) CALL(mysql_stmt_field_count) CALL(mysql_stmt_free_result) \
    CALL(mysql_stmt_init) CALL(mysql_stmt_insert_id) CALL(mysql_stmt_param_count) \
    CALL(mysql_stmt_prepare) CALL(mysql_stmt_store_result) CALL(mysql_store_result)

struct mysql_calls {
#define CALL(name) __typeof__(name) *name;
    MYSQL_CALLS(CALL)
#undef CALL
};

extern struct mysql_calls mysql_calls;      /* written once, by client_mysql_load */

/* Load the library; once for all threads. ERR_IO, logged, when this machine has none. */
err client_mysql_load(void);

#ifndef STORE_CLIENT_MYSQL_C
#define mysql_close             mysql_calls.mysql_close
#define mysql_errno             mysql_calls.mysql_errno
#define mysql_error             mysql_calls.mysql_error
#define mysql_free_result       mysql_calls.mysql_free_result
#define mysql_get_socket        mysql_calls.mysql_get_socket
#define mysql_get_ssl_cipher    mysql_calls.mysql_get_ssl_cipher
#define mysql_init              mysql_calls.mysql_init
#define mysql_options           mysql_calls.mysql_options
#define mysql_query             mysql_calls.mysql_query
#define mysql_real_connect      mysql_calls.mysql_real_connect
#define mysql_real_query        mysql_calls.mysql_real_query
#define mysql_server_init       mysql_calls.mysql_server_init
#define mysql_ssl_set           mysql_calls.mysql_ssl_set
#define mysql_stmt_affected_rows mysql_calls.mysql_stmt_affected_rows
#define mysql_stmt_bind_param   mysql_calls.mysql_stmt_bind_param
#define mysql_stmt_bind_result  mysql_calls.mysql_stmt_bind_result
#define mysql_stmt_close        mysql_calls.mysql_stmt_close
#define mysql_stmt_errno        mysql_calls.mysql_stmt_errno
#define mysql_stmt_execute      mysql_calls.mysql_stmt_execute
#define mysql_stmt_fetch        mysql_calls.mysql_stmt_fetch
#define mysql_stmt_fetch_column mysql_calls.mysql_stmt_fetch_column
#define mysql_stmt_field_count  mysql_calls.mysql_stmt_field_count
#define mysql_stmt_free_result  mysql_calls.mysql_stmt_free_result
#define mysql_stmt_init         mysql_calls.mysql_stmt_init
#define mysql_stmt_insert_id    mysql_calls.mysql_stmt_insert_id
#define mysql_stmt_param_count  mysql_calls.mysql_stmt_param_count
#define mysql_stmt_prepare      mysql_calls.mysql_stmt_prepare
#define mysql_stmt_store_result mysql_calls.mysql_stmt_store_result
#define mysql_store_result      mysql_calls.mysql_store_result
#endif

#endif
