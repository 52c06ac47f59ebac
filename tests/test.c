// SPDX-License-Identifier: MIT
/* test.c - runs every TEST() that was linked in; argv[1] runs those whose name holds it. */
#include "../tests/test.h"

struct test *tests;
int failures;

/* Sanitizers: memory that there is not is NULL, as elsewhere, and not the end of the program. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
    return "allocator_may_return_null=1";
}

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
