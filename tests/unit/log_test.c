// SPDX-License-Identifier: MIT
/* log_test.c - one event is one bounded line, whatever is in its values. */
#include "../tests/test.h"
#include "base/log.h"

#include <unistd.h>

/* What one event writes to standard error. */
static str logged(const char *event, str value)
{
    static char text[8192];
    int ends[2], kept = dup(STDERR_FILENO);
    ssize_t n;

    if (kept < 0 || pipe(ends) != 0)
        return (str){0};
    dup2(ends[1], STDERR_FILENO);
    log_warn(event, text_kv("user", value), int_kv("n", -5));
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(ends[1]);
    n = read(ends[0], text, sizeof text);
    close(ends[0]);
    return (str){ text, n > 0 ? (size_t)n : 0 };
}

TEST(a_plain_value_is_written_plainly)
{
    str line = logged("signin", STR("zoe@example.org"));

    CHECK(line.n > 25);
    CHECK_STR(str_from(line, 24), STR(" warn signin user=zoe@example.org n=-5\n"));
}

TEST(a_value_cannot_begin_a_line_or_a_key)
{
    str line = logged("x", STR("a\nb\x1b[31m\xe2\x80\xa8 c=\"d\\\""));

    CHECK_STR(str_from(line, 24),
              STR(" warn x user=\"a\\x0ab\\x1b[31m\\xe2\\x80\\xa8 c=\\x22d\\x5c\\x22\" n=-5\n"));
}

TEST(a_long_value_is_cut)
{
    static char big[65536];
    str line;

    memset(big, '\n', sizeof big);
    line = logged("x", (str){ big, sizeof big });
    CHECK(line.n < 1200);
    CHECK(str_find(line, STR("...")) > 0);
    CHECK(line.n && memchr(line.p, '\n', line.n) == line.p + line.n - 1);
}

TEST(what_could_be_read_otherwise_is_quoted)
{
    CHECK_STR(str_from(logged("x", STR("a=b")), 24), STR(" warn x user=\"a=b\" n=-5\n"));
    CHECK_STR(str_from(logged("x", STR("a\\b")), 24), STR(" warn x user=\"a\\x5cb\" n=-5\n"));
    CHECK_STR(str_from(logged("x", STR("a\x7f")), 24), STR(" warn x user=\"a\\x7f\" n=-5\n"));
    CHECK_STR(str_from(logged("x", STR("\"a\"")), 24), STR(" warn x user=\"\\x22a\\x22\" n=-5\n"));
    CHECK_STR(str_from(logged("x", (str){0}), 24), STR(" warn x user=\"\" n=-5\n"));
}

TEST(a_line_has_an_end_however_long_it_is)
{
    static char event[8000];
    str line;

    memset(event, 'e', sizeof event - 1);
    line = logged(event, STR("zoe"));
    CHECK(line.n == 4096);
    CHECK(line.n && memchr(line.p, '\n', line.n) == line.p + line.n - 1);
}

TEST(what_is_below_the_level_is_not_said)
{
    log_set_level(LOG_ERROR);
    CHECK_STR(logged("x", STR("y")), (str){0});
    log_set_level(LOG_INFO);
    CHECK(logged("x", STR("y")).n > 0);
}

TEST(a_line_that_nobody_takes_stops_nothing)
{
    int kept = dup(STDERR_FILENO);

    close(STDERR_FILENO);
    log_warn("lost", int_kv("n", 1));
    CHECK(dup2(kept, STDERR_FILENO) == STDERR_FILENO);
    close(kept);
    CHECK(logged("found", STR("y")).n > 0);
}
