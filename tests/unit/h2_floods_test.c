// SPDX-License-Identifier: MIT
/* h2_floods_test.c - HTTP/2 clients that cost more than they should are told to calm down and
 * closed. */
#include "h2_rig.h"
#include "http/flood.h"

static struct rig rig;
static struct client c;

static void begin(void)
{
    rig_init(&rig);
    rig_start(&rig);
    dial_raw(&c, &rig);
}

/* The flood was ended, and others are served. */
static void is_calmed(void)
{
    static struct h2_client h;

    int64_t code = hear_goaway(&c);

    CHECK(code == NGHTTP2_ENHANCE_YOUR_CALM);
    if (code != NGHTTP2_ENHANCE_YOUR_CALM)
        printf("  got %lld\n", (long long)code);
    hang_up(&c);
    h2_dial(&h, &rig);
    h2_is(&h, h2_ask(&h, "/"), 200, "hello");
    h2_hang_up(&h);
    rig_stop(&rig);
}

/* The same frame without end. */
static void flood(int type, int flags, uint32_t id, str payload)
{
    for (int i = 0; i < 3000; i++)
        say_frame(&c, type, flags, id, payload);
}

TEST(rapid_resets_are_calmed)
{
    begin();
    for (uint32_t id = 1; id < 6000; id += 2) {
        say_frame(&c, NGHTTP2_HEADERS, 5, id, RAW_GET);
        say_frame(&c, NGHTTP2_RST_STREAM, 0, id, STR("\0\0\0\x08"));
    }
    is_calmed();
}

TEST(resets_that_the_server_is_made_to_send_are_calmed)
{
    begin();
    for (uint32_t id = 1; id < 6000; id += 2) {
        say_frame(&c, NGHTTP2_HEADERS, 4, id, RAW_GET);
        say_frame(&c, NGHTTP2_WINDOW_UPDATE, 0, id, STR("\x7f\xff\xff\xff"));
    }
    is_calmed();
}

TEST(settings_pings_and_priorities_without_end_are_calmed)
{
    char payload[100];

    begin();
    flood(NGHTTP2_SETTINGS, 0, 0, STR("\0\4\0\0\xff\xff"));
    is_calmed();
    begin();
    flood(NGHTTP2_PING, 0, 0, STR("12345678"));
    is_calmed();
    begin();
    flood(NGHTTP2_PRIORITY, 0, 1, STR("\0\0\0\0\1"));
    is_calmed();
    begin();
    flood(NGHTTP2_WINDOW_UPDATE, 0, 0, STR("\0\0\0\1"));
    is_calmed();
    begin();
    memset(payload, 0, sizeof payload);
    flood(0x77, 0, 0, (str){ payload, sizeof payload });    /* of no known type */
    is_calmed();
}

TEST(empty_frames_without_end_are_calmed)
{
    begin();
    say_frame(&c, NGHTTP2_HEADERS, 4, 1, STR("\x83\x84\x86\x41\x01" "a"));
    flood(NGHTTP2_DATA, 0, 1, (str){0});
    is_calmed();
}

TEST(continuations_without_end_are_calmed)
{
    begin();
    say_frame(&c, NGHTTP2_HEADERS, 1, 1, RAW_GET);
    flood(NGHTTP2_CONTINUATION, 0, 1, STR("\0\1" "a\1" "b"));
    is_calmed();
}

TEST(a_header_list_far_over_its_limit_is_calmed)
{
    static char block[16384];
    size_t n = RAW_GET.n;

    begin();
    memcpy(block, RAW_GET.p, n);
    memcpy(block + n,
           "\x40\1"
           "a\x7f\x81\x1e",
           6); /* a: 4000 bytes, kept in the table ... */
    n += 6;
    memset(block + n, 'v', 3968);
    n += 3968;
    while (n < sizeof block)
        block[n++] = (char)0xbe;                            /* ... and named again by one byte */
    say_frame(&c, NGHTTP2_HEADERS, 5, 1, (str){ block, sizeof block });
    is_calmed();
}

TEST(many_honest_requests_are_not_calmed)
{
    static struct h2_client h;
    int32_t id = 0;

    rig_init(&rig);
    rig_start(&rig);
    h2_dial(&h, &rig);
    for (int i = 0; i < 3000; i++) {
        memset(h.replies, 0, sizeof h.replies);
        id = h2_ask(&h, "/");
        h2_is(&h, id, 200, "hello");
    }
    CHECK(h.goaway == UINT32_MAX);
    h2_hang_up(&h);
    rig_stop(&rig);
}

/* Read frames up to one of this type for this stream, or the end of the connection. */
static bool hears_of(int type, uint32_t id)
{
    static unsigned char payload[1 << 14];
    unsigned char head[9];

    while (read_whole(&c, head, 9)) {
        size_t n = (size_t)head[1] << 8 | head[2];

        if (n > sizeof payload || !read_whole(&c, payload, n))
            return false;
        if (head[3] == type && head[8] == id)
            return true;
    }
    return false;
}

TEST(uploads_on_their_way_when_they_are_refused_are_not_calmed)
{
    static char body[16384];
    uint32_t id = 1;

    begin();
    for (; id < 12; id += 2) {
        say_frame(&c, NGHTTP2_HEADERS, 4, id,
                  STR("\x83\x04\x06/small\x86\x41\x01" "a\x0f\x0d\x05" "32768"));
        CHECK(hears_of(NGHTTP2_RST_STREAM, id));
        say_frame(&c, NGHTTP2_DATA, 0, id, (str){ body, sizeof body });
        say_frame(&c, NGHTTP2_DATA, 1, id, (str){ body, sizeof body });
    }
    say_frame(&c, NGHTTP2_HEADERS, 5, id, RAW_GET);
    CHECK(hears_of(NGHTTP2_DATA, id));
    hang_up(&c);
    rig_stop(&rig);
}

TEST(a_client_may_not_have_more_streams_than_allowed)
{
    unsigned char head[9], payload[256];
    int refused_n = 0;

    begin();
    for (uint32_t id = 1; id <= 2 * 101; id += 2)
        say_frame(&c, NGHTTP2_HEADERS, 4, id, STR("\x83\x84\x86\x41\x01" "a"));
    while (refused_n == 0 && read_whole(&c, head, 9) && head[2] < 255 &&
           read_whole(&c, payload, head[2]))
        refused_n += head[3] == NGHTTP2_RST_STREAM || head[3] == NGHTTP2_GOAWAY;
    CHECK(refused_n == 1);
    hang_up(&c);
    rig_stop(&rig);
}

TEST(continuations_are_counted_in_a_row)
{
    struct flood f;

    flood_init(&f, 0);
    for (int i = 0; i < 40; i++)
        flood_frame(&f, 9, i % 17 != 0);
    CHECK(!f.over);
    flood_frame(&f, 9, false);
    for (int i = 0; i < 16; i++)
        flood_frame(&f, 9, true);
    CHECK(!f.over);
    flood_frame(&f, 9, true);
    CHECK(f.over);
}

TEST(an_answer_earns_back_some_bytes_of_unknown_frames)
{
    struct flood f;

    flood_init(&f, 0);
    flood_bytes(&f, 5000);
    flood_answer(&f, 0);
    CHECK(f.stray == 5000 - 1024);
    flood_frame(&f, 3900, false);
    flood_answer(&f, 0);
    CHECK(f.stray == 76);               /* never into the negative by what answers earn */
}
