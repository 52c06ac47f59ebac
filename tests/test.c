// SPDX-License-Identifier: MIT
/* test.c - runs every TEST() that was linked in; argv[1] runs those whose name holds it. */
#include "../tests/test.h"

struct test *tests;
int failures;

int main(int argc, char **argv)
{
    int passed = 0, failed = 0;

    for (struct test *t = tests; t; t = t->next) {
        if (argc > 1 && !strstr(t->name, argv[1]))
            continue;
        failures = 0;
        t->run();
        if (failures)
            printf("FAIL %s\n", t->name), failed++;
        else
            passed++;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed != 0;
}
