// SPDX-License-Identifier: MIT
/* load.c - a load generator as cheap as the bare loop: one thread, epoll, keep-alive HTTP/1.1.
 *
 *   load [-c CONNECTIONS] [-d SECONDS] [-p PIPELINED] [-r RATE] [-m METHOD] [-H 'Name: value']...
 *        [-b BODY] PORT PATH
 *
 * Sends to 127.0.0.1 alone and stops by itself. In BODY and header values each `%n` becomes a
 * number that grows with each request (so every sign-up is another). With -r the requests are sent
 * at a fixed rate, spaced by an exponential law, whatever the answers do; latency then counts from
 * the moment a request was due. Prints one line: key=value. */
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
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { IN_SIZE = 65536, OUT_SIZE = 65536, CONNS_MAX = 20000, SAMPLES_MAX = 8 << 20, PIPE_MAX = 64 };

struct conn {
    int fd;
    unsigned in_flight;
    int64_t sent_at[PIPE_MAX];
    unsigned oldest;
    char *held;             /* an answer cut short at the end of a read */
    size_t held_n;
    uint64_t skip;          /* bytes of body still to come */
};

static unsigned conns_n = 64, pipelined = 1;
static double seconds = 5, rate;
static const char *method = "GET", *body, *path = "/";
static char headers[16384];
static unsigned short port;
static struct conn *conns;
static uint32_t *samples;
static size_t samples_n, errors, by_class[6];
static uint64_t number;
static int64_t due;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* `text` with each %n replaced. */
static size_t fill(char *to, size_t size, const char *text, uint64_t n)
{
    size_t at = 0;

    while (*text && at + 32 < size) {
        if (text[0] == '%' && text[1] == 'n') {
            at += (size_t)snprintf(to + at, size - at, "%llu", (unsigned long long)n);
            text += 2;
        } else
            to[at++] = *text++;
    }
    to[at] = '\0';
    return at;
}

static size_t request(char *to, size_t size)
{
    static char filled[16384], head[16384];
    uint64_t n = number++;
    size_t body_n = body ? fill(filled, sizeof filled, body, n) : 0;
    int k;

    fill(head, sizeof head, headers, n);
    k = snprintf(to, size, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s", method, path, port, head);
    if (body)
        k += snprintf(to + k, size - (size_t)k, "Content-Length: %zu\r\n\r\n%s", body_n, filled);
    else
        k += snprintf(to + k, size - (size_t)k, "\r\n");
    return (size_t)k;
}

static void send_some(struct conn *c, unsigned n, int64_t at)
{
    static char out[OUT_SIZE];
    static size_t fixed_n;
    static bool fixed;
    size_t k = 0;

    if (!fixed || body) {
        for (unsigned i = 0; i < n; i++)
            k += request(out + k, sizeof out - k);
        if (!body && n == pipelined) {
            fixed = true;
            fixed_n = k;
        }
    } else
        k = fixed_n;
    for (unsigned i = 0; i < n; i++)
        c->sent_at[(c->oldest + c->in_flight++) % PIPE_MAX] = at;
    if (send(c->fd, out, k, MSG_NOSIGNAL) != (ssize_t)k)
        errors++;
}

static void answered(struct conn *c, int64_t now)
{
    int64_t us = (now - c->sent_at[c->oldest]) / 1000;

    c->oldest = (c->oldest + 1) % PIPE_MAX;
    c->in_flight--;
    if (samples_n < SAMPLES_MAX)
        samples[samples_n++] = (uint32_t)us;
}

/* Answers in `p`; how many bytes were used up. */
static size_t parse(struct conn *c, const char *p, size_t n, int64_t now)
{
    size_t at = 0;

    while (at < n) {
        const char *end, *length;

        if (c->skip) {
            size_t k = n - at < c->skip ? n - at : (size_t)c->skip;

            at += k;
            c->skip -= k;
            if (!c->skip)
                answered(c, now);
            continue;
        }
        if ((end = memmem(p + at, n - at, "\r\n\r\n", 4)) == NULL)
            return at;
        length = memmem(p + at, (size_t)(end - p) - at + 2, "ontent-Length: ", 15);
        if (!length)
            length = memmem(p + at, (size_t)(end - p) - at + 2, "ontent-length: ", 15);
        by_class[p[at + 9] >= '1' && p[at + 9] <= '5' ? p[at + 9] - '0' : 0]++;
        c->skip = length ? strtoull(length + 15, NULL, 10) : 0;
        at = (size_t)(end + 4 - p);
        if (!c->skip)
            answered(c, now);
    }
    return at;
}

static bool connect_one(struct conn *c, int ep)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
    int one = 1;

    c->in_flight = c->oldest = 0;
    c->held_n = 0;
    c->skip = 0;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&a, sizeof a) != 0)
        return false;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) == 0;
}

