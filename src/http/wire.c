// SPDX-License-Identifier: MIT
/* wire.c - the bytes of a connection, plain or by TLS. */
#include "http/wire.h"

#include <errno.h>

enum { RECORD_HANDSHAKE = 22 };       /* how every TLS connection begins (RFC 8446 section 5.1) */

/* OpenSSL knows only some of HTTP's methods, so the first byte is looked at here. */
static enum wire_step look(struct conn *c)
{
    char first;
    ssize_t k = recv(c->fd, &first, 1, MSG_PEEK);

    if (k < 0 && errno == EAGAIN)
        return WIRE_WAITS;
    if (k <= 0)
        return WIRE_BROKEN;
    c->looked = true;
    return first == RECORD_HANDSHAKE      ? WIRE_OPEN
           : first >= 'A' && first <= 'Z' ? WIRE_PLAIN
                                          : WIRE_BROKEN;
}

enum wire_step wire_shake(struct conn *c)
{
    enum wire_step step = c->looked ? WIRE_OPEN : look(c);

    if (step == WIRE_OPEN)
        switch (tls_shake(c->tls)) {
        case TLS_DONE:
            break;
        case TLS_WAITS:
            step = WIRE_WAITS;
            break;
        case TLS_BROKEN:
            step = WIRE_BROKEN;
            break;
        }
    if (step == WIRE_WAITS)
        c->readable = false;
    return step;
}

ssize_t wire_read(struct conn *c, char *to, size_t n)
{
    ssize_t k;

    if (c->tls) {
        k = tls_read(c->tls, to, n);
        c->readable = k > 0 && (c->hung_up || !tls_is_drained(c->tls));
        return k;
    }
    k = recv(c->fd, to, n, 0);
    if (k < (ssize_t)n)
        c->readable = k >= 0 && c->hung_up;   /* less than asked for: drained, but for the end */
    return k >= 0 ? k : errno == EAGAIN ? -1 : -2;
}

/* Bytes written, maybe none; -1 when it is broken. */
static ssize_t wire_write(struct conn *c, const char *p, size_t n)
{
    ssize_t k;

    if (c->tls)
        return tls_write(c->tls, p, n);
    k = send(c->fd, p, n, MSG_NOSIGNAL);
    return k >= 0 ? k : errno == EAGAIN ? 0 : -1;
}

void wire_send_kept(struct conn *c)
{
    while (c->sent < c->out.n) {
        ssize_t k = wire_write(c, c->out.p + c->sent, c->out.n - c->sent);

        if (k < 0)
            conn_close(c);
        if (k <= 0)
            return;
        c->sent += (size_t)k;
    }
    buf_end(&c->out);
    c->sent = 0;
}

/* Until nothing is taken any more: TLS takes a record at a time, and only what was refused is told
 * of again. */
void wire_send(struct conn *c)
{
    struct buf *out = &c->loop->out;
    ssize_t k = 1;

    for (size_t at = 0; at < out->n && k > 0; at += (size_t)k) {
        k = wire_write(c, out->p + at, out->n - at);
        if (k == 0)
            buf_put(&c->out, str_from(buf_str(out), at));
        if (k < 0) {
            conn_close(c);
            return;
        }
    }
}

void wire_bye(struct conn *c)
{
    if (c->tls)
        tls_bye(c->tls);
}

void wire_drop_tls(struct conn *c)
{
    if (c->tls)
        tls_end(c->tls);
    c->tls = NULL;
}
