// SPDX-License-Identifier: MIT
/* tls.c - TLS by OpenSSL 3.
 *
 * OpenSSL keeps a queue of errors a thread: it is emptied before each call whose outcome is asked
 * for, or an old error would speak for a new call. */
#include "http/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_NAME_MAX = 4096, TICKET_S = 7200 };

struct tls {
    str cert, key;
    pthread_mutex_t lock;             /* over `now` */
    SSL_CTX *now;
};

struct tls_link {
    SSL *ssl;
    bool broken;
    bool drained; /* the last read of the socket brought less than it asked for */
};

/* ---- files ---- */

static err complain(str file, const char *why)
{
    fprintf(stderr, "latchkey: " STR_FMT ": %s\n", STR_ARG(file), why);
    return ERR_BAD_SETTING;
}

/* What OpenSSL has against a file, in its own words. */
static err complain_of(str file, const char *what)
{
    const char *why = ERR_reason_error_string(ERR_peek_last_error());

    fprintf(stderr, "latchkey: " STR_FMT ": %s: %s\n", STR_ARG(file), what,
            why ? why : "it cannot be read");
    return ERR_BAD_SETTING;
}

/* The system guards what it hands over, and shows it with group bits of its own. */
static bool is_credential(str file)
{
    str folder = str_of(getenv("CREDENTIALS_DIRECTORY"));

    while (folder.n && folder.p[folder.n - 1] == '/')
        folder.n--;
    return folder.n && str_starts(file, folder) && str_starts(str_from(file, folder.n), STR("/"));
}

static const char *key_refused(const struct stat *st, bool credential)
{
    if (!credential && (st->st_mode & 077))
        return "the key can be touched by others: chmod 600 it";
    if (!credential && st->st_uid != geteuid() && st->st_uid != 0)
        return "the key belongs to someone else";
    return NULL;
}

/* Open a regular file: a pipe would be waited for. NULL, and said, when it cannot be used. */
static BIO *file_open(str file, bool is_key)
{
    char name[FILE_NAME_MAX];
    const char *why = NULL;
    struct stat st;
    BIO *bio = NULL;
    int fd;

    (void)snprintf(name, sizeof name, STR_FMT, STR_ARG(file));
    errno = ENAMETOOLONG;
    fd = file.n < sizeof name ? open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd < 0 || fstat(fd, &st) != 0)
        why = strerror(errno);
    else if (!S_ISREG(st.st_mode))
        why = "is not a regular file";
    else if (!is_key || (why = key_refused(&st, is_credential(file))) == NULL)
        bio = BIO_new_fd(fd, BIO_CLOSE);
    if (why)
        (void)complain(file, why);
    if (!bio && fd >= 0)
        close(fd);
    return bio;
}

/* A key that is locked with a password cannot be used: nobody is there to be asked. */
static int no_password(char *to, int n, int writing, void *arg)
{
    (void)to, (void)n, (void)writing, (void)arg;
    return -1;
}

static err load_key(SSL_CTX *ctx, str file)
{
    BIO *bio = file_open(file, true);
    EVP_PKEY *key;
    bool fits;

    if (!bio)
        return ERR_BAD_SETTING;
    key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
    BIO_free(bio);
    fits = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
    EVP_PKEY_free(key);
    return fits ? OK
                : complain_of(file,
                              key ? "the key does not fit the certificate" : "is no private key");
}

