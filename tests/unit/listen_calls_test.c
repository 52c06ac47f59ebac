// SPDX-License-Identifier: MIT
/* listen_calls_test.c - what opens a server fails once at each of its calls: nothing is left open,
 * and the next try is like the first. */
#include "calls.h"
#include "http_rig.h"
#include "socket_folder.h"

#include <stdlib.h>

static struct rig rig;
static char addresses[200];

static void addresses_make(void)
{
    socket_folder_make();
    (void)snprintf(addresses, sizeof addresses, "127.0.0.1:0 %s %s:0", address,
                   has_ipv6() ? "[::1]" : "127.0.0.1");
}

/* How often the call is made to open it; each of them has failed once. */
static int opened_with_each_failing(const char *call, int error)
{
    int before = descriptors();

    for (int n = 1; n < 100; n++) {
        struct http_server *server = NULL;
        bool hit;
        err e;

        call_arm(call, n, error, HERE);
        e = http_server_open(&rig.config, &server);
        hit = call_disarm();
        if (e == OK)
            http_server_close(server);
        if (hit && e != ERR_IO && e != ERR_NO_MEMORY)
            printf("  %s, %d: %s\n", call, n, err_name(e));
        CHECK((e == OK) == !hit);
        CHECK(descriptors() == before);
        CHECK(access(path, F_OK) != 0);         /* nor is a socket's file */
        if (!hit)
            return n - 1;
    }
    return 0;
}

TEST(a_server_that_cannot_be_opened_leaves_nothing_behind)
{
    static const struct { const char *call; int error; } calls[] = {
        { "calloc", ENOMEM }, { "malloc", ENOMEM }, { "socket", EMFILE },
        { "setsockopt", ENOPROTOOPT }, { "bind", EADDRINUSE }, { "listen", EADDRINUSE },
        { "getsockname", ENOBUFS }, { "epoll_create1", EMFILE }, { "eventfd", EMFILE },
        { "epoll_ctl", ENOMEM }, { "getrandom", ENOSYS }, { "fcntl", EMFILE },
        { "fchmod", EPERM }, { "chmod", EPERM }, { "lstat", EACCES },
    };
    int null = dup(2);

    addresses_make();
    rig_init(&rig);
    rig.config.listen = str_of(addresses);
    rig.config.loops = 2;
    CHECK(freopen("/dev/null", "w", stderr) != NULL);   /* it logs each */
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        CHECK(opened_with_each_failing(calls[i].call, calls[i].error) > 0);
    dup2(null, 2);
    close(null);
    socket_folder_drop();
}

TEST(a_stale_socket_stays_where_it_cannot_be_told_or_removed)
{
    static const struct { const char *call; int n, error; } calls[] = {
        { "socket", 2, EMFILE },        /* the first is to listen, the second asks who is there */
        { "connect", 1, EAGAIN },       /* busy, so alive */
        { "unlink", 1, EPERM },
    };

    addresses_make();
    close(path_socket(true));
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct place p;

        CHECK(place_parse(str_of(address), &p));
        call_arm(calls[i].call, calls[i].n, calls[i].error, HERE);
        CHECK_ERR(place_open(&p), ERR_IO);
        CHECK(call_disarm());
        CHECK(access(path, F_OK) == 0);
        CHECK_ERR(place_open(&p), OK);
        place_close(&p);
        CHECK(access(path, F_OK) != 0);
        close(path_socket(true));
    }
    socket_folder_drop();
}

TEST(a_socket_whose_file_is_gone_closes_without_it)
{
    struct place p;

    addresses_make();
    CHECK(place_parse(str_of(address), &p));
    CHECK_ERR(place_open(&p), OK);
    CHECK(unlink(path) == 0);
    place_close(&p);
    CHECK(p.fd == -1);
    socket_folder_drop();
}

