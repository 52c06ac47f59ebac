// SPDX-License-Identifier: MIT
/* policy_test.c - which passwords may be chosen, and why not. */
#include "auth.h"

#include "auth/common.h"
#include "auth/policy.h"

static const struct user owner = {.username = {"Zo\xc3\xab Miller", 11},
                                  .email = {"zoe.m42@example.org", 19}};
static const struct auth_rules bcrypt_rules = { .password = { .cost = 4 }, .password_min = 8 };
static const struct auth_rules argon_rules = {.password = {.scheme = SCHEME_ARGON2ID},
                                              .password_min = 8};

/* Why it is refused; NULL when it is not. */
static const char *refusal(const struct auth_rules *rules, str password)
{
    const char *why = NULL;
    struct arena mem;
    err e;

    arena_init(&mem, 1 << 20);
    e = policy_check(rules, &mem, password, &owner, &why);
    arena_end(&mem);
    CHECK(e == OK || e == ERR_PASSWORD_POLICY);
    return e == OK ? NULL : why;
}

static void refused(str password, const char *why)
{
    const char *said = refusal(&argon_rules, password);

    CHECK_STR(str_of(said), str_of(why));
}

TEST(length_counts_code_points)
{
    refused(STR("zwqk jp"), "too short");
    refused(STR(""), "too short");
    refused(STR("\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80"), "too short");
    CHECK(!refusal(&argon_rules, STR("zwqk jpx")));
    CHECK(!refusal(&argon_rules,
                   STR("\xc3\xa9\xc3\xa8\xc3\xa9\xc3\xa8\xc3\xa9\xc3\xa8\xc3\xa9\xc3\xa8")));
}

TEST(the_longest_is_what_the_scheme_reads)
{
    static char p[1025];

    for (size_t i = 0; i < sizeof p; i++)
        p[i] = (char)('a' + i % 26);
    CHECK(!refusal(&bcrypt_rules, (str){ p, 72 }));
    CHECK_STR(str_of(refusal(&bcrypt_rules, (str){ p, 73 })), STR("too long"));
    CHECK(!refusal(&argon_rules, (str){ p, 1024 }));
    refused((str){ p, 1025 }, "too long");
}

TEST(there_are_no_rules_of_composition)
{
    CHECK(!refusal(&argon_rules, STR("thequickbrownfoxesjump")));
    CHECK(!refusal(&argon_rules, STR("9274610385529")));
    CHECK(!refusal(&argon_rules, STR("  leading and trailing  ")));
}

TEST(every_listed_password_is_refused_in_any_case)
{
    str rest = { common_passwords, common_passwords_n }, line;
    char upper[72];
    size_t n = 0;

    for (; str_cut(rest, '\n', &line, &rest); n++) {
        CHECK(line.n >= 8 && line.n <= sizeof upper && password_is_common(line));
        for (size_t i = 0; i < line.n; i++)
            upper[i] = line.p[i] >= 'a' && line.p[i] <= 'z' ? (char)(line.p[i] - 32) : line.p[i];
        CHECK(password_is_common((str){ upper, line.n }));
    }
    CHECK(n >= 3000 && rest.n == 0);
    refused(STR("Password1"), "too common");
    refused(STR("12345678"), "too common");
}

TEST(what_is_not_listed_is_not_common)
{
    str rest = { common_passwords, common_passwords_n }, line;
    char more[80];

    CHECK(!password_is_common(STR("")) && !password_is_common(STR("\n")) &&
          !password_is_common(STR("zzzzzzzzzzzzzzzzz~")));
    CHECK(!password_is_common(STR("!")) && !password_is_common(STR("password\n")) &&
          !password_is_common(STR("12345678\n")));
    for (int i = 0; i < 200; i++) {
        (void)str_cut(rest, '\n', &line, &rest);
        memcpy(more, line.p, line.n);
        memcpy(more + line.n, "~ q", 3);
        CHECK(!password_is_common((str){ more, line.n + 3 }));
    }
}

TEST(a_name_that_anyone_knows_is_refused)
{
    static const char why[] = "a name that anyone knows";

    refused(STR("zo\xc3\xab miller"), why);
    refused(STR("ZOE MILLER"), why);
    refused(STR("zoe.m42@example.org"), why);
    refused(STR("latchkey"), why);
    refused(STR("LatchKey"), why);
    CHECK(!refusal(&argon_rules, STR("zoe miller 7 cats")));
}

