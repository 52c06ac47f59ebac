// SPDX-License-Identifier: MIT
/* db_remote_test.c - URLs, and databases that go away and come back.
 *
 * The faults need a server: LATCHKEY_TEST_DB is its URL, LATCHKEY_TEST_SERVER the script of
 * tests/servers that started it, LATCHKEY_TEST_FOLDER its folder. tests/engines sets them. */
#include "store.h"
#include "store/remote.h"

#include <netinet/in.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/wait.h>

enum { NOW = 1700000000 };

extern char **environ;

TEST(a_url_is_read_part_by_part)
{
    struct remote r;

    CHECK_ERR(remote_parse(STR("//zo%40e:p%3Aw@db.example:3307/shop?socket=/run/x"), (str){0}, &r),
              OK);
    CHECK_STR(str_of(r.user), STR("zo@e"));
    CHECK_STR(str_of(r.password), STR("p:w"));
    CHECK_STR(str_of(r.hosts[0].host), STR("db.example"));
    CHECK(r.hosts[0].port == 3307);
    CHECK_STR(str_of(r.database), STR("shop"));
    CHECK_STR(str_of(r.socket), STR("/run/x"));
    CHECK_ERR(remote_parse(STR("//u:old@[::1]:1/d"), STR("new"), &r), OK);
    CHECK_STR(str_of(r.hosts[0].host), STR("::1"));
    CHECK_STR(str_of(r.password), STR("new"));
    CHECK_ERR(remote_parse(STR("//h/d"), (str){0}, &r), OK);
    CHECK_STR(str_of(r.hosts[0].host), STR("h"));
    CHECK(r.hosts[0].port == 0 && !r.user[0] && !r.socket[0]);
    CHECK(r.hosts_n == 1);
    CHECK_ERR(remote_parse(STR("//u@a:1,b,[::1]:3/d"), (str){0}, &r), OK);
    CHECK(r.hosts_n == 3 && r.hosts[0].port == 1 && r.hosts[1].port == 0 && r.hosts[2].port == 3);
    CHECK_STR(str_of(r.hosts[1].host), STR("b"));
    CHECK_STR(str_of(r.hosts[2].host), STR("::1"));
    CHECK_ERR(remote_parse(STR("//u@a,a,a,a,a,a,a,a,a/d"), (str){0}, &r), ERR_BAD_SETTING);
    CHECK_ERR(remote_parse(STR("///d?socket=%2Ftmp"), (str){0}, &r), OK);
    CHECK_STR(str_of(r.socket), STR("/tmp"));
}

TEST(a_url_that_is_none_is_refused)
{
    static const char *const bad[] = {
        "", "/", "//", "//h", "//h/", "//h:0/d", "//h:65536/d", "//h:x/d", "//h:-1/d", "//[::1/d",
        "//[::1]x/d", "//h/d%", "//h/d%0", "//h/d%zz", "//h/d%00", "//h/d?sock=x", "//h/d?x", "h/d",
    };
    struct remote r;
    char url[400] = "//h/";

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_ERR(remote_parse(str_of(bad[i]), (str){0}, &r), ERR_BAD_SETTING);
    memset(url + 4, 'd', 300);
    CHECK_ERR(remote_parse(str_of(url), (str){0}, &r), ERR_BAD_SETTING);
    CHECK_ERR(remote_parse(STR("//h/d"), STR("a\0b"), &r), ERR_BAD_SETTING);
}

TEST(a_host_that_did_not_answer_is_not_the_first_again)
{
    struct remote r, one;

    CHECK_ERR(remote_parse(STR("//a,b,c/d"), (str){0}, &r), OK);
    CHECK_ERR(remote_parse(STR("//a/d"), (str){0}, &one), OK);
    CHECK(remote_first(&r) == 0);
    remote_passed_over(&r, 0);
    CHECK(remote_first(&r) == 1);
    remote_passed_over(&r, 0);                  /* somebody else found out the same */
    CHECK(remote_first(&r) == 1);
    CHECK(remote_first(&one) == 0);
    remote_passed_over(&r, 1);
    remote_passed_over(&r, 2);
    CHECK(remote_first(&r) == 0);
}

static bool has_server(void)
{
    return getenv("LATCHKEY_TEST_SERVER") && getenv("LATCHKEY_TEST_FOLDER");
}

static void server(const char *order)
{
    char *argv[] = { getenv("LATCHKEY_TEST_SERVER"), (char *)(uintptr_t)order,
                     getenv("LATCHKEY_TEST_FOLDER"), NULL };
    int status = -1;
    pid_t child;

    CHECK(posix_spawn(&child, argv[0], NULL, NULL, argv, environ) == 0);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static err insert(struct db *db, void *arg)
{
    struct user u = { .username = str_of(arg) };

    return user_insert(db, &u, NOW);
}

TEST(a_server_that_was_restarted_is_used_again)
{
    struct store s;
    struct arena mem;
    struct roles roles;
    struct db *late;

    if (!has_server())
        return;
    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(roles_all(db, &mem, &roles), OK);
    server("down");
    CHECK_ERR(roles_all(db, &mem, &roles), ERR_DB_DOWN);
    CHECK_ERR(db_write(db, insert, "zoe"), ERR_DB_DOWN);
    CHECK_ERR(db_open(&s.config, &late), ERR_DB_DOWN);
    server("up");
    CHECK_ERR(roles_all(db, &mem, &roles), OK);
    CHECK_ERR(db_write(db, insert, "zoe"), OK);
    server("down");
    server("up");
    CHECK_ERR(db_write(db, insert, "zoe"), OK);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

TEST(a_server_that_hangs_is_not_waited_for)
{
    struct store s;
    struct arena mem;
    struct user u;
    struct db *late;

    if (!has_server())
        return;
    store_make(&s);
    s.config.wait_ms = 1000;
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    server("pause");
    CHECK_ERR(db_write(db, insert, "zoe"), ERR_DB_DOWN);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), ERR_DB_DOWN);
    CHECK_ERR(db_open(&s.config, &late), ERR_DB_DOWN);
    server("resume");
    while (user_by_username(db, &mem, STR("zoe"), &u) == ERR_DB_DOWN)
        ;                               /* it has a second, and may need more to come to itself */
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), ERR_NOT_FOUND);
    CHECK_ERR(db_write(db, insert, "zoe"), OK);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

