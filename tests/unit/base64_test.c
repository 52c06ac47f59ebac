// SPDX-License-Identifier: MIT
/* base64_test.c - base64 and base64url: RFC 4648's vectors, and one spelling a run of bytes. */
#include "../tests/test.h"
#include "base/base64.h"

/* As STR, where a constant is wanted. */
#define TEXT(literal) { "" literal, sizeof(literal) - 1 }

static const struct { str bytes, standard, url; } vectors[] = {       /* RFC 4648 section 10 */
    { TEXT(""),       TEXT(""),         TEXT("") },
    { TEXT("f"),      TEXT("Zg=="),     TEXT("Zg") },
    { TEXT("fo"),     TEXT("Zm8="),     TEXT("Zm8") },
    { TEXT("foo"),    TEXT("Zm9v"),     TEXT("Zm9v") },
    { TEXT("foob"),   TEXT("Zm9vYg=="), TEXT("Zm9vYg") },
    { TEXT("fooba"),  TEXT("Zm9vYmE="), TEXT("Zm9vYmE") },
    { TEXT("foobar"), TEXT("Zm9vYmFy"), TEXT("Zm9vYmFy") },
    { TEXT("\xfb\xef\xff\x00\x10"), TEXT("++//ABA="), TEXT("--__ABA") },
};

enum { COUNT = sizeof vectors / sizeof *vectors };

static unsigned char out[BASE64_BYTES(1024)];

static str read_back(bool (*read)(str, unsigned char *, size_t *), str text)
{
    size_t n = 0;

    memset(out, 0x5a, sizeof out);
    return read(text, out, &n) ? (str){ (char *)out, n } : (str){0};
}

TEST(both_alphabets_write_the_standards_vectors)
{
    struct buf b;

    buf_init(&b, NULL, 64);
    for (size_t i = 0; i < COUNT; i++) {
        buf_clear(&b);
        base64_put(&b, vectors[i].bytes);
        CHECK_STR(buf_str(&b), vectors[i].standard);
        buf_clear(&b);
        base64url_put(&b, vectors[i].bytes);
        CHECK_STR(buf_str(&b), vectors[i].url);
    }
    buf_end(&b);
}

TEST(both_alphabets_read_them_back)
{
    for (size_t i = 0; i < COUNT; i++) {
        CHECK_STR(read_back(base64_read, vectors[i].standard), vectors[i].bytes);
        CHECK_STR(read_back(base64url_read, vectors[i].url), vectors[i].bytes);
    }
    CHECK_STR(read_back(base64_read, STR("Zg")), STR("f"));            /* padding may be left out */
}

TEST(every_length_comes_back_and_stays_within_its_room)
{
    unsigned char bytes[300], room[BASE64_BYTES(400) + 1];
    struct buf b;
    size_t n;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 167 + 13);
    for (size_t len = 0; len <= sizeof bytes; len++) {
        buf_init(&b, NULL, 1024);
        base64url_put(&b, (str){ (char *)bytes, len });
        memset(room, 0xa5, sizeof room);
        CHECK(base64url_read(buf_str(&b), room, &n) && n == len && memcmp(room, bytes, len) == 0);
        CHECK(room[BASE64_BYTES(b.n)] == 0xa5);
        buf_end(&b);
    }
}

TEST(a_foreign_character_in_any_place_is_refused)
{
    char text[] = "AAAABBBBCCE";

    for (size_t at = 0; at < sizeof text - 1; at++) {
        for (int c = 0; c < 256; c++) {
            char was = text[at];
            bool letter =
                (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            size_t n;

            if (letter)
                continue;
            text[at] = (char)c;
            /* the last character's two lowest bits must be zero: 62 and 63 have them set */
            CHECK(base64url_read((str){ text, sizeof text - 1 }, out, &n)
                  == ((c == '-' || c == '_') && at < sizeof text - 2));
            CHECK(base64_read((str){ text, sizeof text - 1 }, out, &n)
                  == ((c == '+' || c == '/') && at < sizeof text - 2));
            text[at] = was;
        }
    }
}

/* RFC 4648 section 3.5: else one signature has four spellings. */
TEST(of_all_last_characters_only_those_without_spare_bits_are_read)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t n, of_two = 0, of_three = 0;

    for (size_t i = 0; i < 64; i++) {
        char two[] = { 'A', alphabet[i] }, three[] = { 'A', 'A', alphabet[i] };

        of_two += base64url_read((str){ two, 2 }, out, &n);
        of_three += base64url_read((str){ three, 3 }, out, &n);
    }
    CHECK(of_two == 4 && of_three == 16);
}

TEST(impossible_lengths_and_wrong_padding_are_refused)
{
    static const char *const bad[] = {
        "A", "AAAAA", "A===", "AA=", "AAA==", "====", "=", "AA==AA==", "AAA=A"};
    size_t n;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK(!base64_read(str_of(bad[i]), out, &n));
        CHECK(!base64url_read(str_of(bad[i]), out, &n));
    }
    CHECK(!base64url_read(STR("Zg=="), out, &n));
    CHECK(!base64url_read(STR("Zm9v\n"), out, &n));
    CHECK(!base64url_read(STR("Zm 9v"), out, &n));
}

TEST(what_has_no_room_is_not_written_in_part)
{
    struct buf b;

    buf_init(&b, NULL, 7);
    base64_put(&b, STR("foob"));
    CHECK(b.n == 0);
    CHECK_ERR(buf_ok(&b), ERR_NO_MEMORY);
    buf_end(&b);
}
