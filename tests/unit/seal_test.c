// SPDX-License-Identifier: MIT
/* seal_test.c - what a seal opens for, and for nothing else. */
#include "../tests/test.h"
#include "base/base64.h"
#include "crypto/seal.h"

static struct arena mem;
static struct seal_key key;

static str sealed(str plain)
{
    str out = {0};

    arena_end(&mem);
    arena_init(&mem, 1 << 20);
    seal_key_init(&key, STR("a secret for the tests, long enough"));
    CHECK_ERR(seal_close(&key, &mem, plain, STR("here"), &out), OK);
    return out;
}

TEST(a_seal_opens_with_its_key_in_its_place)
{
    static const str plains[] = {{"", 0}, {"x", 1}, {"a\0b", 3}};

    for (size_t i = 0; i < sizeof plains / sizeof *plains; i++) {
        str s = sealed(plains[i]), plain = {0};

        CHECK_ERR(seal_open(&key, &mem, s, STR("here"), &plain), OK);
        CHECK_STR(plain, plains[i]);
    }
}

TEST(a_seal_opens_for_nobody_else)
{
    struct seal_key other = {0};
    str s = sealed(STR("the key")), plain;

    CHECK_ERR(seal_open(&key, &mem, s, STR("there"), &plain), ERR_BAD_SETTING);
    CHECK_ERR(seal_open(&key, &mem, s, STR(""), &plain), ERR_BAD_SETTING);
    CHECK_ERR(seal_open(&other, &mem, s, STR("here"), &plain), ERR_BAD_SETTING);
    CHECK_ERR(seal_close(&other, &mem, STR("x"), STR("here"), &plain), ERR_BUG);
    seal_key_init(&other, STR("a secret for the tests, long enough."));
    CHECK_ERR(seal_open(&other, &mem, s, STR("here"), &plain), ERR_BAD_SETTING);
    CHECK_ERR(seal_open(&key, &mem, STR(""), STR("here"), &plain), ERR_BAD_SETTING);
    CHECK_ERR(seal_open(&key, &mem, str_head(s, s.n - 1), STR("here"), &plain), ERR_BAD_SETTING);
    CHECK_ERR(seal_open(&key, &mem, str_head(s, 40), STR("here"), &plain), ERR_BAD_SETTING);
}

TEST(no_bit_of_a_seal_may_change)
{
    str s = sealed(STR("the key")), plain;
    unsigned char bytes[256];
    size_t n;

    CHECK(base64url_read(s, bytes, &n));
    for (size_t bit = 0; bit < n * 8; bit++) {
        struct buf b;

        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        buf_init(&b, &mem, 512);
        base64url_put(&b, (str){(char *)bytes, n});
        CHECK_ERR(seal_open(&key, &mem, buf_str(&b), STR("here"), &plain), ERR_BAD_SETTING);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
}

TEST(the_same_is_never_sealed_alike)
{
    str first = sealed(STR("the key")), second;

    CHECK_ERR(seal_close(&key, &mem, STR("the key"), STR("here"), &second), OK);
    CHECK(!str_is(first, second));
    CHECK(str_find(first, STR("the key")) < 0);
}

TEST(more_than_a_key_ever_has_is_not_sealed)
{
    static char big[(64 << 10) + 1];
    struct arena wide;
    str out;

    (void)sealed(STR("what makes the key"));
    arena_init(&wide, 1 << 20);
    CHECK_ERR(seal_close(&key, &wide, (str){big, sizeof big}, STR("here"), &out), ERR_NO_MEMORY);
    CHECK_ERR(seal_close(&key, &wide, (str){big, sizeof big - 1}, STR("here"), &out), OK);
    CHECK_ERR(seal_open(&key, &wide, out, STR("here"), &out), OK);
    CHECK(out.n == sizeof big - 1);
    arena_end(&wide);
}
