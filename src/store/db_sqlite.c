// SPDX-License-Identifier: MIT
/* db_sqlite.c - the SQLite engine: a file, WAL, and an fsync before a commit is acknowledged.
 *
 * Texts are copied out, so a row never outlives its statement. What SQLite allows and we do not
 * want is off: double quotes never make a text, a schema may call nothing that has effects.
 *
 * SQLite would go on with a file that was removed or replaced, and what it acknowledges then is
 * gone with the process. So we look whether the file is still the one at its path: before each
 * transaction that writes, and now and then before a read. When it is another one, that is
 * opened. */
#include "base/clock.h"
#include "base/log.h"
#include "store/db_engine.h"
#include "store/wal_pair.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>
#include <unistd.h>

enum word { BEGIN, COMMIT, ROLLBACK, SET, KEEP, BACK, VERSION, MODE, WORD_COUNT };

static const char *const words[WORD_COUNT] = {
    [BEGIN]    = "BEGIN IMMEDIATE",
    [COMMIT]   = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SET]      = "SAVEPOINT work",
    [KEEP]     = "RELEASE work",
    [BACK]     = "ROLLBACK TO work",
    [VERSION]  = "PRAGMA data_version",
    [MODE]     = "PRAGMA journal_mode",
};

enum { VALUE_MAX = 1 << 20, LOCK_PAUSE_MS = 5, LOOK_MS = 100 };

/* The WAL-index (SQLite's "WAL-mode File Format", section 2.1): shared memory whose first 48 bytes,
 * its header, every commit of any process changes. All SQLites that share a file agree on it. */
enum { INDEX_REGION = 32768, INDEX_VERSION = 3007000, INDEX_WORDS = 48 / sizeof(uint64_t) };

struct sqlite {
    struct db db;
    sqlite3 *h;
    sqlite3_stmt *word[WORD_COUNT], *st[Q_COUNT];
    int64_t writes;                     /* our own, which data_version does not count */
    const volatile uint64_t *index;     /* the WAL-index; NULL: ask data_version */
    uint64_t seen[INDEX_WORDS];         /* its header when last looked at */
    int64_t changes;                    /* how often it was found changed */
    char *place;                        /* behind sqlite: */
    int64_t wait_ms;
    int64_t look_at;                    /* monotonic ms: when to look for the file again */
    bool is_gone;                       /* it was not at its path */
};

static struct sqlite *of(struct db *db)
{
    return (struct sqlite *)db;
}

static err err_of_constraint(int code)
{
    switch (code) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:      return ERR_EXISTS;
    case SQLITE_CONSTRAINT_FOREIGNKEY: return ERR_NOT_FOUND;
    default:                           return ERR_BUG;
    }
}

static err err_of_code(int code)
{
    if (code == SQLITE_BUSY_SNAPSHOT)
        return ERR_DB_AGAIN;
    if (code == SQLITE_IOERR_NOMEM)
        return ERR_NO_MEMORY;
    switch (code & 0xff) {
    case SQLITE_CONSTRAINT: return err_of_constraint(code);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:     return ERR_BUSY;
    case SQLITE_FULL:
    case SQLITE_READONLY:   return ERR_DB_FULL;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:     return ERR_NO_MEMORY;
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:     return ERR_DB_SCHEMA;
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
    case SQLITE_MISMATCH:   return ERR_BUG;
    default:                return ERR_DB_DOWN;
    }
}

static err fault(const struct sqlite *s)
{
    return err_of_code(sqlite3_extended_errcode(s->h));
}

/* Closing any descriptor of a file drops this process's locks on it, so the file is touched only
 * while it is new, and by one thread: no connection of ours can have it open yet. */
static void file_create_private(const char *path)
{
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    int fd;

    pthread_mutex_lock(&one_at_a_time);
    fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);                      /* a failure shows when SQLite opens it */
    pthread_mutex_unlock(&one_at_a_time);
}

static int handle_open(const char *path, bool existing, sqlite3 **h)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (existing ? 0 : SQLITE_OPEN_CREATE);

    if (strcmp(path, ":memory:") == 0)
        return sqlite3_open_v2("file:/latchkey?vfs=memdb", h, flags | SQLITE_OPEN_URI, NULL);
    if (!*path || wal_is_another_files(path))
        return SQLITE_CANTOPEN;
    if (!existing)
        file_create_private(path);
    return sqlite3_open_v2(path, h, flags, NULL);
}

