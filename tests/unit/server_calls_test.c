// SPDX-License-Identifier: MIT
/* server_calls_test.c - calls fail while a server serves: an answer is right, a refusal, or the
 * connection's end; the next client is served as ever. */
#include "calls.h"
#include "h2_rig.h"
#include "tls_rig.h"


#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct rig rig;

static void is_served(void)
{
    struct client c;

    dial(&c, &rig);
    say_z(&c, GET("/"));
    hear_status(&c, 200, STR("hello"));
    hang_up(&c);
}

/* ---- accepting ---- */

TEST(a_client_that_cannot_be_accepted_now_is_later)
{
    static const int errors[] = { EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED, EINTR, EPROTO };
    int null = dup(2);

    CHECK(freopen("/dev/null", "w", stderr) != NULL);   /* it logs that it waits */
    rig_init(&rig);
    rig_start(&rig);
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        call_arm("accept4", 1, errors[i], ELSEWHERE);
        is_served();
        CHECK(call_disarm());
    }
    rig_stop(&rig);
    dup2(null, 2);
    close(null);
}

TEST(without_descriptors_the_idle_make_room)
{
    struct client idle;

    rig_init(&rig);
    rig_start(&rig);
    dial(&idle, &rig);
    say_z(&idle, GET("/"));
    hear_status(&idle, 200, STR("hello"));
    call_arm("accept4", 1, EMFILE, ELSEWHERE);
    is_served();
    CHECK(call_disarm());
    hear_end(&idle);
    hang_up(&idle);
    rig_stop(&rig);
}

