// SPDX-License-Identifier: MIT
/* test.h - the whole test framework. A test file is a list of TEST()s and nothing else. */
#ifndef TEST_H
#define TEST_H

#include "base/err.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

struct test { const char *name; void (*run)(void); struct test *next; };
extern struct test *tests;
extern int failures;

#define TEST(name)                                                            \
    static void name(void);                                                   \
    __attribute__((constructor)) static void add_##name(void)                 \
    {                                                                         \
        static struct test t = { #name, name, NULL };                         \
        t.next = tests;                                                       \
        tests = &t;                                                           \
    }                                                                         \
    static void name(void)

#define CHECK(cond)                                                           \
    ((cond) ? (void)0 : (void)(failures++, printf("  %s:%d: %s\n", __FILE__, __LINE__, #cond)))
#define CHECK_STR(got, want)                                                  \
    (str_is((got), (want)) ? (void)0 : (void)(failures++,                     \
        printf("  %s:%d: got \"" STR_FMT "\", want \"" STR_FMT "\"\n",        \
               __FILE__, __LINE__, (int)(got).n, (got).p ? (got).p : "",      \
               (int)(want).n, (want).p ? (want).p : "")))
#define CHECK_ERR(got, want)                                                  \
    do {                                                                      \
        err got_ = (got), want_ = (want);                                     \
        if (got_ != want_) {                                                  \
            failures++;                                                       \
            printf("  %s:%d: got %s, want %s\n", __FILE__, __LINE__,          \
                   err_name(got_), err_name(want_));                          \
        }                                                                     \
    } while (0)

#endif
