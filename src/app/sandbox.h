// SPDX-License-Identifier: MIT
/* sandbox.h - what a running server gives up, so that code that is not ours would find little to
 * do.
 *
 * Entered once all that needs more is done: sockets bound, secrets and certificates read, client
 * libraries loaded. It comes before the threads: Landlock and capabilities belong to a thread and
 * those it starts, only the filter of system calls reaches the others too. */
#ifndef APP_SANDBOX_H
#define APP_SANDBOX_H

#include "app/settings.h"

// clang-format off
enum sandbox_part {
    PART_PRIVILEGES,      /* no_new_privs: no set-user-ID program gives any back */
    PART_MEMORY,          /* not dumpable: no process of the same user reads ours; no core is written */
    PART_CAPABILITIES,    /* none, in no set */
    PART_FILES,           /* Landlock: the database's folder, and to read what may be read again */
    PART_CALLS,           /* seccomp: system calls on a list; execve, ptrace and their like are the end */
    SANDBOX_PARTS
};
// clang-format on

struct sandbox {
    bool entered;                           /* false: `off` says why */
    const char *off;
    const char *lacks[SANDBOX_PARTS];       /* NULL: in force; else why it is not, or not wholly */
    int landlock;                           /* the kernel's Landlock ABI; 0: none */
};

/* Give it all up, as far as the kernel knows how: what could not be is in `out`, nothing is fatal.
 * The strs of `s` may be relative to the working directory. From the main thread, once. */
void sandbox_enter(const struct settings *s, struct sandbox *out);

/* One line of what is in force, one more for each part that is not. */
void sandbox_say(const struct sandbox *box, FILE *to);

/* Two parts of sandbox_enter, in files of their own. NULL when in force, else why not. */
const char *sandbox_files(const struct settings *s, int *abi);     /* sandbox_files.c */
const char *sandbox_calls(bool remote);                            /* sandbox_calls.c */

/* Is the database behind a socket? Then connections may be made, and libraries loaded for them. */
static inline bool sandbox_is_remote(const struct settings *s)
{
    return !str_starts(s->db_url, STR("sqlite:"));
}

#endif
