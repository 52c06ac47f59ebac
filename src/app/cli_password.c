// SPDX-License-Identifier: MIT
/* cli_password.c - ask for a password: on a terminal without echo, else from standard input. */
#include "app/cli.h"

#include <errno.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

enum { TYPED_MAX = 1024 };

static void interrupted(int signal)
{
    (void)signal;               /* it only has to end read(2), so that the echo comes back first */
}

/* One line without its end. Byte by byte: what follows belongs to whoever reads on. ERR_IO when it
 * ends before anything came, or somebody pressed ^C. */
static err line_read(struct arena *mem, str *out)
{
    char *p = NEW_ARRAY(mem, char, TYPED_MAX + 1), c;
    size_t n = 0;
    ssize_t got = 0;

    if (!p)
        return ERR_NO_MEMORY;
    while (n <= TYPED_MAX && (got = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n')
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

static err silent_read(struct arena *mem, const char *prompt, str *out)
{
    struct sigaction quiet = { .sa_handler = interrupted }, old;
    struct termios echo, silent;
    err e;

    if (tcgetattr(STDIN_FILENO, &echo) != 0)
        return ERR_IO;
    silent = echo;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    (void)sigaction(SIGINT, &quiet, &old);          /* both fail for signals that are none, only */
    e = tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 ? OK : ERR_IO;
    fputs(prompt, stderr);         /* only now: what is typed at once is neither shown nor flushed */
    if (e == OK)
        e = line_read(mem, out);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &echo);    /* a terminal that is gone needs no echo */
    (void)sigaction(SIGINT, &old, NULL);
    fputc('\n', stderr);
    return e;
}

err cli_password(struct cli *c, str *out)
{
    str again;
    err e;

    if (!isatty(STDIN_FILENO)) {
        e = line_read(&c->mem, out);
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
