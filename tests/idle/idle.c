// SPDX-License-Identifier: MIT
/* idle.c - clients that hold connections: N idle ones after an answer, or N that send a byte a
 * second.
 *
 * usage: idle PORT idle|drip N SECONDS. Says `held N` once all stand, then waits for a line on
 * standard input or SECONDS, and says `open M`: how many of them the server has not closed. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const char request[] = "GET /api/test/all HTTP/1.1\r\nHost: a\r\n\r\n";

/* A different address of ours every 10,000: ports of one run out. Which port is chosen when it is
 * known where to: those that wait out what is over are free for another server. */
static int dial(int port, int i)
{
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)i / 10000)};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), late = 1;

    if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &late, sizeof late) != 0 ||
        bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        perror("dial");
        exit(1);
    }
    return fd;
}

/* A connection that has had its answer. */
static bool ask(int fd)
{
    char b[2048];

    return send(fd, request, sizeof request - 1, 0) > 0 && recv(fd, b, sizeof b, 0) > 0;
}

static void drip_all(const int *fds, int n, size_t at)
{
    for (int i = 0; i < n; i++)
        (void)!send(fds[i], request + at % (sizeof request - 3), 1,
                    MSG_NOSIGNAL); /* those that were closed are counted later */
}

static int count_open(const int *fds, int n)
{
    int open = 0;
    char b;

    for (int i = 0; i < n; i++)
        open += recv(fds[i], &b, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN;
    return open;
}

int main(int argc, char **argv)
{
    int port = argc == 5 ? (int)strtol(argv[1], NULL, 10) : 0,
        n = argc == 5 ? (int)strtol(argv[3], NULL, 10) : 0;
    bool drips = argc == 5 && strcmp(argv[2], "drip") == 0;
    long seconds = argc == 5 ? strtol(argv[4], NULL, 10) : 0;
    struct rlimit limit = { (rlim_t)n + 64, (rlim_t)n + 64 };
    int *fds = n > 0 ? calloc((size_t)n, sizeof *fds) : NULL;

    if (!fds)
        return 2;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
        puts("limit");
        return 77;
    }
    for (int i = 0; i < n; i++) {
        fds[i] = dial(port, i);
        if (!drips && !ask(fds[i]))
            return 1;
    }
    if (drips)
        drip_all(fds, n, 0);
    printf("held %d\n", n);
    fflush(stdout);
    for (long s = 1; s <= seconds; s++) {
        struct pollfd in = { .fd = 0, .events = POLLIN };

        if (poll(&in, 1, 1000) > 0)
            break;
        if (drips)
            drip_all(fds, n, (size_t)s);
    }
    printf("open %d\n", count_open(fds, n));
    return 0;
}
