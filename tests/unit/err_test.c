// SPDX-License-Identifier: MIT
/* err_test.c - the failures have names and meanings. */
#include "../tests/test.h"

TEST(every_failure_has_a_name_and_a_meaning_of_its_own)
{
    for (int a = 0; a < ERR_COUNT; a++) {
        CHECK(err_name((err)a) && *err_name((err)a));
        CHECK(err_meaning((err)a) && *err_meaning((err)a));
        for (int b = 0; b < a; b++)
            CHECK(strcmp(err_name((err)a), err_name((err)b)) != 0);
    }
    CHECK_STR(str_of(err_name(OK)), STR("OK"));
    CHECK_STR(str_of(err_meaning(OK)), STR("no failure"));
}
