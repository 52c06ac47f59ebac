// SPDX-License-Identifier: MIT
/* plans_test.c - every statement that a request may run finds its rows by an index.
 *
 * The engine's own plan is read: EXPLAIN QUERY PLAN on SQLite, EXPLAIN behind a socket. Then the
 * store's functions run as the server calls them, with values bound, since a value that is
 * converted can take an index from a plan that has it with a constant; MariaDB counts the rows
 * read. */
#include "store.h"
#include "store/db_engine.h"
#include "store/failure.h"
#include "store/session.h"
#include "store/standing.h"

#include <sqlite3.h>

enum { PLAN_MAX = 8192, SQL_MAX = 4096, ROWS_READ_MAX = 400 };

#define KEY "'0000000000000000000000000000000000000000000000000000000000000007'"
#define DATE "'2024-01-01 00:00:00'"

/* A statement with a constant for each `?`, separated by '|'. What is left out: inserts without a
 * look-up, all rows of `roles` (a handful), the schema's and the tools' statements. */
static const struct { enum query q; const char *values; } hot[] = {
    { Q_USER_BY_ID, "7" },
    { Q_USER_SHARED, "7" },
    { Q_USER_HELD, "7" },
    { Q_USER_BY_USERNAME, "'user7'|'user7'" },
    { Q_USER_BY_EMAIL, "'user7@x'|'user7@x'" },
    { Q_USER_BY_NAME_KEY, "1|" KEY },
    { Q_USERS_AFTER, "4000|256" },
    { Q_USER_UPDATE_PASSWORD, "'x'|" DATE "|7" },
    { Q_USER_REPLACE_HASH, "'x'|7|'y'" },
    { Q_USER_DELETE, "7" },
    { Q_NAME_HOLDER, "1|" KEY },
    { Q_NAME_TAKE_OVER, "7|1|1|" KEY "|7|1" },
    { Q_NAME_RELEASE, "1|" KEY "|7" },
    { Q_NAMES_OF_USER_DELETE, "7" },
    { Q_STATE_READ, "7" },
    { Q_STATE_DELETE, "7" },
    { Q_STANDING_OF_USER, "7|7|257" },
    { Q_ROLES_OF_USER, "7|257" },
    { Q_USER_ROLE_DELETE, "7|1" },
    { Q_USER_ROLES_OF_USER_DELETE, "7" },
    { Q_SESSION_BY_ID, "7" },
    { Q_SESSION_TIMES, "7" },
    { Q_SESSIONS_BY_USER, "7|64" },
    { Q_SESSION_ADVANCE, "2|1|7|1" },
    { Q_SESSION_DELETE, "7|7" },
    { Q_SESSIONS_OF_USER_DELETE, "7|0" },
    { Q_SESSIONS_OF_USER_USED, "7|0" },
    { Q_SESSIONS_OVER_DELETE, "1" },
    { Q_SESSIONS_IDLE_DELETE, "7|1" },
    { Q_REFRESH_BY_TOKEN, "'token7'|'token7'" },
    { Q_REFRESH_DELETE, "7" },
    { Q_REFRESHES_OF_USER_DELETE, "7" },
    { Q_REVOCATIONS_SINCE, "1|10" },
    { Q_REVOCATIONS_OVER_DELETE, "1|1|1000" },
    { Q_META_READ, "'name_watermark'" },
    { Q_FAILURE_READ, "1|" KEY },
    { Q_FAILURE_UPDATE, "1|1|1|1|" KEY "|1|1" },
    { Q_FAILURE_DELETE, "1|" KEY },
    { Q_FAILURES_NTH, "1|10" },
    { Q_FAILURES_OLD_DELETE, "1|1" },
    { Q_FAILURES_OF_KIND, "3" },
};

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define DIGITS "SUBSTR('" ZEROS "', 1, 64 - LENGTH(i || '')) || i"

#define FILL                                                                                       \
    "INSERT INTO users (username, email, password, \"createdAt\", \"updatedAt\")"                  \
    " SELECT 'user' || i, 'user' || i || '@x', 'x', " DATE ", " DATE " FROM n;"                    \
    "INSERT INTO user_roles (\"createdAt\", \"updatedAt\", \"roleId\", \"userId\")"                \
    " SELECT " DATE ", " DATE ", 1, id FROM users;"                                                \
    "INSERT INTO latchkey_names SELECT 1, " DIGITS ", i, 1 FROM n;"                                \
    "INSERT INTO latchkey_names SELECT 2, " DIGITS ", i, 1 FROM n;"                                \
    "INSERT INTO latchkey_failures SELECT 1, " DIGITS ", i, i, 1 FROM n;"                          \
    "INSERT INTO latchkey_accounts SELECT i, 1, 0, 0 FROM n;"                                      \
    "INSERT INTO latchkey_revocations SELECT i, i, i, 0, 0, 1 FROM n;"                             \
    "INSERT INTO latchkey_sessions"                                                                \
    " SELECT i, i, 1, 1, i, i, 1, 's', 'a', 'b', 'c' FROM n;"                                      \
    "INSERT INTO \"refreshTokens\""                                                                \
    " (token, \"expiryDate\", \"createdAt\", \"updatedAt\", \"userId\")"                           \
    " SELECT 'token' || i, " DATE ", " DATE ", " DATE ", i FROM n; DROP TABLE n;"

