// SPDX-License-Identifier: MIT
/* settings_read.c - settings from the file, the environment and the command line, and secrets.
 *
 * Three short loops call the same set(). Nothing is forgiven: an unknown key, a key given twice in
 * the file, a value out of range are each said with the place where they stand, and nothing
 * starts. */
#include "app/database.h"
#include "app/setting.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

struct reader {
    struct settings *s;
    struct arena *mem;
    unsigned faults;
};

static void fault(struct reader *r, str place, str key, const char *why)
{
    r->faults++;
    fprintf(stderr, "latchkey: " STR_FMT ": " STR_FMT " %s\n", STR_ARG(place), STR_ARG(key), why);
}

/* What an untrusted text may show of itself in a complaint. */
static str shown(str s)
{
    size_t n = 0;

    while (n < s.n && n < 64 && s.p[n] > ' ' && s.p[n] < 0x7f)
        n++;
    return str_head(s, n);
}

static void set(struct reader *r, str place, enum setting_from from, const struct setting *row,
                str value)
{
    const char *why;

    r->s->from[setting_index(row)] = (unsigned char)from;
    if ((why = setting_set(r->s, r->mem, row, value)))
        fault(r, place, str_of(row->key), why);
}

/* ------------------------------------------------------------------------------------- the file */

static str place_of(struct reader *r, str name, unsigned line)
{
    str place = arena_printf(r->mem, STR_FMT ":%u", STR_ARG(name), line);

    return place.p ? place : name;
}

static void pair_parse(struct reader *r, str name, unsigned line, str section, str text)
{
    str place = place_of(r, name, line), left, value, key;
    const struct setting *row;

    if (!str_cut(text, '=', &left, &value)) {
        fault(r, place, shown(text), "is neither a [section] nor a `name = value`");
        return;
    }
    key = arena_printf(r->mem, STR_FMT "." STR_FMT, STR_ARG(section),
                       STR_ARG(str_head(str_trim(left), 64)));
    row = key.p ? setting_by_key(key) : NULL;
    if (!row) {
        fault(r, place, shown(key),
              section.n ? "is no setting" : "stands before the first [section]");
        return;
    }
    if (r->s->line[setting_index(row)]) {
        fault(r, place, key, "is given a second time");
        return;
    }
    r->s->line[setting_index(row)] = line;
    set(r, place, FROM_FILE, row, str_trim(value));
}

static void file_parse(struct reader *r, str name, str text)
{
    str line, section = {0};

    for (unsigned number = 1; text.n; number++) {
        str_cut(text, '\n', &line, &text);
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        line = str_trim(line);
        if (!line.n || line.p[0] == '#' || line.p[0] == ';')
            continue;
        if (line.p[0] != '[')
            pair_parse(r, name, number, section, line);
        else if (line.n > 2 && line.n < 64 && line.p[line.n - 1] == ']')
            section = (str){ line.p + 1, line.n - 2 };
        else
            fault(r, place_of(r, name, number), shown(line), "is no [section]");
    }
}

err settings_parse(struct settings *s, struct arena *mem, str name, str text)
{
    struct reader r = { .s = s, .mem = mem };

    file_parse(&r, name, text);
    return r.faults ? ERR_BAD_SETTING : OK;
}

/* Read at most `max` bytes of an open file. False when it fails or holds more. */
static bool read_all(int fd, struct arena *mem, size_t max, str *out)
{
    char *p = arena_alloc(mem, max + 1, 1);
    size_t n = 0;
    ssize_t got = 1;

    while (p && n <= max && got > 0) {
        got = read(fd, p + n, max + 1 - n);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            n += (size_t)got;
    }
    *out = (str){ p, n };
    return p && got >= 0 && n <= max;
}

/* Who may read the file reads the password. */
static void password_check(struct reader *r, str path, mode_t mode)
{
    const struct setting *row = setting_by_key(STR("db.url"));

    if ((mode & 077) && r->s->from[setting_index(row)] == FROM_FILE &&
        !str_is(database_shown(r->mem, r->s->db_url), r->s->db_url))
        fault(r, path, str_of(row->key), "holds a password: chmod 600 the file");
}

