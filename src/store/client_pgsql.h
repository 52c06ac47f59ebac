// SPDX-License-Identifier: MIT
/* client_pgsql.h - libpq, loaded when a database asks for it (client_mysql.h says why). */
#ifndef STORE_CLIENT_PGSQL_H
#define STORE_CLIENT_PGSQL_H

#include "base/err.h"

#include <libpq-fe.h>

#define PGSQL_CALLS(CALL)                                                                          \
    CALL(PQclear)                                                                                  \
    CALL(PQcmdTuples) CALL(PQconnectPoll) CALL(PQconnectStartParams) CALL(PQconsumeInput)          \
        CALL(PQerrorMessage) CALL(PQfinish) CALL(PQgetResult) CALL(PQgetisnull) CALL(PQgetlength)  \
            CALL(PQgetvalue) CALL(PQisBusy) CALL(PQlibVersion) CALL(PQnfields) CALL(PQntuples)     \
                CALL(PQresultErrorField) CALL(PQresultStatus) CALL(PQsendPrepare)                  \
                    CALL(PQsendQuery) CALL(PQsendQueryPrepared) CALL(PQsetNoticeReceiver)         \
                        CALL(PQsetErrorVerbosity) CALL(PQsocket) CALL(PQstatus)                    \
                            CALL(PQtransactionStatus)

struct pgsql_calls {
#define CALL(name) __typeof__(name) *name;
    PGSQL_CALLS(CALL)
#undef CALL
};

extern struct pgsql_calls pgsql_calls;      /* written once, by client_pgsql_load */

/* Load the library; once for all threads. ERR_IO, logged, when this machine has none. */
err client_pgsql_load(void);

#ifndef STORE_CLIENT_PGSQL_C
#define PQclear              pgsql_calls.PQclear
#define PQcmdTuples          pgsql_calls.PQcmdTuples
#define PQconnectPoll        pgsql_calls.PQconnectPoll
#define PQconnectStartParams pgsql_calls.PQconnectStartParams
#define PQconsumeInput       pgsql_calls.PQconsumeInput
#define PQerrorMessage       pgsql_calls.PQerrorMessage
#define PQfinish             pgsql_calls.PQfinish
#define PQgetResult          pgsql_calls.PQgetResult
#define PQgetisnull          pgsql_calls.PQgetisnull
#define PQgetlength          pgsql_calls.PQgetlength
#define PQgetvalue           pgsql_calls.PQgetvalue
#define PQisBusy             pgsql_calls.PQisBusy
#define PQlibVersion         pgsql_calls.PQlibVersion
#define PQnfields            pgsql_calls.PQnfields
#define PQntuples            pgsql_calls.PQntuples
#define PQresultErrorField   pgsql_calls.PQresultErrorField
#define PQresultStatus       pgsql_calls.PQresultStatus
#define PQsendPrepare        pgsql_calls.PQsendPrepare
#define PQsendQuery          pgsql_calls.PQsendQuery
#define PQsendQueryPrepared  pgsql_calls.PQsendQueryPrepared
#define PQsetNoticeReceiver  pgsql_calls.PQsetNoticeReceiver
#define PQsetErrorVerbosity  pgsql_calls.PQsetErrorVerbosity
#define PQsocket             pgsql_calls.PQsocket
#define PQstatus             pgsql_calls.PQstatus
#define PQtransactionStatus  pgsql_calls.PQtransactionStatus
#endif

#endif
