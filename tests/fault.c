// SPDX-License-Identifier: MIT
/* fault.c - calls that fail when a test wants them to. */
#include "../tests/fault.h"

#include "base/arena.h"

#include <openssl/crypto.h>
#include <sqlite3.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

static _Thread_local struct {
    enum fault_kind kind;
    int left;            /* calls until the one that fails, that one too; 0: none does */
    bool met;
    sqlite3 *handle;     /* whose last step failed here */
    int inside;          /* calls of SQLite that SQLite may itself make under way */
} armed;

static bool fails(enum fault_kind kind)
{
    if (armed.left == 0 || armed.kind != kind || --armed.left > 0)
        return false;
    armed.met = true;
    return true;
}

/* Each call fails in its turn, or each TEST_FAULTS-th one. */
static int stride(void)
{
    const char *asked = getenv("TEST_FAULTS");
    long n = asked ? strtol(asked, NULL, 10) : 1;

    return n > 1 && n < 1000 ? (int)n : 1;
}

bool round_next(struct round *r)
{
    if (r->over)
        return false;
    armed.kind = r->kind;
    armed.left = r->n += r->n ? stride() : 1;
    armed.met = false;
    return true;
}

bool round_met(struct round *r)
{
    armed.left = 0;
    r->over = !armed.met;
    return armed.met;
}

/* ----------------------------------------------------------------------------------- memory */

/* unit/calls.h, where other threads shall have none. */
__attribute__((weak)) bool call_fails(const char *name);

static bool has_none(const char *name)
{
    bool yes = fails(FAULT_ALLOC) || (call_fails && call_fails(name));

    errno = yes ? ENOMEM : errno;
    return yes;
}

void *__real_arena_alloc(struct arena *mem, size_t size, size_t align);
void *__wrap_arena_alloc(struct arena *mem, size_t size, size_t align);
void *__wrap_arena_alloc(struct arena *mem, size_t size, size_t align)
{
    return fails(FAULT_ARENA) ? NULL : __real_arena_alloc(mem, size, align);
}

void *__real_arena_array(struct arena *mem, size_t size, size_t n, size_t align);
void *__wrap_arena_array(struct arena *mem, size_t size, size_t n, size_t align);
void *__wrap_arena_array(struct arena *mem, size_t size, size_t n, size_t align)
{
    return fails(FAULT_ARENA) ? NULL : __real_arena_array(mem, size, n, align);
}

str __real_arena_dup(struct arena *mem, str s);
str __wrap_arena_dup(struct arena *mem, str s);
str __wrap_arena_dup(struct arena *mem, str s)
{
    return fails(FAULT_ARENA) ? (str){0} : __real_arena_dup(mem, s);
}

char *__real_arena_cstr(struct arena *mem, str s);
char *__wrap_arena_cstr(struct arena *mem, str s);
char *__wrap_arena_cstr(struct arena *mem, str s)
{
    return fails(FAULT_ARENA) ? NULL : __real_arena_cstr(mem, s);
}

[[gnu::format(printf, 2, 3)]] str __wrap_arena_printf(struct arena *mem, const char *format, ...);
str __wrap_arena_printf(struct arena *mem, const char *format, ...)
{
    va_list args;
    str out;

    if (fails(FAULT_ARENA))
        return (str){0};
    va_start(args, format);
    out = arena_vprintf(mem, format, args);
    va_end(args);
    return out;
}

void *__real_malloc(size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_malloc(size_t n)
{
    return has_none("malloc") ? NULL : __real_malloc(n);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
    return has_none("calloc") ? NULL : __real_calloc(n, size);
}

/* ---------------------------------------------------------------------------------- OpenSSL */

static void *openssl_alloc(size_t n, const char *, int)
{
    return fails(FAULT_OPENSSL) ? NULL : __real_malloc(n);
}

static void *openssl_realloc(void *p, size_t n, const char *, int)
{
    return fails(FAULT_OPENSSL) ? NULL : realloc(p, n);
}

static void openssl_free(void *p, const char *, int)
{
    free(p);
}

__attribute__((constructor)) static void openssl_take_over(void)
{
    (void)CRYPTO_set_mem_functions(openssl_alloc, openssl_realloc, openssl_free);
}

/* ----------------------------------------------------------------------------------- SQLite
 * Only our own steps fail: linked with it, those within sqlite3_exec would come by here too, and what
 * fails there without SQLite's knowledge is passed over. */

int __real_sqlite3_step(sqlite3_stmt *st);
int __wrap_sqlite3_step(sqlite3_stmt *st);
int __wrap_sqlite3_step(sqlite3_stmt *st)
{
    int rc;

    armed.handle = NULL;
    if (!armed.inside && fails(FAULT_SQL)) {
        armed.handle = sqlite3_db_handle(st);
        return SQLITE_IOERR;
    }
    armed.inside++;
    rc = __real_sqlite3_step(st);
    armed.inside--;
    return rc;
}

typedef int one_row(void *arg, int n, char **values, char **names);

int __real_sqlite3_exec(sqlite3 *h, const char *sql, one_row *row, void *arg, char **why);
int __wrap_sqlite3_exec(sqlite3 *h, const char *sql, one_row *row, void *arg, char **why);
int __wrap_sqlite3_exec(sqlite3 *h, const char *sql, one_row *row, void *arg, char **why)
{
    int rc;

    armed.inside++;
    rc = __real_sqlite3_exec(h, sql, row, arg, why);
    armed.inside--;
    return rc;
}

int __real_sqlite3_extended_errcode(sqlite3 *h);
int __wrap_sqlite3_extended_errcode(sqlite3 *h);
int __wrap_sqlite3_extended_errcode(sqlite3 *h)
{
    return armed.handle == h ? SQLITE_IOERR : __real_sqlite3_extended_errcode(h);
}
