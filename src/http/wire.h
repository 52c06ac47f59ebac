// SPDX-License-Identifier: MIT
/* wire.h - the bytes of a connection, plain or by TLS. */
#ifndef HTTP_WIRE_H
#define HTTP_WIRE_H

#include "http/conn.h"

enum wire_step { WIRE_OPEN, WIRE_WAITS, WIRE_PLAIN, WIRE_BROKEN };

/* Go on with the handshake. WIRE_PLAIN: what came is no TLS. c->readable is kept as by
 * wire_read. */
enum wire_step wire_shake(struct conn *c);

/* Bytes read, 0 at the end, -1 when there is nothing now, -2 when it is broken. Sets c->readable to
 * whether a further read may bring something. */
ssize_t wire_read(struct conn *c, char *to, size_t n);

/* Send what is in the loop's buffer, nothing being kept. What the socket does not take is kept in
 * c->out. A broken connection is closed. */
void wire_send(struct conn *c);

/* Send what is kept, as far as the socket takes it. A broken connection is closed. */
void wire_send_kept(struct conn *c);

/* Say that nothing more will be sent. */
void wire_bye(struct conn *c);

/* Go on without TLS, or give up what it held. Sends nothing. */
void wire_drop_tls(struct conn *c);

#endif
