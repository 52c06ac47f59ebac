// SPDX-License-Identifier: MIT
/* cli_password.c - ask for a password: on a terminal without echo, else from standard input. */
#include "app/cli.h"

#include <poll.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

enum { TYPED_MAX = 1024 };

static void interrupted(int signal)
{
    (void)signal;               /* it only has to end read(2), so that the echo comes back first */
}

/* The next byte of standard input: 1, 0 at its end, -1. A signal that is blocked can only arrive
 * while this waits, under `mask`, so none is lost between a prompt and the waiting for its
 * answer. */
static ssize_t byte_read(const sigset_t *mask, char *c)
{
    struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

    return ppoll(&in, 1, NULL, mask) < 0 ? -1 : read(STDIN_FILENO, c, 1);
}

/* One line without its end. Byte by byte: what follows belongs to whoever reads on. ERR_IO when it
 * ends before anything came, or somebody pressed ^C. */
static err line_read(struct arena *mem, const sigset_t *mask, str *out)
{
    char *p = NEW_ARRAY(mem, char, TYPED_MAX + 1), c;
    size_t n = 0;
    ssize_t got = 0;

    if (!p)
        return ERR_NO_MEMORY;
    while (n <= TYPED_MAX && (got = byte_read(mask, &c)) == 1 && c != '\n')
        p[n++] = c;
    if (got < 0 || (got == 0 && n == 0))
        return ERR_IO;
    if (n > TYPED_MAX)
        return ERR_PASSWORD_POLICY;
    if (n && p[n - 1] == '\r')
        n--;
    *out = (str){ p, n };
    return OK;
}

/* The prompt comes when the echo is off: whoever answers at once is neither shown nor cut off. */
static err silent_read(struct arena *mem, const char *prompt, str *out)
{
    struct sigaction quiet = { .sa_handler = interrupted }, old;
    struct termios echo, silent;
    sigset_t interrupt, mask;
    err e = ERR_IO;

    if (tcgetattr(STDIN_FILENO, &echo) != 0)
        return ERR_IO;
    silent = echo;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    (void)sigemptyset(&interrupt);          /* these four fail for signals that are none, only */
    (void)sigaddset(&interrupt, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &interrupt, &mask);
    (void)sigaction(SIGINT, &quiet, &old);
    if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0) {
        fputs(prompt, stderr);
        e = line_read(mem, &mask, out);
    }
    (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &echo);    /* a terminal that is gone needs no echo */
    (void)sigaction(SIGINT, &old, NULL);
    (void)sigprocmask(SIG_SETMASK, &mask, NULL);
    fputc('\n', stderr);
    return e;
}

err cli_password(struct cli *c, str *out)
{
    str again;
    err e;

    if (!isatty(STDIN_FILENO)) {
        e = line_read(&c->mem, NULL, out);
        return e == ERR_IO ? cli_fail(c, e, "no password came on standard input") : e;
    }
    e = silent_read(&c->mem, "Password: ", out);
    if (e == OK)
        e = silent_read(&c->mem, "Once more: ", &again);
    if (e != OK)
        return e == ERR_IO ? cli_fail(c, e, "no password was typed; nothing was changed") : e;
    if (!str_is(*out, again))
        return cli_fail(c, ERR_PASSWORD_WRONG, "the two passwords differ; nothing was changed");
    return OK;
}
