// SPDX-License-Identifier: MIT
/* record.c - writes down what a program does to its database's files, in the order it does it.
 *
 * Loaded by LD_PRELOAD. POWER_LOG names the file that records are appended to, also by the test and
 * by other processes on the same database; POWER_DATABASE the database. A write, a truncation, a
 * new and a removed name are recorded when they are done; a sync when it begins, for it is sure to
 * hold what was done before, and when it has ended, for what it holds is safe from then on. The
 * -shm file is left out: after a crash nobody relies on it.
 *
 * POWER_SYNCHRONOUS is for the proof that the test can fail: it replaces the FULL of the server's
 * PRAGMA. A record's layout is repeated in tests/power/run. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum op { OP_WRITE = 1, OP_TRUNCATE, OP_CREATE, OP_UNLINK, OP_SYNC_BEGIN, OP_SYNC_END };
enum file { DATABASE, WAL, JOURNAL, FOLDER, FILES };

struct record { uint32_t op, file; uint64_t sync, offset, size; };

static int log_fd = -1;
static char paths[FILES][PATH_MAX];
static const char *synchronous;
static _Atomic uint64_t syncs;
static unsigned char file_of[1 << 16];            /* file + 1 of a descriptor; 0: none of ours */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;   /* an act and its record are one */
static int (*real_exec)(void *, const char *, void *, void *, char **);

static __attribute__((constructor)) void begin(void)
{
    const char *log = getenv("POWER_LOG"), *database = getenv("POWER_DATABASE");

    real_exec = (__typeof__(real_exec))dlsym(RTLD_NEXT, "sqlite3_exec");
    synchronous = getenv("POWER_SYNCHRONOUS");
    if (!log || !database)
        return;
    snprintf(paths[DATABASE], PATH_MAX, "%s", database);
    snprintf(paths[WAL], PATH_MAX, "%s-wal", database);
    snprintf(paths[JOURNAL], PATH_MAX, "%s-journal", database);
    snprintf(paths[FOLDER], PATH_MAX, "%.*s", (int)(strrchr(database, '/') - database), database);
    syncs = (uint64_t)getpid() << 32;
    log_fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CLOEXEC);
}

static void put(enum op op, unsigned file, uint64_t sync, uint64_t offset, const void *p,
                uint64_t size)
{
    struct record r = { op, file, sync, offset, size };
    struct iovec parts[] = { { &r, sizeof r }, { (void *)(uintptr_t)p, p ? size : 0 } };

    if (writev(log_fd, parts, 2) != (ssize_t)(sizeof r + (p ? size : 0)))
        abort();                        /* a log with a gap proves nothing */
}

static int known(int fd)
{
    return log_fd >= 0 && fd >= 0 && fd < (int)sizeof file_of ? file_of[fd] - 1 : -1;
}

static int by_path(const char *path)
{
    for (int f = 0; log_fd >= 0 && f < FILES; f++)
        if (strcmp(path, paths[f]) == 0)
            return f;
    return -1;
}

static int open_at(const char *path, int flags, unsigned mode)
{
    int file = by_path(path), fd;
    bool fresh;

    if (file < 0)
        return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&lock);
    fresh = (flags & O_CREAT) && syscall(SYS_access, path, F_OK) != 0;
    fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0 && fd < (int)sizeof file_of)
        file_of[fd] = (unsigned char)(file + 1);
    if (fd >= 0 && fresh)
        put(OP_CREATE, (unsigned)file, 0, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return fd;
}

#define ARGUMENT(before)                                                                           \
    va_list args;                                                                                  \
    va_start(args, before);                                                                        \
    unsigned mode = va_arg(args, unsigned);                                                        \
    va_end(args)

int open(const char *path, int flags, ...)
{
    ARGUMENT(flags);
    return open_at(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    ARGUMENT(flags);
    return open_at(path, flags, mode);
}

int close(int fd)
{
    if (known(fd) >= 0)
        file_of[fd] = 0;
    return (int)syscall(SYS_close, fd);
}

static ssize_t write_at(int fd, const void *p, size_t n, off_t at)
{
    int file = known(fd);
    ssize_t k;

    pthread_mutex_lock(&lock);
    k = syscall(SYS_pwrite64, fd, p, n, at);
    if (k > 0 && file >= 0)
        put(OP_WRITE, (unsigned)file, 0, (uint64_t)at, p, (uint64_t)k);
    pthread_mutex_unlock(&lock);
    return k;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)   { return write_at(fd, p, n, at); }
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at) { return write_at(fd, p, n, at); }

static int truncate_at(int fd, off_t n)
{
    int file = known(fd), rc;

    pthread_mutex_lock(&lock);
    rc = (int)syscall(SYS_ftruncate, fd, n);
    if (rc == 0 && file >= 0)
        put(OP_TRUNCATE, (unsigned)file, 0, (uint64_t)n, NULL, 0);
    pthread_mutex_unlock(&lock);
    return rc;
}

int ftruncate(int fd, off_t n)   { return truncate_at(fd, n); }
int ftruncate64(int fd, off_t n) { return truncate_at(fd, n); }

int unlink(const char *path)
{
    int file = by_path(path), rc;

    pthread_mutex_lock(&lock);
    rc = (int)syscall(SYS_unlink, path);
    if (rc == 0 && file >= 0)
        put(OP_UNLINK, (unsigned)file, 0, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return rc;
}

/* Others go on meanwhile, as they do without us. */
static int sync_file(long call, int fd)
{
    int file = known(fd), rc;
    uint64_t number = ++syncs;

    if (file < 0)
        return (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    put(OP_SYNC_BEGIN, (unsigned)file, number, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    rc = (int)syscall(call, fd);
    pthread_mutex_lock(&lock);
    if (rc == 0)
        put(OP_SYNC_END, (unsigned)file, number, 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    return rc;
}

int fsync(int fd)     { return sync_file(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_file(SYS_fdatasync, fd); }

int sqlite3_exec(void *db, const char *sql, void *row, void *arg, char **why);
int sqlite3_exec(void *db, const char *sql, void *row, void *arg, char **why)
{
    char other[1024];
    const char *full = synchronous ? strstr(sql, "synchronous = FULL") : NULL;

    if (!full || strlen(sql) > sizeof other - 64)
        return real_exec(db, sql, row, arg, why);
    snprintf(other, sizeof other, "%.*ssynchronous = %s%s", (int)(full - sql), sql, synchronous,
             full + strlen("synchronous = FULL"));
    return real_exec(db, other, row, arg, why);
}
