// SPDX-License-Identifier: MIT
/* listen_test.c - addresses as text; servers on several of them, on unix sockets, on sockets
 * given. */
#include "http_rig.h"
#include "socket_folder.h"

#include <fcntl.h>
#include <stdlib.h>
#include <time.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct rig rig;

TEST(addresses_are_numeric_with_a_port_or_absolute_paths)
{
    static const struct { const char *text, *url;
    } cases[] = {
        {"127.0.0.1:8080", "http://127.0.0.1:8080"},
        {"[::1]:80", "http://[::1]:80"},
        {"0.0.0.0:0", "http://0.0.0.0:0"},
        {"unix:/run/x.sock", "unix:/run/x.sock"},
        {"127.0.0.1", NULL},
        {"::1:80", NULL},
        {"[::1]", NULL},
        {"localhost:80", NULL},
        {"unix:x.sock", NULL},
        {"unix:/", NULL},
        {"unix:", NULL},
        {"", NULL},
        {":80", NULL},
        {"127.0.0.1:", NULL},
        {"127.0.0.1:99999999", NULL},
        {"[]:1", NULL},
        {"[::1:1", NULL},
        {"127.0.0.1:65535", "http://127.0.0.1:65535"},
        {"127.0.0.1:65536", NULL},
        {"127.0.0.1:+80", NULL},
        {"127.0.0.1:-1", NULL},
        {"0000000000000000000000000000000000000000000000000000000127.0.0.1:80", NULL},
    };
    struct place p;
    char url[URL_MAX];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool is = place_parse(str_of(cases[i].text), &p);

        CHECK(is == (cases[i].url != NULL));
        if (!is)
            continue;
        place_url(&p, url);
        CHECK_STR(str_of(url), str_of(cases[i].url));
    }
    CHECK(!place_parse(STR("127.0.0.1\0:80"), &p));
    CHECK(!place_parse(STR("unix:/a\0b"), &p));
}

TEST(a_path_longer_than_a_socket_address_is_refused)
{
    char longer[200] = "unix:/";
    struct place p;

    memset(longer + 6, 'a', sizeof longer - 7);
    CHECK(!place_parse(str_of(longer), &p));
}

TEST(loopback_and_unix_sockets_are_local)
{
    static const struct { const char *text; bool local;
    } cases[] = {
        {"127.0.0.1:1", true}, {"127.9.9.9:1", true},          {"[::1]:1", true},
        {"unix:/a", true},     {"0.0.0.0:1", false},           {"[::]:1", false},
        {"10.0.0.1:1", false}, {"[::ffff:10.0.0.1]:1", false},
    };
    struct place p;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(place_parse(str_of(cases[i].text), &p) && place_is_local(&p) == cases[i].local);
}

TEST(lists_are_cut_at_blanks_and_commas)
{
    str list = STR(" a:1,b:2\t, c:3 "), one;

    CHECK(listen_next(&list, &one) && str_is(one, STR("a:1")));
    CHECK(listen_next(&list, &one) && str_is(one, STR("b:2")));
    CHECK(listen_next(&list, &one) && str_is(one, STR("c:3")));
    CHECK(!listen_next(&list, &one));
    list = STR("a\0b,c");
    CHECK(listen_next(&list, &one));
    CHECK_STR(one, STR("a\0b"));
}

static void unix_answers(void)
{
    struct client c = { .fd = path_socket(false) };

    say_z(&c, GET("/peer"));
    hear_status(&c, 200, STR("0.0.0.0"));
    hang_up(&c);
}

TEST(a_server_listens_on_several_addresses)
{
    char list[200], url[URL_MAX];
    struct client c;
    int64_t port;

    socket_folder_make();
    rig_init(&rig);
    (void)snprintf(list, sizeof list, "127.0.0.1:0 127.0.0.1:0, %s", address);
    rig.config.listen = str_of(list);
    rig.config.loops = 2;
    rig_start(&rig);
    for (unsigned i = 0; i < 2; i++) {
        CHECK(http_server_url(rig.server, i, url));
        CHECK(str_int(str_of(strrchr(url, ':') + 1), &port));
        dial_port(&c, (int)port);
        say_z(&c, GET("/"));
        hear_status(&c, 200, STR("hello"));
        hang_up(&c);
    }
    for (int i = 0; i < 8; i++)
        unix_answers();
    CHECK(http_server_url(rig.server, 2, url) && strcmp(url, address) == 0);
    CHECK(!http_server_url(rig.server, 3, url));
    CHECK(http_server_is_local(rig.server));
    rig_stop(&rig);
    socket_folder_drop();
}

TEST(a_unix_socket_has_its_mode_and_is_gone_after_the_stop)
{
    struct stat st;
    mode_t mask;

    socket_folder_make();
    rig_init(&rig);
    rig.config.listen = str_of(address);
    mask = umask(0177);
    rig_start(&rig);
    umask(mask);
    CHECK(lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && (st.st_mode & 0777) == 0660);
    unix_answers();
    rig_stop(&rig);
    CHECK(lstat(path, &st) != 0 && errno == ENOENT);
    socket_folder_drop();
}

/* Nobody takes who comes after the stop; what comes is no reason to turn in circles. */
TEST(a_drain_does_not_spin_on_a_shared_socket)
{
    struct client busy, idle, late;
    clock_t before;

    socket_folder_make();
    rig_init(&rig);
    rig.config.listen = str_of(address);
    rig.config.limits.work_ms = 500;
    rig_start(&rig);
    idle = (struct client){ .fd = path_socket(false) };
    say_z(&idle, GET("/"));
    hear_status(&idle, 200, STR("hello"));
    busy = (struct client){ .fd = path_socket(false) };
    say_z(&busy, GET("/hold"));
    sem_wait(&rig.entered);
    http_server_stop(rig.server);
    hear_end(&idle);                    /* so it drains */
    late = (struct client){ .fd = path_socket(false) };
    before = clock();
    hear_status(&busy, 503, (str){0});  /* the work's deadline: until then it has nothing to do */
    CHECK(clock() - before < CLOCKS_PER_SEC / 10);
    sem_post(&rig.release);
    rig_join(&rig);
    hang_up(&idle);
    hang_up(&busy);
    hang_up(&late);
    socket_folder_drop();
}

