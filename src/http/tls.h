// SPDX-License-Identifier: MIT
/* tls.h - TLS 1.2 and 1.3 for the server's side of a connection (RFC 8446, RFC 5246, RFC 7301).
 *
 * A `struct tls` holds a certificate, its key and the keys of session tickets; all loops share it
 * and it can be replaced while they run (the one lock is in here). A `struct tls_link` is one
 * connection and belongs to its loop. Suites of TLS 1.2 are those with forward secrecy and AEAD,
 * which are also the ones that HTTP/2 may be spoken over (RFC 9113 section 9.2.2); keys are agreed
 * on by elliptic curves alone. No renegotiation, no compression, no early data, no session cache:
 * tickets hold what is needed, and die with a reload. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include "base/err.h"
#include "base/str.h"

#include <sys/types.h>

struct tls;
struct tls_link;

/* Load a certificate with its chain, and its key, from PEM files. The key's file is a regular one
 * of ours or root's that group and others cannot touch (that is not asked of a systemd credential).
 * ERR_BAD_SETTING, said in one line on standard error, when one cannot be used or they do not
 * match. The names are not copied and must outlive it. */
err tls_open(str cert, str key, struct tls **out);

/* Read both files again, for connections to come; those that are open keep what they have. On
 * failure as above, and the old ones stay in force. Any thread. */
err tls_reload(struct tls *tls);

/* Free it. Links may outlive it. */
void tls_close(struct tls *tls);

/* The server's end of a connection on `fd`, which stays the caller's. NULL without memory. */
struct tls_link *tls_accept(struct tls *tls, int fd);

/* Free it; nothing is sent. */
void tls_end(struct tls_link *link);

enum tls_step { TLS_DONE, TLS_WAITS, TLS_BROKEN };

/* Go on with the handshake as far as the bytes that are there allow. */
enum tls_step tls_shake(struct tls_link *link);

/* Whether the handshake chose HTTP/2. */
bool tls_chose_h2(const struct tls_link *link);

/* Bytes read, 0 at the end, -1 when there is nothing now, -2 when it is broken. A record may hold
 * more than `n` bytes, and more records may lie behind it. */
ssize_t tls_read(struct tls_link *link, char *to, size_t n);

/* Did the last tls_read leave nothing behind, neither here nor, at that time, in the socket? Its
 * end may still be there. */
bool tls_is_drained(const struct tls_link *link);

/* Bytes written, maybe none; -1 when it is broken. */
ssize_t tls_write(struct tls_link *link, const char *p, size_t n);

/* Say goodbye (close_notify), as far as the socket takes it. Harmless before the handshake is over
 * and after a failure. */
void tls_bye(struct tls_link *link);

#endif
