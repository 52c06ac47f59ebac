// SPDX-License-Identifier: MIT
/* sandbox_calls.c - seccomp: which system calls are still there.
 *
 * A call on neither list fails with EPERM, so that what a library tries on a new kernel is an error
 * and not the end of the service; what only an intruder would try ends the process at once. */
#include "app/sandbox.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

// clang-format off
/* What the C library, SQLite, OpenSSL and our own loops and pools call once they run. */
static const int needed[] = {
    /* files */
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
    SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(close), SCMP_SYS(lseek), SCMP_SYS(_llseek), SCMP_SYS(fsync),
    SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64), SCMP_SYS(fallocate), SCMP_SYS(fcntl),
    SCMP_SYS(fcntl64), SCMP_SYS(stat), SCMP_SYS(fstat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(fstat64),
    SCMP_SYS(stat64), SCMP_SYS(lstat64), SCMP_SYS(fstatat64), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
    SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getcwd), SCMP_SYS(unlink),
    SCMP_SYS(unlinkat), SCMP_SYS(fchmod), SCMP_SYS(fchown), SCMP_SYS(getdents64),
    /* memory, threads */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(mlock), SCMP_SYS(munlock),
    SCMP_SYS(futex), SCMP_SYS(set_robust_list), SCMP_SYS(rseq), SCMP_SYS(set_tid_address), SCMP_SYS(membarrier),
    SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(sched_getparam), SCMP_SYS(sched_getscheduler),
    SCMP_SYS(sched_setscheduler), SCMP_SYS(setpriority), SCMP_SYS(getpriority), SCMP_SYS(gettid), SCMP_SYS(getpid),
    SCMP_SYS(getppid), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall), SCMP_SYS(getcpu),
    /* signals */
    SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigtimedwait),
    SCMP_SYS(sigaltstack), SCMP_SYS(tgkill), SCMP_SYS(sigreturn),
    /* time, chance, who we are */
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
    SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom), SCMP_SYS(uname), SCMP_SYS(sysinfo),
    SCMP_SYS(getrusage), SCMP_SYS(getrlimit), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(umask),
    /* connections */
    SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    SCMP_SYS(recv), SCMP_SYS(send), SCMP_SYS(shutdown), SCMP_SYS(getsockname), SCMP_SYS(getpeername),
    SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
    SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2), SCMP_SYS(eventfd2), SCMP_SYS(poll), SCMP_SYS(ppoll),
    SCMP_SYS(select), SCMP_SYS(_newselect), SCMP_SYS(pselect6),
};

/* What a database behind a socket needs besides: to connect again when the connection was lost. */
static const int needed_for_clients[] = { SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(recvmmsg), SCMP_SYS(sendmmsg),
                                          SCMP_SYS(mmap), SCMP_SYS(mprotect) };

/* No mistake calls these. */
static const int deadly[] = {
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root), SCMP_SYS(chroot), SCMP_SYS(setns),
    SCMP_SYS(unshare), SCMP_SYS(bpf), SCMP_SYS(perf_event_open), SCMP_SYS(userfaultfd), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(kexec_load), SCMP_SYS(kexec_file_load),
    SCMP_SYS(open_by_handle_at), SCMP_SYS(add_key), SCMP_SYS(keyctl), SCMP_SYS(request_key), SCMP_SYS(setuid),
    SCMP_SYS(setgid), SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setreuid), SCMP_SYS(setregid),
    SCMP_SYS(setgroups), SCMP_SYS(reboot), SCMP_SYS(swapon), SCMP_SYS(memfd_create), SCMP_SYS(io_uring_setup),
};

/* Calls that are fine with these values of one argument: (argument & mask) == value. */
static const struct { int call; unsigned at; uint64_t mask, value; } some[] = {
    { SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD },               /* a thread, no process */
    { SCMP_SYS(prlimit64), 2, ~0ull, 0 },                             /* to read a limit */
    { SCMP_SYS(prctl), 0, ~0ull, PR_SET_NAME },
    { SCMP_SYS(prctl), 0, ~0ull, PR_GET_DUMPABLE },
    { SCMP_SYS(ioctl), 1, ~0ull, FIONREAD },
    { SCMP_SYS(ioctl), 1, ~0ull, FIONBIO },
};

/* Memory that is written is never run: without client libraries nothing is loaded any more. */
static const struct { int call; unsigned at; uint64_t mask, value; } not_run[] = {
    { SCMP_SYS(mmap), 2, PROT_EXEC, 0 }, { SCMP_SYS(mmap2), 2, PROT_EXEC, 0 }, { SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
};
// clang-format on

#define COUNT(table) (sizeof(table) / sizeof(table)[0])

static int add_all(scmp_filter_ctx filter, uint32_t what, const int *calls, size_t n)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++)
        rc = seccomp_rule_add(filter, what, calls[i], 0);
    return rc;
}

static int add_if(scmp_filter_ctx filter, int call, unsigned at, uint64_t mask, uint64_t value)
{
    struct scmp_arg_cmp cmp = {
        .arg = at, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};

    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &cmp);
}

/* Where the database is reached by a socket; resolver and clients look at these families. */
static int add_sockets(scmp_filter_ctx filter)
{
    static const uint64_t families[] = {1 /* AF_UNIX */, 2 /* AF_INET */, 10 /* AF_INET6 */,
                                        16 /* AF_NETLINK */};
    int rc = 0;

    for (size_t i = 0; i < COUNT(families) && rc == 0; i++)
        rc = add_if(filter, SCMP_SYS(socket), 0, ~0ull, families[i]);
    return rc;
}

static int add_by_value(scmp_filter_ctx filter, bool remote)
{
    int rc = 0;

    for (size_t i = 0; i < COUNT(some) && rc == 0; i++)
        rc = add_if(filter, some[i].call, some[i].at, some[i].mask, some[i].value);
    for (size_t i = 0; i < COUNT(not_run) && rc == 0 && !remote; i++)
        rc = add_if(filter, not_run[i].call, not_run[i].at, not_run[i].mask, not_run[i].value);
    return rc;
}

static int add_rules(scmp_filter_ctx filter, bool remote)
{
    int rc;

    if ((rc = add_all(filter, SCMP_ACT_KILL_PROCESS, deadly, COUNT(deadly))) != 0 ||
        (rc = add_all(filter, SCMP_ACT_ALLOW, needed, COUNT(needed))) != 0 ||
        (rc = add_by_value(filter, remote)) != 0)
        return rc;
    /* Its flags lie in memory, where a filter cannot look; told so, the C library takes clone. */
    if ((rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0)) != 0 ||
        !remote)
        return rc;
    if ((rc = add_sockets(filter)) != 0)
        return rc;
    return add_all(filter, SCMP_ACT_ALLOW, needed_for_clients, COUNT(needed_for_clients));
}

const char *sandbox_calls(bool remote)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int rc = filter ? 0 : -ENOMEM;

    if (rc == 0 && (rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)) == 0 &&
        (rc = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) == 0 &&
        (rc = add_rules(filter, remote)) == 0) {
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);     /* only faster */
        rc = seccomp_load(filter);
    }
    if (filter)
        seccomp_release(filter);
    return rc == 0 ? NULL : strerror(-rc);
}
