// SPDX-License-Identifier: MIT
/* tls_rig.h - certificates of a test's own, and a client that speaks TLS. */
#ifndef TLS_RIG_H
#define TLS_RIG_H

#include "http_rig.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <signal.h>
#include <stdlib.h>

struct papers { char folder[64], cert[96], key[96]; };

static void paper_write(const char *path, mode_t mode, X509 *cert, EVP_PKEY *key)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    FILE *file = fdopen(fd, "w");

    CHECK(file && fchmod(fd, mode) == 0);
    CHECK(cert ? PEM_write_X509(file, cert) == 1
               : PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1);
    CHECK(fclose(file) == 0);
}

/* A certificate that signs itself, with this serial number, and its key. */
static void papers_issue(const struct papers *p, long serial)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1,
                               0);
    X509_set_issuer_name(cert, name);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), serial);
    X509_gmtime_adj(X509_getm_notBefore(cert), -60);
    X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
    X509_set_pubkey(cert, key);
    CHECK(X509_sign(cert, key, EVP_sha256()) > 0);
    paper_write(p->cert, 0644, cert, NULL);
    paper_write(p->key, 0600, NULL, key);
    X509_free(cert);
    EVP_PKEY_free(key);
}

static void papers_make(struct papers *p)
{
    (void)snprintf(p->folder, sizeof p->folder, "/tmp/latchkey-tls-XXXXXX");
    CHECK(mkdtemp(p->folder) != NULL);
    (void)snprintf(p->cert, sizeof p->cert, "%s/cert.pem", p->folder);
    (void)snprintf(p->key, sizeof p->key, "%s/key.pem", p->folder);
    papers_issue(p, 1);
    (void)signal(SIGPIPE, SIG_IGN);     /* this program is the client too */
}

static void papers_drop(struct papers *p)
{
    (void)unlink(p->cert);
    (void)unlink(p->key);
    CHECK(rmdir(p->folder) == 0);
}

/* Turn a plain connection into one by TLS. False when the handshake fails. `alpn` in wire format,
 * as many NULL-terminated bytes; NULL: none. */
[[maybe_unused]] static bool secure_with(struct client *c, SSL_CTX *ctx, const char *alpn,
                                         SSL_SESSION *session)
{
    int k;

    c->ssl = SSL_new(ctx);
    SSL_set_fd(c->ssl, c->fd);
    if (alpn)
        SSL_set_alpn_protos(c->ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    if (session)
        SSL_set_session(c->ssl, session);
    ERR_clear_error();
    do {
        errno = 0;
        k = SSL_connect(c->ssl);
    } while (is_broken_off(c->ssl, k));
    return k == 1;
}

[[maybe_unused]] static long serial_of(const struct client *c)
{
    X509 *cert = SSL_get1_peer_certificate(c->ssl);
    long serial = cert ? ASN1_INTEGER_get(X509_get0_serialNumber(cert)) : -1;

    X509_free(cert);
    return serial;
}

/* A server by TLS on a free port. */
static void rig_start_tls(struct rig *r, const struct papers *p)
{
    r->config.listen = (str){0};
    r->config.listen_tls = STR("127.0.0.1:0");
    CHECK_ERR(tls_open(str_of(p->cert), str_of(p->key), &r->config.tls), OK);
    rig_start(r);
}

static void rig_stop_tls(struct rig *r)
{
    rig_stop(r);
    tls_close(r->config.tls);
}

#endif