TEST(a_stale_socket_is_replaced_a_living_one_or_a_file_is_not)
{
    struct http_server *server;
    struct stat st;
    int fd;

    socket_folder_make();
    fd = path_socket(true);
    rig_init(&rig);
    rig.config.listen = str_of(address);
    CHECK_ERR(http_server_open(&rig.config, &server), ERR_IO);
    CHECK(lstat(path, &st) == 0);
    close(fd);
    rig_start(&rig);
    unix_answers();
    rig_stop(&rig);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    close(fd);
    CHECK_ERR(http_server_open(&rig.config, &server), ERR_IO);
    CHECK(lstat(path, &st) == 0 && S_ISREG(st.st_mode));
    socket_folder_drop();
}

TEST(a_socket_that_another_server_put_there_is_left_alone)
{
    struct stat st;
    int fd;

    socket_folder_make();
    rig_init(&rig);
    rig.config.listen = str_of(address);
    rig_start(&rig);
    CHECK(unlink(path) == 0);
    fd = path_socket(true);
    rig_stop(&rig);
    CHECK(lstat(path, &st) == 0);
    close(fd);
    socket_folder_drop();
}

TEST(sockets_given_stand_for_all_addresses)
{
    struct given given = { .n = 1 };
    struct stat st;

    socket_folder_make();
    given.fd[0] = path_socket(true);
    rig_init(&rig);
    rig.config.listen = STR("not an address");
    rig.config.given = &given;
    rig.config.loops = 2;
    rig_start(&rig);
    for (int i = 0; i < 8; i++)
        unix_answers();
    rig_stop(&rig);
    CHECK(lstat(path, &st) == 0);       /* its name is not ours */
    socket_folder_drop();
}

TEST(what_is_given_must_listen)
{
    struct given given = { .n = 1, .fd = { open("/dev/null", O_RDONLY | O_CLOEXEC) } };
    struct http_server *server;

    rig_init(&rig);
    rig.config.given = &given;
    CHECK_ERR(http_server_open(&rig.config, &server), ERR_BAD_SETTING);
    given.fd[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_ERR(http_server_open(&rig.config, &server), ERR_BAD_SETTING);
}

TEST(the_environment_says_which_sockets_are_given)
{
    struct given given;
    char pid[24];

    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "2", 1);
    setenv("LISTEN_FDNAMES", "web:tls", 1);
    CHECK_ERR(given_take(&given), OK);
    CHECK(given.n == 2 && given.fd[0] == 3 && given.fd[1] == 4 && !given.secure[0] &&
          given.secure[1]);
    CHECK(!getenv("LISTEN_PID") && !getenv("LISTEN_FDS") && !getenv("LISTEN_FDNAMES"));
    CHECK_ERR(given_take(&given), OK);
    CHECK(given.n == 0);
    setenv("LISTEN_PID", "1", 1);       /* meant for another process */
    setenv("LISTEN_FDS", "1", 1);
    CHECK_ERR(given_take(&given), OK);
    CHECK(given.n == 0 && !getenv("LISTEN_FDS"));
    setenv("LISTEN_PID", pid, 1);
    setenv("LISTEN_FDS", "1000", 1);
    CHECK_ERR(given_take(&given), ERR_BAD_SETTING);
}

/* ---- a client that asks and does not read ---- */

enum { PAGE = 8 << 10, PAGES = 30 };

static _Atomic int pages_made;

static void make_page(void *app, void *own, struct exchange *x)
{
    char *p = NEW_ARRAY(&x->mem, char, PAGE);

    (void)app, (void)own;
    atomic_fetch_add(&pages_made, 1);
    memset(p, FILLER, PAGE);
    x->res.status = 200;
    x->res.body = (str){ p, PAGE };
}

static void read_pages(struct client *c, int n)
{
    size_t left = (size_t)n * PAGE;
    ssize_t k;

    while (left && (k = recv_on(c->fd, c->b, sizeof c->b, 0)) > 0)
        for (ssize_t i = 0; i < k; i++)
            left -= c->b[i] == FILLER;
    CHECK(left == 0);
}

/* What waits to be sent is little, however much was asked for at once. */
TEST(answers_that_are_not_read_are_not_made)
{
    static char asked[PAGES][sizeof GET("/") - 1];
    struct given given = { .n = 1 };
    struct client c, other;
    int port;

    for (int i = 0; i < PAGES; i++)
        memcpy(asked[i], GET("/"), sizeof asked[i]);
    given.fd[0] = narrow_socket(4096, &port);
    rig_init(&rig);
    rig.config.given = &given;
    rig.config.app.run = make_page;
    rig_start(&rig);
    dial_port(&c, port);
    setsockopt(c.fd, SOL_SOCKET, SO_RCVBUF, &(int){ 4096 }, sizeof(int));
    say(&c, (str){ asked[0], sizeof asked });
    dial_port(&other, port);            /* of the same loop: once it is served, so was the first */
    say_z(&other, GET("/"));
    read_pages(&other, 1);
    CHECK(atomic_load(&pages_made) > 1 && atomic_load(&pages_made) < 20);
    read_pages(&c, PAGES);
    CHECK(atomic_load(&pages_made) == PAGES + 1);
    hang_up(&c);
    hang_up(&other);
    rig_stop(&rig);
}
