// SPDX-License-Identifier: MIT
/* settings_test.c - what settings come from, what they refuse, how secrets are read. */
#include "../tests/test.h"

#include "app/setting.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ARGS_MAX = 8 };

struct trial { struct arena mem; struct settings s; struct strs rest; };

static void clear_environment(void)
{
    (void)unsetenv("PORT");
    (void)unsetenv("LATCHKEY_HTTP_PORT");
    (void)unsetenv("LATCHKEY_CONFIG");
    (void)unsetenv("LATCHKEY_TOKEN_SECRET");
    (void)unsetenv("LATCHKEY_TOKEN_SECRET_FILE");
    (void)unsetenv("CREDENTIALS_DIRECTORY");
}

static void begin(struct trial *t)
{
    arena_init(&t->mem, 4 << 20);
    clear_environment();
}

/* Complaints are part of a refusal and not of the test's output. */
static int hush(void)
{
    int null = open("/dev/null", O_WRONLY), kept = dup(2);

    (void)dup2(null, 2);
    (void)close(null);
    return kept;
}

static void unhush(int kept)
{
    (void)dup2(kept, 2);
    (void)close(kept);
}

static err quietly(struct trial *t, bool dev, char *const *args, bool with_rest)
{
    char *argv[ARGS_MAX + 1] = { "latchkey" };
    int argc = 1, kept = hush();
    err e;

    for (; args[argc - 1] && argc < ARGS_MAX; argc++)
        argv[argc] = args[argc - 1];
    e = settings_read(&t->s, &t->mem, dev, argc, argv, with_rest ? &t->rest : NULL);
    unhush(kept);
    return e;
}

#define READ(t, dev, ...) quietly((t), (dev), (char *[ARGS_MAX]){ __VA_ARGS__ }, false)

static err parse(struct trial *t, const char *text)
{
    int kept = hush();
    err e;

    t->s = (struct settings){0};
    e = settings_parse(&t->s, &t->mem, STR("test.conf"), str_of(text));
    unhush(kept);
    return e;
}

static str write_file(struct trial *t, const char *text, mode_t mode)
{
    char path[] = "/tmp/latchkey-settings-XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) &&
          fchmod(fd, mode) == 0);
    (void)close(fd);
    return arena_dup(&t->mem, (str){ path, sizeof path });     /* with its NUL */
}

TEST(the_table_accepts_its_own_defaults_in_both_columns)
{
    struct trial t;

    begin(&t);
    CHECK_ERR(READ(&t, true, NULL), OK);
    CHECK(t.s.http_port == 8080 && t.s.signup_roles && t.s.password_cost == 8 &&
          t.s.token_ttl == 86400);
    CHECK_ERR(READ(&t, false, NULL), OK);
    CHECK(!t.s.signup_roles && t.s.password_cost == 10 && t.s.password_min == 8 &&
          t.s.http_head_ms == 10000);
    arena_end(&t.mem);
}

TEST(a_flag_goes_before_the_environment_and_that_before_the_file)
{
    struct trial t;
    str path;

    begin(&t);
    path = write_file(&t, "[http]\nport = 1111\nloops = 3\n", 0644);
    CHECK_ERR(READ(&t, false, "--config", (char *)path.p), OK);
    CHECK(t.s.http_port == 1111 && t.s.http_loops == 3);
    (void)setenv("PORT", "2222", 1);
    CHECK_ERR(READ(&t, false, "--config", (char *)path.p), OK);
    CHECK(t.s.http_port == 2222);
    (void)setenv("LATCHKEY_HTTP_PORT", "3333", 1);
    CHECK_ERR(READ(&t, false, "--config", (char *)path.p), OK);
    CHECK(t.s.http_port == 3333);
    CHECK_ERR(READ(&t, false, "--config", (char *)path.p, "--http.port=4444"), OK);
    CHECK(t.s.http_port == 4444 && t.s.http_loops == 3);
    CHECK_ERR(READ(&t, false, "--http.port", "5555"), OK);
    CHECK(t.s.http_port == 5555 && t.s.http_loops == 0);
    (void)unlink(path.p);
    clear_environment();
    arena_end(&t.mem);
}

TEST(only_dev_lets_the_tutorials_page_in)
{
    struct trial t;

    begin(&t);
    CHECK_ERR(READ(&t, false, NULL), OK);
    CHECK_STR(t.s.http_origins, STR(""));
    CHECK_ERR(READ(&t, true, NULL), OK);
    CHECK_STR(t.s.http_origins, STR("http://localhost:8081"));
    clear_environment();
    arena_end(&t.mem);
}