TEST(a_given_socket_that_cannot_be_asked_is_not_taken)
{
    static const struct { const char *call; int times; } calls[] = {
        { "fcntl", 3 }, { "getsockopt", 2 }, { "getsockname", 1 },
    };
    struct place p;
    int fd;

    addresses_make();
    fd = path_socket(true);
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        for (int n = 1; n <= calls[i].times; n++) {
            call_arm(calls[i].call, n, EBADF, HERE);
            CHECK_ERR(place_take(&p, fd, false), ERR_BAD_SETTING);
            CHECK(call_disarm());
        }
    }
    CHECK_ERR(place_take(&p, fd, false), OK);
    close(fd);
    CHECK_ERR(place_take(&p, fd, false), ERR_BAD_SETTING);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CHECK_ERR(place_take(&p, fd, false), ERR_BAD_SETTING);
    close(fd);
    socket_folder_drop();
}

/* ---- threads ---- */

static err started_with(const char *call, int n, int error)
{
    struct pool_config config = { .name = "test", .threads = 3, .waiting_max = 2, .stack = 1 << 18,
                                  .nice = 1 };
    struct pool *pool;
    err e;

    call_arm(call, n, error, HERE);
    e = pool_start(&config, &pool);
    CHECK(call_disarm());
    if (e == OK)
        pool_stop(pool);
    return e;
}

TEST(a_pool_without_all_its_threads_does_not_start)
{
    CHECK_ERR(started_with("calloc", 1, ENOMEM), ERR_NO_MEMORY);
    for (int n = 1; n <= 3; n++) {
        CHECK_ERR(started_with("pthread_attr_init", n, ENOMEM), ERR_IO);
        CHECK_ERR(started_with("pthread_attr_setstacksize", n, EINVAL), ERR_IO);
        CHECK_ERR(started_with("pthread_create", n, EAGAIN), ERR_IO);
    }
}

static void run_nothing(struct job *job, void *own)
{
    (void)own;
    sem_post(*(sem_t **)(void *)(job + 1));
}

TEST(a_pool_that_may_not_be_nice_works_all_the_same)
{
    struct pool_config config = { .threads = 1, .waiting_max = 2, .nice = 1 };
    struct { struct job job; sem_t *done; } one = { .job.run = run_nothing };
    struct pool *pool;
    sem_t done;
    int null = dup(2);

    sem_init(&done, 0, 0);
    one.done = &done;
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    call_arm("setpriority", 1, EPERM, ELSEWHERE);
    CHECK_ERR(pool_start(&config, &pool), OK);
    CHECK(call_disarm());
    CHECK(pool_offer(pool, &one.job));
    while (sem_wait(&done) != 0)
        ;
    pool_stop(pool);
    dup2(null, 2);
    close(null);
    sem_destroy(&done);
}

static struct pool *stopping;
static bool taken_at_the_end = true;

static void offer_late(void *app, void *own)
{
    static struct job late;

    (void)app, (void)own;
    taken_at_the_end = pool_offer(stopping, &late);
}

TEST(a_pool_that_stops_takes_nothing_more)
{
    struct pool_config config = { .threads = 1, .waiting_max = 2, .thread_end = offer_late };

    CHECK_ERR(pool_start(&config, &stopping), OK);
    pool_stop(stopping);
    CHECK(!taken_at_the_end);
}

static void *begin_but_elsewhere(void *app)
{
    return call_is_testers ? app : NULL;
}

TEST(a_server_without_all_its_threads_does_not_run)
{
    for (int n = 1; n <= 3; n++) {
        rig_init(&rig);
        rig.config.loops = 3;
        if (n == 3)
            rig.config.app.thread_begin = begin_but_elsewhere;
        CHECK_ERR(http_server_open(&rig.config, &rig.server), OK);
        call_arm(n < 3 ? "pthread_create" : "none", n, EAGAIN, HERE);
        CHECK_ERR(http_server_run(rig.server), ERR_IO);
        CHECK(call_disarm() == (n < 3));
        http_server_close(rig.server);
    }
}

TEST(as_many_loops_as_cores_are_the_default)
{
    for (int told = 0; told < 2; told++) {
        rig_init(&rig);
        rig.config.loops = 0;
        rig.config.app.thread_begin = told ? NULL : rig_begin;
        call_arm(told ? "none" : "sysconf", 1, EINVAL, HERE);
        rig_start(&rig);
        CHECK(call_disarm() == !told);
        rig_stop(&rig);
    }
}
