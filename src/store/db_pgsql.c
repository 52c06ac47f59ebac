// SPDX-License-Identifier: MIT
/* db_pgsql.c - the engine for PostgreSQL, through libpq.
 *
 * Queries are sent without waiting and their answers awaited with a deadline of our own, since a
 * server that is stopped answers nothing, not even its timeouts. A connection that is lost is
 * opened again by the next call, but never inside a transaction: what belonged to it is gone. */
#include "base/clock.h"
#include "base/log.h"
#include "store/client_pgsql.h"
#include "store/db_engine.h"
#include "store/remote.h"

#include <poll.h>

enum {
    VALUES_MAX = 16, VALUE_MAX = 1 << 20, SQL_MAX = 2048, SCRIPT_MS = 600000,
    TIME_TEXT = 32, TIME_SHOWN = 19, PORT_USUAL = 5432,
    HOSTS_MAX = REMOTE_HOSTS_MAX * REMOTE_PART_MAX, PORTS_MAX = REMOTE_HOSTS_MAX * 6 + 1,
};

struct pgsql {
    struct db db;
    PGconn *c;                       /* NULL: not connected */
    bool prepared[Q_COUNT];
    struct remote where;
    int64_t wait_ms;
    enum db_tls tls;
    char *tls_ca;
    bool writing, lost;              /* in a transaction; the connection went in the middle of it */
    bool said;                       /* the log knows that it is down */
    bool unsure;                     /* a commit did not reach the standby that it waited for */
};

/* By the whole SQLSTATE, or its class. */
static const struct { const char *state; err e; } states[] = {
    { "23505", ERR_EXISTS },         /* unique violation */
    { "42P07", ERR_EXISTS },         /* a table of that name, made at the same moment */
    { "23503", ERR_NOT_FOUND },      /* foreign key violation */
    { "22003", ERR_NOT_FOUND },      /* a number that no column of that width can hold */
    { "22021", ERR_NOT_UNICODE },    /* NUL, or not UTF-8 */
    { "40",    ERR_DB_AGAIN },       /* serialisation failure, deadlock */
    { "55P03", ERR_BUSY },           /* lock_timeout */
    { "57014", ERR_BUSY },           /* statement_timeout */
    { "08P01", ERR_BUG },            /* the number of values does not fit */
    { "08",    ERR_DB_DOWN },        /* other connection exceptions */
    { "57",    ERR_DB_DOWN },        /* shutdown, crash, cannot connect now */
    { "53100", ERR_DB_FULL },        /* disk full */
    { "53200", ERR_NO_MEMORY },
    { "53300", ERR_BUSY },           /* too many connections */
    { "53",    ERR_DB_DOWN },
    { "25006", ERR_DB_FULL },        /* read-only transaction */
    { "42P01", ERR_DB_SCHEMA },      /* no such table */
    { "42703", ERR_DB_SCHEMA },      /* no such column */
    { "0A000", ERR_DB_AGAIN },       /* "cached plan must not change result type": prepared anew */
    { NULL, OK }
};

static struct pgsql *of(struct db *db)
{
    return (struct pgsql *)db;
}

/* Without a SQLSTATE it is libpq that failed: the connection is gone. */
static err err_of_state(const char *state)
{
    if (!state)
        return ERR_DB_DOWN;
    for (size_t i = 0; states[i].state; i++)
        if (strncmp(state, states[i].state, strlen(states[i].state)) == 0)
            return states[i].e;
    return ERR_BUG;
}

static void disconnect(struct pgsql *p)
{
    PQfinish(p->c);
    p->c = NULL;
    memset(p->prepared, 0, sizeof p->prepared);
    p->lost = p->writing;
}

/* What a failed result means. The server's own sentence may hold what a user typed, so the log gets
 * its SQLSTATE. */
static err fault(struct pgsql *p, const PGresult *r)
{
    const char *state = r ? PQresultErrorField(r, PG_DIAG_SQLSTATE) : NULL;
    err e = err_of_state(state);

    if (e == ERR_BUG || e == ERR_DB_SCHEMA || e == ERR_DB_DOWN)
        log_warn("database_error", text_kv("engine", STR("pgsql")),
                 text_kv("state", str_of(state ? state : "none")));
    if (e == ERR_DB_DOWN || (state && strcmp(state, "0A000") == 0))
        disconnect(p);
    return e;
}

