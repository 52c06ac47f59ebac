// SPDX-License-Identifier: MIT
/* bare.c - the limit to compare with: an epoll loop that looks for blank lines and sends one fixed
 * answer. No parsing, no routes, no time-outs.  bare PORT [THREADS] */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static const char answer[] = "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 19:00:00 GMT\r\n"
                             "Content-Type: text/html; charset=utf-8\r\nContent-Length: 15\r\n\r\n"
                             "Public Content.";
static unsigned short port;

static int listener(void)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 4096) != 0) {
        perror("bare");
        exit(1);
    }
    return fd;
}

static void serve(int fd, char *in, size_t in_size, char *out, size_t out_size)
{
    ssize_t got = recv(fd, in, in_size, 0);
    size_t n = 0;

    if (got <= 0) {
        if (got == 0 || errno != EAGAIN)
            close(fd);
        return;
    }
    for (char *p = in; (p = memmem(p, (size_t)(in + got - p), "\r\n\r\n", 4)) != NULL; p += 4) {
        if (n + sizeof answer - 1 > out_size)
            break;
        memcpy(out + n, answer, sizeof answer - 1);
        n += sizeof answer - 1;
    }
    if (n && send(fd, out, n, MSG_NOSIGNAL) < 0)
        close(fd);
}

static void *loop(void *unused)
{
    static __thread char in[65536], out[1 << 20];
    int ep = epoll_create1(0), lfd = listener();
    struct epoll_event ev = { .events = EPOLLIN, .data.fd = lfd }, evs[256];

    epoll_ctl(ep, EPOLL_CTL_ADD, lfd, &ev);
    for (;;) {
        int n = epoll_wait(ep, evs, 256, -1);

        for (int i = 0; i < n; i++) {
            int fd = evs[i].data.fd;

            if (fd != lfd) {
                serve(fd, in, sizeof in, out, sizeof out);
                continue;
            }
            while ((fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
                ev.data.fd = fd;
                epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev);
            }
        }
    }
    return unused;
}

int main(int argc, char **argv)
{
    long threads = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    pthread_t t;

    port = (unsigned short)strtol(argc > 1 ? argv[1] : "9081", NULL, 10);
    for (long i = 1; i < threads; i++)
        pthread_create(&t, NULL, loop, NULL);
    loop(NULL);
}
