// SPDX-License-Identifier: MIT
/* filter.c - runs a program under the system call filter that its unit asks for, where no systemd
 * is.
 *
 *   filter FILE PROGRAM [ARGUMENTS]    FILE names the calls that are allowed; all others fail with
 * EPERM. */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int allow(scmp_filter_ctx filter, const char *name)
{
    int call = seccomp_syscall_resolve_name(name);

    /* Calls of other machines or of newer kernels stand in systemd's lists too. */
    return call < 0 ? 0 : seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);
}

int main(int argc, char **argv)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    FILE *names = argc > 2 ? fopen(argv[1], "r") : NULL;
    char name[64];

    if (!filter || !names) return 2;
    while (fgets(name, sizeof name, names)) {
        name[strcspn(name, "\n")] = 0;
        if (allow(filter, name) != 0) return 2;
    }
    if (seccomp_load(filter) != 0) return 2;
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 2;
}
