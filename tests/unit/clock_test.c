// SPDX-License-Identifier: MIT
/* clock_test.c - DATETIME there and back. */
#include "../tests/test.h"
#include "base/clock.h"

TEST(a_datetime_comes_back_as_it_went)
{
    static const int64_t times[] = { 0, 1578906591, 951782399, 4102444800, 253402300799 };

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[20];
        int64_t back = -1;

        clock_datetime(times[i], text);
        CHECK(clock_from_datetime(str_of(text), &back) && back == times[i]);
    }
}

TEST(what_sequelize_writes_on_sqlite_is_read)
{
    int64_t t = 0;

    CHECK(clock_from_datetime(STR("2020-01-13 09:09:51.123 +00:00"), &t) && t == 1578906591);
    CHECK(clock_from_datetime(STR("2020-01-13T09:09:51Z"), &t) && t == 1578906591);
}

TEST(nonsense_is_no_time)
{
    static const char *const bad[] = {"",
                                      "now",
                                      "2020-13-01 00:00:00",
                                      "2020-01-01",
                                      "aaaa-bb-cc dd:ee:ff",
                                      "2020-01-13 25:00:00"};
    int64_t t = 7;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!clock_from_datetime(str_of(bad[i]), &t) && t == 7);
}

TEST(each_part_has_its_place_and_its_bounds)
{
    static const struct { const char *text; bool ok;
    } cases[] = {
        {"2024-12-31 23:59:60", true},  {"0000-01-01 00:00:00", true},
        {"2020/01-13 09:09:51", false}, {"2020-01/13 09:09:51", false},
        {"2020-01-13x09:09:51", false}, {"2020-01-13 09.09:51", false},
        {"2020-01-13 09:09.51", false}, {"x020-01-13 09:09:51", false},
        {"2020-x1-13 09:09:51", false}, {"2020-00-13 09:09:51", false},
        {"2020-13-13 09:09:51", false}, {"2020-01-x3 09:09:51", false},
        {"2020-01-32 09:09:51", false}, {"2020-01-13 x9:09:51", false},
        {"2020-01-13 24:09:51", false}, {"2020-01-13 09:0x:51", false},
        {"2020-01-13 09:60:51", false}, {"2020-01-13 09:09:/1", false},
        {"2020-01-13 09:09:61", false}, {"2020-01-13 09:09:5", false},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t t = 7;

        CHECK(clock_from_datetime(str_of(cases[i].text), &t) == cases[i].ok);
        CHECK((t == 7) == !cases[i].ok);
    }
}

TEST(a_time_beyond_the_year_9999_is_written_empty)
{
    static const int64_t times[] = { 253402300800, INT64_MAX, INT64_MIN };

    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        char text[20] = "x";

        clock_datetime(times[i], text);
        CHECK_STR(str_of(text), STR(""));
    }
}