static void on_readable(struct conn *c, int ep)
{
    static char in[IN_SIZE * 2];
    ssize_t got;
    size_t used, n = c->held_n;

    memcpy(in, c->held, n);
    got = recv(c->fd, in + n, IN_SIZE, MSG_DONTWAIT);
    if (got <= 0) {
        if (got < 0 && errno == EAGAIN)
            return;
        errors += c->in_flight;
        close(c->fd);
        if (!connect_one(c, ep))
            errors++;
        else if (rate == 0)
            send_some(c, pipelined, now_ns());
        return;
    }
    n += (size_t)got;
    used = parse(c, in, n, now_ns());
    c->held_n = n - used < IN_SIZE ? n - used : 0;
    memcpy(c->held, in + used, c->held_n);
    if (rate == 0 && c->in_flight == 0)
        send_some(c, pipelined, now_ns());
}

/* Send what is due on connections that have nothing in flight. */
static void send_due(int64_t now)
{
    static unsigned next;

    while (due <= now) {
        unsigned tried = 0;

        while (tried < conns_n && conns[next % conns_n].in_flight) {
            next++;
            tried++;
        }
        if (tried == conns_n)
            return;                          /* all busy: it stays due, and its wait is counted */
        send_some(&conns[next++ % conns_n], 1, due);
        due += (int64_t)(-log(1 - drand48()) * 1e9 / rate);
    }
}

static int by_value(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static uint32_t percentile(double p)
{
    return samples_n ? samples[(size_t)(p * (double)(samples_n - 1))] : 0;
}

static void report(double took)
{
    qsort(samples, samples_n, sizeof *samples, by_value);
    printf("requests=%zu seconds=%.3f rps=%.1f p50_us=%u p90_us=%u p99_us=%u p999_us=%u max_us=%u "
           "errors=%zu s2xx=%zu s3xx=%zu s4xx=%zu s5xx=%zu\n",
           samples_n, took, (double)samples_n / took, percentile(0.5), percentile(0.9),
           percentile(0.99), percentile(0.999), percentile(1), errors, by_class[2], by_class[3],
           by_class[4], by_class[5]);
}

static void options(int argc, char **argv)
{
    size_t h = 0;

    for (int o; (o = getopt(argc, argv, "c:d:p:r:m:H:b:")) != -1;) {
        switch (o) {
        case 'c': conns_n = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'd': seconds = strtod(optarg, NULL); break;
        case 'p': pipelined = (unsigned)strtoul(optarg, NULL, 10); break;
        case 'r': rate = strtod(optarg, NULL); break;
        case 'm': method = optarg; break;
        case 'b': body = optarg; break;
        case 'H': h += (size_t)snprintf(headers + h, sizeof headers - h, "%s\r\n", optarg); break;
        default: exit(2);
        }
    }
    if (argc - optind != 2 || !conns_n || conns_n > CONNS_MAX || !pipelined || pipelined > PIPE_MAX
        || seconds > 120) {
        fprintf(stderr,
                "usage: load [-c N] [-d S] [-p N] [-r RATE] [-m M] [-H H] [-b B] PORT PATH\n");
        exit(2);
    }
    port = (unsigned short)strtoul(argv[optind], NULL, 10);
    path = argv[optind + 1];
    number = (uint64_t)time(NULL) % 100000 * 1000000;
}

int main(int argc, char **argv)
{
    struct epoll_event evs[512];
    int ep = epoll_create1(0);
    int64_t start, end;

    options(argc, argv);
    conns = calloc(conns_n, sizeof *conns);
    samples = calloc(SAMPLES_MAX, sizeof *samples);
    for (unsigned i = 0; i < conns_n; i++) {
        conns[i].held = malloc(IN_SIZE);
        if (!connect_one(&conns[i], ep)) {
            perror("load: connect");
            return 1;
        }
    }
    start = due = now_ns();
    end = start + (int64_t)(seconds * 1e9);
    for (unsigned i = 0; rate == 0 && i < conns_n; i++)
        send_some(&conns[i], pipelined, start);
    while (now_ns() < end) {
        int n = epoll_wait(ep, evs, 512, rate > 0 ? 1 : 100);

        for (int i = 0; i < n; i++)
            on_readable(evs[i].data.ptr, ep);
        if (rate > 0)
            send_due(now_ns());
    }
    report((double)(now_ns() - start) / 1e9);
    return errors != 0;
}
