// SPDX-License-Identifier: MIT
/* remote.h - what the engines behind a socket share: reading a URL, and noticing that a connection
 * was lost while nobody used it. */
#ifndef STORE_REMOTE_H
#define STORE_REMOTE_H

#include "base/err.h"
#include "base/str.h"

enum { REMOTE_PART_MAX = 256 };

enum { REMOTE_HOSTS_MAX = 8 };

struct remote_host { char host[REMOTE_PART_MAX]; unsigned port; };

/* //USER:PASSWORD@HOST:PORT,HOST:PORT/DATABASE?socket=PATH, each part percent-encoded where it must
 * be. A part that was not given is the empty string, the port 0. There is at least one host. */
struct remote {
    char user[REMOTE_PART_MAX], password[REMOTE_PART_MAX];
    char database[REMOTE_PART_MAX], socket[REMOTE_PART_MAX];
    struct remote_host hosts[REMOTE_HOSTS_MAX];
    unsigned hosts_n;
};

/* `place` is the URL behind its scheme. A password given apart wins over the URL's. ERR_BAD_SETTING
 * for anything else, without a word of it in the log: it may hold a password. */
err remote_parse(str place, str password, struct remote *out);

/* Which of several hosts a new connection tries first: 0 until one did not answer. A hint that all
 * connections of the process share, so that each need not wait for the same dead host again. */
unsigned remote_first(const struct remote *r);

/* The host at `index` did not answer: begin with the one behind it. */
void remote_passed_over(const struct remote *r, unsigned index);

/* Between two queries a server has nothing to say, unless it says good-bye. */
bool remote_is_quiet(int socket);

#endif
