// SPDX-License-Identifier: MIT
/* sandbox_test.c - a child enters the sandbox and then does what an intruder would. */
#include "../tests/test.h"
#include "app/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HELD = 0, FREE = 1, OFF = 77 };      /* what a child's exit status says */

static char folder[] = "/tmp/latchkey-sandbox-XXXXXX", database[64], stranger[64];

static void make_folders(void)
{
    int fd;

    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(database, sizeof database, "sqlite:%s/test.db", folder);
    (void)snprintf(stranger, sizeof stranger, "/tmp/latchkey-stranger-XXXXXX");
    fd = mkstemp(stranger);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1);
    close(fd);
}

static void drop_folders(void)
{
    char name[80];

    (void)snprintf(name, sizeof name, "%s/test.db", folder);
    unlink(name);
    rmdir(folder);
    unlink(stranger);
    memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
}

/* Run `deed` in a child that has entered, with a database at `url`; its wait status. */
static int inside(int (*deed)(void), const char *url)
{
    struct settings s = { .sandbox = true };
    struct sandbox box;
    int status = -1;
    pid_t child;

    make_folders();
    s.db_url = str_of(url ? url : database);
    child = fork();
    if (child == 0) {
        sandbox_enter(&s, &box);
        _exit(!box.entered || box.lacks[PART_CALLS] || box.lacks[PART_FILES] ? OFF : deed());
    }
    CHECK(waitpid(child, &status, 0) == child);
    drop_folders();
    return status;
}

/* Where a sanitizer or the kernel keeps the sandbox out there is nothing to see. */
static bool is_off(int status)
{
    return WIFEXITED(status) && WEXITSTATUS(status) == OFF;
}

#define CHECK_ENDS(deed) \
    do { \
        int ended = inside((deed), NULL); \
        CHECK(is_off(ended) || (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGSYS)); \
    } while (0)

#define CHECK_HELD(deed) \
    do { \
        int ended = inside((deed), NULL); \
        CHECK(is_off(ended) || (WIFEXITED(ended) && WEXITSTATUS(ended) == HELD)); \
    } while (0)

static int refused(long result)
{
    return result < 0 && (errno == EPERM || errno == EACCES) ? HELD : FREE;
}

static int run_a_program(void)
{
    execve("/bin/true", (char *[]){ "true", NULL }, NULL);
    return FREE;
}

static int trace(void)
{
    (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    return FREE;
}

static int become_someone(void)
{
    return setuid(12345) == 0 ? FREE : FREE + 1;
}

TEST(a_program_that_is_started_ends_the_process)
{
    CHECK_ENDS(run_a_program);
}

TEST(tracing_ends_the_process)
{
    CHECK_ENDS(trace);
}

TEST(becoming_someone_else_ends_the_process)
{
    CHECK_ENDS(become_someone);
}

static int fork_one(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return refused(child);
}

static int open_a_socket(void)
{
    return refused(socket(AF_INET, SOCK_STREAM, 0));
}

static int read_a_stranger(void)
{
    return refused(open(stranger, O_RDONLY));
}

static int read_the_passwords(void)
{
    return refused(open("/etc/shadow", O_RDONLY));
}

static int write_a_stranger(void)
{
    return refused(open(stranger, O_WRONLY | O_APPEND));
}

static int make_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
               ? HELD
               : FREE;
}

static int raise_a_limit(void)
{
    return refused(setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 }));
}

static int become_dumpable(void)
{
    return refused(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
}

TEST(there_are_no_children)
{
    CHECK_HELD(fork_one);
}

TEST(no_new_socket_is_to_be_had)
{
    CHECK_HELD(open_a_socket);
}

TEST(files_beside_the_database_are_not_there)
{
    CHECK_HELD(read_a_stranger);
    CHECK_HELD(read_the_passwords);
    CHECK_HELD(write_a_stranger);
}

TEST(no_memory_becomes_code)
{
    CHECK_HELD(make_code);
}

static int be_dumpable(void)
{
    return prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0 ? HELD : FREE;
}

TEST(memory_is_hidden_from_others)
{
    CHECK_HELD(be_dumpable);
}

TEST(what_was_given_up_is_not_taken_back)
{
    CHECK_HELD(raise_a_limit);
    CHECK_HELD(become_dumpable);
}

static int keep_a_database(void)
{
    char name[80];
    int fd;

    (void)snprintf(name, sizeof name, "%s/test.db", folder);
    fd = open(name, O_RDWR | O_CREAT, 0600);
    if (fd < 0 || write(fd, "x", 1) != 1 || fsync(fd) != 0 || ftruncate(fd, 0) != 0)
        return FREE;
    return unlink(name) == 0 ? HELD : FREE;
}

static void *nothing(void *arg)
{
    return arg;
}

static int start_a_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0
               ? HELD
               : FREE;
}

TEST(the_database_can_be_kept)
{
    CHECK_HELD(keep_a_database);
}

TEST(threads_can_be_started)
{
    CHECK_HELD(start_a_thread);
}

TEST(a_database_behind_a_socket_can_be_reached_again)
{
    int ended = inside(open_a_socket, "pgsql://zoe@127.0.0.1/auth");

    CHECK(is_off(ended) || (WIFEXITED(ended) && WEXITSTATUS(ended) == FREE));
    ended = inside(run_a_program, "pgsql://zoe@127.0.0.1/auth");
    CHECK(is_off(ended) || (WIFSIGNALED(ended) && WTERMSIG(ended) == SIGSYS));
    ended = inside(read_a_stranger, "pgsql://zoe@127.0.0.1/auth");
    CHECK(is_off(ended) || (WIFEXITED(ended) && WEXITSTATUS(ended) == HELD));
}

static pthread_barrier_t entered;

static void *wait_and_open(void *result)
{
    (void)pthread_barrier_wait(&entered);
    *(int *)result = open_a_socket();
    return NULL;
}

TEST(a_thread_that_was_there_before_is_held_too)
{
    struct settings s = { .sandbox = true, .db_url = STR("sqlite::memory:") };
    struct sandbox box;
    pthread_t thread;
    int status = -1, result = FREE;
    pid_t child = fork();

    if (child == 0) {
        if (pthread_barrier_init(&entered, NULL, 2) != 0 ||
            pthread_create(&thread, NULL, wait_and_open, &result) != 0)
            _exit(FREE);
        sandbox_enter(&s, &box);
        (void)pthread_barrier_wait(&entered);
        (void)pthread_join(thread, NULL);
        _exit(!box.entered || box.lacks[PART_CALLS] ? OFF : result);
    }
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(is_off(status) || (WIFEXITED(status) && WEXITSTATUS(status) == HELD));
}

TEST(it_is_off_where_it_is_not_wanted_and_says_so)
{
    struct settings s = { .db_url = STR("sqlite:x") };
    struct sandbox box;
    char text[128] = "";
    FILE *f = fmemopen(text, sizeof text, "w");

    sandbox_enter(&s, &box);
    CHECK(!box.entered && box.off);
    CHECK(f != NULL);
    sandbox_say(&box, f);
    fclose(f);
    CHECK_STR(str_of(text), STR("latchkey: sandbox: off, process.sandbox is no\n"));
}
