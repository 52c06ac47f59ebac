// SPDX-License-Identifier: MIT
/* h2_test.c - HTTP/2 over real sockets: requests, workers, limits, deadlines, the end. */
#include "h2_pair.h"
#include "tls_rig.h"

#include "base/clock.h"

TEST(streams_are_answered_on_the_loop_and_by_workers)
{
    struct parcel a = { "ab", 2 }, b = { "cd", 2 };
    int32_t get, post, work, none;

    begin();
    get = h2_ask(&h, "/");
    post = h2_ask_with(&h, "POST", "/?q", &a, (const char *const[4]){ "content-length", "2" });
    work = h2_ask_with(&h, "POST", "/work", &b, (const char *const[4]){ 0 });
    none = h2_ask(&h, "/none");
    h2_is(&h, get, 200, "hello");
    h2_is(&h, post, 200, "ab");
    h2_is(&h, work, 200, "cd");
    h2_is(&h, none, 500, "");
    end();
}

TEST(slow_work_does_not_hold_other_streams)
{
    int32_t slow, fast;

    begin();
    slow = h2_ask(&h, "/hold");
    h2_send(&h);
    while (sem_wait(&rig.entered) != 0)
        ;
    fast = h2_ask(&h, "/");
    h2_is(&h, fast, 200, "hello");
    CHECK(!reply_at(&h, slow)->closed);
    sem_post(&rig.release);
    h2_is(&h, slow, 200, "hello");
    end();
}

TEST(the_answer_fits_the_method)
{
    int32_t head, no_content, not_modified;

    begin();
    head = h2_ask_with(&h, "HEAD", "/", NULL, (const char *const[4]){ 0 });
    no_content = h2_ask(&h, "/204");
    not_modified = h2_ask(&h, "/304");
    h2_is(&h, head, 200, "");
    h2_is(&h, no_content, 204, "");
    h2_is(&h, not_modified, 304, "");
    CHECK(reply_at(&h, head)->fields == 4 && reply_at(&h, no_content)->fields == 3);
    end();
}

TEST(fields_reach_the_app_and_cookie_crumbs_are_joined)
{
    int32_t two, host;

    begin();
    two = h2_ask_with(&h, "GET", "/header", NULL,
                      (const char *const[4]){"x-token", "b", "x-token", "c"});
    h2_is(&h, two, 200, "b, c");
    two = h2_ask_with(&h, "GET", "/cookie", NULL,
                      (const char *const[4]){"cookie", "a=1", "cookie", "b=2"});
    h2_is(&h, two, 200, "a=1; b=2");
    host = h2_ask(&h, "/host");
    h2_is(&h, host, 200, "a");
    host = h2_ask_with(&h, "GET", "/host", NULL, (const char *const[4]){ "host", "other" });
    h2_is(&h, host, 400, "");
    end();
}

TEST(a_large_body_goes_through_the_windows_both_ways)
{
    static char body[1 << 20];
    struct parcel b = { body, sizeof body };
    int32_t there, big;

    memset(body, 'b', sizeof body);
    begin();
    there = h2_ask_with(&h, "POST", "/work", &b, (const char *const[4]){ 0 });
    big = h2_ask(&h, "/big");
    h2_hear(&h, there);
    h2_hear(&h, big);
    CHECK(reply_at(&h, there)->status == 200 && reply_at(&h, there)->n == sizeof body);
    CHECK(reply_at(&h, big)->status == 200 && reply_at(&h, big)->n == BIG);
    end();
}

TEST(a_body_too_large_is_refused_announced_or_not)
{
    static char body[100];
    struct parcel a = { body, sizeof body }, b = { body, sizeof body };
    int32_t announced, silent, after;

    begin();
    announced =
        h2_ask_with(&h, "POST", "/small", &a, (const char *const[4]){"content-length", "100"});
    silent = h2_ask_with(&h, "POST", "/small", &b, (const char *const[4]){ 0 });
    h2_is(&h, announced, 413, "refused");
    h2_is(&h, silent, 413, "refused");
    CHECK(reply_at(&h, announced)->refused && reply_at(&h, silent)->refused);
    after = h2_ask(&h, "/");
    h2_is(&h, after, 200, "hello");
    end();
}

TEST(what_http_1_refuses_is_refused_here_too)
{
    static const struct { const char *method, *path, *name, *value; int status; } cases[] = {
        { "GET", "/", "expect", "foo", 417 },   { "NONSENSE", "/", NULL, NULL, 400 },
        { "GET", "/\x80", NULL, NULL, 400 },    { "GET", "/now", NULL, NULL, 403 },
    };

    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int32_t id = h2_ask_with(&h, cases[i].method, cases[i].path, NULL,
                                 (const char *const[4]){ cases[i].name, cases[i].value });

        h2_hear(&h, id);
        CHECK(reply_at(&h, id)->status == cases[i].status ||
              reply_at(&h, id)->code == NGHTTP2_PROTOCOL_ERROR);
        CHECK(i == 2 || reply_at(&h, id)->status == cases[i].status);
    }
    end();
}

