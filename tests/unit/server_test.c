// SPDX-License-Identifier: MIT
/* server_test.c - the HTTP server over real sockets: messages, order, workers, the end. */
#include "http_rig.h"

#include <netinet/tcp.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct rig rig;

TEST(a_connection_serves_one_request_after_the_other)
{
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    for (int i = 0; i < 5; i++) {
        say_z(&c, GET("/"));
        hear_status(&c, 200, STR("hello"));
    }
    say_z(&c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    hear_status(&c, 200, STR("hello"));
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(pipelined_requests_are_answered_in_order)
{
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1" GET(
                  "/work") "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n2\r\n"
                           "POST /work HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                           "chunked\r\n\r\n1\r\n3\r\n0\r\n\r\n"
                           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n4");
    hear_status(&c, 200, STR("1"));
    hear_status(&c, 200, STR("hello"));
    hear_status(&c, 200, STR("2"));
    hear_status(&c, 200, STR("3"));
    say_z(&c, "5");
    hear_status(&c, 200, STR("45"));
    hang_up(&c);
    rig_stop(&rig);
}

TEST(dribbled_bytes_make_a_request)
{
    static const char message[] =
        "\r\nPOST /work?q HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nX-Token: t\r\n\r\n"
        "2;x\r\nab\r\n1\r\nc\r\n0\r\nT: u\r\n\r\n";
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
    for (int i = 0; i < 3; i++) {
        for (size_t at = 0; at < sizeof message - 1; at++)
            say(&c, (str){ message + at, 1 });
        hear_status(&c, 200, STR("abc"));
    }
    hang_up(&c);
    rig_stop(&rig);
}

TEST(the_answer_fits_method_and_version)
{
    struct answer a;
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    hear(&c, true, &a);
    CHECK(a.status == 200);
    CHECK_STR(field(&a, "Content-Length"), STR("5"));
    CHECK(field(&a, "Date").n == 29);
    CHECK(!field(&a, "Connection").p);
    say_z(&c, GET("/204") GET("/304"));
    for (int status = 204; status <= 304; status += 100) {
        hear(&c, false, &a);
        CHECK(a.status == status && !field(&a, "Content-Length").p);
    }
    say_z(&c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    hear(&c, false, &a);
    CHECK_STR(field(&a, "Connection"), STR("keep-alive"));
    say_z(&c, "GET / HTTP/1.0\r\n\r\n");
    hear(&c, false, &a);
    CHECK_STR(field(&a, "Connection"), STR("close"));
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(an_app_sees_headers_query_peer_and_id)
{
    struct answer a, b;
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, "GET /header HTTP/1.1\r\nHost: a\r\nX-TOKEN: b\r\nx-token: c\r\n\r\n");
    hear_status(&c, 200, STR("b, c"));
    say_z(&c, GET("/peer"));
    hear_status(&c, 200, STR("127.0.0.1"));
    say_z(&c, GET("/id") GET("/id?d=e"));
    hear(&c, false, &a);
    hear(&c, false, &b);
    CHECK(a.body_n == 16 && b.body_n == 16 && memcmp(a.body, b.body, 16) != 0);
    CHECK(strspn(a.body, "0123456789abcdef") == 16);
    CHECK_STR(field(&b, "X-Query"), STR("d=e"));
    say_z(&c, GET("/split"));
    hear(&c, false, &a);
    CHECK(a.status == 200 && !field(&a, "X-Split").p && !field(&a, "X-Evil").p);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(expectations_are_met_or_refused)
{
    struct answer a;
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    hear_status(&c, 100, (str){0});
    say_z(&c, "ab");
    hear_status(&c, 200, STR("ab"));
    say_z(&c, "GET / HTTP/1.1\r\nHost: a\r\nExpect: foo\r\n\r\n");
    hear(&c, false, &a);
    CHECK(a.status == 417);
    CHECK_STR(field(&a, "X-Refused"), STR("yes"));
    say_z(&c, "POST /now HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    hear_status(&c, 403, STR("now"));
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(an_answer_before_the_body_ends_the_connection)
{
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, GET("/now") "POST /now HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n" GET("/"));
    hear_status(&c, 403, STR("now"));
    hear_status(&c, 403, STR("now"));
    hear_end(&c);
    hang_up(&c);
    refused(&rig, STR(GET("/close") GET("/")), 200);
    refused(&rig, STR(GET("/none") GET("/")), 500);
    rig_stop(&rig);
}

TEST(no_second_answer_comes_out_of_a_bad_message)
{
    static const char *const bad[] = {
        "FOO / HTTP/1.1\r\nHost: a\r\n\r\n",
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: "
         "chunked\r\n\r\n0\r\n\r\n"),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 50\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
    };
    char message[512];

    rig_init(&rig);
    rig_start(&rig);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int n = snprintf(message, sizeof message, "%s%s", bad[i], GET("/"));

        refused(&rig, (str){ message, (size_t)n }, 400);
    }
    refused(&rig, STR("GET / HTTP/3.0\r\n\r\n" GET("/")), 505);
    refused(&rig, STR("CONNECT a:1 HTTP/1.1\r\n\r\n" GET("/")), 501);
    rig_stop(&rig);
}

TEST(half_closed_clients_get_their_answers)
{
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, GET("/") GET("/work") GET("/"));
    shutdown(c.fd, SHUT_WR);
    for (int i = 0; i < 3; i++)
        hear_status(&c, 200, STR("hello"));
    hear_end(&c);
    hang_up(&c);
    dial(&c, &rig);
    say_z(&c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab");
    shutdown(c.fd, SHUT_WR);
    hear_status(&c, 400, (str){0});
    hear_end(&c);
    hang_up(&c);
    dial(&c, &rig);
    say_z(&c, "GET / HT");
    shutdown(c.fd, SHUT_WR);
    hear_status(&c, 400, (str){0});
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(a_worker_learns_that_its_client_left)
{
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, GET("/gone"));
    sem_wait(&rig.entered);
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &(struct linger){ 1, 0 }, sizeof(struct linger));
    hang_up(&c);
    sem_wait(&rig.left);
    dial(&c, &rig);
    say_z(&c, GET("/"));
    hear_status(&c, 200, STR("hello"));
    hang_up(&c);
    rig_stop(&rig);
}

TEST(a_full_pool_says_so_at_once)
{
    struct client held[4], c;
    struct answer a;

    rig_init(&rig);
    rig_start(&rig);
    for (int i = 0; i < 2; i++) {       /* both workers */
        dial(&held[i], &rig);
        say_z(&held[i], GET("/hold"));
        sem_wait(&rig.entered);
    }
    for (int i = 2; i < 4; i++) {       /* both places in the queue */
        dial(&held[i], &rig);
        say_z(&held[i], GET("/hold"));
        while (pool_waiting(rig.pool) < (size_t)i - 1)
            sched_yield();
    }
    dial(&c, &rig);
    say_z(&c, "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1" GET("/"));
    hear(&c, false, &a);
    CHECK(a.status == 503);
    CHECK_STR(field(&a, "X-Refused"), STR("yes"));
    hear_status(&c, 200, STR("hello"));
    hang_up(&c);
    for (int i = 0; i < 4; i++)
        sem_post(&rig.release);
    for (int i = 0; i < 4; i++) {
        hear_status(&held[i], 200, STR("hello"));
        hang_up(&held[i]);
    }
    rig_stop(&rig);
}

TEST(a_stop_answers_what_was_accepted)
{
    struct client busy, idle, half;
    struct answer a;

    rig_init(&rig);
    rig_start(&rig);
    dial(&idle, &rig);
    say_z(&idle, GET("/"));
    hear_status(&idle, 200, STR("hello"));
    dial(&half, &rig);
    say_z(&half, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    hear_status(&half, 100, (str){0});
    dial(&busy, &rig);
    say_z(&busy, GET("/hold"));
    sem_wait(&rig.entered);
    http_server_stop(rig.server);
    hear_end(&idle);                    /* so it drains */
    say_z(&half, "ab");
    hear(&half, false, &a);
    CHECK(a.status == 200);
    CHECK_STR(field(&a, "Connection"), STR("close"));
    sem_post(&rig.release);
    hear(&busy, false, &a);
    CHECK(a.status == 200);
    CHECK_STR(field(&a, "Connection"), STR("close"));
    hear_end(&busy);
    rig_join(&rig);
    hang_up(&idle);
    hang_up(&half);
    hang_up(&busy);
}

TEST(a_server_stopped_before_it_runs_returns)
{
    rig_init(&rig);
    rig_start(&rig);
    rig_stop(&rig);
}

TEST(an_answer_larger_than_the_socket_leaves_in_pieces)
{
    static char piece[1 << 16];
    size_t n = 0;
    struct client c;
    struct answer a;

    rig_init(&rig);
    rig_start(&rig);
    dial(&c, &rig);
    for (int i = 0; i < 4; i++)
        say_z(&c, GET("/big"));
    say_z(&c, GET("/close"));
    while (n < 4u * BIG) {
        ssize_t k = recv_on(c.fd, piece, sizeof piece, 0);

        CHECK(k > 0);
        if (k <= 0)
            break;
        for (ssize_t i = 0; i < k; i++)
            n += piece[i] == FILLER;
        if (n == 4u * BIG) {            /* the rest of the last answer may be among them */
            char *rest = memrchr(piece, FILLER, (size_t)k);

            c.n = (size_t)(piece + k - rest - 1);
            memcpy(c.b, rest + 1, c.n);
        }
    }
    hear(&c, false, &a);
    CHECK(a.status == 200);
    hear_end(&c);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(a_large_body_comes_in_whole)
{
    static char body[3 << 20];
    size_t n = 0;
    struct client c;
    char head[128];

    rig_init(&rig);
    rig_start(&rig);
    memset(body, FILLER, sizeof body);
    dial(&c, &rig);
    say(&c, (str){ head, (size_t)snprintf(head, sizeof head, "POST /work HTTP/1.1\r\nHost: a\r\n"
                   "Content-Length: %zu\r\nConnection: close\r\n\r\n", sizeof body) });
    say(&c, (str){ body, sizeof body });
    for (ssize_t k; (k = recv_on(c.fd, body, sizeof body, 0)) > 0;)
        for (ssize_t i = 0; i < k; i++)
            n += body[i] == FILLER;
    CHECK(n == sizeof body);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(many_connections_share_several_loops)
{
    enum { MANY = 300 };
    static struct client c[MANY];

    rig_init(&rig);
    rig.config.loops = 3;
    rig_start(&rig);
    for (int i = 0; i < MANY; i++)
        dial(&c[i], &rig);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++)
            say_z(&c[i], GET("/"));
        for (int i = 0; i < MANY; i++)
            hear_status(&c[i], 200, STR("hello"));
    }
    for (int i = 0; i < MANY; i++)
        hang_up(&c[i]);
    rig_stop(&rig);
}

static void *no_begin(void *app)
{
    (void)app;
    return NULL;
}

TEST(a_server_whose_threads_cannot_begin_does_not_run)
{
    rig_init(&rig);
    rig.config.loops = 2;
    rig.config.app.thread_begin = no_begin;
    CHECK_ERR(http_server_open(&rig.config, &rig.server), OK);
    CHECK_ERR(http_server_run(rig.server), ERR_IO);
    http_server_close(rig.server);
}

TEST(where_it_cannot_listen_it_says_so)
{
    static const char *const bad[] = { "", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                                       "localhost:0", ":0", "[::1:0", "127.0.0.1:99999999" };
    int null = dup(2);

    rig_init(&rig);
    CHECK(freopen("/dev/null", "w", stderr) != NULL);   /* it logs each */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        rig.config.listen = str_of(bad[i]);
        CHECK_ERR(http_server_open(&rig.config, &rig.server), ERR_BAD_SETTING);
    }
    rig.config.listen = STR("192.0.2.1:0");             /* nobody's address */
    CHECK_ERR(http_server_open(&rig.config, &rig.server), ERR_IO);
    dup2(null, 2);
    close(null);
}

TEST(the_app_sees_the_client_behind_a_trusted_proxy)
{
    static struct networks trusted;
    struct client c;

    CHECK(networks_parse(STR("127.0.0.0/8"), &trusted));
    for (int on = 0; on < 2; on++) {
        rig_init(&rig);
        rig.config.trusted = on ? &trusted : NULL;
        rig_start(&rig);
        dial(&c, &rig);
        say_z(&c, "GET /peer HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6, 1.2.3.4\r\n\r\n" GET(
                      "/peer"));
        hear_status(&c, 200, on ? STR("1.2.3.4") : STR("127.0.0.1"));
        hear_status(&c, 200, STR("127.0.0.1"));
        hang_up(&c);
        rig_stop(&rig);
    }
}

TEST(limits_that_make_no_sense_are_refused)
{
    struct http_limits *l = &rig.config.limits;
    int null = dup(2);

    CHECK(freopen("/dev/null", "w", stderr) != NULL);   /* it logs each */
    for (int i = 0; i < 11; i++) {
        rig_init(&rig);
        switch (i) {
        case 0: l->head_max = 255; break;
        case 1: l->headers_max = 0; break;
        case 2: l->headers_max = HTTP_HEADERS_MAX + 1; break;
        case 3: l->memory_max = 0; break;
        case 4: l->connections_max = 0; break;
        case 5: l->head_ms = 0; break;
        case 6: l->body_ms = 0; break;
        case 7: l->idle_ms = 0; break;
        case 8: l->write_ms = 0; break;
        case 9: l->work_ms = 0; break;
        case 10: l->held_max = 0; break;
        }
        CHECK_ERR(http_server_open(&rig.config, &rig.server), ERR_BAD_SETTING);
    }
    dup2(null, 2);
    close(null);
}

TEST(addresses_have_an_end)
{
    char list[(LISTENERS_MAX + 1) * 12 + 1] = "";
    int null = dup(2);

    for (int i = 0; i < LISTENERS_MAX; i++)
        (void)snprintf(list + strlen(list), sizeof list - strlen(list), "127.0.0.1:0 ");
    rig_init(&rig);
    rig.config.listen = str_of(list);
    CHECK_ERR(http_server_open(&rig.config, &rig.server), OK);
    http_server_close(rig.server);
    rig.config.listen_tls = STR("127.0.0.1:0");
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    CHECK_ERR(http_server_open(&rig.config, &rig.server), ERR_BAD_SETTING);
    dup2(null, 2);
    close(null);
}

TEST(a_port_is_told_of_both_families_and_no_other)
{
    static const struct { const char *listen; bool port, local; } rows[] = {
        { "127.0.0.1:0", true, true }, { "[::1]:0", true, true },
        { "[::ffff:127.0.0.1]:0", true, false }, { NULL, false, true },
    };
    char folder[] = "/tmp/latchkey-port-XXXXXX", path[64];

    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "unix:%s/x.sock", folder);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].listen && rows[i].listen[0] == '[' && !has_ipv6())
            continue;
        rig_init(&rig);
        rig.config.listen = str_of(rows[i].listen ? rows[i].listen : path);
        CHECK_ERR(http_server_open(&rig.config, &rig.server), OK);
        CHECK((http_server_port(rig.server) > 0) == rows[i].port);
        CHECK(http_server_is_local(rig.server) == rows[i].local);
        http_server_close(rig.server);
    }
    CHECK(rmdir(folder) == 0);
}