static bool wait_for(struct pgsql *p, short events, int64_t until)
{
    struct pollfd fd = { .fd = PQsocket(p->c), .events = events };
    int64_t left = until - clock_mono_ms();

    return left > 0 && poll(&fd, 1, (int)left) > 0;
}

/* The last result of what was sent; NULL when it did not come in time or the connection went. */
static PGresult *answer(struct pgsql *p, int64_t until)
{
    PGresult *last = NULL, *next;

    for (;;) {
        while (PQisBusy(p->c))
            if (!wait_for(p, POLLIN, until) || !PQconsumeInput(p->c)) {
                PQclear(last);
                return NULL;
            }
        if (!(next = PQgetResult(p->c)))
            return last;
        if (last && PQresultStatus(last) == PGRES_FATAL_ERROR) {
            PQclear(next);
            continue;
        }
        PQclear(last);
        last = next;
    }
}

static err answer_check(struct pgsql *p, PGresult *r, PGresult **out)
{
    ExecStatusType status = PQresultStatus(r);
    bool sure = r && !p->unsure;
    err e;

    p->unsure = false;
    if (sure && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ||
                 status == PGRES_EMPTY_QUERY)) {
        *out = r;
        return OK;
    }
    if (!sure)
        disconnect(p);
    e = sure ? fault(p, r) : ERR_DB_DOWN;
    PQclear(r);
    return e;
}

static err say(struct pgsql *p, const char *sql, int64_t wait_ms)
{
    PGresult *r = NULL;
    err e;

    if (!p->c)
        return ERR_DB_DOWN;
    if (PQsendQuery(p->c, sql))
        r = answer(p, clock_mono_ms() + wait_ms);
    if ((e = answer_check(p, r, &r)) == OK)
        PQclear(r);
    return e;
}

/* The server gives up a little before we do, so that it says so itself where it can. */
static err session_open(struct pgsql *p)
{
    int64_t ms = p->wait_ms - p->wait_ms / 8;
    char sql[256];

    (void)snprintf(
        sql, sizeof sql,
        "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET standard_conforming_strings = on;"
        "SET statement_timeout = %lld; SET lock_timeout = %lld;"
        "SET default_transaction_isolation = 'read committed'",
        (long long)ms, (long long)ms);
    return say(p, sql, p->wait_ms);
}

static bool connect_poll(struct pgsql *p, int64_t until)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;

    while (status == PGRES_POLLING_WRITING || status == PGRES_POLLING_READING) {
        if (!wait_for(p, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, until))
            return false;
        status = PQconnectPoll(p->c);
    }
    return status == PGRES_POLLING_OK;
}

/* "already exists, skipping" and the like would go to standard error. What counts is the warning
 * that the wait for a synchronous standby was broken off: the server then calls a commit done that
 * a failover would lose. It has no SQLSTATE of its own. */
