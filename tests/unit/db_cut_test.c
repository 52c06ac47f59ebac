// SPDX-License-Identifier: MIT
/* db_cut_test.c - a connection to a database's server that breaks at each of its messages.
 *
 * Between the store and the server of tests/engines stands a relay that breaks the connection when
 * the n-th piece comes from the store, for every n there is. Who is told that his row is stored
 * finds it; whatever is asked next has a new connection. */
#include "store.h"

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

enum { NOW = 1700000000 };

struct relay {
    int listener;
    struct sockaddr_in to;
    unsigned port;
    atomic_int left;                    /* pieces until the one that breaks it; 0: none does */
    atomic_bool broke;
    pthread_t thread;
};

/* True while both sides go on. */
static bool piece_pass(struct relay *r, int from, int to, bool is_stores)
{
    char bytes[16384];
    ssize_t n = recv(from, bytes, sizeof bytes, 0);

    if (n <= 0)
        return false;
    if (is_stores && r->left > 0 && --r->left == 0) {
        r->broke = true;
        return false;
    }
    return send(to, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static void pair_serve(struct relay *r, int client, int server)
{
    struct pollfd fds[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};

    while (poll(fds, 2, -1) > 0) {
        if (fds[0].revents && !piece_pass(r, client, server, true))
            return;
        if (fds[1].revents && !piece_pass(r, server, client, false))
            return;
    }
}

static void *relay_run(void *arg)
{
    struct relay *r = arg;
    int client;

    while ((client = accept(r->listener, NULL, NULL)) >= 0) {
        int server = socket(AF_INET, SOCK_STREAM, 0);

        if (connect(server, (struct sockaddr *)&r->to, sizeof r->to) == 0)
            pair_serve(r, client, server);
        close(server);
        close(client);
    }
    return NULL;
}

static void relay_start(struct relay *r, unsigned to, int at)
{
    struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t n = sizeof here;

    r->to = here;
    r->to.sin_port = htons((uint16_t)to);
    r->left = at;
    r->broke = false;
    r->listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(r->listener, (struct sockaddr *)&here, sizeof here) == 0);
    CHECK(listen(r->listener, 8) == 0);
    CHECK(getsockname(r->listener, (struct sockaddr *)&here, &n) == 0);
    r->port = ntohs(here.sin_port);
    CHECK(pthread_create(&r->thread, NULL, relay_run, r) == 0);
}

static void relay_stop(struct relay *r)
{
    shutdown(r->listener, SHUT_RD);
    pthread_join(r->thread, NULL);
    close(r->listener);
}

/* The URL by the relay's port; *port is the server's. False where there is no server. */
static bool url_by(const char *url, unsigned relay, char *out, size_t room, unsigned *port)
{
    const char *at = url ? strrchr(url, '@') : NULL, *colon = at ? strchr(at, ':') : NULL;
    char *end;

    if (!colon)
        return false;
    *port = (unsigned)strtoul(colon + 1, &end, 10);
    (void)snprintf(out, room, "%.*s:%u%s", (int)(colon - url), url, relay, end);
    return true;
}

static err zoe_insert(struct db *db, void *arg)
{
    struct user u = { .username = STR("zoe"), .email = STR("zoe@x") };

    (void)arg;
    return user_insert(db, &u, NOW);
}

static err user_count(void *arg, const struct user *user)
{
    *(int *)arg += str_is(user->username, STR("zoe"));
    return OK;
}

static int zoes(struct db *db)
{
    struct arena mem;
    int n = 0;

    arena_init(&mem, 1 << 16);
    CHECK_ERR(users_after(db, &mem, 0, 100, user_count, &n), OK);
    arena_end(&mem);
    return n;
}

/* Everything a connection is asked for, once; how the write ended. */
static err ask_all(struct db *db)
{
    struct arena mem;
    struct user u;
    int64_t changed;
    err e, told;

    arena_init(&mem, 1 << 16);
    told = db_write(db, zoe_insert, NULL);
    e = user_by_username(db, &mem, STR("zoe"), &u);
    CHECK(e != ERR_BUG && e != ERR_DB_SCHEMA);
    e = db_exec(db, Q_META_DELETE, IN(text(STR("nothing"))), &changed);
    CHECK(e == OK ? changed == 0 : e != ERR_BUG);
    e = db_script(db, STR("SELECT 1; DELETE FROM users WHERE id < 0"));
    CHECK(e != ERR_BUG && e != ERR_DB_SCHEMA);
    e = db_check(db);
    CHECK(e != ERR_BUG && e != ERR_DB_SCHEMA);
    db_over(db);
    arena_end(&mem);
    return told;
}

/* One life of a connection, broken at that piece. True when there was one. */
static bool life(const struct store *s, struct db *direct, const struct db_config *how, int at)
{
    struct db_config config = *how;
    struct relay r;
    struct db *db = NULL;
    char url[256];
    unsigned port;
    err told;

    CHECK(url_by(s->config.url.p, 0, url, sizeof url, &port));
    relay_start(&r, port, at);
    CHECK(url_by(s->config.url.p, r.port, url, sizeof url, &port));
    config.url = str_of(url);
    CHECK_ERR(db_script(direct, STR("DELETE FROM users")), OK);
    told = config.pool_max ? db_open(&config, &db) : db_open_raw(&config, &db);
    if (told == OK) {
        told = ask_all(db);
        CHECK(told == OK ? zoes(direct) == 1 : zoes(direct) <= 1);
        r.left = 0;
        CHECK_ERR(db_script(direct, STR("DELETE FROM users")), OK);
        while (config.pool_max && db_check(db) != OK)
            db_over(db);                /* the pool looks again every tenth of a second */
        CHECK_ERR(ask_all(db), OK);
        CHECK(zoes(direct) == 1);
    }
    CHECK(told == OK || r.broke);
    db_close(db);
    relay_stop(&r);
    return r.broke;
}

static void lives(const struct db_config *how)
{
    struct db *direct;
    struct store s;
    int n = 1;

    if (!getenv("LATCHKEY_TEST_DB"))
        return;
    store_make(&s);
    direct = store_open(&s);
    while (life(&s, direct, how, n))
        n++;
    CHECK(n > 10);
    db_close(direct);
    store_remove(&s);
}

TEST(a_connection_that_breaks_at_any_message_stores_what_it_says)
{
    lives(&(struct db_config){ .wait_ms = 5000 });
}

TEST(one_for_scripts_does_so_too)
{
    lives(&(struct db_config){ .wait_ms = 5000, .scripts = true });
}

TEST(so_does_one_of_a_pool)
{
    lives(&(struct db_config){
        .wait_ms = 5000, .acquire_ms = 20000, .idle_ms = 60000, .pool_max = 2,
    });
}
