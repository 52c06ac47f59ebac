// SPDX-License-Identifier: MIT
/* db_mysql.c - the engine for MariaDB and MySQL, through libmariadb.
 *
 * A connection that is lost is opened again by the next call, but never inside a transaction: what
 * belonged to it is gone. A call waits as long as the settings say, not as long as the server. */
#include "base/clock.h"
#include "base/log.h"
#include "store/client_mysql.h"
#include "store/db_engine.h"
#include "store/remote.h"

#include <errmsg.h>
#include <pthread.h>

enum { VALUES_MAX = 16, VALUE_MAX = 1 << 20, SCRIPT_SECONDS = 600, TIME_TEXT = 32 };

/* MariaDB reads what MySQL takes for a comment: a limit on the server's side, and, on a node of a
 * Galera cluster, reads that see what any node has acknowledged. */
static const char opening[] =
    "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ANSI_QUOTES,NO_ENGINE_SUBSTITUTION', time_zone = "
    "'+00:00',"
    " innodb_lock_wait_timeout = %u, lock_wait_timeout = %u"
    " /*M!100300 , max_statement_time = %.3f, wsrep_sync_wait = IF(@@wsrep_on, 1, 0) */";

struct mysql {
    struct db db;
    MYSQL *h;                        /* NULL: not connected */
    MYSQL_STMT *st[Q_COUNT];
    struct remote where;
    unsigned wait_s, read_s;         /* for a call; for the server's answer, longer for scripts */
    int64_t wait_ms;
    enum db_tls tls;
    char *tls_ca;
    bool writing, lost;              /* in a transaction; the connection went in the middle of it */
    bool said;                       /* the log knows that it is down */
};

/* Where a value arrives before it is copied out. */
struct cell { long long i; char time[TIME_TEXT]; unsigned long length; my_bool null; };

static const struct { unsigned code; err e; } codes[] = {
    { 1062, ERR_EXISTS },       /* duplicate entry */
    { 1586, ERR_EXISTS },       /* the same, of an index that has a name */
    { 1452, ERR_NOT_FOUND },    /* a foreign key points at nothing */
    { 1205, ERR_BUSY },         /* lock wait timeout */
    { 1969, ERR_BUSY },         /* max_statement_time */
    { 1213, ERR_DB_AGAIN },     /* deadlock, or lost to another node at commit */
    { 1020, ERR_DB_AGAIN },     /* the row changed since it was read */
    { 1047, ERR_DB_DOWN },      /* a node that is not in its cluster */
    { 1040, ERR_BUSY },         /* too many connections */
    { 1203, ERR_BUSY },         /* too many of this user */
    { 1226, ERR_BUSY },         /* a resource limit of this user */
    { 1044, ERR_DB_DOWN },      /* access denied to the database */
    { 1045, ERR_DB_DOWN },      /* access denied */
    { 1049, ERR_DB_DOWN },      /* no such database */
    { 1053, ERR_DB_DOWN },      /* shutdown in progress */
    { 1317, ERR_DB_DOWN },      /* query killed */
    { 1927, ERR_DB_DOWN },      /* connection killed */
    { 4031, ERR_DB_DOWN },      /* disconnected for idling */
    { 1021, ERR_DB_FULL },      /* disk full */
    { 1114, ERR_DB_FULL },      /* table full */
    { 1290, ERR_DB_FULL },      /* read_only */
    { 1792, ERR_DB_FULL },      /* read-only transaction */
    { 1836, ERR_DB_FULL },      /* read-only mode */
    { 1054, ERR_DB_SCHEMA },    /* no such column */
    { 1146, ERR_DB_SCHEMA },    /* no such table */
    { CR_OUT_OF_MEMORY, ERR_NO_MEMORY },
    { 0, OK }
};

static struct mysql *of(struct db *db)
{
    return (struct mysql *)db;
}

static err err_of_code(unsigned code)
{
    for (size_t i = 0; codes[i].code; i++)
        if (codes[i].code == code)
            return codes[i].e;
    return code >= CR_MIN_ERROR && code <= CER_MAX_ERROR ? ERR_DB_DOWN : ERR_BUG;
}

static bool is_read_only(unsigned code)
{
    return code == 1290 || code == 1792 || code == 1836;
}

static void disconnect(struct mysql *m)
{
    for (int q = 0; q < Q_COUNT; q++)
        if (m->st[q]) {
            mysql_stmt_close(m->st[q]);
            m->st[q] = NULL;
        }
    if (m->h)
        mysql_close(m->h);
    m->h = NULL;
    m->lost = m->writing;
}

