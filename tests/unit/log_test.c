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