static void file_read(struct reader *r, str path)
{
    char *z = arena_cstr(r->mem, path);
    int fd = z ? open(z, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    struct stat st;
    str text;

    r->s->config_file = path;
    if (fd < 0) {
        fault(r, path, STR("cannot be opened:"), strerror(errno));
        return;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        !read_all(fd, r->mem, SETTINGS_FILE_MAX, &text))
        fault(r, path, STR("is"), "not a readable file of at most 64 KiB");
    else {
        file_parse(r, path, text);
        password_check(r, path, st.st_mode);
    }
    (void)close(fd);               /* only read from */
}

/* ------------------------------------------------------------------------ environment and flags */

static bool is_named(const char *entry, str name, str *value)
{
    if (!name.p || strncmp(entry, name.p, name.n) != 0 || entry[name.n] != '=')
        return false;
    *value = str_of(entry + name.n + 1);
    return true;
}

static bool env_set(struct reader *r, const char *entry, const struct setting *row)
{
    char own[SETTING_ENV_MAX];
    str name = setting_env(own, row, false), other = str_of(row->env), value;

    if (is_named(entry, name, &value))
        set(r, name, FROM_ENVIRONMENT, row, value);
    else if (row->env && is_named(entry, other, &value) && !getenv(own))
        set(r, other, FROM_ENVIRONMENT, row, value);
    else
        return row->kind == KIND_SECRET && is_named(entry, setting_env(own, row, true), &value);
    return true;
}

/* What Kubernetes puts there for a service of this name: LATCHKEY_SERVICE_HOST, LATCHKEY_PORT,
 * LATCHKEY_PORT_8080_TCP_ADDR and the like. Elsewhere they are as unknown as any other. */
static bool is_of_kubernetes(str name)
{
    str rest = str_from(name, sizeof "LATCHKEY_" - 1);

    return getenv("KUBERNETES_SERVICE_HOST") && (str_is(rest, STR("PORT"))
           || str_starts(rest, STR("PORT_")) || str_starts(rest, STR("SERVICE_HOST"))
           || str_starts(rest, STR("SERVICE_PORT")));
}

static void env_read(struct reader *r)
{
    for (char **entry = environ; entry && *entry; entry++) {
        const struct setting *row = settings_table;
        str name = str_head(str_of(*entry), strcspn(*entry, "="));

        while (row->key && !env_set(r, *entry, row))
            row++;
        if (!row->key && str_starts(name, STR("LATCHKEY_")) && !is_of_kubernetes(name)
            && !str_is(name, STR("LATCHKEY_CONFIG")))
            fault(r, STR("environment"), shown(name), "is no setting");
    }
}

/* Is argv[*i] a flag called `name`?  Its value is behind '=' or in the next argument. */
static bool flag_is(struct reader *r, int argc, char **argv, int *i, str name, str *value)
{
    str flag = str_from(str_of(argv[*i]), 2);

    if (!str_starts(flag, name) || (flag.n > name.n && flag.p[name.n] != '='))
        return false;
    if (flag.n > name.n)
        *value = str_from(flag, name.n + 1);
    else if (*i + 1 < argc)
        *value = str_of(argv[++*i]);
    else
        fault(r, STR("command line"), str_of(argv[*i]), "wants a value"), *value = (str){0};
    return true;
}

static bool is_flag(const char *arg)
{
    return str_starts(str_of(arg), STR("--")) && arg[2];
}

/* A flag with a dot in its name is a setting. */
static void flag_read(struct reader *r, int argc, char **argv, int *i)
{
    str place = STR("command line"), value;

    for (const struct setting *row = settings_table; row->key; row++) {
        if (!flag_is(r, argc, argv, i, str_of(row->key), &value))
            continue;
        if (value.p)
            set(r, place, FROM_FLAG, row, value);
        return;
    }
    for (const struct setting *row = settings_table; row->key; row++) {
        size_t bare = strlen(row->key) - (sizeof "-file" - 1);

        if (row->kind != KIND_SECRET ||
            !flag_is(r, argc, argv, i, str_head(str_of(row->key), bare), &value))
            continue;
        fault(r, place, str_head(str_of(row->key), bare),
              "cannot be given here, where others can read it; use the setting that names a file");
        return;
    }
    fault(r, place, str_head(shown(str_of(argv[*i])), strcspn(argv[*i], "=")), "is no setting");
}

static void flags_read(struct reader *r, int argc, char **argv, struct strs *rest)
{
    str value;

    for (int i = 1; i < argc; i++) {
        size_t name = strcspn(argv[i], "=");

        if (str_is(str_of(argv[i]), STR("--"))) {
            for (; rest && i < argc; i++)
                rest->at[rest->n++] = str_of(argv[i]);
        } else if (is_flag(argv[i]) && flag_is(r, argc, argv, &i, STR("config"), &value))
            continue;
        else if (is_flag(argv[i]) && memchr(argv[i], '.', name))
            flag_read(r, argc, argv, &i);
        else if (rest)
            rest->at[rest->n++] = str_of(argv[i]);
        else
            fault(r, STR("command line"), shown(str_of(argv[i])), "is not understood");
    }
}

/* The file is read before the flags, but a flag names it. */
static str config_named(int argc, char **argv)
{
    str path = str_of(getenv("LATCHKEY_CONFIG"));

    for (int i = 1; i < argc && !str_is(str_of(argv[i]), STR("--")); i++) {
        if (str_starts(str_of(argv[i]), STR("--config=")))
            path = str_of(argv[i] + sizeof "--config=" - 1);
        else if (str_is(str_of(argv[i]), STR("--config")) && i + 1 < argc)
            path = str_of(argv[++i]);
    }
    return path;
}

/* -------------------------------------------------------------------------------------- secrets */

static const char *secret_refused(const struct stat *st, bool credential)
{
    if (!S_ISREG(st->st_mode))
        return "is not a regular file";
    if (credential)
        return NULL;
    if (st->st_mode & 077)
        return "can be touched by others: chmod 600 it";
    if (st->st_uid != geteuid() && st->st_uid != 0)
        return "belongs to someone else";
    return NULL;
}

err secret_read(struct secret *secret, struct arena *mem, str path, bool credential)
{
    char *z = arena_cstr(mem, path);
    int fd = z ? open(z, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    const char *why;
    struct stat st;
    str bytes = {0};

    if (fd < 0 || fstat(fd, &st) != 0)
        why = errno == ENOENT ? "does not exist" : "cannot be opened";
    else if ((why = secret_refused(&st, credential)) == NULL &&
             !read_all(fd, mem, SECRET_BYTES_MAX, &bytes))
        why = "holds more than 4096 bytes";
    if (bytes.n && bytes.p[bytes.n - 1] == '\n')
        bytes.n--;
    if (!why && !bytes.n)
        why = "is empty";
    if (fd >= 0)
        (void)close(fd);           /* only read from */
    if (why) {
        fprintf(stderr, "latchkey: " STR_FMT ": the secret's file %s\n", STR_ARG(path), why);
        return ERR_BAD_SETTING;
    }
    secret->bytes_ = bytes;
    return OK;
}

/* Copy an environment variable away and wipe it where it lies: /proc/PID/environ shows those
 * bytes. */
static str env_take(struct reader *r, const char *name)
{
    char *value = getenv(name);
    str copy = { 0 };

    if (!value)
        return copy;
    copy = arena_dup(r->mem, str_of(value));
    if (!copy.p)
        fault(r, str_of(name), STR("is"), "more than fits in memory");
    explicit_bzero(value, strlen(value));
    (void)unsetenv(name);          /* fails for names with '=' only */
    return copy;
}

/* What systemd has laid down under this name, if anything. */
static void credential_find(struct reader *r, const char *folder, str name, struct secret *secret)
{
    str path = arena_printf(r->mem, "%s/" STR_FMT, folder, STR_ARG(name));

    if (!path.p)
        fault(r, name, STR("is"), "more than fits in memory");
    else if (access(path.p, F_OK) == 0 || errno != ENOENT)
        r->faults += secret_read(secret, r->mem, path, true) != OK;
}

/* From the file that the setting names, the environment itself, or a systemd credential of the
 * key's name without its "-file"; by the same order as every other setting. */
static void secret_find(struct reader *r, const struct setting *row)
{
    enum setting_from from = r->s->from[setting_index(row)];
    char env[SETTING_ENV_MAX];
    str path = *(str *)((char *)r->s + row->at), bare = setting_env(env, row, true);
    str given = env_take(r, env), name = str_head(str_of(row->key), strlen(row->key) - 5);
    struct secret *secret = (struct secret *)((char *)r->s + row->secret);
    const char *folder = getenv("CREDENTIALS_DIRECTORY");

    if (given.p && from == FROM_ENVIRONMENT) {
        fault(r, bare, STR("is"), "given beside a file for the same secret");
    } else if (given.n > SECRET_BYTES_MAX) {
        fault(r, bare, STR("is"), "longer than 4096 bytes");
    } else if (given.n && from < FROM_ENVIRONMENT) {
        secret->bytes_ = given;
    } else if (path.n) {
        r->faults += secret_read(secret, r->mem, path, false) != OK;
    } else if (folder) {
        credential_find(r, folder, name, secret);
    }
}

/* ---------------------------------------------------------------------------------- all of them */

static err read_plain(struct reader *r, int argc, char **argv, struct strs *rest)
{
    str config;
    err e;

    if ((e = settings_default(r->s, r->mem)) != OK)
        return e;
    if (rest) {
        rest->at = NEW_ARRAY(r->mem, str, (size_t)argc + 1);
        rest->n = 0;
        if (!rest->at)
            return ERR_NO_MEMORY;
    }
    config = config_named(argc, argv);
    if (config.p)
        file_read(r, config);
    env_read(r);
    flags_read(r, argc, argv, rest);
    r->s->db_shown = database_shown(r->mem, r->s->db_url);
    return r->faults ? ERR_BAD_SETTING : OK;
}

err settings_read(struct settings *s, struct arena *mem, bool dev, int argc, char **argv,
                  struct strs *rest)
{
    struct reader r = { .s = s, .mem = mem };
    err e;

    *s = (struct settings){ .dev = dev };
    e = read_plain(&r, argc, argv, rest);
    for (const struct setting *row = settings_table; row->key; row++)
        if (row->kind == KIND_SECRET)
            secret_find(&r, row);
    if (e != OK && e != ERR_BAD_SETTING)
        fprintf(stderr, "latchkey: the settings cannot be read: %s\n", err_meaning(e));
    return e == OK && r.faults ? ERR_BAD_SETTING : e;
}

/* How many bytes of a struct settings a row fills. */
static size_t size_of(const struct setting *row)
{
    return row->kind == KIND_YES_NO ? sizeof(bool) : sizeof(int64_t);
}

static bool is_same(const struct settings *a, const struct settings *b, const struct setting *row)
{
    const char *x = (const char *)a + row->at, *y = (const char *)b + row->at;

    if (row->kind == KIND_TEXT || row->kind == KIND_SECRET)
        return str_is(*(const str *)x, *(const str *)y);
    return memcmp(x, y, size_of(row)) == 0;
}

static err keep_old(struct settings *s, struct arena *mem, const struct settings *old,
                    const struct setting *row)
{
    char *to = (char *)s + row->at;
    const char *was = (const char *)old + row->at;
    str copy;

    if (row->kind != KIND_TEXT && row->kind != KIND_SECRET) {
        memcpy(to, was, size_of(row));
        return OK;
    }
    copy = arena_dup(mem, *(const str *)was);
    if (!copy.p)
        return ERR_NO_MEMORY;
    *(str *)to = copy;
    return OK;
}

err settings_reread(struct settings *s, struct arena *mem, const struct settings *old, int argc,
                    char **argv)
{
    struct reader r = { .s = s, .mem = mem };
    struct strs rest;
    err e;

    *s = (struct settings){ .dev = old->dev };
    if ((e = read_plain(&r, argc, argv, &rest)) != OK)
        return e;
    for (const struct setting *row = settings_table; row->key; row++) {
        if (row->reread || is_same(s, old, row))
            continue;
        fprintf(stderr, "latchkey: %s has changed; that holds after a restart\n", row->key);
        if ((e = keep_old(s, mem, old, row)) != OK)
            return e;
    }
    s->token_secret = old->token_secret;
    s->token_legacy = old->token_legacy;
    s->key_seal = old->key_seal;
    s->db_password = old->db_password;
    s->db_shown = old->db_shown;
    return OK;
}
