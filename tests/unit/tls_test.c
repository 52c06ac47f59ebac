// SPDX-License-Identifier: MIT
/* tls_test.c - the server by TLS: handshakes that are taken and refused, tickets, reload, the
 * end. */
#include "tls_rig.h"

#include <sys/un.h>

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static struct rig rig;
static struct papers papers;
static SSL_CTX *ctx;

static void begin(void)
{
    papers_make(&papers);
    ctx = SSL_CTX_new(TLS_client_method());
    rig_init(&rig);
}

static void end(void)
{
    rig_stop_tls(&rig);
    SSL_CTX_free(ctx);
    papers_drop(&papers);
}

static void dial_tls(struct client *c)
{
    dial(c, &rig);
    CHECK(secure_with(c, ctx, NULL, NULL));
}

TEST(requests_are_answered_and_the_end_is_clean)
{
    struct answer a;
    struct client c;

    begin();
    rig_start_tls(&rig, &papers);
    dial_tls(&c);
    say_z(&c, GET("/secure"));
    hear_status(&c, 200, STR("yes"));
    say_z(&c, "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab" GET("/"));
    hear_status(&c, 200, STR("ab"));
    hear_status(&c, 200, STR("hello"));
    say_z(&c, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    hear(&c, false, &a);
    CHECK(a.status == 200);
    hear_end(&c);
    hang_up(&c);
    end();
}

TEST(a_body_larger_than_a_read_arrives_whole)
{
    static char body[1 << 20], got[1 << 20];
    struct client c;
    size_t n = 0;
    ssize_t k;
    char *end_of_head;

    begin();
    rig_start_tls(&rig, &papers);
    dial_tls(&c);
    memset(body, 'x', sizeof body);
    say_z(&c, "POST /?a HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n");
    say(&c, (str){ body, sizeof body });
    while ((end_of_head = memmem(c.b, c.n, "\r\n\r\n", 4)) == NULL)
        CHECK(more(&c));
    n = c.n - (size_t)(end_of_head + 4 - c.b);
    memcpy(got, end_of_head + 4, n);
    while (n < sizeof got && (k = read_some(&c, got + n, sizeof got - n)) > 0)
        n += (size_t)k;
    CHECK(n == sizeof got && memcmp(got, body, n) == 0);
    hang_up(&c);
    end();
}

/* Three requests, a record each, as they would stand on the wire. */
static str three_records(struct client *c)
{
    BIO *wire = BIO_new(BIO_s_mem());
    char *p;
    long n;

    SSL_set0_wbio(c->ssl, wire);
    for (int i = 0; i < 3; i++)
        CHECK(SSL_write(c->ssl, GET("/"), sizeof GET("/") - 1) == sizeof GET("/") - 1);
    n = BIO_get_mem_data(wire, &p);
    return (str){ p, (size_t)n };
}

static void send_bytes(const struct client *c, str s)
{
    CHECK(send(c->fd, s.p, s.n, MSG_NOSIGNAL) == (ssize_t)s.n);
}

/* The server reads what is there at once, so records come whole, many at a time, and in part. */
TEST(an_answer_larger_than_the_socket_leaves_in_pieces)
{
    static char piece[1 << 16];
    struct client c;
    size_t got = 0;
    ssize_t k;

    begin();
    rig_narrow(&rig, true);
    rig_start_tls(&rig, &papers);
    dial(&c, &rig);
    CHECK(secure_with(&c, ctx, NULL, NULL));
    say_z(&c, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    while ((k = read_some(&c, piece, sizeof piece)) > 0)
        for (ssize_t i = 0; i < k; i++)
            got += piece[i] == FILLER;
    CHECK(got == BIG);
    hang_up(&c);
    end();
}

TEST(a_client_that_breaks_off_inside_an_answer_takes_nothing_with_it)
{
    struct linger reset = { 1, 0 };
    struct client c;
    char b;

    begin();
    rig_narrow(&rig, true);
    rig_start_tls(&rig, &papers);
    dial_tls(&c);
    say_z(&c, GET("/big"));
    CHECK(read_some(&c, &b, 1) == 1);
    setsockopt(c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(c.fd);
    SSL_free(c.ssl);
    dial_tls(&c);
    say_z(&c, GET("/"));
    hear_status(&c, 200, STR("hello"));
    hang_up(&c);
    end();
}

/* A unix socket is accepted before its client has said anything. */
TEST(a_client_that_hesitates_is_waited_for_and_one_that_leaves_is_not)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    char address[104];
    struct client c[2], other;

    begin();
    (void)snprintf(address, sizeof address, "127.0.0.1:0 unix:%s/x.sock", papers.folder);
    memcpy(a.sun_path, address + 17, strlen(address + 17));
    rig.config.listen_tls = str_of(address);
    rig.config.listen = (str){0};
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &rig.config.tls), OK);
    rig_start(&rig);
    for (int i = 0; i < 2; i++) {
        c[i] = (struct client){ .fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) };
        CHECK(connect(c[i].fd, (struct sockaddr *)(void *)&a, sizeof a) == 0);
    }
    dial_tls(&other);                   /* when it is answered, they were accepted */
    say_z(&other, GET("/"));
    hear_status(&other, 200, STR("hello"));
    hang_up(&other);
    hang_up(&c[0]);
    CHECK(secure_with(&c[1], ctx, NULL, NULL));
    say_z(&c[1], GET("/secure"));
    hear_status(&c[1], 200, STR("yes"));
    hang_up(&c[1]);
    end();
}

