// SPDX-License-Identifier: MIT
/* password_test.c - bcrypt as the tutorial's server has it, and what is refused before it. */
#include "../tests/test.h"
#include "crypto/password.h"

#include <crypt.h>

/* "12345678", as the tutorial's server wrote it. */
#define STORED "$2a$08$j.8Q5Z34h7/CqIjrqUNC0eL6/A1tJNXOMmEY72Cw/FfVX4ZDM0.eG"

static const struct password_policy least = { .cost = 4 };

/* STORED with another character in one place. */
static str changed(size_t at, char c)
{
    static char hash[sizeof STORED];

    memcpy(hash, STORED, sizeof hash);
    hash[at] = c;
    return str_of(hash);
}

TEST(a_new_hash_is_2b_of_60_bytes_and_opens_with_its_password_alone)
{
    struct arena mem;
    str hash, again;

    arena_init(&mem, 4096);
    CHECK_ERR(
        password_hash(NULL, &mem, STR("p\xc3\xa4ssw\xc3\xb6rd\xf0\x9f\x98\x80"), &least, &hash),
        OK);
    CHECK_ERR(
        password_hash(NULL, &mem, STR("p\xc3\xa4ssw\xc3\xb6rd\xf0\x9f\x98\x80"), &least, &again),
        OK);
    CHECK(hash.n == 60 && str_starts(hash, STR("$2b$04$")));
    CHECK(!str_is(hash, again));
    CHECK_ERR(password_check(NULL, STR("p\xc3\xa4ssw\xc3\xb6rd\xf0\x9f\x98\x80"), hash), OK);
    CHECK_ERR(password_check(NULL, STR("pa\xcc\x88sswo\xcc\x88rd\xf0\x9f\x98\x80"), hash),
              ERR_PASSWORD_WRONG);
    CHECK_ERR(password_check(NULL, STR(""), hash), ERR_PASSWORD_WRONG);
    arena_end(&mem);
}

TEST(an_empty_password_is_a_password)
{
    struct arena mem;
    str hash;

    arena_init(&mem, 4096);
    CHECK_ERR(password_hash(NULL, &mem, (str){0}, &least, &hash), OK);
    CHECK_ERR(password_check(NULL, (str){0}, hash), OK);
    CHECK_ERR(password_check(NULL, STR("x"), hash), ERR_PASSWORD_WRONG);
    arena_end(&mem);
}

TEST(a_hash_of_the_tutorials_server_opens_under_each_of_its_names)
{
    CHECK_ERR(password_check(NULL, STR("12345678"), STR(STORED)), OK);
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(2, 'b')), OK);
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(2, 'y')), OK);
    CHECK_ERR(password_check(NULL, STR("12345679"), STR(STORED)), ERR_PASSWORD_WRONG);
    CHECK_ERR(password_check(NULL, STR("1234567"), STR(STORED)), ERR_PASSWORD_WRONG);
}

/* The salt's last character holds two bits of 128; the four others count for no library. */
TEST(stray_bits_of_a_salt_do_not_count)
{
    CHECK(STORED[28] == 'e');
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(28, 'f')), OK);
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(28, 'u')), ERR_PASSWORD_WRONG);
}

TEST(every_character_of_the_result_counts)
{
    for (size_t at = 29; at < 60; at++)
        CHECK_ERR(password_check(NULL, STR("12345678"), changed(at, STORED[at] == 'a' ? 'c' : 'a')),
                  ERR_PASSWORD_WRONG);
}

TEST(a_stored_hash_of_no_known_kind_is_named_as_such)
{
    static char xs[61];

    memset(xs, 'x', 60);
    CHECK_ERR(password_check(NULL, STR("x"), (str){0}), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("x"), STR("not a bcrypt hash")), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("x"), str_of(xs)), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(2, 'x')), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(2, '\0')), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(1, '3')), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(30, '*')), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(30, '\0')), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"), str_head(STR(STORED), 59)), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"), STR(STORED "x")), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"),
                             STR("$2$08$j.8Q5Z34h7/CqIjrqUNC0eL6/A1tJNXOMmEY72Cw/FfVX4ZDM0.eG")),
              ERR_HASH_UNKNOWN);
}

/* A row could ask for 2^31 rounds: days of a core. */
TEST(a_cost_beyond_reason_is_not_spent)
{
    CHECK_ERR(password_check(NULL, STR("12345678"), changed(4, '3')), ERR_HASH_UNKNOWN); /* 38 */
    CHECK_ERR(password_check(NULL, STR("12345678"),
                             STR("$2b$31$j.8Q5Z34h7/CqIjrqUNC0eL6/A1tJNXOMmEY72Cw/FfVX4ZDM0.eG")),
              ERR_HASH_UNKNOWN);
    CHECK_ERR(password_check(NULL, STR("12345678"),
                             STR("$2b$03$j.8Q5Z34h7/CqIjrqUNC0eL6/A1tJNXOMmEY72Cw/FfVX4ZDM0.eG")),
              ERR_HASH_UNKNOWN);
}

