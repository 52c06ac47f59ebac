// SPDX-License-Identifier: MIT
/* sandbox_files.c - Landlock: which files, and which TCP ports, are still there.
 *
 * By system call, for neither the library nor its header is everywhere; numbers and bits are those
 * of the kernel's Documentation/userspace-api/landlock.rst. A rule holds for what a name leads to
 * now: a file that is replaced is another one, so it is its folder that is named. */
#include "app/sandbox.h"

#include "http/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    CREATE_RULESET = 444,
    ADD_RULE = 445,
    RESTRICT_SELF = 446,
    ASK_VERSION = 1,
    PATH_BENEATH = 1
};

#define EXECUTE     (1ull << 0)
#define WRITE_FILE  (1ull << 1)
#define READ_FILE   (1ull << 2)
#define READ_DIR    (1ull << 3)
#define REMOVE_FILE (1ull << 5)
#define MAKE_REG    (1ull << 8)
#define TRUNCATE    (1ull << 14)

#define OF_A_FILE   (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | 1ull << 15)
#define READS       (READ_FILE | READ_DIR)
#define KEEPS       (READS | WRITE_FILE | REMOVE_FILE | MAKE_REG | TRUNCATE)

#define BIND_TCP    (1ull << 0)
#define CONNECT_TCP (1ull << 1)
#define SCOPE_ALL   (1ull << 0 | 1ull << 1)      /* abstract unix sockets, signals */

/* The kernel's struct landlock_ruleset_attr and landlock_path_beneath_attr. */
struct ruleset { uint64_t files, net, scoped; };
struct __attribute__((packed)) beneath { uint64_t allowed; int32_t parent; };

/* What an ABI can refuse: bits that came one after the other. */
static const struct { int files; bool net, scoped; } abis[] = {
    { 0 }, { 13 }, { 14 }, { 15 }, { 15, true }, { 16, true }, { 16, true, true },
};

enum { NEWEST = sizeof abis / sizeof abis[0] - 1 };

struct walls { int fd; uint64_t files; };

/* What a client library, the resolver and TLS read when a connection to the database is made
 * anew. */
static const char *const for_clients[] = {
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/passwd",
    "/etc/ssl",
    "/etc/pki",
    "/etc/mysql",
    "/etc/my.cnf",
    "/usr/lib/ssl",
    "/usr/share/ca-certificates",
    "/run/systemd/resolve",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
};

static const char *const for_all[] = {"/dev/urandom", "/dev/null", "/etc/localtime",
                                      "/usr/share/zoneinfo"};

/* What is not there needs no rule. */
static void allow(const struct walls *w, const char *path, uint64_t rights)
{
    struct beneath rule = { .parent = open(path, O_PATH | O_CLOEXEC) };
    struct stat st;

    if (rule.parent < 0)
        return;
    if (fstat(rule.parent, &st) == 0) {
        rule.allowed = rights & w->files & (S_ISDIR(st.st_mode) ? ~0ull : OF_A_FILE);
        (void)syscall(ADD_RULE, w->fd, PATH_BENEATH, &rule, 0); /* without it the file is refused */
    }
    close(rule.parent);
}

/* The folder that the name stands in, and the one that the file itself lies in. */
static void allow_folder_of(const struct walls *w, str name, uint64_t rights)
{
    char path[PATH_MAX], real[PATH_MAX];

    if (!name.n || name.n >= sizeof path)
        return;
    memcpy(path, name.p, name.n);
    path[name.n] = '\0';
    if (realpath(path, real))
        allow(w, dirname(real), rights);
    allow(w, dirname(path), rights);
}

static void allow_sockets_of(const struct walls *w, str list)
{
    str address;

    while (listen_next(&list, &address))
        if (str_starts(address, STR("unix:")))
            allow_folder_of(w, str_from(address, sizeof "unix:" - 1), REMOVE_FILE);
}

static void allow_what_is_named(const struct walls *w, const struct settings *s)
{
    for (size_t i = 0; i < sizeof for_all / sizeof for_all[0]; i++)
        allow(w, for_all[i], READS);
    for (size_t i = 0; sandbox_is_remote(s) && i < sizeof for_clients / sizeof for_clients[0]; i++)
        allow(w, for_clients[i], READS);
    allow(w, "/dev/null", READS | WRITE_FILE);
    if (!sandbox_is_remote(s) && !str_is(s->db_url, STR("sqlite::memory:")))
        allow_folder_of(w, str_from(s->db_url, sizeof "sqlite:" - 1), KEEPS);
    allow_folder_of(w, s->config_file, READS);
    allow_folder_of(w, s->tls_cert, READS);
    allow_folder_of(w, s->tls_key, READS);
    allow_folder_of(w, s->db_tls_ca, READS);
    allow_sockets_of(w, s->http_listen);
    allow_sockets_of(w, s->tls_listen);
}

/* Of the network all that is not needed: sockets are bound already. */
static struct ruleset refuse_all(const struct settings *s, int abi)
{
    return (struct ruleset){
        .files = (1ull << abis[abi].files) - 1,
        .net = !abis[abi].net ? 0 : sandbox_is_remote(s) ? BIND_TCP : BIND_TCP | CONNECT_TCP,
        .scoped = abis[abi].scoped ? SCOPE_ALL : 0,
    };
}

const char *sandbox_files(const struct settings *s, int *abi)
{
    long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
    struct ruleset all;
    struct walls walls;
    const char *why = NULL;

    if (version <= 0)
        return errno == EOPNOTSUPP ? "this kernel was started without it" : "this kernel has none";
    *abi = (int)version;
    all = refuse_all(s, version > NEWEST ? NEWEST : (int)version);
    walls = (struct walls){ .files = all.files };
    walls.fd = (int)syscall(CREATE_RULESET, &all, all.scoped ? 24 : all.net ? 16 : 8, 0);
    if (walls.fd < 0)
        return strerror(errno);
    allow_what_is_named(&walls, s);
    if (syscall(RESTRICT_SELF, walls.fd, 0) != 0)
        why = strerror(errno);
    close(walls.fd);
    return why;
}