TEST(a_file_with_a_password_is_its_owners)
{
    static const struct { const char *text; mode_t mode; err want; } cases[] = {
        { "[db]\nurl = mysql://zoe:hunter2@h/d\n", 0644, ERR_BAD_SETTING },
        { "[db]\nurl = mysql://zoe:hunter2@h/d\n", 0640, ERR_BAD_SETTING },
        { "[db]\nurl = mysql://zoe:hunter2@h/d\n", 0600, OK },
        { "[db]\nurl = mysql://zoe@h/d\n", 0644, OK },
        { "[db]\nurl = sqlite:a:b@c\n", 0644, OK },
    };
    struct trial t;

    begin(&t);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        str path = write_file(&t, cases[i].text, cases[i].mode);

        CHECK_ERR(READ(&t, false, "--config", (char *)path.p), cases[i].want);
        (void)unlink(path.p);
    }
    clear_environment();
    arena_end(&t.mem);
}

TEST(a_file_is_read_strictly)
{
    static const struct { const char *why, *text; err want;
    } cases[] = {
        {"sections, comments, blanks, CRLF",
         "; c\n# c\r\n\r\n [http] \r\n port=80\r\n[db]\nurl = sqlite:a b.db\n", OK},
        {"empty", "", OK},
        {"no newline at the end", "[http]\nport = 1", OK},
        {"an unknown key", "[http]\nprot = 80\n", ERR_BAD_SETTING},
        {"an unknown section", "[htpp]\nport = 80\n", ERR_BAD_SETTING},
        {"twice", "[http]\nport = 80\nport = 80\n", ERR_BAD_SETTING},
        {"before a section", "port = 80\n", ERR_BAD_SETTING},
        {"no '='", "[http]\nport 80\n", ERR_BAD_SETTING},
        {"a broken section", "[http\nport = 80\n", ERR_BAD_SETTING},
        {"a comment behind a value", "[http]\nport = 80 # web\n", ERR_BAD_SETTING},
        {"malformed UTF-8", "[http]\nwelcome = \xff\n", ERR_BAD_SETTING},
        {"a control byte", "[http]\nwelcome = a\033b\n", ERR_BAD_SETTING},
        {"a secret itself", "[token]\nsecret = hunter2\n", ERR_BAD_SETTING},
    };
    struct trial t;

    begin(&t);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (parse(&t, cases[i].text) != cases[i].want)
            failures++, printf("  %s\n", cases[i].why);
    arena_end(&t.mem);
}

TEST(a_value_out_of_its_range_is_refused)
{
    static const struct { const char *flag; err want;
    } cases[] = {
        {"--http.port=65535", OK},
        {"--http.port=65536", ERR_BAD_SETTING},
        {"--http.port=-1", ERR_BAD_SETTING},
        {"--http.port=", ERR_BAD_SETTING},
        {"--http.port=0x10", ERR_BAD_SETTING},
        {"--http.port= 80", ERR_BAD_SETTING},
        {"--token.ttl=7d", OK},
        {"--token.ttl=86400", ERR_BAD_SETTING},
        {"--token.ttl=500ms", ERR_BAD_SETTING},
        {"--token.ttl=1500ms", ERR_BAD_SETTING},
        {"--token.ttl=99999999999999999d", ERR_BAD_SETTING},
        {"--db.wait=250ms", OK},
        {"--db.wait=1w", ERR_BAD_SETTING},
        {"--signup.open=no", OK},
        {"--signup.open=No", ERR_BAD_SETTING},
        {"--password.cost=3", ERR_BAD_SETTING},
        {"--log.level=debug", ERR_BAD_SETTING},
        {"--http.listen=::1", OK},
        {"--http.listen=localhost", ERR_BAD_SETTING},
        {"--http.listen=127.0.0.1, [::1]:80 unix:/a", OK},
        {"--http.listen=unix:a", ERR_BAD_SETTING},
        {"--tls.listen=127.0.0.1:8443", OK},
        {"--tls.listen=127.0.0.1", ERR_BAD_SETTING},
        {"--http.origins=https://a.example, http://b:81", OK},
        {"--http.origins=https://a.example/", ERR_BAD_SETTING},
        {"--http.origins=a.example", ERR_BAD_SETTING},
        {"--db.url=oracle:x", ERR_BAD_SETTING},
        {"--db.url=sqlite:", ERR_BAD_SETTING},
        {"--db.url=mysql://zoe@h:3306/d", OK},
        {"--db.url=mysql://zoe:hunter2@h/d", ERR_BAD_SETTING},
        {"--db.url=pgsql://h/d?password=x", ERR_BAD_SETTING},
    };
    struct trial t;

    begin(&t);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (READ(&t, false, (char *)cases[i].flag) != cases[i].want)
            failures++, printf("  %s\n", cases[i].flag);
    arena_end(&t.mem);
}