/* A port of this machine that accepts connections and says nothing. */
static int silent_host(unsigned *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    CHECK(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 16) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&a, &n) == 0);
    *port = ntohs(a.sin_port);
    return fd;
}

TEST(the_next_host_is_reached_when_the_first_is_silent)
{
    struct db_config config = { .wait_ms = 1000 };
    str url = str_of(getenv("LATCHKEY_TEST_DB")), before, after;
    char both[300];
    struct db *db;
    unsigned port;

    if (!has_server())
        return;
    int fd = silent_host(&port);
    CHECK(str_cut(url, '@', &before, &after));
    (void)snprintf(both, sizeof both, STR_FMT "@127.0.0.1:%u," STR_FMT, STR_ARG(before), port,
                   STR_ARG(after));
    config.url = str_of(both);
    for (int i = 0; i < 3 && db_open_raw(&config, &db) != OK; i++)
        CHECK(i < 2);
    db_close(db);
    CHECK_ERR(db_open_raw(&config, &db), OK);       /* and at once, from then on */
    db_close(db);
    close(fd);
}

/* A migration of large tables takes longer than an answer may, and so does the server's answer. */
TEST(a_script_may_take_longer_than_a_call)
{
    struct db_config config = {
        .url = str_of(getenv("LATCHKEY_TEST_DB")), .wait_ms = 1000, .scripts = true,
    };
    struct db *db;

    if (!has_server())
        return;
    CHECK_ERR(db_open_raw(&config, &db), OK);
    CHECK_ERR(db_script(db, str_starts(config.url, STR("mysql:")) ? STR("DO SLEEP(2.5)")
                                                                  : STR("SELECT pg_sleep(2.5)")),
              OK);
    db_close(db);
}

static err insert_and_lose(struct db *db, void *arg)
{
    err e;

    if ((e = insert(db, arg)) != OK)
        return e;
    server("down");
    server("up");
    if ((e = insert(db, arg)) == OK)
        return OK;
    return insert(db, arg);
}

TEST(a_transaction_never_goes_on_over_a_new_connection)
{
    struct store s;
    struct arena mem;
    struct user u;

    if (!has_server())
        return;
    store_make(&s);
    arena_init(&mem, 64 << 10);
    struct db *db = store_open(&s);
    CHECK_ERR(db_write(db, insert_and_lose, "zoe"), ERR_DB_DOWN);
    CHECK_ERR(user_by_username(db, &mem, STR("zoe"), &u), ERR_NOT_FOUND);
    CHECK_ERR(db_write(db, insert, "zoe"), OK);
    arena_end(&mem);
    db_close(db);
    store_remove(&s);
}

/* Two that lock the same two rows in opposite order; the engine breaks one off, db_write repeats
 * it. */
struct crossing {
    const struct store *s;
    int64_t first, second;
    pthread_barrier_t *both;
    int met;
    err got;
};

static err cross(struct db *db, void *arg)
{
    struct crossing *c = arg;
    err e;

    if ((e = user_update_password(db, c->first, STR("x"), NOW)) != OK)
        return e;
    if (c->met++ == 0)
        pthread_barrier_wait(c->both);
    return user_update_password(db, c->second, STR("x"), NOW);
}

static void *cross_over(void *arg)
{
    struct crossing *c = arg;
    struct db *db = store_open(c->s);

    c->got = db_write(db, cross, c);
    db_close(db);
    return NULL;
}

TEST(a_deadlock_is_repeated_until_both_are_done)
{
    struct store s;
    pthread_barrier_t both;
    pthread_t a, b;

    if (!has_server())
        return;
    store_make(&s);
    struct db *db = store_open(&s);
    CHECK_ERR(db_write(db, insert, "one"), OK);
    CHECK_ERR(db_write(db, insert, "two"), OK);
    pthread_barrier_init(&both, NULL, 2);
    struct crossing there = {.s = &s, 1, 2, &both, 0, ERR_BUG},
                    back = {.s = &s, 2, 1, &both, 0, ERR_BUG};
    CHECK(pthread_create(&a, NULL, cross_over, &there) == 0);
    CHECK(pthread_create(&b, NULL, cross_over, &back) == 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    CHECK_ERR(there.got, OK);
    CHECK_ERR(back.got, OK);
    CHECK(there.met + back.met > 2);
    pthread_barrier_destroy(&both);
    db_close(db);
    store_remove(&s);
}
