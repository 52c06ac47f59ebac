// SPDX-License-Identifier: MIT
/* preload.c - stands before the C library in the program under test and lets chosen calls fail.
 *
 * Loaded by LD_PRELOAD. The test and the program share a page, the file that FAULTS names: there
 * the test writes for a kind of call which one from now on shall fail, and by which errno; and
 * reads how many there were, and where the one stood that failed. So one running server is tried
 * with every call of every request. It also counts the blocks of memory that are alive, but for
 * those that the C library keeps for the stack of a thread, and on request keeps the place where
 * each was taken. Layout and kinds are repeated in tests/calls/page.py. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <unwind.h>

enum kind {
    ALLOC,
    ARENA,
    WRITE,
    SYNC,
    ACCEPT,
    THREAD,
    OPEN,
    MAP,
    SEND,
    READ,
    POLL,
    SOCKET,
    LOCK,
    STAT,
    QUERY,
    KINDS
};
enum { FRAMES = 24, PLACES = 8, SLOTS = 1 << 17, STACKS = 64 };

struct fault {
    _Atomic uint64_t count, fail_at, sticky, error, fired;
    uint64_t frames_n, frames[FRAMES];
};

struct block { _Atomic uint64_t at; uint64_t size, number, frames[PLACES]; };

struct page {
    _Atomic uint64_t live, live_bytes, keeps_places, number, lost;
    struct fault faults[KINDS];
    struct block blocks[SLOTS];
    _Atomic uint64_t stacks[STACKS];    /* blocks that belong to stacks, which outlive their threads */
};

static struct page *page;
static int (*real_thread)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static FILE *(*real_fopen)(const char *, const char *);
static _Thread_local __attribute__((tls_model("initial-exec"))) bool within, starts_thread;

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);
extern void *__libc_memalign(size_t align, size_t n);
extern void __libc_free(void *p);

/* ---- who calls ---- */

struct walk { uint64_t *at; unsigned n, max, skip; };