TEST(a_flag_nobody_knows_is_refused_and_one_without_a_value_too)
{
    struct trial t;

    begin(&t);
    CHECK_ERR(READ(&t, false, "--http.prot", "80"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, false, "--http.port"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, false, "--config"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, false, "--config", "/does/not/exist"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, false, "--token.secret", "hunter2hunter2hunter2hunter2hunter2"),
              ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, false, "word"), ERR_BAD_SETTING);
    arena_end(&t.mem);
}

TEST(what_is_no_setting_is_left_to_the_command)
{
    char *args[ARGS_MAX] = { "add", "--role", "--http.port=1", "admin", "--", "--http.port", "2" };
    struct trial t;

    begin(&t);
    CHECK_ERR(quietly(&t, false, args, true), OK);
    CHECK(t.rest.n == 6 && t.s.http_port == 1);
    CHECK_STR(t.rest.at[1], STR("--role"));
    CHECK_STR(t.rest.at[2], STR("admin"));
    CHECK_STR(t.rest.at[3], STR("--"));
    CHECK_STR(t.rest.at[5], STR("2"));
    arena_end(&t.mem);
}

TEST(dev_listens_on_loopback_only)
{
    struct trial t;

    begin(&t);
    CHECK_ERR(READ(&t, true, "--http.listen=127.0.0.2"), OK);
    CHECK_ERR(READ(&t, true, "--http.listen=::1"), OK);
    CHECK_ERR(READ(&t, true, "--http.listen=0.0.0.0"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, true, "--http.listen=192.168.1.1"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, true, "--http.listen=::"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, true, "--http.listen=::ffff:10.0.0.1"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, true, "--http.listen=127.0.0.1 10.0.0.1:80"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, true, "--tls.listen=0.0.0.0:8443"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, true, "--http.listen=unix:/run/x.sock"), OK);
    CHECK_ERR(READ(&t, false, "--http.listen=0.0.0.0"), OK);
    arena_end(&t.mem);
}

TEST(a_secret_file_is_for_its_owner_alone)
{
    static const struct { const char *text; mode_t mode; const char *want; } cases[] = {
        { "0123456789abcdef", 0600, "0123456789abcdef" },
        { "0123\n", 0400, "0123" },
        { "0123\n\n", 0600, "0123\n" },
        { " 01 \r\n", 0600, " 01 \r" },
        { "0123", 0640, NULL }, { "0123", 0604, NULL }, { "0123", 0620, NULL },
        { "", 0600, NULL }, { "\n", 0600, NULL },
    };
    struct trial t;

    begin(&t);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        str path = write_file(&t, cases[i].text, cases[i].mode);
        err e = READ(&t, false, "--token.secret-file", (char *)path.p);

        CHECK_ERR(e, cases[i].want ? OK : ERR_BAD_SETTING);
        if (cases[i].want)
            CHECK_STR(t.s.token_secret.bytes_, str_of(cases[i].want));
        (void)unlink(path.p);
    }
    CHECK_ERR(READ(&t, false, "--token.secret-file=/dev/zero"), ERR_BAD_SETTING);
    CHECK_ERR(READ(&t, false, "--token.secret-file=/does/not/exist"), ERR_BAD_SETTING);
    arena_end(&t.mem);
}

TEST(a_secret_file_is_bounded)
{
    struct trial t;
    char *text;
    str path;

    begin(&t);
    text = arena_alloc(&t.mem, SECRET_BYTES_MAX + 2, 1);
    memset(text, 'x', SECRET_BYTES_MAX + 1);
    path = write_file(&t, text, 0600);
    CHECK_ERR(READ(&t, false, "--token.secret-file", (char *)path.p), ERR_BAD_SETTING);
    (void)unlink(path.p);
    arena_end(&t.mem);
}

TEST(a_secret_in_the_environment_is_taken_out_of_it)
{
    char entry[] = "LATCHKEY_TOKEN_SECRET=0123456789";
    struct trial t;

    begin(&t);
    (void)putenv(entry);                  /* environ points at `entry` itself */
    CHECK_ERR(READ(&t, false, NULL), OK);
    CHECK_STR(t.s.token_secret.bytes_, STR("0123456789"));
    CHECK(!getenv("LATCHKEY_TOKEN_SECRET"));
    CHECK(!memchr(entry, '5', sizeof entry));
    arena_end(&t.mem);
}

