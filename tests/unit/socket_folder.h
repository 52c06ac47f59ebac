// SPDX-License-Identifier: MIT
/* socket_folder.h - a folder of its own for a unix socket. */
#ifndef SOCKET_FOLDER_H
#define SOCKET_FOLDER_H

#include "../tests/test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char folder[64], path[96], address[104];

static void socket_folder_make(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/latchkey-sockets-XXXXXX");
    CHECK(mkdtemp(folder) != NULL);
    (void)snprintf(path, sizeof path, "%s/x.sock", folder);
    (void)snprintf(address, sizeof address, "unix:%s", path);
}

static void socket_folder_drop(void)
{
    (void)unlink(path);
    CHECK(rmdir(folder) == 0);
}

/* A socket that listens at the path, or one that is connected to it. */
static int path_socket(bool listening)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    memcpy(a.sun_path, path, strlen(path));
    if (listening)
        CHECK(bind(fd, (struct sockaddr *)(void *)&a, sizeof a) == 0 && listen(fd, 8) == 0);
    else
        CHECK(connect(fd, (struct sockaddr *)(void *)&a, sizeof a) == 0);
    return fd;
}

#endif