TEST(records_are_answered_however_the_wire_cuts_them)
{
    struct client c;
    str wire;

    begin();
    rig_start_tls(&rig, &papers);
    dial_tls(&c);
    wire = three_records(&c);
    for (size_t cut = 0; cut <= wire.n; cut += 9) {
        if (cut) {
            hang_up(&c);
            dial_tls(&c);
            wire = three_records(&c);
        }
        send_bytes(&c, str_head(wire, cut));
        for (size_t whole = 0; whole < cut / (wire.n / 3); whole++)
            hear_status(&c, 200, STR("hello"));       /* so the server has read to the cut */
        send_bytes(&c, str_from(wire, cut));
        for (size_t rest = cut / (wire.n / 3); rest < 3; rest++)
            hear_status(&c, 200, STR("hello"));
    }
    hang_up(&c);
    end();
}

TEST(both_versions_are_spoken_and_older_ones_not)
{
    static const struct { int version; bool fine;
    } cases[] = {
        {TLS1_3_VERSION, true},
        {TLS1_2_VERSION, true},
        {TLS1_1_VERSION, false},
        {TLS1_VERSION, false},
    };

    begin();
    rig_start_tls(&rig, &papers);
    SSL_CTX_set_cipher_list(ctx, "ALL:@SECLEVEL=0");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct client c;

        SSL_CTX_set_min_proto_version(ctx, cases[i].version);
        SSL_CTX_set_max_proto_version(ctx, cases[i].version);
        dial(&c, &rig);
        CHECK(secure_with(&c, ctx, NULL, NULL) == cases[i].fine);
        hang_up(&c);
    }
    end();
}

TEST(suites_without_forward_secrecy_or_aead_are_refused)
{
    static const char *const suites[] = {"AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-SHA",
                                         "AES256-SHA"};

    begin();
    rig_start_tls(&rig, &papers);
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    for (size_t i = 0; i < sizeof suites / sizeof *suites; i++) {
        struct client c;

        CHECK(SSL_CTX_set_cipher_list(ctx, suites[i]) == 1);
        dial(&c, &rig);
        CHECK(!secure_with(&c, ctx, NULL, NULL));
        hang_up(&c);
    }
    end();
}

TEST(keys_are_agreed_on_by_curves_alone)
{
    static const struct { const char *group; bool fine; } tries[] = {
        { "X25519", true }, { "P-256", true }, { "P-384", true },
        { "ffdhe2048", false }, { "ffdhe8192", false } };

    begin();
    rig_start_tls(&rig, &papers);
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct client c;

        CHECK(SSL_CTX_set1_groups_list(ctx, tries[i].group) == 1);
        dial(&c, &rig);
        CHECK(secure_with(&c, ctx, NULL, NULL) == tries[i].fine);
        hang_up(&c);
    }
    end();
}

TEST(what_both_speak_is_chosen_and_nothing_else)
{
    static const struct { const char *offer, *chosen;
    } cases[] = {
        {NULL, ""},
        {"\x08http/1.1", "http/1.1"},
        {"\x02h2", "h2"},
        {"\x08http/1.1\x02h2", "h2"},
        {"\x03"
         "foo\x08http/1.1",
         "http/1.1"},
        {"\x03"
         "foo",
         NULL},
    };

    begin();
    rig_start_tls(&rig, &papers);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const unsigned char *name = NULL;
        unsigned n = 0;
        struct client c;

        dial(&c, &rig);
        CHECK(secure_with(&c, ctx, cases[i].offer, NULL) == (cases[i].chosen != NULL));
        SSL_get0_alpn_selected(c.ssl, &name, &n);
        if (cases[i].chosen)
            CHECK_STR(((str){ (const char *)name, n }), str_of(cases[i].chosen));
        hang_up(&c);
    }
    end();
}