TEST(an_unknown_variable_of_our_name_stops_the_start_unless_kubernetes_made_it)
{
    static char *const made[] = {"LATCHKEY_PORT=tcp://10.0.0.1:80",
                                 "LATCHKEY_SERVICE_HOST=10.0.0.1",
                                 "LATCHKEY_PORT_80_TCP_ADDR=10.0.0.1"};
    struct trial t;

    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        char name[64];

        begin(&t);
        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(made[i], "="), made[i]);
        (void)putenv(made[i]);
        CHECK_ERR(READ(&t, false, NULL), ERR_BAD_SETTING);
        (void)setenv("KUBERNETES_SERVICE_HOST", "10.0.0.2", 1);
        CHECK_ERR(READ(&t, false, NULL), OK);
        (void)unsetenv("KUBERNETES_SERVICE_HOST");
        (void)unsetenv(name);
        arena_end(&t.mem);
    }
    begin(&t);
    (void)setenv("KUBERNETES_SERVICE_HOST", "10.0.0.2", 1);
    (void)setenv("LATCHKEY_HTTP_PROT", "1", 1);
    CHECK_ERR(READ(&t, false, NULL), ERR_BAD_SETTING);
    (void)unsetenv("LATCHKEY_HTTP_PROT");
    (void)unsetenv("KUBERNETES_SERVICE_HOST");
    CHECK_ERR(READ(&t, false, NULL), OK);
    arena_end(&t.mem);
}

TEST(a_secret_from_two_places_is_the_later_one_or_refused)
{
    struct trial t;
    str path;

    begin(&t);
    path = write_file(&t, "from-file", 0600);
    (void)setenv("LATCHKEY_TOKEN_SECRET", "from-environment", 1);
    CHECK_ERR(READ(&t, false, "--token.secret-file", (char *)path.p), OK);
    CHECK_STR(t.s.token_secret.bytes_, STR("from-file"));
    (void)setenv("LATCHKEY_TOKEN_SECRET", "from-environment", 1);
    (void)setenv("LATCHKEY_TOKEN_SECRET_FILE", path.p, 1);
    CHECK_ERR(READ(&t, false, NULL), ERR_BAD_SETTING);
    (void)unlink(path.p);
    clear_environment();
    arena_end(&t.mem);
}

TEST(a_credential_of_the_service_manager_is_found)
{
    char folder[] = "/tmp/latchkey-credentials-XXXXXX", path[64];
    struct trial t;
    int fd;

    begin(&t);
    CHECK(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/token.secret", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0440);
    CHECK(write(fd, "credential\n", 11) == 11);
    (void)close(fd);
    (void)setenv("CREDENTIALS_DIRECTORY", folder, 1);
    CHECK_ERR(READ(&t, false, NULL), OK);
    CHECK_STR(t.s.token_secret.bytes_, STR("credential"));
    (void)unlink(path);
    CHECK_ERR(READ(&t, false, NULL), OK);
    CHECK(!t.s.token_secret.bytes_.n);
    (void)rmdir(folder);
    clear_environment();
    arena_end(&t.mem);
}

static void rewrite(str path, const char *text)
{
    FILE *file = fopen(path.p, "w");

    CHECK(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static err reread(struct settings *again, struct trial *t, int argc, char **argv)
{
    int kept = hush();
    err e = settings_reread(again, &t->mem, &t->s, argc, argv);

    unhush(kept);
    return e;
}

TEST(reading_again_changes_what_may_change_and_keeps_the_rest)
{
    char *argv[] = { "serve", "--config", NULL, "--signup.open=no" };
    struct settings again;
    struct trial t;
    str path;

    begin(&t);
    path = write_file(&t, "[http]\nport = 1111\n[token]\nttl = 1h\n", 0600);
    argv[2] = (char *)path.p;
    (void)setenv("LATCHKEY_TOKEN_SECRET", "0123456789", 1);
    CHECK_ERR(settings_read(&t.s, &t.mem, false, 4, argv, NULL), OK);
    rewrite(path,
            "[http]\nport = 2222\nwelcome = Hello\n[token]\nttl = 2h\n[signup]\nopen = yes\n");
    CHECK_ERR(reread(&again, &t, 4, argv), OK);
    CHECK(again.http_port == 1111 && again.token_ttl == 7200 && !again.signup_open);
    CHECK_STR(again.welcome, STR("Hello"));
    CHECK_STR(again.token_secret.bytes_, STR("0123456789"));
    rewrite(path, "[http]\nport = many\n");
    CHECK_ERR(reread(&again, &t, 4, argv), ERR_BAD_SETTING);
    (void)unlink(path.p);
    arena_end(&t.mem);
}
