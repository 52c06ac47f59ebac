// SPDX-License-Identifier: MIT
/* streams.c - several kinds of requests at once, each at its own rate: who floods, and whom it
 * hurts.
 *
 *   streams PORT SECONDS < SPEC
 *
 * SPEC has for each stream a line `stream NAME RATE CONNECTIONS REQUESTS`, and behind it so many
 * requests, each as its length on a line of its own, and its bytes. A stream sends them in turn to
 * 127.0.0.1 at random moments (Poisson), whatever the answers do; a request's time counts from the
 * moment it was due, so one that waits for a free connection is slow, not forgotten. Prints a line
 * of key=value for each stream: what was due, how many answers of which status, the times of those
 * that were 200, and of all. */
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { STREAMS_MAX = 8, IN_SIZE = 8192, SAMPLES_MAX = 1 << 20, STATUSES = 600 };

struct text { char *p; size_t n; };

struct times { float *ms; size_t n; };

struct stream {
    char name[32];
    double rate;
    unsigned conns_n, requests_n, next, free_n;
    struct text *requests;
    struct conn **free;
    double due;
    uint64_t offered, lost, by_status[STATUSES];
    struct times good, all;
};

struct conn {
    struct stream *stream;
    int fd;
    double due;                       /* of the request that it waits for; 0: none */
    char in[IN_SIZE];
    size_t in_n;
};

static struct stream streams[STREAMS_MAX];
static unsigned streams_n;
static unsigned short port;
static int ep;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void *room(size_t n)
{
    void *p = calloc(1, n ? n : 1);

    if (!p)
        abort();
    return p;
}

static bool line_read(char *to, size_t size)
{
    return fgets(to, (int)size, stdin) != NULL;
}

static void requests_read(struct stream *s)
{
    char line[32];

    s->requests = room(s->requests_n * sizeof *s->requests);
    for (unsigned i = 0; i < s->requests_n; i++) {
        struct text *r = &s->requests[i];

        r->n = line_read(line, sizeof line) ? strtoul(line, NULL, 10) : 0;
        r->p = room(r->n);
        if (r->n == 0 || fread(r->p, 1, r->n, stdin) != r->n || fgetc(stdin) != '\n')
            abort();
    }
}

static void spec_read(void)
{
    char line[256];

    while (streams_n < STREAMS_MAX && line_read(line, sizeof line)) {
        struct stream *s = &streams[streams_n++];

        if (sscanf(line, "stream %31s %lf %u %u", s->name, &s->rate, &s->conns_n, &s->requests_n) !=
            4)
            abort();
        requests_read(s);
        s->good.ms = room(SAMPLES_MAX * sizeof(float));
        s->all.ms = room(SAMPLES_MAX * sizeof(float));
        s->free = room(s->conns_n * sizeof(struct conn *));
    }
}

static void conn_open(struct conn *c)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
    int one = 1;

    c->in_n = 0;
    c->due = 0;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a) != 0) {
        perror("streams: connect");
        exit(1);
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) != 0)
        abort();
}

static void sample(struct times *t, double ms)
{
    if (t->n < SAMPLES_MAX)
        t->ms[t->n++] = (float)ms;
}

static void answered(struct conn *c, unsigned status)
{
    struct stream *s = c->stream;
    double ms = (now() - c->due) * 1e3;

    s->by_status[status < STATUSES ? status : 0]++;
    sample(&s->all, ms);
    if (status == 200)
        sample(&s->good, ms);
    c->due = 0;
    c->in_n = 0;
    s->free[s->free_n++] = c;
}

/* Whole answer in c->in: its status; 0: not yet. */
static unsigned answer_in(struct conn *c)
{
    const char *end = memmem(c->in, c->in_n, "\r\n\r\n", 4), *length;
    size_t body;

    if (!end)
        return 0;
    length = memmem(c->in, (size_t)(end - c->in), "\r\nContent-Length: ", 18);
    body = length ? strtoul(length + 18, NULL, 10) : 0;
    if (c->in_n < (size_t)(end + 4 - c->in) + body)
        return 0;
    return (unsigned)strtoul(c->in + 9, NULL, 10);
}