/* What a failure means; a connection that is not worth keeping goes. The server's own sentence may
 * hold what a user typed, so the log gets its number. */
static err fault(struct mysql *m, unsigned code)
{
    err e = err_of_code(code);

    if (e == ERR_DB_FULL && is_read_only(code) && m->where.hosts_n > 1)
        e = ERR_DB_DOWN;                /* another host may not be */
    if (e == ERR_DB_DOWN)
        disconnect(m);
    if (e == ERR_BUG || e == ERR_DB_SCHEMA || e == ERR_DB_DOWN)
        log_warn("database_error", text_kv("engine", STR("mysql")), int_kv("code", code));
    return e;
}

static err say(struct mysql *m, const char *sql)
{
    if (!m->h)
        return ERR_DB_DOWN;
    return mysql_query(m->h, sql) == 0 ? OK : fault(m, mysql_errno(m->h));
}

/* Another node of a Galera cluster may undo a transaction between two of its statements. The next
 * one mostly hears of it (1213), but may also be answered as if it stood alone: what it says, and
 * what it would write, is worth nothing then. */
static err still_writing(struct mysql *m)
{
    return m->writing && m->h && !(m->h->server_status & SERVER_STATUS_IN_TRANS) ? ERR_DB_AGAIN
                                                                                  : OK;
}

/* What a statement's failure means. That of a transaction which was just undone misses the rows
 * that went with it: whether it is still there has to be asked, for failures carry no status. */
static err statement_fault(struct mysql *m, unsigned code)
{
    err e = fault(m, code), asked;

    if (!m->writing || (e != ERR_NOT_FOUND && e != ERR_EXISTS))
        return e;
    if ((asked = say(m, "DO 0")) == OK)
        asked = still_writing(m);
    return asked == OK ? e : asked;
}

