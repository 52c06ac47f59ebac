// SPDX-License-Identifier: MIT
/* h2_fields_test.c - fields of HTTP/2 that are no plain request: trailers, hosts, expectations,
 * malformed and far too many ones; and frames where they are not looked for. */
#include "h2_pair.h"

/* A request with these fields and no body. */
static int32_t ask(const nghttp2_nv *nv, size_t n)
{
    return nghttp2_submit_request(h.session, NULL, nv, n, NULL, NULL);
}

TEST(an_answer_has_no_fields_of_a_connection_and_keeps_secrets_out_of_tables)
{
    int32_t id;

    begin();
    id = h2_ask(&h, "/hop");
    h2_is(&h, id, 200, "hello");
    CHECK(reply_at(&h, id)->secret);
    end();
}

TEST(a_body_that_is_announced_is_asked_for)
{
    struct parcel body = { "abcd", 4 };
    int32_t id;

    begin();
    id = h2_ask_with(&h, "POST", "/work", &body, (const char *const[4]){ "expect", "100-Continue" });
    h2_is(&h, id, 200, "abcd");
    CHECK(reply_at(&h, id)->continued);
    end();
}

TEST(a_host_stands_for_the_authority_or_is_the_same)
{
    static const struct { const char *authority, *host, *other; int status; } rows[] = {
        { "a", "A", NULL, 200 }, { NULL, "b", NULL, 200 }, { "a", "b", NULL, 400 },
        { NULL, "b", "b", 400 }, { "a", "a", "a", 400 },   { NULL, "u@b", NULL, 400 },
    };

    begin();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        nghttp2_nv nv[6] = { pair(":method", "GET"), pair(":path", "/host"),
                             pair(":scheme", "http") };
        size_t n = 3;
        int32_t id;

        if (rows[i].authority)
            nv[n++] = pair(":authority", rows[i].authority);
        nv[n++] = pair("host", rows[i].host);
        if (rows[i].other)
            nv[n++] = pair("host", rows[i].other);
        id = ask(nv, n);
        h2_hear(&h, id);
        CHECK(reply_at(&h, id)->status == rows[i].status
              || reply_at(&h, id)->code == NGHTTP2_PROTOCOL_ERROR);
        if (rows[i].status == 200)
            h2_is(&h, id, 200, rows[i].host);
        else
            CHECK(reply_at(&h, id)->status != 200);
    }
    end();
}

TEST(a_malformed_field_is_refused_not_left_out)
{
    static const char *const fields[][2] = {
        { "x y", "b" }, { "x-a", "a\x01" "b" }, { "x-a", "a\x7f" }, { "x(a", "b" },
    };

    begin();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        int32_t id = h2_ask_with(&h, "GET", "/", NULL,
                                 (const char *const[4]){ fields[i][0], fields[i][1] });

        h2_hear(&h, id);
        CHECK(reply_at(&h, id)->closed && reply_at(&h, id)->status != 200);
        CHECK(reply_at(&h, id)->status == 400
              || reply_at(&h, id)->code == NGHTTP2_PROTOCOL_ERROR);
    }
    h2_is(&h, h2_ask(&h, "/"), 200, "hello");
    end();
}

TEST(more_fields_than_allowed_are_refused)
{
    enum { MOST = HTTP_HEADERS_MAX - 2, COUNT = 5 + MOST + 1 };   /* host and cookie have places */
    nghttp2_nv nv[COUNT] = { pair(":method", "GET"), pair(":path", "/cookie"),
                             pair(":scheme", "http"), pair(":authority", "a"),
                             pair("cookie", "c") };
    int32_t id;

    for (size_t i = 5; i < COUNT; i++)
        nv[i] = pair("x-a", "b");
    begin();
    id = ask(nv, COUNT - 1);
    h2_is(&h, id, 200, "c");
    id = ask(nv, COUNT);
    h2_is(&h, id, 431, "");
    end();
}

/* A request whose memory is too small for it: for its fields, or for the crumbs of a cookie once
 * more. */
TEST(fields_that_memory_has_no_room_for_are_refused)
{
    static char value[7000];
    static const char *const names[] = { "x-a", "cookie" };

    memset(value, 'v', sizeof value - 1);
    for (size_t i = 0; i < 2; i++) {
        int32_t id;

        rig_init(&rig);
        rig.config.limits.memory_max = i == 0 ? 10000 : 16000;
        rig_start(&rig);
        h2_dial(&h, &rig);
        id = h2_ask_with(&h, "GET", "/", NULL, (const char *const[4]){ names[i], value });
        h2_is(&h, id, 503, "");
        h2_is(&h, h2_ask(&h, "/"), 200, "hello");
        end();
    }
}