TEST(nothing_new_is_cut_at_72_bytes_but_old_hashes_count_72)
{
    static char p[73];
    struct arena mem;
    str hash;

    memset(p, 'p', sizeof p);
    arena_init(&mem, 4096);
    CHECK_ERR(password_hash(NULL, &mem, (str){ p, 73 }, &least, &hash), ERR_PASSWORD_POLICY);
    CHECK_ERR(password_hash(NULL, &mem, (str){ p, 72 }, &least, &hash), OK);
    CHECK_ERR(password_check(NULL, (str){ p, 72 }, hash), OK);
    CHECK_ERR(password_check(NULL, (str){ p, 73 }, hash), OK);
    CHECK_ERR(password_check(NULL, (str){ p, 71 }, hash), ERR_PASSWORD_WRONG);
    arena_end(&mem);
}

TEST(a_password_longer_than_a_body_may_be_is_checked_all_the_same)
{
    static char p[102400];

    memset(p, 'p', sizeof p);
    CHECK_ERR(password_check(NULL, (str){ p, sizeof p }, STR(STORED)), ERR_PASSWORD_WRONG);
}

TEST(what_is_not_unicode_is_refused_before_any_hash)
{
    static const str bad[] = {
        { "\xff", 1 }, { "a\xed\xa0\x80" "b", 5 }, { "\xc0\x80", 2 }, { "\xe2\x82", 2 },
    };
    struct arena mem;
    str hash;

    arena_init(&mem, 4096);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_ERR(password_hash(NULL, &mem, bad[i], &least, &hash), ERR_NOT_UNICODE);
        CHECK_ERR(password_check(NULL, bad[i], STR(STORED)), ERR_NOT_UNICODE);
    }
    arena_end(&mem);
}

/* Whoever signed up with "abc\0def" must not be opened by "abc", nor the other way round. */
TEST(a_nul_is_a_byte_like_any_other)
{
    struct arena mem;
    str plain, with_nul;

    arena_init(&mem, 4096);
    CHECK_ERR(password_hash(NULL, &mem, STR("abc"), &least, &plain), OK);
    CHECK_ERR(password_hash(NULL, &mem, STR("abc\0def"), &least, &with_nul), OK);
    CHECK_ERR(password_check(NULL, STR("abc\0def"), with_nul), OK);
    CHECK_ERR(password_check(NULL, STR("abc"), with_nul), ERR_PASSWORD_WRONG);
    CHECK_ERR(password_check(NULL, STR("abc\0deg"), with_nul), ERR_PASSWORD_WRONG);
    CHECK_ERR(password_check(NULL, STR("abc\0def"), plain), ERR_PASSWORD_WRONG);
    CHECK_ERR(password_check(NULL, STR("12345678\0" "12345679"), STR(STORED)), ERR_PASSWORD_WRONG);
    arena_end(&mem);
}

/* What the system's own crypt(3) makes of it. */
TEST(another_bcrypt_opens_what_is_hashed_here)
{
    static struct crypt_data work;
    struct arena mem;
    char *setting;
    str hash;

    arena_init(&mem, 4096);
    CHECK_ERR(password_hash(NULL, &mem, STR("correct horse battery"), &least, &hash), OK);
    setting = arena_cstr(&mem, hash);
    CHECK_STR(str_of(crypt_rn("correct horse battery", setting, &work, sizeof work)), hash);
    arena_end(&mem);
}

TEST(cost_is_read_and_compared)
{
    CHECK(password_cost(STR(STORED)) == 8);
    CHECK(password_cost(changed(5, 'x')) == -1);
    CHECK(password_cost((str){0}) == -1);
    CHECK(!password_is_weak(STR(STORED), &(struct password_policy){ .cost = 8 }));
    CHECK(password_is_weak(STR(STORED), &(struct password_policy){ .cost = 9 }));
    CHECK(password_is_weak(STR("plain text"), &least));
    CHECK(password_cost_us(STR(STORED)) > 0 && password_cost_us(STR("plain text")) == -1);
}

TEST(a_cost_out_of_range_makes_no_hash)
{
    struct arena mem;
    str hash;

    arena_init(&mem, 4096);
    CHECK_ERR(password_hash(NULL, &mem, STR("x"), &(struct password_policy){.cost = 3}, &hash),
              ERR_BUG);
    CHECK_ERR(password_hash(NULL, &mem, STR("x"), &(struct password_policy){.cost = 32}, &hash),
              ERR_BUG);
    arena_end(&mem);
}

static const struct password_policy small = { .scheme = SCHEME_ARGON2ID, .argon2 = { 64, 2, 1 } };