static _Unwind_Reason_Code frame(struct _Unwind_Context *context, void *arg)
{
    struct walk *w = arg;

    if (w->skip)
        w->skip--;
    else if (w->n < w->max)
        w->at[w->n++] = _Unwind_GetIP(context);
    return w->n < w->max ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static unsigned callers(uint64_t *at, unsigned max)
{
    struct walk w = { .at = at, .max = max, .skip = 2 };

    within = true;
    (void)_Unwind_Backtrace(frame, &w);
    within = false;
    return w.n;
}

/* ---- shall it fail? ---- */

static __attribute__((noinline)) bool fails(enum kind kind)
{
    struct fault *f = page ? &page->faults[kind] : NULL;
    uint64_t n, at;

    if (!f || within)
        return false;
    n = atomic_fetch_add(&f->count, 1) + 1;
    at = atomic_load(&f->fail_at);
    if (at == 0 || (n != at && !(n > at && f->sticky)))
        return false;
    if (atomic_fetch_add(&f->fired, 1) == 0)
        f->frames_n = callers(f->frames, FRAMES);
    errno = (int)f->error;
    return true;
}

/* For what is linked into the program: the hooks of the arena and of the database. */
bool fault_in_arena(void);
bool fault_in_arena(void)
{
    return fails(ARENA);
}

bool fault_in_query(void);
bool fault_in_query(void)
{
    return fails(QUERY);
}

/* For what counts the lines that were run: from here on nothing fails, and nothing is counted. */
void fault_never(void);
void fault_never(void)
{
    page = NULL;
}

static __attribute__((constructor)) void begin(void)
{
    const char *name = getenv("FAULTS");
    uint64_t here[PLACES];
    int fd = name ? open(name, O_RDWR | O_CLOEXEC) : -1;
    void *p;

    real_thread = (__typeof__(real_thread))dlsym(RTLD_NEXT, "pthread_create");
    real_fopen = (__typeof__(real_fopen))dlsym(RTLD_NEXT, "fopen64");
    (void)callers(here, PLACES);        /* the unwinder takes memory at its first walk */
    if (fd < 0)
        return;
    p = (void *)syscall(SYS_mmap, NULL, sizeof *page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    unsetenv("FAULTS");
    if (p != MAP_FAILED)
        page = p;
}

/* ---- memory ---- */

static struct block *slot(uint64_t at, uint64_t p)
{
    return &page->blocks[((p >> 4) + at) % SLOTS];
}

static void keep_place(void *p, size_t size)
{
    for (uint64_t i = 0; i < 64; i++) {
        struct block *b = slot(i, (uint64_t)p);
        uint64_t none = 0;

        if (!atomic_compare_exchange_strong(&b->at, &none, (uint64_t)p))
            continue;
        b->size = size;
        b->number = ++page->number;
        memset(b->frames, 0, sizeof b->frames);
        (void)callers(b->frames, PLACES);
        return;
    }
    page->lost++;
}

static void forget_place(const void *p)
{
    for (uint64_t i = 0; i < 64; i++)
        if (slot(i, (uint64_t)p)->at == (uint64_t)p) {
            slot(i, (uint64_t)p)->at = 0;
            return;
        }
}

/* Replace one entry of the stacks' blocks by another; 0 is a free one. */
static bool stack_block(uint64_t from, uint64_t to)
{
    for (unsigned i = 0; i < STACKS; i++) {
        uint64_t it = from;

        if (page->stacks[i] == from && atomic_compare_exchange_strong(&page->stacks[i], &it, to))
            return true;
    }
    return false;
}

static void *born(void *p)
{
    if (!p || !page || (starts_thread && stack_block(0, (uint64_t)p)))
        return p;
    atomic_fetch_add(&page->live, 1);
    atomic_fetch_add(&page->live_bytes, malloc_usable_size(p));
    if (page->keeps_places && !within)
        keep_place(p, malloc_usable_size(p));
    return p;
}

static void gone(void *p)
{
    if (!p || !page || stack_block((uint64_t)p, 0))
        return;
    atomic_fetch_sub(&page->live, 1);
    atomic_fetch_sub(&page->live_bytes, malloc_usable_size(p));
    if (page->keeps_places)
        forget_place(p);
}

void *malloc(size_t n)
{
    return fails(ALLOC) ? NULL : born(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
    return fails(ALLOC) ? NULL : born(__libc_calloc(n, size));
}

void free(void *p)
{
    int before = errno;

    gone(p);
    __libc_free(p);
    errno = before;
}

void *realloc(void *p, size_t n)
{
    void *q;

    if (fails(ALLOC))
        return NULL;
    gone(p);
    q = __libc_realloc(p, n);
    (void)born(q ? q : n ? p : NULL);
    return q;
}

void *reallocarray(void *p, size_t n, size_t size)
{
    size_t all;

    if (!__builtin_mul_overflow(n, size, &all))
        return realloc(p, all);
    errno = ENOMEM;
    return NULL;
}

void *memalign(size_t align, size_t n)
{
    return fails(ALLOC) ? NULL : born(__libc_memalign(align, n));
}

void *aligned_alloc(size_t align, size_t n)
{
    return fails(ALLOC) ? NULL : born(__libc_memalign(align, n));
}

int posix_memalign(void **out, size_t align, size_t n)
{
    void *p = fails(ALLOC) ? NULL : born(__libc_memalign(align, n));

    if (!p)
        return ENOMEM;
    *out = p;
    return 0;
}

void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    return fails(MAP) ? MAP_FAILED : (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

void *mmap64(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    return fails(MAP) ? MAP_FAILED : (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

/* ---- system calls ---- */

#define CALL(kind, ...) (fails(kind) ? -1 : (int)syscall(__VA_ARGS__))
#define MOVE(kind, ...) (fails(kind) ? -1 : (ssize_t)syscall(__VA_ARGS__))

/* An eventfd is a counter in the kernel: neither reading nor adding to it can fail. */
static _Atomic bool is_counter[1 << 16];

static bool counts(int fd)
{
    return fd >= 0 && fd < (int)(sizeof is_counter / sizeof is_counter[0]) && is_counter[fd];
}

int eventfd(unsigned count, int flags)
{
    int fd = CALL(POLL, SYS_eventfd2, count, flags);

    if (fd >= 0 && fd < (int)(sizeof is_counter / sizeof is_counter[0]))
        is_counter[fd] = true;
    return fd;
}

int close(int fd)
{
    if (counts(fd))
        is_counter[fd] = false;
    return (int)syscall(SYS_close, fd);
}

ssize_t write(int fd, const void *p, size_t n)
{
    return !counts(fd) && fails(WRITE) ? -1 : (ssize_t)syscall(SYS_write, fd, p, n);
}

ssize_t read(int fd, void *p, size_t n)
{
    return !counts(fd) && fails(READ) ? -1 : (ssize_t)syscall(SYS_read, fd, p, n);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return MOVE(WRITE, SYS_pwrite64, fd, p, n, at);
}
ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return MOVE(WRITE, SYS_pwrite64, fd, p, n, at);
}
int ftruncate(int fd, off_t n)
{
    return CALL(WRITE, SYS_ftruncate, fd, n);
}
int ftruncate64(int fd, off_t n)
{
    return CALL(WRITE, SYS_ftruncate, fd, n);
}
int fallocate(int fd, int mode, off_t at, off_t n)
{
    return CALL(WRITE, SYS_fallocate, fd, mode, at, n);
}
int fallocate64(int fd, int mode, off_t at, off_t n)
{
    return CALL(WRITE, SYS_fallocate, fd, mode, at, n);
}
int fsync(int fd)                                         { return CALL(SYNC, SYS_fsync, fd); }
int fdatasync(int fd)                                     { return CALL(SYNC, SYS_fdatasync, fd); }
ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return MOVE(READ, SYS_pread64, fd, p, n, at);
}
ssize_t pread64(int fd, void *p, size_t n, off_t at)
{
    return MOVE(READ, SYS_pread64, fd, p, n, at);
}
ssize_t recv(int fd, void *p, size_t n, int flags)
{
    return MOVE(READ, SYS_recvfrom, fd, p, n, flags, NULL, NULL);
}
ssize_t send(int fd, const void *p, size_t n, int flags)
{
    return MOVE(SEND, SYS_sendto, fd, p, n, flags, NULL, 0);
}
ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
    return MOVE(SEND, SYS_sendmsg, fd, m, flags);
}
int epoll_create1(int flags)
{
    return CALL(POLL, SYS_epoll_create1, flags);
}
int socket(int family, int type, int protocol)
{
    return CALL(SOCKET, SYS_socket, family, type, protocol);
}
int listen(int fd, int backlog)
{
    return CALL(SOCKET, SYS_listen, fd, backlog);
}
int fstat(int fd, struct stat *st)                        { return CALL(STAT, SYS_fstat, fd, st); }
int fstat64(int fd, struct stat64 *st)                    { return CALL(STAT, SYS_fstat, fd, st); }
int stat(const char *path, struct stat *st)               { return CALL(STAT, SYS_stat, path, st); }
int stat64(const char *path, struct stat64 *st)           { return CALL(STAT, SYS_stat, path, st); }
int lstat(const char *path, struct stat *st)
{
    return CALL(STAT, SYS_lstat, path, st);
}
int lstat64(const char *path, struct stat64 *st)
{
    return CALL(STAT, SYS_lstat, path, st);
}
int access(const char *path, int mode)
{
    return CALL(STAT, SYS_access, path, mode);
}
int unlink(const char *path)                              { return CALL(STAT, SYS_unlink, path); }

struct epoll_event;
int epoll_ctl(int fd, int what, int at, struct epoll_event *event)
{
    return CALL(POLL, SYS_epoll_ctl, fd, what, at, event);
}

int accept4(int fd, struct sockaddr *restrict at, socklen_t *restrict n, int flags)
{
    return CALL(ACCEPT, SYS_accept4, fd, at, n, flags);
}

int bind(int fd, const struct sockaddr *at, socklen_t n)
{
    return CALL(SOCKET, SYS_bind, fd, at, n);
}

int connect(int fd, const struct sockaddr *at, socklen_t n)
{
    return CALL(SOCKET, SYS_connect, fd, at, n);
}

int getsockname(int fd, struct sockaddr *restrict at, socklen_t *restrict n)
{
    return CALL(SOCKET, SYS_getsockname, fd, at, n);
}

int setsockopt(int fd, int level, int option, const void *p, socklen_t n)
{
    return CALL(SOCKET, SYS_setsockopt, fd, level, option, p, n);
}

/* A lock that is given back: the kernel needs no memory for that, where it was taken as a whole. */
static bool unlocks(int what, long arg)
{
    return what == F_SETLK && ((const struct flock *)arg)->l_type == F_UNLCK;
}

static int control(int fd, int what, long arg)
{
    if ((what == F_SETLK || what == F_SETLKW || what == F_GETLK) && !unlocks(what, arg) &&
        fails(LOCK))
        return -1;
    if (what == F_DUPFD_CLOEXEC && fails(OPEN))
        return -1;
    return (int)syscall(SYS_fcntl, fd, what, arg);
}

#define ARGUMENT(type, value) \
    va_list args; type value; va_start(args, before); value = va_arg(args, type); va_end(args)

int fcntl(int fd, int before, ...)
{
    ARGUMENT(long, arg);
    return control(fd, before, arg);
}

int fcntl64(int fd, int before, ...)
{
    ARGUMENT(long, arg);
    return control(fd, before, arg);
}

static int open_at(int folder, const char *path, int flags, unsigned mode)
{
    return fails(OPEN) ? -1 : (int)syscall(SYS_openat, folder, path, flags, mode);
}

int open(const char *path, int before, ...)
{
    ARGUMENT(unsigned, mode);
    return open_at(AT_FDCWD, path, before, mode);
}

int open64(const char *path, int before, ...)
{
    ARGUMENT(unsigned, mode);
    return open_at(AT_FDCWD, path, before, mode);
}

int openat(int folder, const char *path, int before, ...)
{
    ARGUMENT(unsigned, mode);
    return open_at(folder, path, before, mode);
}

int openat64(int folder, const char *path, int before, ...)
{
    ARGUMENT(unsigned, mode);
    return open_at(folder, path, before, mode);
}

FILE *fopen(const char *restrict path, const char *restrict how)
{
    return fails(OPEN) ? NULL : real_fopen(path, how);
}

FILE *fopen64(const char *restrict path, const char *restrict how)
{
    return fails(OPEN) ? NULL : real_fopen(path, how);
}

int pthread_create(pthread_t *restrict out, const pthread_attr_t *restrict attr,
                   void *(*run)(void *), void *restrict arg)
{
    int e;

    if (fails(THREAD))
        return errno;
    starts_thread = true;
    e = real_thread(out, attr, run, arg);
    starts_thread = false;
    return e;
}
