// SPDX-License-Identifier: MIT
/* calls.h - one call of the C library fails, when a test says so.
 *
 * In a program whose name ends in _calls_test the calls of WRAPS_CALLED in the Makefile, malloc and
 * calloc go through here: ours and the test's, not those of libraries. They are real, but for the n-th of
 * its name from call_arm() on, made by the test's own thread or by any other as it chooses. */
#ifndef CALLS_H
#define CALLS_H

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum call_side { HERE, ELSEWHERE };

static struct {
    const char *_Atomic name;         /* NULL: nothing fails */
    atomic_int left, hits;
    _Atomic enum call_side side;
    atomic_int error;
} armed;

static _Thread_local bool call_is_testers;

bool call_fails(const char *name);      /* fault.c asks it of malloc and calloc */

bool call_fails(const char *name)
{
    const char *wanted = armed.name;

    if (!wanted || strcmp(wanted, name) != 0 || call_is_testers != (armed.side == HERE)
        || atomic_fetch_sub(&armed.left, 1) != 1)
        return false;
    errno = armed.error;
    armed.hits++;
    return true;
}

/* The n-th call of this name fails, with this errno. */
static void call_arm(const char *name, int n, int error, enum call_side side)
{
    call_is_testers = true;
    armed.name = NULL;
    armed.left = n;
    armed.hits = 0;
    armed.error = error;
    armed.side = side;
    armed.name = name;
}

/* Nothing fails any more. Did it? */
static bool call_disarm(void)
{
    armed.name = NULL;
    return armed.hits > 0;
}

#define CALL(result, failure, name, params, args)                            \
    result __real_##name params;                                              \
    result __wrap_##name params;                                              \
    result __wrap_##name params                                               \
    {                                                                         \
        return call_fails(#name) ? (failure) : __real_##name args;            \
    }

// clang-format off
CALL(int, -1, socket, (int family, int type, int protocol), (family, type, protocol))
CALL(int, -1, bind, (int fd, const void *at, socklen_t n), (fd, at, n))
CALL(int, -1, connect, (int fd, const void *at, socklen_t n), (fd, at, n))
CALL(int, -1, listen, (int fd, int n), (fd, n))
CALL(int, -1, accept4, (int fd, void *at, socklen_t *n, int flags), (fd, at, n, flags))
CALL(ssize_t, -1, recv, (int fd, void *p, size_t n, int flags), (fd, p, n, flags))
CALL(ssize_t, -1, send, (int fd, const void *p, size_t n, int flags), (fd, p, n, flags))
CALL(int, -1, getsockname, (int fd, void *at, socklen_t *n), (fd, at, n))
CALL(int, -1, getsockopt, (int fd, int level, int what, void *p, socklen_t *n), (fd, level, what, p, n))
CALL(int, -1, setsockopt, (int fd, int level, int what, const void *p, socklen_t n), (fd, level, what, p, n))
CALL(int, -1, epoll_create1, (int flags), (flags))
CALL(int, -1, epoll_ctl, (int epoll, int what, int fd, struct epoll_event *event), (epoll, what, fd, event))
CALL(int, -1, eventfd, (unsigned first, int flags), (first, flags))
CALL(ssize_t, -1, getrandom, (void *p, size_t n, unsigned flags), (p, n, flags))
CALL(int, -1, fstat, (int fd, struct stat *st), (fd, st))
CALL(int, -1, lstat, (const char *path, struct stat *st), (path, st))
CALL(int, -1, chmod, (const char *path, mode_t mode), (path, mode))
CALL(int, -1, fchmod, (int fd, mode_t mode), (fd, mode))
CALL(int, -1, unlink, (const char *path), (path))
CALL(int, -1, setpriority, (int which, id_t who, int nice), (which, who, nice))
CALL(long, -1, sysconf, (int what), (what))
CALL(int, errno, pthread_attr_init, (pthread_attr_t *attr), (attr))
CALL(int, errno, pthread_attr_setstacksize, (pthread_attr_t *attr, size_t n), (attr, n))
CALL(int, errno, pthread_create, (pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg), (thread, attr, run, arg))
// clang-format on

int __real_fcntl(int fd, int what, ...);
int __wrap_fcntl(int fd, int what, ...);
int __wrap_fcntl(int fd, int what, ...)
{
    va_list args;
    long arg;

    va_start(args, what);
    arg = va_arg(args, long);
    va_end(args);
    return call_fails("fcntl") ? -1 : __real_fcntl(fd, what, arg);
}

/* How many this process has open. */
static int descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (d && readdir(d))
        n++;
    closedir(d);
    return n;
}

#endif
