// SPDX-License-Identifier: MIT
/* listen.h - where the server listens: addresses as text, sockets of our own, sockets handed over.
 *
 * An address is "127.0.0.1:8080", "[::1]:8080" or "unix:/run/latchkey.sock": numeric with its port,
 * no name is looked up. Several stand in one list, with blanks or commas between them. */
#ifndef HTTP_LISTEN_H
#define HTTP_LISTEN_H

#include "base/err.h"
#include "base/str.h"

#include <sys/socket.h>
#include <sys/stat.h>

enum { LISTENERS_MAX = 16, LISTEN_BACKLOG = 4096, URL_MAX = 136 };

/* One address, and the socket on it. */
struct place {
    struct sockaddr_storage at;
    socklen_t at_n;
    bool secure;                      /* speaks TLS */
    bool given;                       /* handed over: another process owns its name */
    bool bound;                       /* its port is ours */
    int fd;                           /* -1: not open */
    dev_t device;                     /* of a unix socket's file, to know it again ... */
    ino_t inode;                      /* ... when it is to be removed */
};

/* Sockets that the system has opened for us (sd_listen_fds(3)). */
struct given { unsigned n; int fd[LISTENERS_MAX]; bool secure[LISTENERS_MAX]; };

/* Cut the next address off a list. False when there is none. */
bool listen_next(str *list, str *address);

/* From text. False when it is no address. Opens nothing. */
bool place_parse(str address, struct place *out);

/* Is it this machine alone that can reach it? A unix socket is. */
bool place_is_local(const struct place *p);

/* Bind and listen. TCP sockets let further ones of this process share their port; p->at gets the
 * port that was bound. A unix socket gets mode 0660; a file in its place that is a socket nobody
 * answers on is a stale one and is removed, any other stays and is an error. ERR_IO with errno. */
err place_open(struct place *p);

/* Take a socket that was handed over: listening and a stream, or ERR_BAD_SETTING. */
err place_take(struct place *p, int fd, bool secure);

/* Close it; remove a unix socket's file if it is still the one that place_open made. */
void place_close(struct place *p);

/* "http://127.0.0.1:8080", "https://[::1]:8443" or "unix:/run/latchkey.sock". */
void place_url(const struct place *p, char out[static URL_MAX]);

/* What LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES say, which it takes out of the environment: once,
 * before threads. A socket whose name is "tls" speaks TLS. ERR_BAD_SETTING for too many. */
err given_take(struct given *out);

#endif