TEST(plain_http_is_told_so_and_noise_is_not)
{
    static const char *const plain[] = { GET("/"), "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n" };
    struct client c;
    char b;

    begin();
    rig_start_tls(&rig, &papers);
    for (size_t i = 0; i < 2; i++)
        refused(&rig, str_of(plain[i]), 400);
    for (size_t i = 0; i < 2; i++) {
        dial(&c, &rig);
        say(&c, i ? STR("get / HTTP/1.1\r\n") : STR("\0\1\2\3"));
        CHECK(recv(c.fd, &b, 1, 0) <= 0);
        hang_up(&c);
    }
    end();
}

TEST(a_ticket_resumes_a_session)
{
    for (int version = TLS1_2_VERSION; version <= TLS1_3_VERSION; version++) {
        SSL_SESSION *session;
        struct client c;

        begin();
        rig_start_tls(&rig, &papers);
        SSL_CTX_set_max_proto_version(ctx, version);
        dial_tls(&c);
        say_z(&c, GET("/"));
        hear_status(&c, 200, STR("hello"));     /* TLS 1.3 sends tickets after the handshake */
        session = SSL_get1_session(c.ssl);
        hang_up(&c);
        dial(&c, &rig);
        CHECK(secure_with(&c, ctx, NULL, session) && SSL_session_reused(c.ssl));
        say_z(&c, GET("/"));
        hear_status(&c, 200, STR("hello"));
        hang_up(&c);
        SSL_SESSION_free(session);
        end();
    }
}

TEST(a_client_cannot_renegotiate)
{
    struct client c;

    begin();
    rig_start_tls(&rig, &papers);
    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
    dial_tls(&c);
    SSL_renegotiate(c.ssl);
    CHECK(SSL_do_handshake(c.ssl) != 1);
    hang_up(&c);
    end();
}

TEST(a_reload_holds_for_new_connections_and_a_bad_file_changes_nothing)
{
    struct client old, c;
    EVP_PKEY *key;

    begin();
    rig_start_tls(&rig, &papers);
    dial_tls(&old);
    CHECK(serial_of(&old) == 1);
    papers_issue(&papers, 2);
    CHECK_ERR(tls_reload(rig.config.tls), OK);
    dial_tls(&c);
    CHECK(serial_of(&c) == 2);
    hang_up(&c);
    key = EVP_EC_gen("P-256");
    paper_write(papers.key, 0600, NULL, key);
    EVP_PKEY_free(key);
    CHECK_ERR(tls_reload(rig.config.tls), ERR_BAD_SETTING);
    dial_tls(&c);
    CHECK(serial_of(&c) == 2);
    hang_up(&c);
    say_z(&old, GET("/"));
    hear_status(&old, 200, STR("hello"));
    hang_up(&old);
    end();
}

TEST(files_that_cannot_be_trusted_are_refused)
{
    struct tls *tls;
    FILE *file;

    papers_make(&papers);
    CHECK(chmod(papers.key, 0640) == 0);
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &tls), ERR_BAD_SETTING);
    CHECK(chmod(papers.key, 0600) == 0);
    CHECK_ERR(tls_open(str_of(papers.folder), str_of(papers.key), &tls), ERR_BAD_SETTING);
    CHECK_ERR(tls_open(str_of(papers.cert), STR("/nonexistent"), &tls), ERR_BAD_SETTING);
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.cert), &tls), ERR_BAD_SETTING);
    CHECK_ERR(tls_open(str_of(papers.key), str_of(papers.key), &tls), ERR_BAD_SETTING);
    file = fopen(papers.cert, "a");
    CHECK(file &&
          fputs("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", file) >= 0);
    CHECK(fclose(file) == 0);
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &tls), ERR_BAD_SETTING);
    papers_drop(&papers);
}

TEST(a_key_that_the_system_hands_over_may_have_bits_for_its_group)
{
    static const struct { int n; const char *more; err want; } rows[] = {
        { 63, "", OK }, { 63, "/", OK }, { 63, "-other", ERR_BAD_SETTING },
        { 10, "", ERR_BAD_SETTING },                    /* "/tmp/latch" */
    };
    char folder[80];
    struct tls *tls;

    papers_make(&papers);
    CHECK(chmod(papers.key, 0440) == 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        (void)snprintf(folder, sizeof folder, "%.*s%s", rows[i].n, papers.folder, rows[i].more);
        CHECK(setenv("CREDENTIALS_DIRECTORY", folder, 1) == 0);
        CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &tls), rows[i].want);
        if (rows[i].want == OK)
            tls_close(tls);
    }
    CHECK(unsetenv("CREDENTIALS_DIRECTORY") == 0);
    papers_drop(&papers);
}

