// SPDX-License-Identifier: MIT
/* digest_test.c - known answers of FIPS 180-4, RFC 4231 and the SipHash paper; randomness. */
#include "../tests/test.h"
#include "crypto/digest.h"
#include "crypto/random.h"

/* Whether `bytes` are those that `hex` spells. */
static bool is_hex(const unsigned char *bytes, size_t n, const char *hex)
{
    char spelled[2 * 64 + 1];

    for (size_t i = 0; i < n; i++)
        (void)snprintf(spelled + 2 * i, 3, "%02x", bytes[i]);
    return strlen(hex) == 2 * n && memcmp(spelled, hex, 2 * n) == 0;
}

/* A million times 'a'. */
static str million(void)
{
    static char a[1000000];

    memset(a, 'a', sizeof a);
    return (str){ a, sizeof a };
}

TEST(sha1_gives_the_answers_of_fips_180)
{
    const struct { str in; const char *out; } cases[] = {
        { STR(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
        { STR("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d" },
        { STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          "84983e441c3bd26ebaae4aa1f95129e5e54670f1" },
        { million(), "34aa973cd4c4daa4f61eeb2bdbad27316534016f" },
    };
    unsigned char out[SHA1_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        digest_sha1(cases[i].in, out);
        CHECK(is_hex(out, sizeof out, cases[i].out));
    }
}

TEST(sha256_gives_the_answers_of_fips_180)
{
    const struct { str in; const char *out; } cases[] = {
        { (str){0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
        { STR("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
        { STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        { million(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0" },
    };
    unsigned char out[SHA256_BYTES];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        digest_sha256(cases[i].in, out);
        CHECK(is_hex(out, sizeof out, cases[i].out));
    }
}

/* RFC 4231 section 4, cases 1 to 7; case 5 gives only the first 16 bytes. */
TEST(hmac_sha256_gives_the_answers_of_rfc_4231)
{
    static char k0b[20], kaa[131], kdd[50], kcd[50], k0c[20];
    const struct { str key, data; const char *out; size_t n; } cases[] = {
        { { k0b, 20 }, STR("Hi There"),
          "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", 32 },
        { STR("Jefe"), STR("what do ya want for nothing?"),
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", 32 },
        { { kaa, 20 }, { kdd, 50 },
          "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe", 32 },
        { STR("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15"
              "\x16\x17\x18\x19"), { kcd, 50 },
          "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b", 32 },
        { { k0c, 20 }, STR("Test With Truncation"), "a3b6167473100ee06e0c796c2955552b", 16 },
        { { kaa, 131 }, STR("Test Using Larger Than Block-Size Key - Hash Key First"),
          "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", 32 },
        { { kaa, 131 }, STR("This is a test using a larger than block-size key and a larger than "
                            "block-size data. The key needs to be hashed before being used by the "
                            "HMAC algorithm."),
          "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2", 32 },
    };
    unsigned char out[SHA256_BYTES];
    struct mac_key key;

    memset(k0b, 0x0b, sizeof k0b);
    memset(kaa, 0xaa, sizeof kaa);
    memset(kdd, 0xdd, sizeof kdd);
    memset(kcd, 0xcd, sizeof kcd);
    memset(k0c, 0x0c, sizeof k0c);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        mac_init(&key, cases[i].key);
        mac_sha256(&key, cases[i].data, out);
        CHECK(is_hex(out, cases[i].n, cases[i].out));
        mac_sha256(&key, cases[i].data, out);
        CHECK(is_hex(out, cases[i].n, cases[i].out)); /* the kept states stay as they were */
        mac_end(&key);
    }
}

TEST(an_ended_key_holds_nothing)
{
    static const struct mac_key nothing;
    struct mac_key key;

    mac_init(&key, STR("a secret of some length"));
    CHECK(memcmp(&key, &nothing, sizeof key) != 0);
    mac_end(&key);
    CHECK(memcmp(&key, &nothing, sizeof key) == 0);
}

/* The example of the SipHash paper, appendix A: bytes 0 to 14 under key 0 to 15. */
TEST(siphash_gives_its_authors_answer)
{
    static const unsigned char want[8] = { 0xe5, 0x45, 0xbe, 0x49, 0x61, 0xca, 0x29, 0xa1 };
    unsigned char key[SIP_KEY_BYTES], data[15];
    uint64_t hash;

    for (unsigned char i = 0; i < sizeof key; i++)
        key[i] = i;
    memcpy(data, key, sizeof data);
    hash = digest_sip(key, (str){ (char *)data, sizeof data });
    CHECK(memcmp(&hash, want, sizeof want) == 0);
    key[0] ^= 1;
    CHECK(digest_sip(key, (str){ (char *)data, sizeof data }) != hash);
}

TEST(equal_sees_a_difference_in_every_place)
{
    unsigned char a[32] = {0}, b[32] = {0};

    CHECK(digest_equal(a, b, sizeof a));
    CHECK(digest_equal(NULL, NULL, 0));
    for (size_t i = 0; i < 8 * sizeof a; i++) {
        b[i / 8] ^= (unsigned char)(1u << i % 8);
        CHECK(!digest_equal(a, b, sizeof a));
        b[i / 8] = 0;
    }
}

TEST(random_bytes_fill_all_and_never_come_twice)
{
    static unsigned char a[70000], b[70000]; /* above what one getrandom must give */
    static const unsigned char zeroes[64];

    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    CHECK(memcmp(a, b, sizeof a) != 0);
    CHECK(memcmp(a + sizeof a - sizeof zeroes, zeroes, sizeof zeroes) != 0);
}

TEST(random_hex_is_lower_case_hex_of_twice_the_length)
{
    struct arena mem;
    str a, b;

    arena_init(&mem, 8192);
    a = random_hex(&mem, 16);
    b = random_hex(&mem, 16);
    CHECK(a.n == 32 && b.n == 32 && !str_is(a, b));
    for (size_t i = 0; i < a.n; i++)
        CHECK(memchr("0123456789abcdef", a.p[i], 16) != NULL);
    CHECK(random_hex(&mem, 0).p != NULL);
    CHECK(random_hex(&mem, 5000).p == NULL);
    arena_end(&mem);
}

/* HMAC-SHA-256 of nothing with no key, as OpenSSL's own tool gives it. */
TEST(nothing_has_a_mac_too)
{
    static const unsigned char want[SHA256_BYTES] = {
        0xb6, 0x13, 0x67, 0x9a, 0x08, 0x14, 0xd9, 0xec, 0x77, 0x2f, 0x95, 0xd7, 0x78, 0xc3, 0x5f, 0xc5,
        0xff, 0x16, 0x97, 0xc4, 0x93, 0x71, 0x56, 0x53, 0xc6, 0xc7, 0x12, 0x14, 0x42, 0x92, 0xc5, 0xad};
    unsigned char got[SHA256_BYTES];
    struct mac_key key;

    mac_init(&key, (str){0});
    mac_sha256(&key, (str){0}, got);
    CHECK(memcmp(got, want, sizeof want) == 0);
    mac_end(&key);
}