/* ---- by hand ---- */

/* Read frames of stream 1 until it ends: its first block of fields and its data. */
static void hear_stream(struct client *c, unsigned char *fields, char *data, size_t *n)
{
    static unsigned char payload[1 << 16];
    unsigned char head[9];

    *n = 0;
    fields[0] = 0;
    do {
        size_t size;

        if (!read_whole(c, head, 9))
            return;
        size = (size_t)head[1] << 8 | head[2];
        if (!read_whole(c, payload, size))
            return;
        if (head[3] == NGHTTP2_HEADERS && head[8] == 1 && !fields[0])
            fields[0] = payload[0];
        if (head[3] == NGHTTP2_DATA && size <= 64)
            memcpy(data + *n, payload, size), *n += size;
    } while (head[8] != 1 || !(head[4] & NGHTTP2_FLAG_END_STREAM));
}

/* POST http://a/ */
#define RAW_POST STR("\x83\x84\x86\x41\x01" "a")

enum { INDEXED_200 = 0x88 };

TEST(a_body_may_end_in_an_empty_frame_or_in_trailers)
{
    for (int trailers = 0; trailers < 2; trailers++) {
        unsigned char fields[1];
        char data[128];
        struct client c;
        size_t n;

        rig_init(&rig);
        rig_start(&rig);
        dial_raw(&c, &rig);
        say_frame(&c, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1, RAW_POST);
        say_frame(&c, NGHTTP2_DATA, 0, 1, STR("ab"));
        say_frame(&c, NGHTTP2_WINDOW_UPDATE, 0, 1, STR("\0\0\0\x01"));
        say_frame(&c, NGHTTP2_DATA, 0, 1, STR("cd"));
        if (trailers)
            say_frame(&c, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                      STR("\0\x07" "x-token\x01" "b"));
        else
            say_frame(&c, NGHTTP2_DATA, NGHTTP2_FLAG_END_STREAM, 1, (str){0});
        hear_stream(&c, fields, data, &n);
        CHECK(fields[0] == INDEXED_200);
        CHECK_STR(((str){ data, n }), STR("abcd"));
        hang_up(&c);
        rig_stop(&rig);
    }
}

TEST(what_comes_behind_an_answer_is_not_read)
{
    unsigned char fields[1];
    char data[128];
    struct client c;
    size_t n;

    rig_init(&rig);
    rig_start(&rig);
    dial_raw(&c, &rig);
    say_frame(&c, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS, 1,
              STR("\x83\x44\x04" "/now\x86\x41\x01" "a"));
    hear_stream(&c, fields, data, &n);
    CHECK_STR(((str){ data, n }), STR("now"));
    for (int i = 0; i < 10; i++)
        say_frame(&c, NGHTTP2_DATA, 0, 1, STR("ab"));
    say_frame(&c, NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 3, RAW_GET);
    do
        CHECK(read_whole(&c, (unsigned char *)data, 9));
    while (read_whole(&c, (unsigned char *)data + 9, (unsigned char)data[2]) && data[8] != 3);
    CHECK(data[3] == NGHTTP2_HEADERS && (unsigned char)data[9] == INDEXED_200);
    hang_up(&c);
    rig_stop(&rig);
}

/* One stream's answer fills the socket while another's work ends. */
TEST(an_answer_larger_than_the_socket_and_another_both_arrive)
{
    int32_t held, big;

    rig_init(&rig);
    rig_narrow(&rig, false);
    rig_start(&rig);
    h2_dial(&h, &rig);
    CHECK(nghttp2_submit_settings(h.session, 0,
              &(nghttp2_settings_entry){ NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1 << 24 }, 1) == 0);
    CHECK(nghttp2_session_set_local_window_size(h.session, 0, 0, 1 << 24) == 0);
    held = h2_ask(&h, "/hold");
    h2_send(&h);
    while (sem_wait(&rig.entered) != 0)
        ;
    big = h2_ask(&h, "/big");
    h2_send(&h);
    CHECK(recv_on(h.c.fd, h.c.b, 1, MSG_PEEK) == 1);
    sem_post(&rig.release);
    h2_hear(&h, held);
    h2_hear(&h, big);
    CHECK(reply_at(&h, held)->status == 200 && reply_at(&h, held)->n == 5);
    CHECK(reply_at(&h, big)->status == 200 && reply_at(&h, big)->n == BIG);
    end();
}