TEST(a_local_part_is_a_name_too)
{
    const struct user longer = { .email = STR("local.part.of.mine@example.org") };
    const char *why = NULL;
    struct arena mem;

    arena_init(&mem, 1 << 20);
    CHECK_ERR(policy_check(&argon_rules, &mem, STR("local.part.of.mine"), &longer, &why),
              ERR_PASSWORD_POLICY);
    CHECK_ERR(policy_check(&argon_rules, &mem, STR("\xff\xff\xff\xff"), &longer, &why),
              ERR_NOT_UNICODE);
    arena_end(&mem);
}

TEST(dev_asks_nothing_but_what_cannot_be_kept)
{
    struct auth_rules dev = { .password = { .cost = 4 }, .password_common = true };
    static char p[73];

    memset(p, 'p', sizeof p);
    CHECK(!refusal(&dev, STR("")) && !refusal(&dev, STR("12345678")) &&
          !refusal(&dev, STR("latchkey")));
    CHECK_STR(str_of(refusal(&dev, (str){ p, 73 })), STR("too long"));
}

TEST(a_sign_up_says_why_and_stores_nothing)
{
    struct domain d;
    int64_t id;

    domain_make(&d);
    d.rules.password_common = false;
    CHECK_ERR(sign_up(&d, "zoe", "zoe@example.org", &id), ERR_PASSWORD_POLICY);
    CHECK_STR(str_of(d.auth.refusal), STR("too common"));
    CHECK_ERR(account_check_free(&d.auth, &d.mem, STR("zoe"), STR("zoe@example.org")), OK);
    domain_end(&d);
}

static str hash_of(struct domain *d, int64_t id)
{
    struct user user = {0};

    CHECK_ERR(user_by_id(d->auth.db, &d->mem, id, &user), OK);
    return user.password;
}

TEST(a_weaker_hash_is_made_anew_at_sign_in_and_tokens_stay)
{
    struct session s, again;
    struct domain d;
    struct caller who;
    int64_t id;
    str before;

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "zoe@example.org", &id), OK);
    before = hash_of(&d, id);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK_STR(hash_of(&d, id), before);
    d.rules.rehash = true;
    d.rules.password.cost = 5;
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), STR("wrong"), &s), ERR_PASSWORD_WRONG);
    CHECK_STR(hash_of(&d, id), before);
    CHECK_ERR(sign_in(&d, "zoe", &s), OK);
    CHECK(str_starts(hash_of(&d, id), STR("$2b$05$")));
    d.rules.password = (struct password_policy){.scheme = SCHEME_ARGON2ID, .argon2 = {64, 1, 1}};
    CHECK_ERR(sign_in(&d, "zoe", &again), OK);
    CHECK(str_starts(hash_of(&d, id), STR("$argon2id$")));
    CHECK_ERR(sign_in(&d, "zoe", &again), OK);
    CHECK_ERR(access_by_token(&d.auth, &d.mem, s.access_token, clock_ms() / 1000, &who), OK);
    domain_end(&d);
}

TEST(what_bcrypt_cut_is_not_hashed_anew)
{
    struct domain d;
    struct session s;
    int64_t id;
    static char p[80];
    str before;

    memset(p, 'p', sizeof p);
    domain_make(&d);
    CHECK_ERR(account_create(&d.auth, &d.mem,
                             &(struct new_account){STR("zoe"), STR("z@e"), {p, 72}, {0}}, &id),
              OK);
    before = hash_of(&d, id);
    d.rules.rehash = true;
    d.rules.password = (struct password_policy){.scheme = SCHEME_ARGON2ID, .argon2 = {64, 1, 1}};
    CHECK_ERR(session_open(&d.auth, &d.mem, STR("zoe"), (str){ p, 80 }, &s), OK);
    CHECK_STR(hash_of(&d, id), before);
    domain_end(&d);
}

struct swap { int64_t id; str from, to; };

static err swap_work(struct db *db, void *arg)
{
    const struct swap *s = arg;

    return user_replace_hash(db, s->id, s->from, s->to);
}

TEST(a_hash_that_is_no_longer_there_is_not_replaced)
{
    struct domain d;
    struct swap s = { .from = STR("$2b$04$other"), .to = STR("new") };

    domain_make(&d);
    CHECK_ERR(sign_up(&d, "zoe", "zoe@example.org", &s.id), OK);
    CHECK_ERR(db_write(d.auth.db, swap_work, &s), ERR_NOT_FOUND);
    s.from = hash_of(&d, s.id);
    CHECK_ERR(db_write(d.auth.db, swap_work, &s), OK);
    CHECK_ERR(db_write(d.auth.db, swap_work, &s), ERR_NOT_FOUND);
    domain_end(&d);
}