/* A request with its cookie in front and `n` fields behind. */
static int32_t ask_with_fields(size_t n)
{
    nghttp2_nv nv[5 + HTTP_HEADERS_MAX] = {pair(":method", "GET"), pair(":path", "/"),
                                           pair(":scheme", "http"), pair(":authority", "a"),
                                           pair("cookie", "c")};

    for (size_t i = 0; i < n; i++)
        nv[5 + i] = pair("x-token", "t");
    return nghttp2_submit_request(h.session, NULL, nv, 5 + n, NULL, NULL);
}

TEST(host_and_cookie_are_among_the_fields_that_are_counted)
{
    begin();
    h2_is(&h, ask_with_fields(HTTP_HEADERS_MAX - 2), 200, "hello");
    h2_is(&h, ask_with_fields(HTTP_HEADERS_MAX - 1), 431, "");
    h2_is(&h, ask_with_fields(HTTP_HEADERS_MAX), 431, "");
    end();
}

TEST(too_many_fields_get_431)
{
    static char value[15000];
    int32_t id;

    memset(value, 'v', sizeof value - 1);
    begin();
    id = h2_ask_with(&h, "GET", "/", NULL, (const char *const[4]){ "x-a", value, "x-b", value });
    h2_is(&h, id, 431, "");
    id = h2_ask(&h, "/");
    h2_is(&h, id, 200, "hello");
    end();
}

TEST(fields_of_a_connection_reset_their_stream)
{
    const str blocks[] = {
        STR("\x82\x84\x86\x41\x01" "a\0\x0a" "connection\x05" "close"),
        STR("\x82\x84\x86\x41\x01" "a\0\x11" "transfer-encoding\x07" "chunked"),
        STR("\x82\x84\x86\x41\x01" "a\0\x0a" "keep-alive\x01" "5"),
        STR("\x82\x84\x86\x41\x01" "a\0\x02" "te\x04" "gzip"),
        STR("\x82\x84\x86"),                                /* no authority */
        STR("\x82\x84\x84\x86\x41\x01" "a"),                /* :path twice */
        STR("\x84\x86\x41\x01" "a"),                        /* no :method */
    };

    rig_init(&rig);
    rig_start(&rig);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        unsigned char head[9], payload[256];
        struct client c;

        dial_raw(&c, &rig);
        say_frame(&c, NGHTTP2_HEADERS, 5, 1, blocks[i]);
        do
            CHECK(read_whole(&c, head, 9) && head[2] < 255 && read_whole(&c, payload, head[2]));
        while (head[3] == NGHTTP2_SETTINGS);
        CHECK(head[3] == NGHTTP2_RST_STREAM && payload[3] == NGHTTP2_PROTOCOL_ERROR);
        hang_up(&c);
    }
    rig_stop(&rig);
}

TEST(uppercase_names_are_refused_not_repaired)
{
    unsigned char head[9], payload[256];
    struct client c;

    rig_init(&rig);
    rig_start(&rig);
    dial_raw(&c, &rig);
    say_frame(&c, NGHTTP2_HEADERS, 5, 1, STR("\x82\x84\x86\x41\x01" "a\0\x03" "X-A\x01" "b"));
    do
        CHECK(read_whole(&c, head, 9) && head[2] < 255 && read_whole(&c, payload, head[2]));
    while (head[3] == NGHTTP2_SETTINGS);
    CHECK(head[3] == NGHTTP2_RST_STREAM || payload[0] == 0x8c);   /* :status 400 */
    hang_up(&c);
    rig_stop(&rig);
}

TEST(the_preface_may_come_in_pieces_and_a_post_is_none)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    struct client c;
    int32_t id;

    rig_init(&rig);
    rig_start(&rig);
    h2_dial(&h, &rig);
    setsockopt(h.c.fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &(int){ 1 }, sizeof(int));
    id = h2_ask(&h, "/");
    for (const uint8_t *p;
         nghttp2_session_mem_send(h.session, &p) == (ssize_t)(sizeof preface - 1);) {
        for (size_t i = 0; i < sizeof preface - 1; i++)
            say(&h.c, (str){ preface + i, 1 });
        break;
    }
    h2_is(&h, id, 200, "hello");
    h2_hang_up(&h);
    dial(&c, &rig);
    say_z(&c, "P");
    say_z(&c, "OST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
    hear_status(&c, 200, STR("x"));
    hang_up(&c);
    rig_stop(&rig);
}

