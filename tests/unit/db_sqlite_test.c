// SPDX-License-Identifier: MIT
/* db_sqlite_test.c - what only SQLite's engine does: its file, its versions, its failures. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NOW = 1700000000 };

static void file_make(struct store *s)
{
    store_make_file(s);
    CHECK_ERR(migrate(&s->config, MIGRATE_KEEP, OWNER_DEV), OK);
}

/* The file through a connection that is not ours: text of the first column of the first row. */
static void ask(const struct store *s, const char *sql, char *answer, size_t room)
{
    sqlite3 *h;
    sqlite3_stmt *st = NULL;

    answer[0] = '\0';
    CHECK(sqlite3_open(s->file, &h) == SQLITE_OK);
    sqlite3_busy_timeout(h, 5000);
    CHECK(sqlite3_prepare_v2(h, sql, -1, &st, NULL) == SQLITE_OK);
    if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0))
        (void)snprintf(answer, room, "%s", (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    sqlite3_close(h);
}

static void tell(const struct store *s, const char *sql)
{
    sqlite3 *h;

    CHECK(sqlite3_open(s->file, &h) == SQLITE_OK);
    sqlite3_busy_timeout(h, 5000);
    CHECK(sqlite3_exec(h, sql, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(h);
}

TEST(the_file_is_for_its_owner_alone)
{
    struct store s;
    struct stat st;
    mode_t before = umask(0);

    file_make(&s);
    struct db *db = store_open(&s);
    CHECK(stat(s.file, &st) == 0 && (st.st_mode & 0777) == 0600);
    char wal[128];
    (void)snprintf(wal, sizeof wal, "%s-wal", s.file);
    CHECK(stat(wal, &st) == 0 && (st.st_mode & 0777) == 0600);
    db_close(db);
    umask(before);
    store_remove(&s);
}

TEST(users_has_the_tutorials_columns_in_its_order)
{
    struct store s;
    char got[512];

    file_make(&s);
    ask(&s,
        "SELECT group_concat(name || ' ' || type || ' ' || \"notnull\") FROM "
        "pragma_table_info('users')",
        got, sizeof got);
    CHECK_STR(str_of(got),
              STR("id INTEGER 0,username VARCHAR(255) 0,email VARCHAR(255) 0,"
                  "password VARCHAR(255) 0,createdAt DATETIME 1,updatedAt DATETIME 1"));
    ask(&s, "SELECT group_concat(name) FROM pragma_table_info('user_roles')", got, sizeof got);
    CHECK_STR(str_of(got), STR("createdAt,updatedAt,roleId,userId"));
    ask(&s,
        "SELECT group_concat(name) FROM (SELECT name FROM pragma_table_info('user_roles') WHERE pk"
        " ORDER BY pk)",
        got, sizeof got);
    CHECK_STR(str_of(got), STR("roleId,userId"));
    ask(&s, "SELECT group_concat(\"table\" || ' ' || on_update || ' ' || on_delete)"
            " FROM pragma_foreign_key_list('user_roles')", got, sizeof got);
    CHECK_STR(str_of(got), STR("users CASCADE CASCADE,roles CASCADE CASCADE"));
    store_remove(&s);
}

TEST(look_ups_use_an_index)
{
    static const enum query looked_up[] = {
        Q_USER_BY_ID, Q_USER_BY_USERNAME, Q_USER_BY_EMAIL, Q_USER_BY_NAME_KEY, Q_USERS_AFTER,
        Q_ROLES_OF_USER, Q_NAME_HOLDER, Q_STATE_READ, Q_META_READ, Q_NAMES_OF_USER_DELETE,
    };
    struct store s;
    char sql[1024], got[512];

    file_make(&s);
    for (size_t i = 0; i < sizeof looked_up / sizeof *looked_up; i++) {
        (void)snprintf(sql, sizeof sql, "EXPLAIN QUERY PLAN %s", queries[looked_up[i]].any);
        sqlite3 *h;
        sqlite3_stmt *st;
        CHECK(sqlite3_open(s.file, &h) == SQLITE_OK);
        CHECK(sqlite3_prepare_v2(h, sql, -1, &st, NULL) == SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW) {
            (void)snprintf(got, sizeof got, "%s", (const char *)sqlite3_column_text(st, 3));
            CHECK(strncmp(got, "SCAN", 4) != 0);
        }
        sqlite3_finalize(st);
        sqlite3_close(h);
    }
    store_remove(&s);
}

static err touch(struct db *db, void *arg)
{
    return meta_write(db, STR("touched"), arg ? str_of(arg) : STR("yes"));
}

TEST(the_version_changes_when_anybody_commits_and_only_then)
{
    struct store s;
    int64_t v;

    file_make(&s);
    struct db *a = store_open(&s), *b = store_open(&s);
    v = db_version(a);
    CHECK(v >= 0 && db_version(a) == v);
    CHECK_ERR(db_write(a, touch, NULL), OK);
    CHECK(db_version(a) != v);
    v = db_version(a);
    CHECK(db_version(a) == v);
    CHECK_ERR(db_write(b, touch, (char[]){ "by b" }), OK);
    CHECK(db_version(a) != v);
    v = db_version(a);
    CHECK_ERR(meta_write(a, STR("k"), STR("v")), OK);
    CHECK(db_version(a) != v);
    v = db_version(a);
    pid_t child = fork();
    if (child == 0) {
        tell(&s, "INSERT INTO latchkey_meta VALUES ('child', 'x')");
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    CHECK(db_version(a) != v);
    v = db_version(a);
    CHECK(db_version(a) == v);
    db_close(a);
    db_close(b);
    store_remove(&s);
}

/* As the recorded cases' fixtures and the tutorial's server do, foreign keys off. */
TEST(rows_written_by_others_are_read)
{
    struct store s;
    struct arena mem;
    struct user u;
    struct strs roles;

    file_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    for (int round = 0; round < 3; round++) {
        tell(&s,
             "DELETE FROM user_roles; DELETE FROM users; DELETE FROM sqlite_sequence WHERE name = "
             "'users';"
             "DELETE FROM roles; INSERT INTO roles VALUES (1, 'user', '2020-01-13 09:05:39', "
             "'nonsense'),"
             " (3, NULL, '', ''), (4, 'admin', 7, 0);"
             "INSERT INTO users VALUES (1, 'zoe', NULL, 'x', '2020-01-13 09:05:39.123 +00:00', 5);"
             "INSERT INTO user_roles VALUES ('', '', 1, 1), ('', '', 3, 1), ('', '', 9, 1), ('', "
             "'', 1, 77)");
        CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), OK);
        CHECK(u.id == 1 && u.created_at == 1578906339 && u.updated_at == 0 && !u.email.p);
        CHECK_ERR(roles_of_user(db, &mem, 1, &roles), OK);
        CHECK(roles.n == 1);
        u = (struct user){ .username = STR("new") };
        CHECK_ERR(user_insert(db, &u, NOW), OK);
        CHECK(u.id == 2);
    }
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(a_lock_that_is_held_too_long_is_busy)
{
    struct store s;
    sqlite3 *h;

    file_make(&s);
    s.config.wait_ms = 20;
    struct db *db = store_open(&s);
    CHECK(sqlite3_open(s.file, &h) == SQLITE_OK);
    CHECK(sqlite3_exec(h, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK);
    CHECK_ERR(db_write(db, touch, NULL), ERR_BUSY);
    CHECK_ERR(touch(db, NULL), ERR_BUSY);
    CHECK(sqlite3_exec(h, "ROLLBACK", NULL, NULL, NULL) == SQLITE_OK);
    CHECK_ERR(db_write(db, touch, NULL), OK);
    sqlite3_close(h);
    db_close(db);
    store_remove(&s);
}

static err insert_forever(struct db *db, void *arg)
{
    struct user u = { .username = STR("a name that takes some room in a page of the file") };
    err e = OK;

    (void)arg;
    while (e == OK)
        e = user_insert(db, &u, NOW);
    return e;
}

TEST(a_file_that_may_not_grow_is_full_and_recovers)
{
    struct store s;
    struct arena mem;
    struct user u;

    file_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(db_script(db, STR("PRAGMA max_page_count = 1")), OK);
    CHECK_ERR(user_insert(db, &(struct user){ .username = STR("first") }, NOW), OK);
    CHECK_ERR(insert_forever(db, NULL), ERR_DB_FULL);
    CHECK_ERR(db_write(db, insert_forever, NULL), ERR_DB_FULL);
    CHECK_ERR(user_by_id(db, &mem, 1, &u), OK);
    CHECK_ERR(db_script(db, STR("PRAGMA max_page_count = 100000")), OK);
    CHECK_ERR(db_write(db, touch, NULL), OK);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(a_file_that_is_no_database_or_cannot_be_made_is_refused)
{
    struct store s;
    struct db *db;

    store_make_file(&s);
    FILE *f = fopen(s.file, "w");
    CHECK(f &&
          fputs("this is a text that somebody keeps, not a database, and longer than its head is,"
                " so that nobody takes it for an empty one",
                f) >= 0 &&
          fclose(f) == 0);
    CHECK_ERR(db_open_raw(&s.config, &db), ERR_DB_DOWN);
    CHECK_ERR(db_open_raw(&(struct db_config){ .url = STR("sqlite:") }, &db), ERR_DB_DOWN);
    CHECK_ERR(db_open_raw(&(struct db_config){.url = STR("sqlite:/nowhere/at/all.db")}, &db),
              ERR_DB_DOWN);
    CHECK_ERR(db_open_raw(&(struct db_config){ .url = STR("sqlite:a\0b") }, &db), ERR_DB_DOWN);
    store_remove(&s);
}

/* In place of open() within SQLite: one open for writing of this name finds no descriptor. */
static const char *short_of;
static int (*real_open)(const char *, int, int);

static int open_short(const char *path, int flags, int mode)
{
    if (!short_of || strcmp(path, short_of) != 0 || (flags & O_ACCMODE) != O_RDWR)
        return real_open(path, flags, mode);
    short_of = NULL;
    errno = EMFILE;
    return -1;
}

static err fact_write(struct db *db, void *arg)
{
    (void)arg;
    return meta_write(db, STR("descriptors"), STR("1"));
}

/* SQLite then opens to read, and says nothing. */
TEST(a_connection_that_may_only_read_for_want_of_descriptors_is_none)
{
    static const char *const ends[] = { "", "-wal", "-shm" };
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    struct store s;
    struct db *db;
    char name[128];

    file_make(&s);
    real_open = (int (*)(const char *, int, int))vfs->xGetSystemCall(vfs, "open");
    CHECK(vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)open_short) == SQLITE_OK);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)snprintf(name, sizeof name, "%s%s", s.file, ends[i]);
        short_of = name;
        for (int tries = 0; tries < 2; tries++) {
            err e = db_open_raw(&s.config, &db);

            CHECK_ERR(e, tries || e == OK ? OK : ERR_DB_DOWN);
            CHECK(!short_of);
            if (e == OK) {
                CHECK_ERR(db_write(db, fact_write, NULL), OK);
                db_close(db);
            }
        }
    }
    CHECK(vfs->xSetSystemCall(vfs, "open", NULL) == SQLITE_OK);
    store_remove(&s);
}

TEST(a_database_in_memory_is_shared_and_ends_with_its_last_connection)
{
    struct db_config config = { .url = STR("sqlite::memory:"), .wait_ms = 1000 };
    struct db *anchor, *db;
    int64_t v;

    CHECK_ERR(db_open_raw(&config, &anchor), OK);
    CHECK_ERR(migrate(&config, MIGRATE_KEEP, OWNER_DEV), OK);
    CHECK_ERR(db_open(&config, &db), OK);
    v = db_version(db);
    CHECK_ERR(meta_write(anchor, STR("k"), STR("v")), OK);
    CHECK(db_version(db) != v);
    db_close(anchor);
    db_close(db);
    CHECK_ERR(db_open(&config, &db), ERR_DB_SCHEMA);
}

static err two_rows(struct db *db, void *arg)
{
    struct user u = { .username = STR("pair") };
    err e;

    (void)arg;
    if ((e = user_insert(db, &u, NOW)) != OK)
        return e;
    return user_role_insert(db, u.id, 1, NOW);
}

/* Tell the parent of each acknowledged commit, until killed. */
static void write_until_killed(const struct store *s, int to)
{
    struct db *db;

    if (db_open(&s->config, &db) != OK)
        _exit(1);
    while (db_write(db, two_rows, NULL) == OK)
        if (write(to, "x", 1) != 1)
            _exit(1);
    _exit(1);
}

TEST(what_was_acknowledged_survives_a_kill)
{
    struct store s;
    char got[64], byte;
    int64_t acknowledged = 0, stored;

    file_make(&s);
    for (int round = 0; round < 5; round++) {
        int ends[2];
        CHECK(pipe(ends) == 0);
        pid_t child = fork();
        if (child == 0)
            write_until_killed(&s, ends[1]);
        close(ends[1]);
        for (int n = 0; n < 20 + round && read(ends[0], &byte, 1) == 1; n++)
            acknowledged++;
        CHECK(kill(child, SIGKILL) == 0);
        CHECK(waitpid(child, NULL, 0) == child);
        while (read(ends[0], &byte, 1) == 1)
            acknowledged++;
        close(ends[0]);
    }
    CHECK(acknowledged >= 100);
    ask(&s, "PRAGMA integrity_check", got, sizeof got);
    CHECK_STR(str_of(got), STR("ok"));
    ask(&s, "SELECT COUNT(*) FROM users", got, sizeof got);
    CHECK(str_int(str_of(got), &stored) && stored >= acknowledged && stored <= acknowledged + 5);
    ask(&s, "SELECT COUNT(*) FROM users WHERE id NOT IN (SELECT userId FROM user_roles)", got,
        sizeof got);
    CHECK_STR(str_of(got), STR("0"));
    store_remove(&s);
}

static err insert_zoe(struct db *db, void *arg)
{
    struct user u = { .username = STR("zoe") };

    (void)arg;
    return user_insert(db, &u, NOW);
}

TEST(who_waited_too_long_for_his_turn_writes_nothing)
{
    struct store s;
    struct db *db;

    file_make(&s);
    s.config.wait_ms = 1000;
    s.config.acquire_ms = 2000;
    CHECK_ERR(db_open(&s.config, &db), OK);
    CHECK_ERR(db_waited(db, 1000), OK);
    CHECK_ERR(db_waited(db, 1), ERR_BUSY);
    CHECK_ERR(db_write(db, insert_zoe, NULL), ERR_BUSY);
    db_over(db);
    CHECK_ERR(db_write(db, insert_zoe, NULL), OK);
    db_close(db);
    store_remove(&s);
}

TEST(a_file_that_is_not_at_its_path_takes_no_write)
{
    struct store s, copy;
    char away[128], log[128], answer[16];
    int64_t before;

    file_make(&s);
    struct db *db = store_open(&s);
    before = db_version(db);
    (void)snprintf(away, sizeof away, "%s.away", s.file);
    CHECK(rename(s.file, away) == 0);
    CHECK_ERR(db_write(db, insert_zoe, NULL), ERR_DB_DOWN);
    CHECK_ERR(db_check(db), ERR_DB_DOWN);
    CHECK(db_version(db) == -1 && access(s.file, F_OK) != 0);
    CHECK(rename(away, s.file) == 0);
    CHECK_ERR(db_write(db, insert_zoe, NULL), OK);
    CHECK_ERR(db_check(db), OK);

    file_make(&copy);
    tell(&copy, "INSERT INTO users (username, createdAt, updatedAt) VALUES ('mo', 'x', 'x')");
    CHECK(rename(copy.file, s.file) == 0);
    CHECK_ERR(db_write(db, insert_zoe, NULL), ERR_DB_DOWN);   /* the old log would go into it */
    (void)snprintf(log, sizeof log, "%s-wal", s.file);
    CHECK(unlink(log) == 0);
    CHECK_ERR(db_write(db, insert_zoe, NULL), OK);
    CHECK(db_version(db) > before);
    db_close(db);
    ask(&s, "SELECT group_concat(username) FROM users", answer, sizeof answer);
    CHECK_STR(str_of(answer), STR("mo,zoe"));
    store_remove(&copy);
    store_remove(&s);
}