/* Turning WAL on needs the file for itself for a moment and does not ask the busy handler. */
static int wal_on(sqlite3 *h, int64_t wait_ms)
{
    int64_t until = clock_mono_ms() + wait_ms;
    int rc;

    do {
        rc = sqlite3_exec(h, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
    } while ((rc & 0xff) == SQLITE_BUSY && clock_mono_ms() < until &&
             sqlite3_sleep(LOCK_PAUSE_MS) > 0);
    return rc;
}

/* Without a descriptor to write by SQLite takes one to read, of the file or its index, and says
 * nothing: the connection would refuse each write. What nobody may write is served to be read. */
static int write_check(sqlite3 *h, const char *path)
{
    int rc = sqlite3_db_readonly(h, "main") == 1
                 ? SQLITE_READONLY
                 : sqlite3_exec(h, "BEGIN IMMEDIATE; ROLLBACK", NULL, NULL, NULL);

    return (rc & 0xff) == SQLITE_READONLY && access(path, W_OK) == 0 ? SQLITE_CANTOPEN : SQLITE_OK;
}

static int session_open(sqlite3 *h, const char *path, int64_t wait_ms)
{
    int rc;

    sqlite3_extended_result_codes(h, 1);
    sqlite3_limit(h, SQLITE_LIMIT_LENGTH, VALUE_MAX);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(h, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if ((rc = wal_on(h, wait_ms)) != SQLITE_OK || (rc = write_check(h, path)) != SQLITE_OK)
        return rc;
    sqlite3_busy_timeout(h, wait_ms > INT_MAX ? INT_MAX : (int)wait_ms);
    return sqlite3_exec(h, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                           "PRAGMA journal_size_limit = 16777216; PRAGMA temp_store = MEMORY",
                        NULL, NULL, NULL);
}

static int words_prepare(struct sqlite *s)
{
    int rc = SQLITE_OK;

    for (int w = 0; w < WORD_COUNT && rc == SQLITE_OK; w++)
        rc = sqlite3_prepare_v3(s->h, words[w], -1, SQLITE_PREPARE_PERSISTENT, &s->word[w], NULL);
    return rc;
}

/* A look at the header costs nanoseconds; data_version takes and drops a lock on the file, which
 * costs microseconds. The memory is SQLite's own mapping and good as long as the connection is: a
 * descriptor of our own on that file would drop the locks when closed. */
static void index_find(struct sqlite *s)
{
    sqlite3_file *file = NULL;
    volatile void *at = NULL;
    bool wal = sqlite3_step(s->word[MODE]) == SQLITE_ROW &&
               sqlite3_stricmp((const char *)sqlite3_column_text(s->word[MODE], 0), "wal") == 0;

    sqlite3_reset(s->word[MODE]);
    if (!wal || sqlite3_file_control(s->h, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
        !file->pMethods || file->pMethods->iVersion < 2)
        return;
    if (file->pMethods->xShmMap(file, 0, INDEX_REGION, 0, &at) == SQLITE_OK && at &&
        *(const volatile uint32_t *)at == INDEX_VERSION)
        s->index = at;
}

static void handle_close(struct sqlite *s)
{
    for (int w = 0; w < WORD_COUNT; w++)
        sqlite3_finalize(s->word[w]);
    for (int q = 0; q < Q_COUNT; q++)
        sqlite3_finalize(s->st[q]);
    sqlite3_close(s->h);
}

static void sqlite_close(struct db *db)
{
    struct sqlite *s = of(db);

    handle_close(s);
    free(s->place);
    free(s);
}

static err sqlite_open(const struct db_config *config, str place, struct db **out)
{
    struct sqlite *s = calloc(1, sizeof *s);
    int rc = SQLITE_CANTOPEN;

    if (!s || !(s->place = strndup(place.p ? place.p : "", place.n))) {
        free(s);
        return ERR_NO_MEMORY;
    }
    s->wait_ms = config->wait_ms;
    if (strlen(s->place) == place.n &&
        (rc = handle_open(s->place, config->existing, &s->h)) == SQLITE_OK &&
        (rc = session_open(s->h, s->place, config->wait_ms)) == SQLITE_OK &&
        (rc = words_prepare(s)) == SQLITE_OK) {
        index_find(s);
        *out = &s->db;
        return OK;
    }
    if (!config->quiet)
        log_error("database_open", text_kv("file", place),
                  text_kv("why", str_of(sqlite3_errstr(rc))));
    sqlite_close(&s->db);
    return err_of_code(rc);
}

/* Nothing of it is under way. */
static bool is_idle(const struct sqlite *s)
{
    for (int q = 0; q < Q_COUNT; q++)
        if (s->st[q] && sqlite3_stmt_busy(s->st[q]))
            return false;
    return sqlite3_get_autocommit(s->h) != 0;
}

/* Open what is at the path now. Versions go on behind the old ones. */
static bool other_open(struct sqlite *s)
{
    struct sqlite other = *s;

    memset(other.word, 0, sizeof other.word);
    memset(other.st, 0, sizeof other.st);
    other.h = NULL;
    other.index = NULL;
    other.writes += (int64_t)1 << 40;
    if (handle_open(s->place, true, &other.h) != SQLITE_OK ||
        session_open(other.h, s->place, s->wait_ms) != SQLITE_OK ||
        words_prepare(&other) != SQLITE_OK) {
        handle_close(&other);
        return false;
    }
    index_find(&other);
    handle_close(s);
    *s = other;
    return true;
}

/* ERR_DB_DOWN while the file is not where it was. */
static err file_look(struct sqlite *s)
{
    int moved = 0;

    s->look_at = clock_mono_ms() + LOOK_MS;
    (void)sqlite3_file_control(s->h, "main", SQLITE_FCNTL_HAS_MOVED, &moved); /* a file has it */
    if (moved && !s->is_gone)
        log_error("database_lost", text_kv("file", str_of(s->place)));
    if (moved && is_idle(s) && other_open(s))
        moved = 0;
    if (!moved && s->is_gone)
        log_warn("database_found", text_kv("file", str_of(s->place)));
    s->is_gone = moved;
    if (moved)
        s->look_at = 0;                 /* good news is kept for a while, bad news is not */
    else
        wal_pair_note(s->place);
    return moved ? ERR_DB_DOWN : OK;
}

/* The same; that the file is there may be LOOK_MS old. */
static err file_check(struct sqlite *s)
{
    if (clock_mono_ms() >= s->look_at)
        return file_look(s);
    return s->is_gone ? ERR_DB_DOWN : OK;
}

static err sqlite_prepare(struct db *db, enum query q)
{
    struct sqlite *s = of(db);

    if (s->st[q])
        return OK;
    if (sqlite3_prepare_v3(s->h, query_text("sqlite", q), -1, SQLITE_PREPARE_PERSISTENT, &s->st[q],
                           NULL) != SQLITE_OK)
        return fault(s);
    return OK;
}

static int bind_one(sqlite3_stmt *st, int at, const struct in *in)
{
    char date[20];

    switch (in->type) {
    case VALUE_INT:
        return sqlite3_bind_int64(st, at, in->i);
    case VALUE_TIME:
        clock_datetime(in->i, date);
        return sqlite3_bind_text(st, at, date, -1, SQLITE_TRANSIENT);
    default:
        if (!in->s.p)
            return sqlite3_bind_null(st, at);
        return sqlite3_bind_text64(st, at, in->s.p, in->s.n, SQLITE_STATIC, SQLITE_UTF8);
    }
}

/* The statement of `q` with its values, ready to step. */
static err bind(struct sqlite *s, enum query q, const struct in *in, sqlite3_stmt **out)
{
    err e;

    if ((e = sqlite_prepare(&s->db, q)) != OK)
        return e;
    if (ins_count(in) != (size_t)sqlite3_bind_parameter_count(s->st[q]))
        return ERR_BUG;
    for (int at = 1; in->type != VALUE_END; in++, at++)
        if (bind_one(s->st[q], at, in) != SQLITE_OK)
            return fault(s);
    *out = s->st[q];
    return OK;
}

/* Values are the caller's memory: nothing of them may stay behind in the statement. */
static void unbind(sqlite3_stmt *st)
{
    sqlite3_reset(st);
    sqlite3_clear_bindings(st);
}

static str column(sqlite3_stmt *st, int at)
{
    const char *p = (const char *)sqlite3_column_text(st, at);

    return (str){ p, p ? (size_t)sqlite3_column_bytes(st, at) : 0 };
}

static err row_copy(sqlite3_stmt *st, struct arena *mem, const struct out *out)
{
    for (int at = 0; out->type != VALUE_END; out++, at++) {
        bool null = sqlite3_column_type(st, at) == SQLITE_NULL;

        if (out->type == VALUE_INT) {
            *out->i = sqlite3_column_int64(st, at);
        } else if (out->type == VALUE_TIME) {
            *out->i = 0;
            (void)clock_from_datetime(column(st, at), out->i);     /* nonsense stays 0 */
        } else {
            *out->s = null ? (str){0} : arena_dup(mem, column(st, at));
            if (!null && !out->s->p)
                return ERR_NO_MEMORY;
        }
    }
    return OK;
}

static err rows_step(struct sqlite *s, sqlite3_stmt *st, const struct fetch *f)
{
    err e;
    int rc;

    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        if ((e = row_copy(st, f->mem, f->out)) != OK || !f->row)
            return e;
        if ((e = f->row(f->arg)) != OK)
            return e;
    }
    if (rc != SQLITE_DONE)
        return fault(s);
    return f->row ? OK : ERR_NOT_FOUND;
}

static err sqlite_fetch(struct db *db, const struct fetch *f)
{
    sqlite3_stmt *st;
    err e;

    if ((e = file_check(of(db))) != OK || (e = bind(of(db), f->q, f->in, &st)) != OK)
        return e;
    if (outs_count(f->out) != (size_t)sqlite3_column_count(st))
        e = ERR_BUG;
    else
        e = rows_step(of(db), st, f);
    unbind(st);
    return e;
}

static err sqlite_exec(struct db *db, enum query q, const struct in *in, int64_t *changed,
                       int64_t *id)
{
    struct sqlite *s = of(db);
    sqlite3_stmt *st;
    err e;

    if ((e = bind(s, q, in, &st)) != OK)
        return e;
    s->writes++;
    if (sqlite3_step(st) != SQLITE_DONE)
        e = fault(s);
    unbind(st);
    if (e != OK)
        return e;
    if (changed)
        *changed = sqlite3_changes64(s->h);
    if (id)
        *id = sqlite3_last_insert_rowid(s->h);
    return OK;
}

static err say(struct sqlite *s, enum word w)
{
    err e = sqlite3_step(s->word[w]) == SQLITE_DONE ? OK : fault(s);

    sqlite3_reset(s->word[w]);
    return e;
}

static err sqlite_begin(struct db *db)
{
    err e = file_look(of(db));

    return e == OK ? say(of(db), BEGIN) : e;
}

static err sqlite_end(struct db *db, bool commit)
{
    struct sqlite *s = of(db);
    err e = OK;

    s->writes++;
    if (commit && (e = say(s, COMMIT)) == OK)
        return OK;
    if (!sqlite3_get_autocommit(s->h))
        (void)say(s, ROLLBACK);         /* fails only where SQLite has rolled back by itself */
    return e;
}

static err sqlite_savepoint(struct db *db, enum savepoint step)
{
    struct sqlite *s = of(db);
    err e;

    if (sqlite3_get_autocommit(s->h))
        return ERR_DB_DOWN;             /* SQLite gave the whole transaction up */
    if (step == SAVEPOINT_SET)
        return say(s, SET);
    if (step == SAVEPOINT_UNDO && (e = say(s, BACK)) != OK)
        return e;
    return say(s, KEEP);
}

static int64_t data_version(struct sqlite *s)
{
    int64_t version = -1;

    if (sqlite3_step(s->word[VERSION]) == SQLITE_ROW)
        version = sqlite3_column_int64(s->word[VERSION], 0);
    sqlite3_reset(s->word[VERSION]);
    return version;
}

/* A header that is just being written differs too, which costs one look more and no more. */
static int64_t index_changes(struct sqlite *s)
{
    bool same = true;

    for (int i = 0; i < INDEX_WORDS; i++) {
        uint64_t now = __atomic_load_n(&s->index[i], __ATOMIC_ACQUIRE);

        same &= now == s->seen[i];
        s->seen[i] = now;
    }
    s->changes += !same;
    return s->changes;
}

/* One counts what others commit, `writes` what this connection does, committed or not: both only
 * grow, so the sum changes when either does. */
static int64_t sqlite_version(struct db *db)
{
    struct sqlite *s = of(db);
    int64_t others;

    if (file_check(s) != OK)
        return -1;
    others = s->index ? index_changes(s) : data_version(s);
    return others < 0 ? -1 : s->writes + others;
}

static err sqlite_script(struct db *db, str sql)
{
    struct sqlite *s = of(db);
    char *z = strndup(sql.p ? sql.p : "", sql.n), *why = NULL;
    int rc;

    if (!z)
        return ERR_NO_MEMORY;
    s->writes++;
    rc = sqlite3_exec(s->h, z, NULL, NULL, &why);
    if (rc != SQLITE_OK)
        log_error("database_script", text_kv("why", str_of(why)));
    sqlite3_free(why);
    free(z);
    return rc == SQLITE_OK ? OK : err_of_code(rc);
}

const struct engine engine_sqlite = {
    .name      = "sqlite",
    .embedded  = true,
    .open      = sqlite_open,
    .close     = sqlite_close,
    .prepare   = sqlite_prepare,
    .fetch     = sqlite_fetch,
    .exec      = sqlite_exec,
    .begin     = sqlite_begin,
    .end       = sqlite_end,
    .savepoint = sqlite_savepoint,
    .version   = sqlite_version,
    .script    = sqlite_script,
};