static err session_open(struct mysql *m)
{
    char sql[sizeof opening + 64];
    err e;

    (void)snprintf(sql, sizeof sql, opening, m->wait_s > 1 ? m->wait_s - 1 : 1, m->wait_s,
                   (double)(m->wait_ms - m->wait_ms / 8) / 1000);
    if ((e = say(m, sql)) != OK)
        return e;
    return say(m, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");
}

/* A node that is not in its cluster takes opening words, but begins no transaction. Where there is
 * a choice of hosts, one that is read-only is passed over: it may be a replica that is behind. */
static err host_check(struct mysql *m)
{
    bool choice = m->where.hosts_n > 1;
    err e = say(m, choice ? "START TRANSACTION READ WRITE" : "START TRANSACTION");

    return e == OK ? say(m, "ROLLBACK") : e;
}

static void tls_set(struct mysql *m)
{
    my_bool yes = 1, verify = m->tls == DB_TLS_VERIFY;

    mysql_options(m->h, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_options(m->h, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
    if (m->tls_ca)
        mysql_ssl_set(m->h, NULL, NULL, m->tls_ca, NULL, NULL);
}

static void options_set(struct mysql *m, bool tls)
{
    unsigned tcp = MYSQL_PROTOCOL_TCP, no_files = 0;

    mysql_options(m->h, MYSQL_OPT_CONNECT_TIMEOUT, &m->wait_s);
    mysql_options(m->h, MYSQL_OPT_READ_TIMEOUT, &m->read_s);
    mysql_options(m->h, MYSQL_OPT_WRITE_TIMEOUT, &m->wait_s);
    mysql_options(m->h, MYSQL_OPT_LOCAL_INFILE, &no_files);
    mysql_options(m->h, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    if (!m->where.socket[0])
        mysql_options(m->h, MYSQL_OPT_PROTOCOL, &tcp);       /* "localhost" too */
    if (tls)
        tls_set(m);
}

/* 0, or the client's number of what is wrong. Told to enforce TLS but not to verify, the library
 * goes on without where the server has none. */
static unsigned host_try(struct mysql *m, const struct remote_host *at, bool tls)
{
    const struct remote *r = &m->where;

    if (m->h)
        mysql_close(m->h);
    if (!(m->h = mysql_init(NULL)))
        return CR_OUT_OF_MEMORY;
    options_set(m, tls);
    if (mysql_real_connect(m->h, at->host[0] ? at->host : "127.0.0.1", r->user, r->password,
                           r->database, at->port, r->socket[0] ? r->socket : NULL,
                           CLIENT_FOUND_ROWS))
        return tls && !mysql_get_ssl_cipher(m->h) ? CR_SSL_CONNECTION_ERROR : 0;
    return mysql_errno(m->h);
}

/* A server on a unix socket needs no TLS; one without TLS is taken where it is only preferred. */
static unsigned host_open(struct mysql *m, const struct remote_host *at)
{
    bool tls = m->tls != DB_TLS_OFF && !(m->where.socket[0] && m->tls == DB_TLS_PREFER);
    unsigned code = host_try(m, at, tls);

    if (code == CR_SSL_CONNECTION_ERROR && m->tls == DB_TLS_PREFER)
        code = host_try(m, at, false);
    return code;
}

static void say_down(struct mysql *m, unsigned code)
{
    if (!m->said)
        log_error("database_down", text_kv("engine", STR("mysql")), int_kv("code", code),
                  text_kv("why", str_of(m->h ? mysql_error(m->h) : "")));
    m->said = true;
}

static err host_use(struct mysql *m, unsigned index)
{
    unsigned code = host_open(m, &m->where.hosts[index]);
    err e;

    if (code) {
        say_down(m, code);
        return err_of_code(code);
    }
    e = session_open(m);
    return e == OK ? host_check(m) : e;
}

/* Hosts are tried in order, as many as there is time for; the next connection goes on from
 * there. */
static err connection_open(struct mysql *m)
{
    int64_t until = clock_mono_ms() + m->wait_ms;
    unsigned first = remote_first(&m->where);
    err e = ERR_DB_DOWN;

    for (unsigned n = 0; n < m->where.hosts_n && clock_mono_ms() < until; n++) {
        unsigned index = (first + n) % m->where.hosts_n;

        if ((e = host_use(m, index)) == OK) {
            m->said = false;
            return OK;
        }
        disconnect(m);
        remote_passed_over(&m->where, index);
    }
    return e == ERR_NO_MEMORY || e == ERR_BUSY ? e : ERR_DB_DOWN;
}

/* A connection that stands, before anything is sent. */
static err ready(struct mysql *m)
{
    if (m->lost)
        return ERR_DB_DOWN;
    if (m->h && !m->writing && !remote_is_quiet(mysql_get_socket(m->h)))
        disconnect(m);
    if (m->h)
        return OK;
    return m->db.leased ? ERR_DB_DOWN : connection_open(m);
}

static bool mysql_engine_alive(struct db *db)
{
    struct mysql *m = of(db);

    return m->h && remote_is_quiet(mysql_get_socket(m->h));
}

static pthread_once_t library_once = PTHREAD_ONCE_INIT;

static void library_open(void)
{
    (void)mysql_server_init(0, NULL, NULL);      /* its failure shows at the first connection */
}

static void mysql_engine_close(struct db *db)
{
    struct mysql *m = of(db);

    disconnect(m);
    explicit_bzero(&m->where, sizeof m->where);
    free(m->tls_ca);
    free(m);
}

/* How long an answer may take is settled when a connection is made. It is made in haste before: so
 * a host that is silent was passed over. */
static err patience_have(struct mysql *m)
{
    disconnect(m);
    m->read_s = SCRIPT_SECONDS;
    return connection_open(m);
}

static err mysql_engine_open(const struct db_config *config, str place, struct db **out)
{
    struct mysql *m = calloc(1, sizeof *m);
    err e;

    if (!m)
        return ERR_NO_MEMORY;
    if ((e = client_mysql_load()) != OK) {
        free(m);
        return e;
    }
    pthread_once(&library_once, library_open);
    m->wait_s = m->read_s = config->wait_ms > 1000 ? (unsigned)((config->wait_ms + 999) / 1000) : 1;
    m->wait_ms = config->wait_ms;
    m->tls = config->tls;
    m->said = config->quiet;
    if (config->tls_ca.n && !(m->tls_ca = strndup(config->tls_ca.p, config->tls_ca.n)))
        e = ERR_NO_MEMORY;
    if (e != OK || (e = remote_parse(place, config->password, &m->where)) != OK ||
        (e = connection_open(m)) != OK || (config->scripts && (e = patience_have(m)) != OK)) {
        mysql_engine_close(&m->db);
        return e;
    }
    *out = &m->db;
    return OK;
}

static err mysql_engine_prepare(struct db *db, enum query q)
{
    const char *sql = query_text("mysql", q);
    struct mysql *m = of(db);
    unsigned code;
    err e;

    if ((e = ready(m)) != OK || m->st[q])
        return e;
    if (!(m->st[q] = mysql_stmt_init(m->h)))
        return ERR_NO_MEMORY;
    if (mysql_stmt_prepare(m->st[q], sql, strlen(sql)) == 0)
        return OK;
    code = mysql_stmt_errno(m->st[q]);
    mysql_stmt_close(m->st[q]);
    m->st[q] = NULL;
    return fault(m, code);
}

static void bind_in(MYSQL_BIND *b, const struct in *in, struct cell *cell)
{
    cell->null = in->type == VALUE_TEXT && !in->s.p;
    b->is_null = &cell->null;
    if (in->type == VALUE_INT) {
        cell->i = in->i;
        b->buffer_type = MYSQL_TYPE_LONGLONG;
        b->buffer = &cell->i;
        return;
    }
    b->buffer_type = MYSQL_TYPE_STRING;
    if (in->type == VALUE_TIME)
        clock_datetime(in->i, cell->time);
    b->buffer = in->type == VALUE_TIME ? (void *)cell->time : (void *)(uintptr_t)in->s.p;
    b->buffer_length = in->type == VALUE_TIME ? strlen(cell->time) : in->s.n;
    cell->length = b->buffer_length;
    b->length = &cell->length;
}

static err run(struct mysql *m, enum query q, const struct in *in)
{
    MYSQL_BIND binds[VALUES_MAX] = {0};
    struct cell cells[VALUES_MAX];
    size_t n = ins_count(in);
    err e;

    if ((e = mysql_engine_prepare(&m->db, q)) != OK)
        return e;
    if (n > VALUES_MAX || n != mysql_stmt_param_count(m->st[q]))
        return ERR_BUG;
    for (size_t i = 0; i < n; i++)
        bind_in(&binds[i], &in[i], &cells[i]);
    if ((n && mysql_stmt_bind_param(m->st[q], binds)) || mysql_stmt_execute(m->st[q]))
        return statement_fault(m, mysql_stmt_errno(m->st[q]));
    return OK;
}

/* A text's length is known only when its row is there; it is fetched then, into its place. */
static void bind_out(MYSQL_BIND *b, const struct out *out, struct cell *cell)
{
    b->is_null = &cell->null;
    b->length = &cell->length;
    b->buffer_type = out->type == VALUE_INT ? MYSQL_TYPE_LONGLONG : MYSQL_TYPE_STRING;
    if (out->type == VALUE_INT)
        b->buffer = &cell->i;
    if (out->type == VALUE_TIME) {
        b->buffer = cell->time;
        b->buffer_length = sizeof cell->time;
    }
}

static err text_fetch(MYSQL_STMT *st, unsigned at, struct arena *mem, unsigned long length,
                      str *out)
{
    MYSQL_BIND b = { .buffer_type = MYSQL_TYPE_STRING, .buffer_length = length, .length = &length };
    char *p;

    if (length > VALUE_MAX || !(p = arena_alloc(mem, length + 1, 1)))
        return ERR_NO_MEMORY;
    b.buffer = p;
    if (length && mysql_stmt_fetch_column(st, &b, at, 0))
        return ERR_BUG;
    *out = (str){ p, length };
    return OK;
}

static err row_copy(MYSQL_STMT *st, struct arena *mem, const struct out *out,
                    const struct cell *cells)
{
    err e;

    for (unsigned at = 0; out->type != VALUE_END; out++, at++) {
        const struct cell *c = &cells[at];

        if (out->type == VALUE_TEXT) {
            *out->s = (str){0};
            if (!c->null && (e = text_fetch(st, at, mem, c->length, out->s)) != OK)
                return e;
            continue;
        }
        *out->i = 0;
        if (!c->null && out->type == VALUE_INT)
            *out->i = c->i;
        if (!c->null && out->type == VALUE_TIME && c->length < sizeof c->time)
            (void)clock_from_datetime((str){c->time, c->length}, out->i); /* nonsense stays 0 */
    }
    return OK;
}

static err rows_fetch(struct mysql *m, const struct fetch *f, const struct cell *cells)
{
    MYSQL_STMT *st = m->st[f->q];
    err e;
    int rc;

    while ((rc = mysql_stmt_fetch(st)) == 0 || rc == MYSQL_DATA_TRUNCATED) {
        if ((e = row_copy(st, f->mem, f->out, cells)) != OK || !f->row)
            return e;
        if ((e = f->row(f->arg)) != OK)
            return e;
    }
    if (rc != MYSQL_NO_DATA)
        return fault(m, mysql_stmt_errno(st));
    return f->row ? OK : ERR_NOT_FOUND;
}

static err mysql_engine_fetch(struct db *db, const struct fetch *f)
{
    MYSQL_BIND binds[VALUES_MAX] = {0};
    struct cell cells[VALUES_MAX];
    struct mysql *m = of(db);
    size_t n = outs_count(f->out);
    err e, undone;

    if (n > VALUES_MAX)
        return ERR_BUG;
    if ((e = run(m, f->q, f->in)) != OK)
        return e;
    for (size_t i = 0; i < n; i++)
        bind_out(&binds[i], &f->out[i], &cells[i]);
    if (n != mysql_stmt_field_count(m->st[f->q]))
        e = ERR_BUG;
    else if (mysql_stmt_bind_result(m->st[f->q], binds) || mysql_stmt_store_result(m->st[f->q]))
        e = fault(m, mysql_stmt_errno(m->st[f->q]));
    else
        e = rows_fetch(m, f, cells);
    if (m->st[f->q])
        mysql_stmt_free_result(m->st[f->q]);
    undone = still_writing(m);
    return undone != OK && (e == OK || e == ERR_NOT_FOUND) ? undone : e;
}

static err mysql_engine_exec(struct db *db, enum query q, const struct in *in, int64_t *changed,
                             int64_t *id)
{
    struct mysql *m = of(db);
    err e;

    if ((e = run(m, q, in)) != OK || (e = still_writing(m)) != OK)
        return e;
    if (changed)
        *changed = (int64_t)mysql_stmt_affected_rows(m->st[q]);
    if (id)
        *id = (int64_t)mysql_stmt_insert_id(m->st[q]);
    return OK;
}

static err mysql_engine_begin(struct db *db)
{
    struct mysql *m = of(db);
    err e;

    if ((e = ready(m)) != OK || (e = say(m, "START TRANSACTION")) != OK)
        return e;
    m->writing = true;
    return OK;
}

static err mysql_engine_end(struct db *db, bool commit)
{
    struct mysql *m = of(db);
    bool lost = m->lost;
    err e;

    m->writing = m->lost = false;
    if (lost)
        return ERR_DB_DOWN;
    if ((e = say(m, commit ? "COMMIT" : "ROLLBACK")) != OK)
        disconnect(m);                  /* nothing of it may stay open */
    return e;
}

static int64_t mysql_engine_version(struct db *db)
{
    (void)db;
    return -1;
}

/* The length of the first statement, its semicolon not counted. */
static size_t statement_length(str sql)
{
    char inside = 0;

    for (size_t i = 0; i < sql.n; i++) {
        char c = sql.p[i];

        if (inside)
            inside = (inside == '-' ? c == '\n' : c == inside) ? 0 : inside;
        else if (c == '\'' || c == '"' || (c == '-' && str_starts(str_from(sql, i), STR("--"))))
            inside = c;
        else if (c == ';')
            return i;
    }
    return sql.n;
}

/* There is no CREATE INDEX IF NOT EXISTS in MySQL, and DDL is not undone by a rollback: a key that
 * is there already was made by an earlier, broken run. An empty statement is none. */
static err statement_run(struct mysql *m, str sql)
{
    enum { DUPLICATE_KEY_NAME = 1061, EMPTY_QUERY = 1065 };
    MYSQL_RES *rows;
    unsigned code;

    if (mysql_real_query(m->h, sql.p, sql.n) != 0) {
        code = mysql_errno(m->h);
        return code == DUPLICATE_KEY_NAME || code == EMPTY_QUERY ? OK : fault(m, code);
    }
    if ((rows = mysql_store_result(m->h)))
        mysql_free_result(rows);
    return OK;
}

static err mysql_engine_script(struct db *db, str sql)
{
    struct mysql *m = of(db);
    err e;

    if ((e = ready(m)) != OK)
        return e;
    e = say(m, "SET SESSION lock_wait_timeout = 600 /*M!100300 , max_statement_time = 0 */");
    while (sql.n && e == OK) {
        size_t n = statement_length(sql);

        if (str_trim(str_head(sql, n)).n)
            e = statement_run(m, str_head(sql, n));
        sql = str_from(sql, n + 1);
    }
    if (e == OK)
        e = session_open(m);
    return e == OK && m->writing ? say(m, "START TRANSACTION") : e;     /* DDL ended the last */
}

const struct engine engine_mysql = {
    .name    = "mysql",
    .open    = mysql_engine_open,
    .close   = mysql_engine_close,
    .prepare = mysql_engine_prepare,
    .fetch   = mysql_engine_fetch,
    .exec    = mysql_engine_exec,
    .begin   = mysql_engine_begin,
    .end     = mysql_engine_end,
    .version = mysql_engine_version,
    .script  = mysql_engine_script,
    .alive   = mysql_engine_alive,
};
