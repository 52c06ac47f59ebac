// SPDX-License-Identifier: MIT
/* sandbox.c - enter the sandbox part by part, and say what came of it. */
#include "app/sandbox.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* LeakSanitizer traces the process when it ends, ThreadSanitizer reads its maps while it runs. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED "this build's sanitizer traces the process"
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED "this build's sanitizer traces the process"
#endif
#endif
#ifndef SANITIZED
#define SANITIZED NULL
#endif

static const char *give_up_privileges(const struct settings *s, struct sandbox *box)
{
    (void)s, (void)box;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? NULL : strerror(errno);
}

static const char *hide_memory(const struct settings *s, struct sandbox *box)
{
    (void)s, (void)box;
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0}) != 0)
        return strerror(errno);
    return NULL;
}

/* Does root write to someone else's folder?  Then without CAP_DAC_OVERRIDE it could not. */
static bool folder_is_strange(const struct settings *s)
{
    char path[PATH_MAX], *slash;
    struct stat st;

    if (geteuid() != 0 || sandbox_is_remote(s))
        return false;
    (void)snprintf(path, sizeof path, "./" STR_FMT,
                   STR_ARG(str_from(s->db_url, sizeof "sqlite:" - 1)));
    if (path[2] == '/')
        memmove(path, path + 2, strlen(path + 2) + 1);
    slash = strrchr(path, '/');
    slash[slash == path] = '\0';
    return stat(path, &st) == 0 && st.st_uid != 0 && !(st.st_mode & S_IWOTH);
}

static const char *give_up_capabilities(const struct settings *s, struct sandbox *box)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};
    bool strange = folder_is_strange(s);

    (void)box;
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);     /* fails where there are none to drop */
    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (strange)
        none[0].effective = none[0].permitted = 1u << CAP_DAC_OVERRIDE;
    if (syscall(SYS_capset, &head, none) != 0)
        return strerror(errno);
    return strange ? "root keeps dac_override: the database's folder is another user's" : NULL;
}

static const char *shut_files(const struct settings *s, struct sandbox *box)
{
    return sandbox_files(s, &box->landlock);
}

static const char *shut_calls(const struct settings *s, struct sandbox *box)
{
    (void)box;
    return sandbox_calls(sandbox_is_remote(s));
}

/* In this order: Landlock and seccomp ask for no_new_privs, seccomp forbids what the others
 * need. */
static const struct {
    const char *name;
    const char *(*enter)(const struct settings *s, struct sandbox *box);
} parts[SANDBOX_PARTS] = {
    [PART_PRIVILEGES]   = { "no new privileges", give_up_privileges },
    [PART_MEMORY]       = { "no dumps", hide_memory },
    [PART_CAPABILITIES] = { "no capabilities", give_up_capabilities },
    [PART_FILES]        = { "files by Landlock", shut_files },
    [PART_CALLS]        = { "system calls by seccomp", shut_calls },
};

void sandbox_enter(const struct settings *s, struct sandbox *out)
{
    *out = (struct sandbox){ .off = s->sandbox ? SANITIZED : "process.sandbox is no" };
    if (out->off)
        return;
    out->entered = true;
    for (int p = 0; p < SANDBOX_PARTS; p++)
        out->lacks[p] = parts[p].enter(s, out);
}

void sandbox_say(const struct sandbox *box, FILE *to)
{
    const char *between = "";

    if (!box->entered) {
        fprintf(to, "latchkey: sandbox: off, %s\n", box->off);
        return;
    }
    fputs("latchkey: sandbox: ", to);
    for (int p = 0; p < SANDBOX_PARTS; p++) {
        if (box->lacks[p])
            continue;
        fprintf(to, "%s%s", between, parts[p].name);
        if (p == PART_FILES)
            fprintf(to, " (ABI %d)", box->landlock);
        between = ", ";
    }
    fputs(*between ? "\n" : "nothing is in force\n", to);
    for (int p = 0; p < SANDBOX_PARTS; p++)
        if (box->lacks[p])
            fprintf(to, "latchkey: sandbox: without %s: %s\n", parts[p].name, box->lacks[p]);
}