TEST(argon2id_is_written_and_read_where_the_policy_says_so)
{
    static char p[1025];
    struct arena mem;
    str hash, again;

    memset(p, 'p', sizeof p);
    arena_init(&mem, 8192);
    CHECK_ERR(password_hash(NULL, &mem, STR("correct horse"), &small, &hash), OK);
    CHECK_ERR(password_hash(NULL, &mem, STR("correct horse"), &small, &again), OK);
    CHECK(str_starts(hash, STR("$argon2id$v=19$m=64,t=2,p=1$")) && !str_is(hash, again));
    CHECK_ERR(password_check(NULL, STR("correct horse"), hash), OK);
    CHECK_ERR(password_check(NULL, STR("correct house"), hash), ERR_PASSWORD_WRONG);
    CHECK_ERR(password_hash(NULL, &mem, (str){ p, 1024 }, &small, &hash), OK);
    CHECK_ERR(password_check(NULL, (str){ p, 1024 }, hash), OK);
    CHECK_ERR(password_check(NULL, (str){ p, 1023 }, hash), ERR_PASSWORD_WRONG);
    CHECK_ERR(password_check(NULL, (str){ p, 1025 }, hash), ERR_HASH_UNKNOWN);
    CHECK_ERR(password_hash(NULL, &mem, (str){ p, 1025 }, &small, &hash), ERR_PASSWORD_POLICY);
    CHECK_ERR(password_hash(NULL, &mem, STR("\xff"), &small, &hash), ERR_NOT_UNICODE);
    arena_end(&mem);
}

TEST(weak_is_what_lies_below_the_policy_or_beside_it)
{
    static const char id[] = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA";
    struct password_policy more = small;

    CHECK(!password_is_weak(str_of(id), &small));
    more.argon2.memory = 65;
    CHECK(password_is_weak(str_of(id), &more));
    more.argon2 = (struct argon2_cost){ 64, 3, 1 };
    CHECK(password_is_weak(str_of(id), &more));
    CHECK(password_is_weak(str_of(id), &least));
    CHECK(password_is_weak(STR(STORED), &small));
    CHECK(password_is_weak(STR("$argon2i$v=19$m=64,t=2,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA"),
                           &small));
}

TEST(what_a_kind_does_not_read_is_known)
{
    static char p[73];

    memset(p, 'p', sizeof p);
    CHECK(password_is_read_whole((str){ p, 72 }, STR(STORED)));
    CHECK(!password_is_read_whole((str){ p, 73 }, STR(STORED)));
    CHECK(password_is_read_whole((str){ p, 8 }, STR("abJnggxhB/yWI")));
    CHECK(!password_is_read_whole((str){ p, 9 }, STR("abJnggxhB/yWI")));
    CHECK(!password_is_read_whole((str){ p, 9 }, STR("nonsense")));
}

static uint64_t hashed(const struct hasher *hasher)
{
    struct engine_figures f;

    engine_read(hasher->engine, &f);
    return f.done;
}

TEST(an_engine_hashes_and_checks_every_kind)
{
    static const struct password_policy *const policies[] = { &least, &small };
    struct hasher hasher = { .room = room_new(1 << 20) };
    struct arena mem;
    str hash;

    arena_init(&mem, 8192);
    CHECK_ERR(engine_start(&(struct engine_config){ .wait_ms = 1 << 30, .deadline_ms = 1 << 30 },
                           &hasher.engine), OK);
    for (size_t i = 0; i < 2; i++) {
        uint64_t before = hashed(&hasher);

        CHECK_ERR(password_hash(&hasher, &mem, STR("correct horse"), policies[i], &hash), OK);
        CHECK_ERR(password_check(NULL, STR("correct horse"), hash), OK);
        CHECK_ERR(password_check(&hasher, STR("correct horse"), hash), OK);
        CHECK_ERR(password_check(&hasher, STR("correct house"), hash), ERR_PASSWORD_WRONG);
        CHECK_ERR(password_waste(&hasher, STR("correct horse"), policies[i]), OK);
        CHECK(hashed(&hasher) == before + 4);
    }
    CHECK_ERR(password_check(&hasher, STR("passwort"), STR("$1$saltsalt$2f.bWx.H.UmlFhfc8jBL/.")),
              ERR_PASSWORD_WRONG);
    CHECK(hashed(&hasher) == 9);
    engine_stop(hasher.engine);
    room_free(hasher.room);
    arena_end(&mem);
}

TEST(nothing_is_hashed_for_who_has_left)
{
    struct hasher hasher = { 0 };
    atomic_bool gone = true;
    struct arena mem;
    str hash;

    arena_init(&mem, 8192);
    CHECK_ERR(engine_start(&(struct engine_config){ .threads = 1 }, &hasher.engine), OK);
    hasher.client.gone = &gone;
    CHECK_ERR(password_check(&hasher, STR("12345678"), STR(STORED)), ERR_CLIENT_GONE);
    CHECK_ERR(password_hash(&hasher, &mem, STR("12345678"), &small, &hash), ERR_CLIENT_GONE);
    CHECK_ERR(password_waste(&hasher, STR("12345678"), &least), ERR_CLIENT_GONE);
    CHECK_ERR(password_waste(&hasher, STR("12345678"), &small), ERR_CLIENT_GONE);
    CHECK(hashed(&hasher) == 0);
    engine_stop(hasher.engine);
    arena_end(&mem);
}