/* The server closed it, or sent more than it should. */
static void conn_lost(struct conn *c)
{
    bool waited = c->due > 0;

    close(c->fd);
    conn_open(c);
    if (waited) {
        c->stream->lost++;
        c->stream->free[c->stream->free_n++] = c;
    }
}

static void readable(struct conn *c)
{
    ssize_t got = recv(c->fd, c->in + c->in_n, IN_SIZE - c->in_n, MSG_DONTWAIT);
    unsigned status;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || c->in_n + (size_t)got == IN_SIZE) {
        conn_lost(c);
        return;
    }
    c->in_n += (size_t)got;
    if ((status = answer_in(c)) != 0 && c->due > 0)
        answered(c, status);
}

static void send_due(struct stream *s, double t)
{
    while (s->due <= t && s->free_n) {
        struct conn *c = s->free[--s->free_n];
        const struct text *r = &s->requests[s->next++ % s->requests_n];

        c->due = s->due;
        s->offered++;
        s->due += -log(1 - drand48()) / s->rate;
        if (send(c->fd, r->p, r->n, MSG_NOSIGNAL) != (ssize_t)r->n)
            conn_lost(c);
    }
}

static bool waits(void)
{
    for (unsigned i = 0; i < streams_n; i++)
        if (streams[i].free_n < streams[i].conns_n)
            return true;
    return false;
}

static void run(double seconds)
{
    double until = now() + seconds, patience = until + 10, t;
    struct epoll_event events[256];

    for (unsigned i = 0; i < streams_n; i++)
        streams[i].due = now();
    while ((t = now()) < until || (waits() && t < patience)) {
        int n;

        for (unsigned i = 0; i < streams_n && t < until; i++)
            send_due(&streams[i], t);
        n = epoll_wait(ep, events, 256, 1);
        for (int i = 0; i < n; i++)
            readable(events[i].data.ptr);
    }
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static float at(const struct times *t, double share)
{
    return t->n ? t->ms[(size_t)((double)(t->n - 1) * share)] : 0;
}

static void print(struct stream *s)
{
    qsort(s->good.ms, s->good.n, sizeof(float), by_size);
    qsort(s->all.ms, s->all.n, sizeof(float), by_size);
    printf("name=%s offered=%llu lost=%llu", s->name, (unsigned long long)s->offered,
           (unsigned long long)(s->lost + s->conns_n - s->free_n));
    for (unsigned i = 0; i < STATUSES; i++)
        if (s->by_status[i])
            printf(" s%u=%llu", i, (unsigned long long)s->by_status[i]);
    printf(" good_p50=%.2f good_p99=%.2f p50=%.2f p99=%.2f worst=%.2f\n",
           (double)at(&s->good, 0.5), (double)at(&s->good, 0.99), (double)at(&s->all, 0.5),
           (double)at(&s->all, 0.99), (double)at(&s->all, 1));
}

int main(int argc, char **argv)
{
    struct rlimit files = { 65536, 65536 };

    if (argc != 3)
        return fputs("usage: streams PORT SECONDS < SPEC\n", stderr), 2;
    (void)setrlimit(RLIMIT_NOFILE, &files);          /* or what there is must do */
    port = (unsigned short)strtoul(argv[1], NULL, 10);
    ep = epoll_create1(EPOLL_CLOEXEC);
    spec_read();
    for (unsigned i = 0; i < streams_n; i++)
        for (unsigned k = 0; k < streams[i].conns_n; k++) {
            struct conn *c = room(sizeof *c);

            c->stream = &streams[i];
            conn_open(c);
            streams[i].free[streams[i].free_n++] = c;
        }
    run(strtod(argv[2], NULL));
    for (unsigned i = 0; i < streams_n; i++)
        print(&streams[i]);
    return 0;
}