TEST(a_client_that_leaves_or_resets_tells_its_worker)
{
    for (int leaves = 0; leaves < 2; leaves++) {
        int32_t id;

        begin();
        id = h2_ask(&h, "/gone");
        h2_send(&h);
        while (sem_wait(&rig.entered) != 0)
            ;
        if (leaves) {
            (void)shutdown(h.c.fd, SHUT_RDWR);
        } else {
            nghttp2_submit_rst_stream(h.session, 0, id, NGHTTP2_CANCEL);
            h2_send(&h);
        }
        while (sem_wait(&rig.left) != 0)
            ;
        if (!leaves)
            h2_is(&h, h2_ask(&h, "/"), 200, "hello");
        end();
    }
}

static int refused_n(void)
{
    int n = 0;

    for (int i = 0; i < REPLIES; i++)
        n += h.replies[i].status == 503 && h.replies[i].refused;
    return n;
}

TEST(a_full_pool_is_answered_503)
{
    int32_t ids[6];

    begin();
    for (int i = 0; i < 6; i++)
        ids[i] = h2_ask(&h, "/hold");
    while (refused_n() < 2 && !h.ended)     /* two run, two wait at most */
        h2_turn(&h);
    for (int i = 0; i < 6; i++)
        sem_post(&rig.release);
    for (int i = 0; i < 6; i++) {
        h2_hear(&h, ids[i]);
        CHECK(reply_at(&h, ids[i])->status == 200 || reply_at(&h, ids[i])->status == 503);
    }
    end();
}

static char page[64000];
static sem_t later;

static void hold_page(void *app, void *own, struct exchange *x)
{
    if (str_is(x->req.path, STR("/work"))) {
        sem_post(&rig.entered);
        while (sem_wait(&later) != 0)
            ;
    }
    rig_run(app, own, x);
    if (str_is(x->req.path, STR("/hold")))
        x->res.body = (str){ page, sizeof page };
}

/* The client reads it only when the server has said all, and says so meanwhile (WINDOW_UPDATE):
 * nobody may be told then that the connection is no more. */
TEST(the_last_answer_before_a_stop_arrives_whole)
{
    struct client other;
    int32_t id;

    rig_init(&rig);
    sem_init(&later, 0, 0);
    rig.config.app.run = hold_page;
    rig_start(&rig);
    dial_narrow(&h.c, http_server_port(rig.server), 8192);
    h2_begin(&h);
    id = h2_ask(&h, "/hold");
    h2_send(&h);
    dial(&other, &rig);
    say_z(&other, "GET /work HTTP/1.1\r\nHost: a\r\n\r\n");
    for (int i = 0; i < 2; i++)
        while (sem_wait(&rig.entered) != 0)
            ;
    http_server_stop(rig.server);
    while (h.goaway == UINT32_MAX && !h.ended)
        h2_turn(&h);
    sem_post(&rig.release);
    CHECK(recv_on(h.c.fd, &(char){ 0 }, 1, MSG_PEEK) == 1);
    sem_post(&later);                   /* what is answered after it comes after it */
    hear_status(&other, 200, STR("hello"));
    h2_hear(&h, id);
    CHECK(reply_at(&h, id)->closed && reply_at(&h, id)->n == sizeof page);
    hang_up(&other);
    h2_hang_up(&h);
    rig_join(&rig);
    sem_destroy(&later);
}

TEST(an_accepted_stream_is_answered_when_the_server_stops)
{
    int32_t id;

    begin();
    id = h2_ask(&h, "/hold");
    h2_send(&h);
    while (sem_wait(&rig.entered) != 0)
        ;
    http_server_stop(rig.server);
    while (h.goaway == UINT32_MAX && !h.ended)
        h2_turn(&h);
    CHECK(h.goaway == NGHTTP2_NO_ERROR);
    sem_post(&rig.release);
    h2_is(&h, id, 200, "hello");
    h2_hear_end(&h);
    h2_hang_up(&h);
    rig_join(&rig);
}

TEST(an_idle_connection_gets_a_goaway)
{
    rig_init(&rig);
    rig.config.limits.idle_ms = 50;
    rig_start(&rig);
    h2_dial(&h, &rig);
    h2_is(&h, h2_ask(&h, "/"), 200, "hello");
    h2_hear_end(&h);
    CHECK(h.goaway == NGHTTP2_NO_ERROR);
    end();
}

TEST(pings_do_not_keep_an_idle_connection)
{
    rig_init(&rig);
    rig.config.limits.idle_ms = 300;
    rig_start(&rig);
    h2_dial(&h, &rig);
    h2_is(&h, h2_ask(&h, "/"), 200, "hello");
    setsockopt(h.c.fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 30000},
               sizeof(struct timeval));
    for (int64_t until = clock_mono_ms() + 120000;
         h.goaway == UINT32_MAX && clock_mono_ms() < until;) {
        nghttp2_submit_ping(h.session, 0, NULL);
        h2_turn(&h);                    /* its answer */
        h2_turn(&h);                    /* nothing for 30 ms, or the end */
    }
    CHECK(h.goaway == NGHTTP2_NO_ERROR);
    end();
}

