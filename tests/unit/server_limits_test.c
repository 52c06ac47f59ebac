// SPDX-License-Identifier: MIT
/* server_limits_test.c - what a client may not do: too much, too slowly, too often. */
#include "http_rig.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct rig rig;

static char large[40000];

/* `before`, then many of one byte, then `after`. */
static str stuffed(const char *before, size_t n, const char *after)
{
    int k = snprintf(large, sizeof large, "%s%*s%s", before, (int)n, "", after);

    for (int i = (int)strlen(before); i < k - (int)strlen(after); i++)
        large[i] = 'a';
    return (str){ large, (size_t)k };
}

TEST(heads_are_bounded)
{
    rig_init(&rig);
    rig_start(&rig);
    refused(&rig, stuffed("GET / HTTP/1.1\r\nHost: a\r\nX: ", 17000, "\r\n\r\n"), 431);
    refused(&rig, stuffed("GET / HTTP/1.1\r\nHost: a\r\nX: ", 39000, ""), 431);
    refused(&rig, stuffed("GET /", 17000, " HTTP/1.1\r\nHost: a\r\n\r\n"), 414);
    refused(&rig, stuffed("GET /", 39000, ""), 414);
    refused(&rig, stuffed("\r\nGET /", 39000, ""), 414);
    rig_stop(&rig);
}

TEST(a_head_as_large_as_allowed_is_served)
{
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say(&c, stuffed("GET / HTTP/1.1\r\nHost: a\r\nX: ", 16384 - 32, "\r\n\r\n"));
    hear_status(&c, 200, STR("hello"));
    hang_up(&c);
    rig_stop(&rig);
}

TEST(headers_are_counted)
{
    size_t n = (size_t)snprintf(large, sizeof large, "GET / HTTP/1.1\r\nHost: a\r\n");

    rig_init(&rig);
    rig_start(&rig);
    for (int i = 0; i < 64; i++)
        n += (size_t)snprintf(large + n, sizeof large - n, "x%d: 1\r\n", i);
    n += (size_t)snprintf(large + n, sizeof large - n, "\r\n");
    refused(&rig, (str){ large, n }, 431);
    rig_stop(&rig);
}