/* The certificate first, then what links it to its authority. */
static err load_chain(SSL_CTX *ctx, str file)
{
    BIO *bio = file_open(file, false);
    X509 *cert;
    bool fine;

    if (!bio)
        return ERR_BAD_SETTING;
    cert = PEM_read_bio_X509(bio, NULL, no_password, NULL);
    fine = cert && SSL_CTX_use_certificate(ctx, cert) == 1;
    X509_free(cert);
    while (fine && (cert = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL)
        if (!(fine = SSL_CTX_add0_chain_cert(ctx, cert) == 1))
            X509_free(cert);
    BIO_free(bio);
    fine =
        fine && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE; /* the file's end */
    return fine ? OK : complain_of(file, "is no certificate");
}

/* ---- contexts ---- */

/* RFC 7301 section 3.2: a client that offers only what we do not speak is told so. */
static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_n,
                  const unsigned char *in, unsigned in_n, void *arg)
{
    static const unsigned char ours[] = "\x02h2\x08http/1.1";
    unsigned char *found;

    (void)ssl, (void)arg;
    if (SSL_select_next_proto(&found, out_n, ours, sizeof ours - 1, in, in_n) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = found;
    return SSL_TLSEXT_ERR_OK;
}

/* Finite fields are left out: a client that asks for one costs us much and himself nothing. */
#define GROUPS "X25519:P-256:P-384"

static bool set_rules(SSL_CTX *ctx)
{
    static const unsigned char name[] = "latchkey";

    SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                 SSL_OP_NO_COMPRESSION | SSL_OP_PRIORITIZE_CHACHA |
                                 SSL_OP_CLEANSE_PLAINTEXT |
                                 SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                              | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_read_ahead(ctx, 1);     /* else a record's head is a read of its own */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_timeout(ctx, TICKET_S);
    SSL_CTX_set_alpn_select_cb(ctx, choose, NULL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1
           && SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1
           && SSL_CTX_set1_groups_list(ctx, GROUPS) == 1
           && SSL_CTX_set_session_id_context(ctx, name, sizeof name - 1) == 1;
}

static err context_new(str cert, str key, SSL_CTX **out)
{
    SSL_CTX *ctx;
    err e;

    ERR_clear_error();
    if ((ctx = SSL_CTX_new(TLS_server_method())) == NULL || !set_rules(ctx)) {
        SSL_CTX_free(ctx);
        return complain_of(cert, "TLS cannot be set up");
    }
    if ((e = load_chain(ctx, cert)) != OK || (e = load_key(ctx, key)) != OK) {
        SSL_CTX_free(ctx);
        ERR_clear_error();
        return e;
    }
    ERR_clear_error();
    *out = ctx;
    return OK;
}

err tls_open(str cert, str key, struct tls **out)
{
    struct tls *tls;
    SSL_CTX *ctx;
    err e;

    if ((e = context_new(cert, key, &ctx)) != OK)
        return e;
    if ((tls = calloc(1, sizeof *tls)) == NULL) {
        SSL_CTX_free(ctx);
        return ERR_NO_MEMORY;
    }
    tls->cert = cert;
    tls->key = key;
    tls->now = ctx;
    pthread_mutex_init(&tls->lock, NULL);
    *out = tls;
    return OK;
}

err tls_reload(struct tls *tls)
{
    SSL_CTX *ctx, *before;
    err e;

    if ((e = context_new(tls->cert, tls->key, &ctx)) != OK)
        return e;
    pthread_mutex_lock(&tls->lock);
    before = tls->now;
    tls->now = ctx;
    pthread_mutex_unlock(&tls->lock);
    SSL_CTX_free(before);               /* links hold it as long as they need it */
    return OK;
}

void tls_close(struct tls *tls)
{
    SSL_CTX_free(tls->now);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

/* ---- links ---- */

/* OpenSSL has read, or will read, or anything else with the socket. */
static long watch_reads(BIO *bio, int what, const char *p, size_t asked, int i, long l, int outcome,
                        size_t *got)
{
    struct tls_link *link = (struct tls_link *)(void *)BIO_get_callback_arg(bio);

    (void)p, (void)i, (void)l;
    if (what == (BIO_CB_READ | BIO_CB_RETURN))
        link->drained = outcome <= 0 || *got < asked;
    return outcome;
}

struct tls_link *tls_accept(struct tls *tls, int fd)
{
    struct tls_link *link = calloc(1, sizeof *link);
    SSL_CTX *ctx;

    if (!link)
        return NULL;
    pthread_mutex_lock(&tls->lock);
    ctx = tls->now;
    (void)SSL_CTX_up_ref(ctx);          /* cannot fail: it is alive */
    pthread_mutex_unlock(&tls->lock);
    link->ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    if (!link->ssl || SSL_set_fd(link->ssl, fd) != 1) {
        tls_end(link);
        return NULL;
    }
    BIO_set_callback_ex(SSL_get_rbio(link->ssl), watch_reads);
    BIO_set_callback_arg(SSL_get_rbio(link->ssl), (char *)link);
    SSL_set_accept_state(link->ssl);
    return link;
}

void tls_end(struct tls_link *link)
{
    SSL_free(link->ssl);
    free(link);
}

/* Does it only wait for the socket? */
static bool waits(struct tls_link *link, int outcome)
{
    int why = SSL_get_error(link->ssl, outcome);

    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
        return true;
    link->broken = why != SSL_ERROR_ZERO_RETURN;
    return false;
}

enum tls_step tls_shake(struct tls_link *link)
{
    int k;

    ERR_clear_error();
    k = SSL_do_handshake(link->ssl);
    if (k == 1)
        return TLS_DONE;
    return waits(link, k) ? TLS_WAITS : TLS_BROKEN;
}

bool tls_chose_h2(const struct tls_link *link)
{
    const unsigned char *name;
    unsigned n;

    SSL_get0_alpn_selected(link->ssl, &name, &n);
    return str_is((str){ (const char *)name, n }, STR("h2"));
}

ssize_t tls_read(struct tls_link *link, char *to, size_t n)
{
    size_t got = 0;
    int k;

    ERR_clear_error();
    k = SSL_read_ex(link->ssl, to, n, &got);
    if (k == 1)
        return (ssize_t)got;
    if (waits(link, k))
        return -1;
    return link->broken ? -2 : 0;
}

bool tls_is_drained(const struct tls_link *link)
{
    return link->drained && !SSL_has_pending(link->ssl);
}

ssize_t tls_write(struct tls_link *link, const char *p, size_t n)
{
    size_t put = 0;
    int k;

    ERR_clear_error();
    k = SSL_write_ex(link->ssl, p, n, &put);
    if (k == 1)
        return (ssize_t)put;
    return waits(link, k) ? 0 : -1;
}

void tls_bye(struct tls_link *link)
{
    if (link->broken || !SSL_is_init_finished(link->ssl) ||
        (SSL_get_shutdown(link->ssl) & SSL_SENT_SHUTDOWN))
        return;
    ERR_clear_error();
    (void)SSL_shutdown(link->ssl);      /* the client need not answer it (RFC 8446 section 6.1) */
}