static const char fill_sqlite[] =
    "CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c"
    " WHERE i < 5000) SELECT i FROM c; " FILL;
static const char fill_mysql[] =
    "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';"
    "CREATE TABLE n AS SELECT seq AS i FROM seq_1_to_5000; " FILL
    "ANALYZE TABLE users, user_roles, roles, latchkey_names, latchkey_failures, latchkey_accounts,"
    " latchkey_sessions, latchkey_revocations, \"refreshTokens\"";
static const char fill_pgsql[] =
    "CREATE TABLE n AS SELECT generate_series(1, 5000) AS i; " FILL "ANALYZE";

static bool is(struct db *db, const char *engine)
{
    return strcmp(db_engine(db), engine) == 0;
}

static struct db *filled(struct store *s)
{
    struct db *db;

    store_make(s);
    CHECK_ERR(migrate_sequel(&s->config, OWNER_DEV), OK);
    db = store_open(s);
    CHECK_ERR(db_script(db, str_of(is(db, "sqlite")  ? fill_sqlite
                                   : is(db, "mysql") ? fill_mysql
                                                     : fill_pgsql)),
              OK);
    return db;
}

/* The statement with its constants, as text. */
static void filled_in(const char *sql, const char *values, char out[static SQL_MAX])
{
    size_t n = 0;

    for (; *sql; sql++) {
        size_t length = strcspn(values, "|");

        if (*sql != '?') {
            out[n++] = *sql;
            continue;
        }
        CHECK(length > 0);
        n += (size_t)snprintf(out + n, SQL_MAX - n, "%.*s", (int)length, values);
        values += length + (values[length] == '|');
    }
    CHECK(*values == '\0');
    out[n] = '\0';
}

/* What the server's own client prints for this SQL. */
static void server_says(const char *sql, char out[static PLAN_MAX])
{
    char file[] = "/tmp/latchkey-plan-XXXXXX", command[1024];
    int fd = mkstemp(file);
    size_t n = 0, got;
    FILE *p;

    CHECK(fd >= 0 && write(fd, sql, strlen(sql)) == (ssize_t)strlen(sql) && close(fd) == 0);
    (void)snprintf(command, sizeof command, "%s sql %s < %s", getenv("LATCHKEY_TEST_SERVER"),
                   getenv("LATCHKEY_TEST_FOLDER"), file);
    CHECK((p = popen(command, "r")) != NULL);
    while ((got = fread(out + n, 1, PLAN_MAX - 1 - n, p)) > 0)
        n += got;
    out[n] = '\0';
    CHECK(pclose(p) == 0);
    CHECK(unlink(file) == 0);
}

static bool sqlite_scans(const char *file, const char *sql, char out[static PLAN_MAX])
{
    char explain[SQL_MAX + 32];
    sqlite3_stmt *st;
    bool scans = false;
    size_t n = 0;
    sqlite3 *h;

    (void)snprintf(explain, sizeof explain, "EXPLAIN QUERY PLAN %s", sql);
    CHECK(sqlite3_open(file, &h) == SQLITE_OK);
    CHECK(sqlite3_prepare_v2(h, explain, -1, &st, NULL) == SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        const char *detail = (const char *)sqlite3_column_text(st, 3);

        scans |= strncmp(detail, "SCAN ", 5) == 0 && strstr(detail, "CONSTANT ROW") == NULL;
        n += (size_t)snprintf(out + n, PLAN_MAX - n, "%s\n", detail);
    }
    sqlite3_finalize(st);
    sqlite3_close(h);
    return scans;
}

/* The fourth column is the way of access: ALL is the table, index is an index from end to end. */
static bool mysql_scans(const char *sql, char out[static PLAN_MAX])
{
    char explain[SQL_MAX + 64];
    str rest, line, cell;
    bool scans = false;

    (void)snprintf(explain, sizeof explain, "SET sql_mode = 'ANSI_QUOTES'; EXPLAIN %s;", sql);
    server_says(explain, out);
    for (rest = str_of(out); str_cut(rest, '\n', &line, &rest);) {
        for (int i = 0; i < 4; i++)
            (void)str_cut(line, '\t', &cell, &line);
        scans |= str_is(cell, STR("ALL")) || str_is(cell, STR("index"));
    }
    return scans;
}

/* Tables of a few rows are read faster without an index, which says nothing; so it is told that
 * this is dear, and shows whether it has another way. */