TEST(bodies_are_bounded)
{
    struct client c;
    struct answer a;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n1234"
              "POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
              "chunked\r\n\r\n4\r\n1234\r\n0\r\n\r\n"
              "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345" GET("/"));
    hear_status(&c, 200, STR("1234"));
    hear_status(&c, 200, STR("1234"));
    hear(&c, false, &a);
    CHECK(a.status == 413);
    CHECK_STR(field(&a, "X-Refused"), STR("yes"));
    hear_end(&c);
    hang_up(&c);
    refused(&rig, STR("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999999\r\n\r\n"),
            413);
    refused(&rig, STR("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                      "3\r\n123\r\n2\r\n45\r\n0\r\n\r\n" GET("/")), 413);
    rig_stop(&rig);
}

TEST(a_client_that_sends_on_still_reads_its_refusal)
{
    static char body[600 << 10];
    struct client c;
    struct answer a;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, "POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 614400\r\n\r\n");
    say(&c, (str){ body, sizeof body });
    hear(&c, false, &a);
    CHECK(a.status == 413);
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

static char page[40000];

/* An answer that lies in the kernel for a while; and a loop that is held up. */
static void run_on_loop(void *app, void *own, struct exchange *x)
{
    if (str_is(x->req.path, STR("/loop"))) {
        sem_post(&rig.entered);
        while (sem_wait(&rig.release) != 0)
            ;
    }
    rig_run(app, own, x);
    if (str_is(x->req.path, STR("/page")))
        x->res.body = (str){ page, sizeof page };
}

static size_t read_to_the_end(struct client *c, ssize_t *last)
{
    char b[4096];
    size_t n = 0;

    while ((*last = recv_on(c->fd, b, sizeof b, 0)) > 0)
        n += (size_t)*last;
    return n;
}

TEST(what_comes_behind_the_last_request_does_not_cut_its_answer_short)
{
    struct client c, other;
    ssize_t last;

    rig_init(&rig);
    rig.config.app.run = run_on_loop;
    rig_start(&rig);
    dial_narrow(&c, http_server_port(rig.server), 4096);
    say_z(&c, "GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nmore");
    CHECK(recv_on(c.fd, &(char){ 0 }, 1, MSG_PEEK) == 1);
    dial(&other, &rig);
    say_z(&other, GET("/loop"));
    sem_wait(&rig.entered);
    say_z(&c, "and more");
    CHECK(shutdown(c.fd, SHUT_WR) == 0);
    sem_post(&rig.release);
    hear_status(&other, 200, STR("hello"));
    say_z(&other, GET("/"));                /* by now the loop has seen it */
    hear_status(&other, 200, STR("hello"));
    CHECK(read_to_the_end(&c, &last) > sizeof page);
    CHECK(last == 0);
    hang_up(&c);
    hang_up(&other);
    rig_stop(&rig);
}

TEST(half_a_request_has_a_deadline)
{
    struct client c;
    struct answer a;

    rig_init(&rig);
    rig.config.limits.head_ms = rig.config.limits.body_ms = 30;
    rig_start(&rig);
    refused(&rig, STR("G"), 408);
    refused(&rig, STR("GET / HTTP/1.1\r\nHost"), 408);
    dial(&c, &rig);
    say_z(&c, GET("/") "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12");
    hear_status(&c, 200, STR("hello"));
    hear(&c, false, &a);
    CHECK(a.status == 408);
    CHECK_STR(field(&a, "X-Refused"), STR("yes"));
    CHECK_STR(field(&a, "Connection"), STR("close"));
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

/* The deadline is absolute: however long a client drips, it comes to its end. */
TEST(a_dripping_client_meets_the_same_deadline)
{
    struct client c;
    struct answer a;

    rig_init(&rig);
    rig.config.limits.head_ms = 50;
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, "GET / HTTP/1.1\r\nX: ");
    while (recv(c.fd, &(char){ 0 }, 1, MSG_PEEK | MSG_DONTWAIT) < 0) {
        say_z(&c, "a");
        sched_yield();
    }
    hear(&c, false, &a);
    CHECK(a.status == 408 || a.status == 431);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(an_idle_connection_ends_without_a_word)
{
    struct client c;

    rig_init(&rig);
    rig.config.limits.idle_ms = 30;
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, GET("/"));
    hear_status(&c, 200, STR("hello"));
    hear_end(&c);
    hang_up(&c);
    dial(&c, &rig);
    say_z(&c, GET("/") "\r\n");         /* an empty line is no request */
    hear_status(&c, 200, STR("hello"));
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(work_has_a_deadline_and_its_worker_is_told)
{
    struct client c;

    rig_init(&rig);
    rig.config.limits.work_ms = 30;
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, GET("/gone") GET("/"));
    hear_status(&c, 503, (str){0});
    sem_wait(&rig.left);
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(a_client_that_does_not_read_is_left)
{
    struct client c;
    char b[4096];
    ssize_t k;

    rig_init(&rig);
    rig.config.limits.write_ms = 30;
    rig_start(&rig);
    dial(&c, &rig);
    for (int i = 0; i < 20; i++)
        say_z(&c, GET("/big"));
    while (send(c.fd, "x", 1, MSG_NOSIGNAL) == 1)    /* until the server has gone */
        sched_yield();
    while ((k = recv_on(c.fd, b, sizeof b, 0)) > 0)
        ;
    CHECK(k <= 0);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(with_all_places_taken_the_idle_make_room)
{
    enum { MANY = 12 };
    struct client c[MANY];

    rig_init(&rig);
    rig.config.limits.connections_max = 4;
    rig_start(&rig);
    for (int i = 0; i < MANY; i++) {
        dial(&c[i], &rig);
        say_z(&c[i], GET("/"));
        hear_status(&c[i], 200, STR("hello"));
    }
    for (int i = 0; i < MANY - 4; i++)
        hear_end(&c[i]);
    for (int i = 0; i < MANY; i++)
        hang_up(&c[i]);
    rig_stop(&rig);
}

/* ---- a server that may open few files, in a process of its own ---- */

static struct http_server *stopped;

static void stop(int sig)
{
    (void)sig;
    http_server_stop(stopped);
}

/* What the child does. Its log is not wanted here. */
static void serve_with_few_files(struct rig *r)
{
    struct rlimit few = { 40, 40 };
    err e;

    stopped = r->server;
    (void)signal(SIGTERM, stop);
    if (!freopen("/dev/null", "w", stderr) || setrlimit(RLIMIT_NOFILE, &few) != 0)
        _exit(1);
    e = http_server_run(r->server);
    http_server_close(r->server);
    _exit(e != OK);
}

TEST(without_descriptors_it_neither_dies_nor_spins)
{
    enum { MANY = 60 };
    static struct client c[MANY];
    struct rusage used;
    int status, port;
    pid_t child;

    rig_init(&rig);
    CHECK_ERR(http_server_open(&rig.config, &rig.server), OK);
    port = http_server_port(rig.server);
    if ((child = fork()) == 0)
        serve_with_few_files(&rig);
    http_server_close(rig.server);      /* of the parent */
    for (int i = 0; i < MANY; i++) {    /* idle ones make room */
        dial_port(&c[i], port);
        say_z(&c[i], GET("/"));
        hear_status(&c[i], 200, STR("hello"));
    }
    for (int i = 0; i < MANY; i++)
        hang_up(&c[i]);
    for (int i = 0; i < MANY; i++) {    /* busy ones do not */
        dial_port(&c[i], port);
        say_z(&c[i], "GET / HTTP/1.1\r\nHost: a\r\n");
    }
    for (int i = 0; i < MANY; i++) {    /* but all get their turn */
        say_z(&c[i], "\r\n");
        hear_status(&c[i], 200, STR("hello"));
        hang_up(&c[i]);
    }
    kill(child, SIGTERM);
    CHECK(wait4(child, &status, 0, &used) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(used.ru_utime.tv_sec + used.ru_stime.tv_sec < 10);
}
