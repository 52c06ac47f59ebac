// SPDX-License-Identifier: MIT
/* counters.c - linked into what BUILD=cov builds, so that gcov's counters are kept however a process ends.
 *
 * gcov writes them at exit. A process that was killed, or that called _exit, writes nothing; one in a
 * sandbox may not; and where calls are made to fail, the writing would be among them. So before main
 * the pages of the counters become memory that is shared with a child, whose only work is to wait
 * until its parent is gone, whatever the way, and to write then. A process that was forked later counts
 * on the same pages. The child is nobody's, has no file of its parent open, and holds a lock on
 * COUNTING until it has written: tests/coverage/report waits for that. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdnoreturn.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char counters_begin[], counters_end[];       /* counters.ld */
extern void __gcov_dump(void);

__attribute__((weak)) void fault_never(void);       /* tests/calls/preload.c */

/* What gcov puts in the place of these calls clears the counters, which are the parent's too, or writes. */
pid_t __wrap___gcov_fork(void);
pid_t __wrap___gcov_fork(void)
{
    return fork();
}

int __wrap___gcov_execve(const char *path, char *const *argv, char *const *environment);
int __wrap___gcov_execve(const char *path, char *const *argv, char *const *environment)
{
    return execve(path, argv, environment);
}

void __wrap___gcov_exit(void);
void __wrap___gcov_exit(void)
{
}

static noreturn void keep(int parent, int lock)
{
    struct pollfd gone = { .fd = 3, .events = POLLIN };
    sigset_t all;
    int nowhere;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    if (chdir("/") != 0 || (parent = fcntl(parent, F_DUPFD, 10)) < 0 || (lock = fcntl(lock, F_DUPFD, 10)) < 0)
        _exit(1);
    if (dup2(parent, 3) != 3 || dup2(lock, 4) != 4 || close_range(5, ~0U, 0) != 0)
        _exit(1);
    nowhere = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        if (dup2(nowhere, fd) != fd)
            _exit(1);
    (void)close(nowhere);
    while (poll(&gone, 1, -1) != 1)
        ;
    __gcov_dump();
    _exit(0);
}

/* By bare system calls, which nobody counts and lets fail. */
static __attribute__((constructor)) void begin(void)
{
    size_t n = (size_t)(counters_end - counters_begin);
    int parent = (int)syscall(SYS_pidfd_open, getpid(), 0);
    int lock = (int)syscall(SYS_openat, AT_FDCWD, COUNTING, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    pid_t child;

    (void)syscall(SYS_flock, lock, LOCK_SH);
    if (syscall(SYS_mmap, counters_begin, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) < 0)
        _exit(1);
    if ((child = fork()) == 0) {
        if (fault_never)
            fault_never();
        if (fork() == 0)
            keep(parent, lock);
        _exit(0);
    }
    (void)waitpid(child, NULL, 0);
    (void)syscall(SYS_close, parent);
    (void)syscall(SYS_close, lock);
}