TEST(with_all_places_busy_the_next_waits_for_one)
{
    struct client busy, next;
    int null = dup(2);

    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    rig_init(&rig);
    rig.config.limits.connections_max = 1;
    rig_start(&rig);
    dial(&busy, &rig);
    say_z(&busy, "GET /hold HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    while (sem_wait(&rig.entered) != 0)
        ;
    dial(&next, &rig);
    say_z(&next, GET("/"));
    sem_post(&rig.release);
    hear_status(&busy, 200, STR("hello"));
    hang_up(&busy);
    hear_status(&next, 200, STR("hello"));
    hang_up(&next);
    rig_stop(&rig);
    dup2(null, 2);
    close(null);
}

/* Of two listeners the first is watched already when both are tried again. */
TEST(a_listener_that_cannot_be_watched_now_is_later)
{
    for (int n = 1; n <= 2; n++) {
        char url[URL_MAX];

        rig_init(&rig);
        rig.config.listen = STR("127.0.0.1:0 127.0.0.1:0");
        call_arm("epoll_ctl", n, ENOMEM, ELSEWHERE);
        rig_start(&rig);
        for (unsigned i = 0; i < 2; i++) {
            struct client c;
            int64_t port = 0;

            CHECK(http_server_url(rig.server, i, url));
            CHECK(str_int(str_of(strrchr(url, ':') + 1), &port));
            dial_port(&c, (int)port);
            say_z(&c, GET("/"));
            hear_status(&c, 200, STR("hello"));
            hang_up(&c);
        }
        CHECK(call_disarm());
        rig_stop(&rig);
    }
}

TEST(a_stop_takes_no_client_it_cannot_accept)
{
    rig_init(&rig);
    rig_start(&rig);
    is_served();
    call_arm("accept4", 1, ENOTSOCK, ELSEWHERE);
    rig_stop(&rig);
    CHECK(call_disarm());
}

/* ---- HTTP/1.1 ---- */

/* What one client sends, and what it hears if all goes well. The second part is sent when another
 * client has been served: then the server has read the first. */
struct talk { const char *first, *second; const char *body; };

static const struct talk talks[] = {
    { GET("/"), NULL, "hello" },
    { GET("/work"), NULL, "hello" },
    { "GET /header HTTP/1.1\r\nHost: a\r\nx-to", "ken: b\r\n\r\n", "b" },
    { "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab", "cd", "abcd" },
    { "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd", NULL, "abcd" },
    { "POST /work HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
      "2\r\ncd\r\n0\r\n\r\n", "abcd" },
    { "GET /hold HTTP/1.1\r\nHost: a\r\n\r\n", GET("/"), "hello" },
};

/* The n-th call fails in this talk. Was there one? */
static bool talked(const struct talk *t, const char *call, int n, int error)
{
    static struct answer a;
    struct client c;
    bool hit;

    rig_init(&rig);
    rig_start(&rig);
    call_arm(call, n, error, ELSEWHERE);
    sem_post(&rig.release);
    dial(&c, &rig);
    say_z(&c, t->first);
    if (t->second) {
        struct client other;

        dial(&other, &rig);
        say_z(&other, GET("/"));
        hear(&other, false, &a);
        hang_up(&other);
        say_z(&c, t->second);
    }
    hear(&c, false, &a);
    hit = call_disarm();
    if (a.status == 200)
        CHECK_STR(((str){ a.body, a.body_n }), str_of(t->body));
    else
        CHECK(hit && (a.status == 0 || a.status == 503 || a.status == 500));
    hang_up(&c);
    is_served();
    rig_stop(&rig);
    return hit;
}

static int talked_with_each_failing(const struct talk *t, const char *call, int error)
{
    int before = descriptors(), n = 1;

    while (n < 200 && talked(t, call, n, error))
        n++;
    CHECK(descriptors() == before);
    return n - 1;
}

TEST(memory_that_is_not_there_ends_one_request)
{
    for (size_t i = 0; i < sizeof talks / sizeof *talks; i++) {
        CHECK(talked_with_each_failing(&talks[i], "calloc", ENOMEM) >= 2);
        CHECK(talked_with_each_failing(&talks[i], "malloc", ENOMEM) >= 1);
    }
}

TEST(a_connection_that_breaks_takes_nothing_with_it)
{
    for (size_t i = 0; i < sizeof talks / sizeof *talks; i++) {
        CHECK(talked_with_each_failing(&talks[i], "recv", ECONNRESET) >= 1);
        CHECK(talked_with_each_failing(&talks[i], "send", EPIPE) >= 1);
        CHECK(talked_with_each_failing(&talks[i], "accept4", ECONNABORTED) >= 1);
    }
}

TEST(a_client_that_cannot_be_watched_is_closed)
{
    struct client before, c;

    rig_init(&rig);
    rig_start(&rig);
    dial(&before, &rig);
    say_z(&before, GET("/work"));       /* answered by a worker, so it is watched already */
    hear_status(&before, 200, STR("hello"));
    call_arm("epoll_ctl", 1, ENOMEM, ELSEWHERE);
    dial(&c, &rig);
    say_z(&c, "GET / HTTP");
    CHECK(!more(&c));                   /* its end, or a reset */
    CHECK(call_disarm());
    hang_up(&c);
    hang_up(&before);
    is_served();
    rig_stop(&rig);
}

/* ---- answers that do not fit into the socket ---- */

/* How much of an answer of BIG bytes comes, read slowly. */
static size_t big_read(const char *call, int n, int error, bool *hit)
{
    static char piece[1 << 16];
    struct client c;
    size_t got = 0;
    ssize_t k;

    rig_init(&rig);
    rig_narrow(&rig, false);
    rig_start(&rig);
    dial(&c, &rig);
    call_arm(call, n, error, ELSEWHERE);
    say_z(&c, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    while ((k = recv_on(c.fd, piece, sizeof piece, 0)) > 0)
        for (ssize_t i = 0; i < k; i++)
            got += piece[i] == FILLER;
    *hit = call_disarm();
    hang_up(&c);
    is_served();
    rig_stop(&rig);
    return got;
}

TEST(an_answer_that_cannot_be_kept_or_sent_ends_its_connection)
{
    static const struct { const char *call; int error; } calls[] = {
        { "malloc", ENOMEM }, { "calloc", ENOMEM }, { "send", ECONNRESET },
    };

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (int n = 1; n <= 4; n++) {
            bool hit;
            size_t got = big_read(calls[i].call, n, calls[i].error, &hit);

            CHECK(hit || got == BIG);
        }
    }
}

/* ---- HTTP/2 ---- */

static bool h2_talked(const char *call, int n, int error)
{
    static struct h2_client h;
    static const char *const bodies[] = { "hello", "abcd", "hello" };
    struct parcel body = { "abcd", 4 };
    int32_t ids[3];
    bool hit;

    rig_init(&rig);
    rig_start(&rig);
    call_arm(call, n, error, ELSEWHERE);
    h2_dial(&h, &rig);
    ids[0] = h2_ask_with(&h, "GET", "/", NULL, (const char *const[4]){ "cookie", "a", "cookie", "b" });
    ids[1] = h2_ask_with(&h, "POST", "/", &body, (const char *const[4]){ "expect", "100-continue" });
    ids[2] = h2_ask(&h, "/work");
    for (int i = 0; i < 3; i++)
        h2_hear(&h, ids[i]);
    hit = call_disarm();
    for (int i = 0; i < 3; i++) {
        const struct reply *r = reply_at(&h, ids[i]);

        if (r->status == 200 && r->closed && r->code == NGHTTP2_NO_ERROR)
            CHECK_STR(((str){ r->body, r->n }), str_of(bodies[i]));
        else
            CHECK(hit && (h.ended || r->closed));
    }
    h2_hang_up(&h);
    h2_dial(&h, &rig);
    ids[0] = h2_ask(&h, "/");
    h2_is(&h, ids[0], 200, "hello");
    h2_hang_up(&h);
    rig_stop(&rig);
    return hit;
}

TEST(memory_that_is_not_there_ends_a_stream_or_its_connection)
{
    static const char *const calls[] = { "calloc", "malloc", "send", "recv" };

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        int n = 1;

        while (n < 400 && h2_talked(calls[i], n, i < 2 ? ENOMEM : ECONNRESET))
            n++;
        CHECK(n > 1 && n < 400);
    }
}

/* ---- TLS ---- */

TEST(a_handshake_without_memory_ends_one_connection)
{
    struct papers papers;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    bool hit = true;

    papers_make(&papers);
    rig_init(&rig);
    call_arm("calloc", 1, ENOMEM, HERE);
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &rig.config.tls), ERR_NO_MEMORY);
    CHECK(call_disarm());
    rig_start_tls(&rig, &papers);
    for (int n = 1; n < 20 && hit; n++) {
        struct client c;

        call_arm("calloc", n, ENOMEM, ELSEWHERE);
        dial(&c, &rig);
        if (secure_with(&c, ctx, NULL, NULL)) {
            static struct answer a;

            say_z(&c, GET("/secure"));
            hear(&c, false, &a);
            CHECK(a.status == 200 || a.status == 503 || a.status == 0);
        }
        hit = call_disarm();
        CHECK(hit || n > 2);
        hang_up(&c);
    }
    CHECK(!hit);
    rig_stop_tls(&rig);
    SSL_CTX_free(ctx);
    papers_drop(&papers);
}