TEST(heads_and_bodies_that_drip_die_at_their_deadline)
{
    struct client c;

    rig_init(&rig);
    rig.config.limits.head_ms = rig.config.limits.body_ms = 100;
    rig_start(&rig);
    dial(&c, &rig);
    say_z(&c, "PRI * HTTP/2.0\r\n\r\n");                    /* no preface */
    CHECK(hear_goaway(&c) == -1);
    hang_up(&c);
    dial_raw(&c, &rig);                                     /* a head without its end */
    say_frame(&c, NGHTTP2_HEADERS, 1, 1, RAW_GET);
    CHECK(hear_goaway(&c) == NGHTTP2_ENHANCE_YOUR_CALM);
    hang_up(&c);
    dial_raw(&c, &rig);                                     /* half of a frame */
    say(&c, STR("\0\0\x40\1\5\0\0\0\1\x82"));
    CHECK(hear_goaway(&c) >= 0);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(a_body_that_does_not_come_gets_408_and_the_others_go_on)
{
    unsigned char head[9], payload[256];
    bool refused_late = false;
    struct client c;

    rig_init(&rig);
    rig.config.limits.body_ms = 100;
    rig_start(&rig);
    dial_raw(&c, &rig);
    say_frame(&c, NGHTTP2_HEADERS, 4, 1, STR("\x83\x84\x86\x41\x01" "a"));
    while (!refused_late && read_whole(&c, head, 9) && head[2] < 255 &&
           read_whole(&c, payload, head[2]))
        refused_late = head[3] == NGHTTP2_HEADERS;
    CHECK(refused_late && memmem(payload, head[2], "408", 3));
    hang_up(&c);
    rig_stop(&rig);
}

TEST(work_that_outlasts_its_deadline_is_answered_503)
{
    rig_init(&rig);
    rig.config.limits.work_ms = 100;
    rig_start(&rig);
    h2_dial(&h, &rig);
    h2_is(&h, h2_ask(&h, "/hold"), 503, "");
    sem_post(&rig.release);
    h2_is(&h, h2_ask(&h, "/"), 200, "hello");
    end();
}

TEST(a_client_that_takes_no_data_is_reset_at_the_deadline)
{
    int32_t id;

    rig_init(&rig);
    rig.config.limits.write_ms = 100;
    rig_start(&rig);
    h2_dial(&h, &rig);
    id = h2_ask(&h, "/big");
    h2_send(&h);
    h.mute = true;                      /* no window updates */
    h2_hear(&h, id);
    CHECK(reply_at(&h, id)->closed && reply_at(&h, id)->code == NGHTTP2_CANCEL);
    end();
}

TEST(http_2_by_tls)
{
    struct papers papers;
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    papers_make(&papers);
    rig_init(&rig);
    rig_start_tls(&rig, &papers);
    dial(&h.c, &rig);
    CHECK(secure_with(&h.c, ctx, "\x02h2", NULL));
    h2_begin(&h);
    h2_is(&h, h2_ask(&h, "/secure"), 200, "yes");
    h2_is(&h, h2_ask(&h, "/work"), 200, "hello");
    h2_hear(&h, h2_ask(&h, "/big"));
    CHECK(reply_at(&h, 5)->n == BIG);
    h2_hang_up(&h);
    rig_stop_tls(&rig);
    SSL_CTX_free(ctx);
    papers_drop(&papers);
}

/* Two bodies of the largest size are held for one client, not three. */
TEST(bodies_of_all_streams_together_are_bounded)
{
    static char zeros[3 << 20];
    struct parcel body[3];
    int32_t id[3];
    int served = 0, refused_n = 0;

    rig_init(&rig);
    rig.config.limits.memory_max = 32 << 20;
    rig_start(&rig);
    h2_dial(&h, &rig);
    for (int i = 0; i < 3; i++) {
        body[i] = (struct parcel){ zeros, sizeof zeros };
        id[i] = h2_ask_with(&h, "POST", "/hold", &body[i], (const char *const[4]){ 0 });
    }
    while (!h.ended && !reply_at(&h, id[0])->closed && !reply_at(&h, id[1])->closed &&
           !reply_at(&h, id[2])->closed)
        h2_turn(&h);
    for (int i = 0; i < 3; i++)
        sem_post(&rig.release);
    for (int i = 0; i < 3; i++) {
        h2_hear(&h, id[i]);
        served += reply_at(&h, id[i])->status == 200 && reply_at(&h, id[i])->n == sizeof zeros;
        refused_n += reply_at(&h, id[i])->status == 503;
    }
    CHECK(served == 2 && refused_n == 1);
    h2_hang_up(&h);
    rig_stop(&rig);
}