static bool pgsql_scans(const char *sql, char out[static PLAN_MAX])
{
    char explain[SQL_MAX + 64];

    (void)snprintf(explain, sizeof explain, "SET enable_seqscan = off; EXPLAIN %s;", sql);
    server_says(explain, out);
    return strstr(out, "Seq Scan") != NULL || strstr(out, "cost") == NULL;
}

TEST(no_statement_of_a_request_reads_a_whole_table)
{
    char sql[SQL_MAX], plan[PLAN_MAX];
    struct store s;
    struct db *db = filled(&s);
    bool scans;

    for (size_t i = 0; i < sizeof hot / sizeof *hot; i++) {
        filled_in(query_text(db_engine(db), hot[i].q), hot[i].values, sql);
        scans = is(db, "sqlite")  ? sqlite_scans(s.file, sql, plan)
                : is(db, "mysql") ? mysql_scans(sql, plan)
                                  : pgsql_scans(sql, plan);
        if (scans)
            fprintf(stderr, "%s\n%s", sql, plan);
        CHECK(!scans);
    }
    db_close(db);
    store_remove(&s);
}

TEST(a_check_reads_roles_from_an_index_alone)
{
    char sql[SQL_MAX], plan[PLAN_MAX];
    struct store s;
    struct db *db = filled(&s);

    filled_in(query_text(db_engine(db), Q_STANDING_OF_USER), "7|7|257", sql);
    if (is(db, "sqlite")) {
        CHECK(!sqlite_scans(s.file, sql, plan));
        CHECK(strstr(plan, "SEARCH ur USING COVERING INDEX") != NULL);
    }
    if (is(db, "mysql")) {
        CHECK(!mysql_scans(sql, plan));
        CHECK(strstr(plan, "Using index") != NULL);
    }
    if (is(db, "pgsql")) {
        CHECK(!pgsql_scans(sql, plan));
        CHECK(strstr(plan, "using latchkey_user_roles_cover on user_roles") != NULL);
    }
    db_close(db);
    store_remove(&s);
}

static int64_t rows_read(void)
{
    char out[PLAN_MAX];
    str rest, line, name, value;
    int64_t sum = 0, n;

    server_says("SHOW GLOBAL STATUS LIKE 'Handler_read%';", out);
    for (rest = str_of(out); str_cut(rest, '\n', &line, &rest);)
        if (str_cut(line, '\t', &name, &value) && str_int(value, &n))
            sum += n;
    return sum;
}

static err row_skip(void *arg, const struct user *user)
{
    (void)arg, (void)user;
    return OK;
}

static err session_skip(void *arg, const struct session_row *row)
{
    (void)arg, (void)row;
    return OK;
}

static void look_ups(struct db *db, struct arena *mem)
{
    const str key = STR("0000000000000000000000000000000000000000000000000000000000000007");
    const struct session_walk walk = { 7, 64, session_skip, NULL };
    struct standing standing;
    struct strs roles;
    struct user user;
    int64_t id;

    CHECK_ERR(user_by_id(db, mem, 7, &user), OK);
    CHECK_ERR(user_by_username(db, mem, STR("user7"), &user), OK);
    CHECK_ERR(user_by_username(db, mem, STR("nobody"), &user), ERR_NOT_FOUND);
    CHECK_ERR(user_by_email(db, mem, STR("user7@x"), &user), OK);
    CHECK_ERR(user_by_name_key(db, mem, NAME_USERNAME, key, &user), ERR_NOT_FOUND);
    CHECK_ERR(name_claim(db, NAME_USERNAME, key, 7, 1), OK);
    CHECK_ERR(name_release(db, NAME_EMAIL, key, 8), OK);
    CHECK_ERR(users_after(db, mem, 4990, 10, row_skip, NULL), OK);
    CHECK_ERR(standing_of_user(db, mem, 7, 7, &standing), OK);
    CHECK_ERR(roles_of_user(db, mem, 7, &roles), OK);
    CHECK_ERR(sessions_by_user(db, mem, &walk), OK);
    CHECK_ERR(sessions_over_delete(db, 0, 7, 0), OK);
    CHECK_ERR(sessions_of_user_delete(db, 7, 7), OK);
    CHECK_ERR(sessions_of_user_used(db, 7, 7, &id), OK);
    CHECK_ERR(watermark_read(db, &id), OK);
}

TEST(values_that_are_bound_take_no_index_away)
{
    struct arena mem;
    struct store s;
    int64_t idle, before;

    if (!getenv("LATCHKEY_TEST_SERVER"))
        return;
    struct db *db = filled(&s);
    arena_init(&mem, 256 << 10);
    if (is(db, "mysql")) {
        look_ups(db, &mem);                     /* so that all is prepared */
        idle = rows_read();
        before = rows_read();
        idle = before - idle;                   /* what the question itself reads */
        look_ups(db, &mem);
        CHECK(rows_read() - before - idle < ROWS_READ_MAX);
    }
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}