TEST(a_key_of_somebody_else_is_refused)
{
    struct tls *tls;

    papers_make(&papers);
    if (chown(papers.key, 65534, (gid_t)-1) == 0)       /* root alone may give it away */
        CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &tls), ERR_BAD_SETTING);
    papers_drop(&papers);
}

TEST(a_name_longer_than_any_file_has_is_refused)
{
    static char name[5000];
    struct tls *tls;

    papers_make(&papers);
    memset(name, '/', sizeof name - 1);                 /* cut short it would name a folder */
    CHECK_ERR(tls_open(str_of(name), str_of(papers.key), &tls), ERR_BAD_SETTING);
    papers_drop(&papers);
}

/* A certificate of this key, behind what is in the file already. */
static void certify(EVP_PKEY *key, const char *mode)
{
    FILE *file = fopen(papers.cert, mode);
    X509 *cert = X509_new();

    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
    CHECK(file && PEM_write_X509(file, cert) == 1 && fclose(file) == 0);
    X509_free(cert);
}

TEST(a_certificate_too_weak_is_refused_first_or_in_the_chain)
{
    EVP_PKEY *weak = EVP_RSA_gen(1024), *strong = EVP_EC_gen("P-256");
    struct tls *tls;

    papers_make(&papers);
    certify(strong, "a");
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &tls), OK);
    tls_close(tls);
    certify(weak, "a");
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &tls), ERR_BAD_SETTING);
    certify(weak, "w");
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &tls), ERR_BAD_SETTING);
    EVP_PKEY_free(weak);
    EVP_PKEY_free(strong);
    papers_drop(&papers);
}

TEST(a_key_locked_with_a_password_is_refused_and_nobody_asked)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct tls *tls;
    FILE *file;

    papers_make(&papers);
    file = fopen(papers.key, "w");
    CHECK(file && PEM_write_PrivateKey(file, key, EVP_aes_128_cbc(), (const unsigned char *)"pw", 2,
                                       NULL, NULL) == 1);
    CHECK(fclose(file) == 0);
    EVP_PKEY_free(key);
    CHECK_ERR(tls_open(str_of(papers.cert), str_of(papers.key), &tls), ERR_BAD_SETTING);
    papers_drop(&papers);
}

TEST(a_handshake_that_drips_dies_at_its_deadline)
{
    struct client c;
    ssize_t k = 1;
    char b;

    begin();
    rig.config.limits.head_ms = 200;
    rig_start_tls(&rig, &papers);
    dial(&c, &rig);
    setsockopt(c.fd, SOL_SOCKET, SO_RCVTIMEO, &(struct timeval){0, 20000}, sizeof(struct timeval));
    say(&c, STR("\x16\x03\x01\x02"));
    for (int i = 0; i < 1000 && k != 0; i++) {
        say(&c, STR("\0"));
        k = recv(c.fd, &b, 1, 0);
        if (k < 0 && errno == ECONNRESET)
            k = 0;
    }
    CHECK(k == 0);
    hang_up(&c);
    end();
}

TEST(an_idle_connection_is_closed_with_a_goodbye)
{
    struct client c;

    begin();
    rig.config.limits.idle_ms = 50;
    rig_start_tls(&rig, &papers);
    dial_tls(&c);
    say_z(&c, GET("/"));
    hear_status(&c, 200, STR("hello"));
    hear_end(&c);
    hang_up(&c);
    end();
}

TEST(what_was_accepted_is_answered_when_the_server_stops)
{
    struct client c;

    begin();
    rig_start_tls(&rig, &papers);
    dial_tls(&c);
    say_z(&c, GET("/hold"));
    while (sem_wait(&rig.entered) != 0)
        ;
    http_server_stop(rig.server);
    sem_post(&rig.release);
    hear_status(&c, 200, STR("hello"));
    hear_end(&c);
    hang_up(&c);
    rig_join(&rig);
    tls_close(rig.config.tls);
    SSL_CTX_free(ctx);
    papers_drop(&papers);
}

TEST(a_server_without_a_certificate_does_not_listen_by_tls)
{
    struct http_server *server;

    rig_init(&rig);
    rig.config.listen_tls = STR("127.0.0.1:0");
    CHECK_ERR(http_server_open(&rig.config, &server), ERR_BAD_SETTING);
}
