// SPDX-License-Identifier: MIT
/* house_test.c - what a new edition of the settings takes over from the one before. */
#include "../tests/test.h"
#include "app/house.h"

static int64_t life_now(struct house *house)
{
    return atomic_load(&house->now)->rules.token_life;
}

/* As a SIGHUP that finds this token.ttl. */
static void ttl_becomes(struct house *house, char *ttl)
{
    house->argv[2] = ttl;
    house_reread(house);
    CHECK(atomic_load(&house->now)->before != NULL);
}

TEST(tokens_from_before_a_shorter_life_are_told_of_as_long_as_they_live)
{
    static char name[] = "serve", flag[] = "--token.ttl", first[] = "48h", shorter[] = "15m",
                longer[] = "72h";
    char *argv[] = {name, flag, first, NULL};
    struct house house = {.argc = 3, .argv = argv, .config = {.manner = AS_SERVER}};
    struct settings s;
    struct strs rest;
    struct arena mem;

    arena_init(&mem, SETTINGS_MEMORY);
    CHECK_ERR(settings_read(&s, &mem, false, 3, argv, &rest), OK);
    CHECK_ERR(house_init(&house, &s), OK);
    CHECK(life_now(&house) == 48 * 3600 * 1000);
    ttl_becomes(&house, shorter);
    CHECK(atomic_load(&house.now)->rules.access_ttl == 900);
    CHECK(life_now(&house) == 48 * 3600 * 1000);
    ttl_becomes(&house, longer);
    CHECK(life_now(&house) == 72 * 3600 * 1000);
    house_end(&house);
    arena_end(&mem);
}