static void notice(void *arg, const PGresult *r)
{
    const char *severity = PQresultErrorField(r, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    struct pgsql *p = arg;

    p->unsure |=
        severity && state && strcmp(severity, "WARNING") == 0 && strcmp(state, "01000") == 0;
}

/* libpq takes lists, separated by commas, and tries their members in order. */
static bool hosts_write(const struct remote *w, char hosts[static HOSTS_MAX],
                        char ports[static PORTS_MAX])
{
    unsigned first = remote_first(w);
    size_t h = 0, n = 0;

    for (unsigned i = 0; i < w->hosts_n; i++) {
        const struct remote_host *at = &w->hosts[(first + i) % w->hosts_n];
        const char *comma = i ? "," : "";

        h += (size_t)snprintf(hosts + h, HOSTS_MAX - h, "%s%s", comma,
                              at->host[0] ? at->host : "127.0.0.1");
        n += (size_t)snprintf(ports + n, PORTS_MAX - n, "%s%u", comma,
                              at->port ? at->port : PORT_USUAL);
    }
    return h < HOSTS_MAX && n < PORTS_MAX;
}

/* Who may sign: the system's list where none is named; libpq would take that of the user's home. */
static const char *signers(const struct pgsql *p)
{
    if (p->tls_ca || p->tls != DB_TLS_VERIFY)
        return p->tls_ca;
    return PQlibVersion() >= 160000 ? "system" : "/etc/ssl/certs/ca-certificates.crt";
}

/* Never a standby, which may be behind: a role that was taken would still be there. A server that
 * is read-only serves reads, unless there are others to try. */
static PGconn *connection_start(const struct pgsql *p)
{
    static const char *const modes[] = {
        [DB_TLS_OFF] = "disable",
        [DB_TLS_PREFER] = "prefer",
        [DB_TLS_REQUIRE] = "require",
        [DB_TLS_VERIFY] = "verify-full",
    };
    const struct remote *w = &p->where;
    char hosts[HOSTS_MAX], ports[PORTS_MAX];
    const char *const keys[] = {"host",
                                "port",
                                "user",
                                "password",
                                "dbname",
                                "client_encoding",
                                "application_name",
                                "sslmode",
                                "target_session_attrs",
                                signers(p) ? "sslrootcert" : NULL,
                                NULL};
    const char *const values[] = {w->socket[0] ? w->socket : hosts,
                                  ports,
                                  w->user,
                                  w->password,
                                  w->database,
                                  "UTF8",
                                  "latchkey",
                                  modes[p->tls],
                                  w->hosts_n > 1 ? "read-write" : "primary",
                                  signers(p),
                                  NULL};

    return hosts_write(w, hosts, ports) ? PQconnectStartParams(keys, values, 0) : NULL;
}

/* The server's SQLSTATE stands in the message where there was an answer. */
static err connection_refused(struct pgsql *p)
{
    str why = str_of(PQerrorMessage(p->c)), line;
    err e = str_find(why, STR(" 53300: ")) >= 0 ? ERR_BUSY : ERR_DB_DOWN;

    (void)str_cut(why, '\n', &line, &why);
    if (!p->said)
        log_error("database_down", text_kv("engine", STR("pgsql")), text_kv("why", str_trim(line)));
    p->said = true;
    disconnect(p);
    return e;
}

static err connection_open(struct pgsql *p)
{
    unsigned first = remote_first(&p->where);
    err e;

    if (!(p->c = connection_start(p)))
        return ERR_NO_MEMORY;
    (void)PQsetErrorVerbosity(p->c, PQERRORS_VERBOSE);
    if (PQstatus(p->c) == CONNECTION_BAD || !connect_poll(p, clock_mono_ms() + p->wait_ms)) {
        remote_passed_over(&p->where, first);
        return connection_refused(p);
    }
    PQsetNoticeReceiver(p->c, notice, p);
    e = session_open(p);
    p->said &= e != OK;
    return e;
}

/* A connection that stands, before anything is sent. */
static err ready(struct pgsql *p)
{
    if (p->lost)
        return ERR_DB_DOWN;
    if (p->c && !p->writing && !remote_is_quiet(PQsocket(p->c)))
        disconnect(p);
    if (p->c)
        return OK;
    return p->db.leased ? ERR_DB_DOWN : connection_open(p);
}

static bool pgsql_alive(struct db *db)
{
    struct pgsql *p = of(db);

    return p->c && remote_is_quiet(PQsocket(p->c));
}

static void pgsql_close(struct db *db)
{
    struct pgsql *p = of(db);

    disconnect(p);
    explicit_bzero(&p->where, sizeof p->where);
    free(p->tls_ca);
    free(p);
}

static err pgsql_open(const struct db_config *config, str place, struct db **out)
{
    struct pgsql *p = calloc(1, sizeof *p);
    err e;

    if (!p)
        return ERR_NO_MEMORY;
    if ((e = client_pgsql_load()) != OK) {
        free(p);
        return e;
    }
    p->wait_ms = config->wait_ms > 1000 ? config->wait_ms : 1000;
    p->tls = config->tls;
    p->said = config->quiet;
    if (config->tls_ca.n && !(p->tls_ca = strndup(config->tls_ca.p, config->tls_ca.n)))
        e = ERR_NO_MEMORY;
    if (e != OK || (e = remote_parse(place, config->password, &p->where)) != OK ||
        (e = connection_open(p)) != OK) {
        pgsql_close(&p->db);
        return e;
    }
    *out = &p->db;
    return OK;
}

/* `?` becomes $1, $2 and so on. Queries hold no other question mark. */
static err marks_number(const char *sql, char out[static SQL_MAX])
{
    size_t n = 0;
    int mark = 0;

    for (; *sql; sql++) {
        if (n + 4 >= SQL_MAX)
            return ERR_BUG;
        if (*sql == '?')
            n += (size_t)snprintf(out + n, SQL_MAX - n, "$%d", ++mark);
        else
            out[n++] = *sql;
    }
    out[n] = '\0';
    return OK;
}

static void query_name(enum query q, char out[static 16])
{
    (void)snprintf(out, 16, "q%d", (int)q);      /* always fits */
}

static err pgsql_prepare(struct db *db, enum query q)
{
    struct pgsql *p = of(db);
    char sql[SQL_MAX], name[16];
    PGresult *r = NULL;
    err e;

    if ((e = ready(p)) != OK || p->prepared[q])
        return e;
    if ((e = marks_number(query_text("pgsql", q), sql)) != OK)
        return e;
    query_name(q, name);
    if (PQsendPrepare(p->c, name, sql, 0, NULL))
        r = answer(p, clock_mono_ms() + p->wait_ms);
    if ((e = answer_check(p, r, &r)) != OK)
        return e;
    PQclear(r);
    p->prepared[q] = true;
    return OK;
}

/* Texts go as they are, in the binary format, which needs no NUL at the end; the rest as text. */
static err run(struct pgsql *p, enum query q, const struct in *in, PGresult **out)
{
    const char *values[VALUES_MAX];
    char written[VALUES_MAX][TIME_TEXT], name[16];
    int lengths[VALUES_MAX], formats[VALUES_MAX];
    size_t n = ins_count(in);
    PGresult *r = NULL;
    err e;

    if (n > VALUES_MAX)
        return ERR_BUG;
    if ((e = pgsql_prepare(&p->db, q)) != OK)
        return e;
    for (size_t i = 0; i < n; i++) {
        if (in[i].type == VALUE_TEXT && in[i].s.n > VALUE_MAX)
            return ERR_BUG;
        if (in[i].type == VALUE_INT)
            (void)snprintf(written[i], TIME_TEXT, "%lld", (long long)in[i].i);
        if (in[i].type == VALUE_TIME)
            clock_datetime(in[i].i, written[i]);
        formats[i] = in[i].type == VALUE_TEXT;
        values[i] = formats[i] ? in[i].s.p : written[i];
        lengths[i] = formats[i] ? (int)in[i].s.n : 0;
    }
    query_name(q, name);
    if (PQsendQueryPrepared(p->c, name, (int)n, values, lengths, formats, 0))
        r = answer(p, clock_mono_ms() + p->wait_ms);
    return answer_check(p, r, out);
}

static err value_copy(str value, struct arena *mem, const struct out *out)
{
    if (out->type == VALUE_TEXT) {
        *out->s = value.p ? arena_dup(mem, value) : (str){0};
        return value.p && !out->s->p ? ERR_NO_MEMORY : OK;
    }
    *out->i = 0;
    if (out->type == VALUE_INT)
        (void)str_int(value, out->i);                          /* NULL is 0 */
    else
        (void)clock_from_datetime(str_head(value, TIME_SHOWN), out->i); /* UTC: the zone is +00 */
    return OK;
}

static err row_copy(const PGresult *r, int row, struct arena *mem, const struct out *out)
{
    err e;

    for (int at = 0; out->type != VALUE_END; out++, at++) {
        str value = {0};

        if (!PQgetisnull(r, row, at))
            value = (str){ PQgetvalue(r, row, at), (size_t)PQgetlength(r, row, at) };
        if ((e = value_copy(value, mem, out)) != OK)
            return e;
    }
    return OK;
}

static err rows_copy(const PGresult *r, const struct fetch *f)
{
    int rows = PQntuples(r);
    err e;

    if (outs_count(f->out) != (size_t)PQnfields(r))
        return ERR_BUG;
    for (int row = 0; row < rows; row++) {
        if ((e = row_copy(r, row, f->mem, f->out)) != OK || !f->row)
            return e;
        if ((e = f->row(f->arg)) != OK)
            return e;
    }
    return f->row ? OK : ERR_NOT_FOUND;
}

/* PostgreSQL stores no NUL, so nothing that holds one is there to be found. */
static bool has_nul(const struct in *in)
{
    for (; in->type != VALUE_END; in++)
        if (in->type == VALUE_TEXT && in->s.n && memchr(in->s.p, '\0', in->s.n))
            return true;
    return false;
}

static err pgsql_fetch(struct db *db, const struct fetch *f)
{
    PGresult *r;
    err e;

    if (has_nul(f->in))
        return f->row ? OK : ERR_NOT_FOUND;
    if ((e = run(of(db), f->q, f->in, &r)) != OK)
        return e;
    e = rows_copy(r, f);
    PQclear(r);
    return e;
}

static err pgsql_exec(struct db *db, enum query q, const struct in *in, int64_t *changed,
                      int64_t *id)
{
    PGresult *r;
    err e = OK;

    if (has_nul(in))
        return ERR_NOT_UNICODE;
    if ((e = run(of(db), q, in, &r)) != OK)
        return e;
    if (changed && !str_int(str_of(PQcmdTuples(r)), changed))
        *changed = 0;
    if (id && (PQntuples(r) != 1 || !str_int(str_of(PQgetvalue(r, 0, 0)), id)))
        e = ERR_BUG;
    PQclear(r);
    return e;
}

static err pgsql_begin(struct db *db)
{
    struct pgsql *p = of(db);
    err e;

    if ((e = ready(p)) != OK || (e = say(p, "BEGIN", p->wait_ms)) != OK)
        return e;
    p->writing = true;
    return OK;
}

/* COMMIT of a transaction in which something failed answers ROLLBACK, and calls that a success. */
static err commit(struct pgsql *p)
{
    if (PQtransactionStatus(p->c) == PQTRANS_INERROR) {
        (void)say(p, "ROLLBACK", p->wait_ms);     /* the work's mistake is what counts */
        return ERR_BUG;
    }
    return say(p, "COMMIT", p->wait_ms);
}

static err pgsql_end(struct db *db, bool keep)
{
    struct pgsql *p = of(db);
    bool lost = p->lost;
    err e;

    p->writing = p->lost = false;
    if (lost)
        return ERR_DB_DOWN;
    e = keep ? commit(p) : say(p, "ROLLBACK", p->wait_ms);
    if (p->c && PQtransactionStatus(p->c) != PQTRANS_IDLE)
        disconnect(p);                  /* nothing of it may stay open */
    return e;
}

static int64_t pgsql_version(struct db *db)
{
    (void)db;
    return -1;
}

static err pgsql_script(struct db *db, str sql)
{
    struct pgsql *p = of(db);
    char *z;
    err e;

    if ((e = ready(p)) != OK || (e = say(p, "SET statement_timeout = 0", p->wait_ms)) != OK)
        return e;
    if (!(z = strndup(sql.p ? sql.p : "", sql.n)))
        return ERR_NO_MEMORY;
    e = say(p, z, SCRIPT_MS);
    free(z);
    if (e != OK) {
        if (p->c && !p->writing)
            disconnect(p);              /* and with it the session without a timeout */
        return e;
    }
    return session_open(p);
}

const struct engine engine_pgsql = {
    .name    = "pgsql",
    .open    = pgsql_open,
    .close   = pgsql_close,
    .prepare = pgsql_prepare,
    .fetch   = pgsql_fetch,
    .exec    = pgsql_exec,
    .begin   = pgsql_begin,
    .end     = pgsql_end,
    .version = pgsql_version,
    .script  = pgsql_script,
    .alive   = pgsql_alive,
};
