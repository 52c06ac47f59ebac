// SPDX-License-Identifier: MIT
/* dev.c - `latchkey dev`: the tutorial's server, to the letter, on this machine only. */
#include "app/commands.h"
#include "app/run.h"
#include "crypto/random.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { DEV_SECRET_BYTES = 32 };

/* `latchkey.db.secret` beside `latchkey.db`; empty where there is no file to stand beside. */
static str secret_path(struct arena *mem, str url)
{
    str file;

    if (!str_starts(url, STR("sqlite:")))
        return STR("latchkey.secret");
    file = str_from(url, sizeof "sqlite:" - 1);
    if (str_is(file, STR(":memory:")))
        return (str){0};
    return arena_printf(mem, STR_FMT ".secret", STR_ARG(file));
}

static bool write_whole(const char *path, str bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool fine;

    if (fd < 0)
        return false;
    fine = write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n && fsync(fd) == 0;
    return close(fd) == 0 && fine;
}

/* Written under another name and linked to its own, so that whoever reads it finds all of it; of
 * two that start at once the first link holds and both read that one. */
static err secret_make(struct arena *mem, str path)
{
    str hex = random_hex(mem, DEV_SECRET_BYTES), other = random_hex(mem, 8), made, line;
    bool fine;

    if (!hex.p || !other.p)
        return ERR_NO_MEMORY;
    made = arena_printf(mem, STR_FMT "." STR_FMT, STR_ARG(path), STR_ARG(other));
    line = arena_printf(mem, STR_FMT "\n", STR_ARG(hex));
    if (!made.p || !line.p)
        return ERR_NO_MEMORY;
    fine = write_whole(made.p, line) && (link(made.p, path.p) == 0 || errno == EEXIST);
    if (!fine)
        fprintf(stderr, "latchkey: " STR_FMT ": the secret cannot be kept: %s\n", STR_ARG(path),
                strerror(errno));
    (void)unlink(made.p);          /* its second name is what stays */
    return fine ? OK : ERR_IO;
}

static err dev_secret(struct settings *s, struct arena *mem)
{
    str path = secret_path(mem, s->db_url);
    err e;

    if (s->token_secret.bytes_.n)
        return OK;
    if (!path.n) {
        s->token_secret.bytes_ = random_hex(mem, DEV_SECRET_BYTES);
        return s->token_secret.bytes_.p ? OK : ERR_NO_MEMORY;
    }
    path = str_of(arena_cstr(mem, path));
    if (!path.p)
        return ERR_NO_MEMORY;
    if (access(path.p, F_OK) != 0 && (e = secret_make(mem, path)) != OK)
        return e;
    return secret_read(&s->token_secret, mem, path, false);
}

static err dev_prepare(struct settings *s, struct arena *mem, const struct db_config *db)
{
    enum owner owner;
    err e;

    if ((e = migrate_owner(db, &owner)) != OK) {
        fprintf(stderr, "latchkey: " STR_FMT ": %s\n", STR_ARG(s->db_shown), err_meaning(e));
        return e;
    }
    if (owner == OWNER_SERVE) {
        fprintf(stderr,
                "latchkey: " STR_FMT " belongs to `latchkey serve`: dev would let anyone become\n"
                "administrator in it. Give dev a database of its own: --db.url sqlite:dev.db\n",
                STR_ARG(s->db_shown));
        return ERR_BAD_SETTING;
    }
    return dev_secret(s, mem);
}

static void dev_say(const struct settings *s, bool adopted)
{
    (void)adopted;
    fprintf(
        stderr,
        "\nThis is the tutorial's server, open as the tutorial's is: anyone on this machine may "
        "sign up\n"
        "with any role, admin too, with any password, and guess as often as he likes. That is why\n"
        "it listens on " STR_FMT " alone. Accounts are kept in " STR_FMT ".\n"
        "To run it for others: latchkey serve --token.secret-file FILE   (see README, "
        "\"Production\")\n\n",
        STR_ARG(s->http_listen), STR_ARG(s->db_shown));
}

int dev_main(int argc, char **argv)
{
    static const struct run_mode mode = {
        .dev = true,
        .manner = AS_TUTORIAL,
        .owner = OWNER_DEV,
        .prepare = dev_prepare,
        .say = dev_say,
        .usage = "usage: latchkey dev [--fresh] [--SETTING VALUE ...]\n\n"
                 "The tutorial's server, to the letter: on this machine only, open to everyone on "
                 "it.\n\n"
                 "  --fresh                Drop and make again the tables that dev made.",
    };

    return run_main(&mode, argc, argv);
}
