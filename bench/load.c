// SPDX-License-Identifier: MIT
/* load.c - a load generator as cheap as the bare loop: one thread, epoll, kept connections.
 *
 *   load [-t] [-2] [-k] [-c CONNECTIONS] [-d SECONDS] [-p PIPELINED] [-r RATE] [-m METHOD]
 *        [-H 'name: value']... [-b BODY] PORT PATH
 *
 * Sends to 127.0.0.1 alone and stops by itself; by TLS with -t, as HTTP/2 with -2. In BODY and in
 * fields each `%n` becomes a number that grows with each request (so every sign-up is another).
 * With -r the requests are sent at a fixed rate, spaced by an exponential law, whatever the answers
 * do; latency then counts from the moment a request was due. Prints `ready` when all are connected,
 * waits for a byte on standard input, and at the end prints one line: key=value. With -k it then
 * keeps its connections until another byte, or the end of file, comes.
 *
 * HTTP/2 is as much of RFC 9113 as it takes: fields are sent literally (RFC 7541 section 6.2.2), of
 * answers the frames are counted and only the status 200 is known. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    IN_SIZE = 65536,
    OUT_SIZE = 65536,
    CONNS_MAX = 20000,
    SAMPLES_MAX = 8 << 20,
    PIPE_MAX = 64,
    SETTLE_S = 10
};

enum { DATA, HEADERS, RST_STREAM = 3, SETTINGS, GOAWAY = 7, WINDOW_UPDATE };
enum { END_STREAM = 1, ACK = 1, END_HEADERS = 4, FRAME_HEAD = 9 };

struct conn {
    int fd;
    SSL *ssl;
    uint32_t stream;        /* the next one's number */
    unsigned in_flight;
    int64_t sent_at[PIPE_MAX];
    unsigned oldest;
    char *held;             /* an answer cut short at the end of a read */
    size_t held_n;
    uint64_t skip;          /* bytes of body still to come */
};

static unsigned conns_n = 64, pipelined = 1;
static double seconds = 5, rate;
static bool two, keeps, over;
static SSL_CTX *tls;
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

static char *frame(char *to, size_t n, int type, int flags, uint32_t stream)
{
    const unsigned char head[FRAME_HEAD] = {
        (unsigned char)(n >> 16), (unsigned char)(n >> 8), (unsigned char)n, (unsigned char)type,
        (unsigned char)flags, (unsigned char)(stream >> 24), (unsigned char)(stream >> 16),
        (unsigned char)(stream >> 8), (unsigned char)stream };

    memcpy(to, head, sizeof head);
    return to + sizeof head;
}

/* A string of HPACK (RFC 7541 section 5.2), not Huffman coded. */
static char *text(char *to, const char *p, size_t n)
{
    size_t rest = n;

    if (n < 127)
        *to++ = (char)n;
    else {
        *to++ = 127;
        for (rest -= 127; rest >= 128; rest >>= 7)
            *to++ = (char)(rest | 128);
        *to++ = (char)rest;
    }
    memcpy(to, p, n);
    return to + n;
}

/* The lines of `head` as fields. */
static char *fields(char *to, const char *head)
{
    for (const char *end; (end = strstr(head, "\r\n")) != NULL; head = end + 2) {
        const char *colon = strstr(head, ": ");
        char *name = to + 2;

        *to++ = 0;
        to = text(to, head, (size_t)(colon - head));
        for (; name < to; name++)
            *name |= *name >= 'A' && *name <= 'Z' ? 32 : 0;
        to = text(to, colon + 2, (size_t)(end - colon) - 2);
    }
    return to;
}

static size_t request_h2(char *to, struct conn *c, const char *head, const char *filled,
                         size_t body_n)
{
    char *p = to + FRAME_HEAD;

    *p++ = strcmp(method, "GET") == 0 ? (char)0x82 : (char)0x83;
    *p++ = tls ? (char)0x87 : (char)0x86;
    *p++ = 4;
    p = text(p, path, strlen(path));
    *p++ = 1;
    p = text(p, "127.0.0.1", 9);
    p = fields(p, head);
    frame(to, (size_t)(p - to) - FRAME_HEAD, HEADERS, END_HEADERS | (body ? 0 : END_STREAM),
          c->stream);
    if (body) {
        p = frame(p, body_n, DATA, END_STREAM, c->stream);
        memcpy(p, filled, body_n);
        p += body_n;
    }
    c->stream += 2;
    return (size_t)(p - to);
}

static size_t request(struct conn *c, char *to, size_t size)
{
    static char filled[16384], head[16384];
    uint64_t n = number++;
    size_t body_n = body ? fill(filled, sizeof filled, body, n) : 0;
    int k;

    fill(head, sizeof head, headers, n);
    if (two)
        return request_h2(to, c, head, filled, body_n);
    k = snprintf(to, size, "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\n%s", method, path, port, head);
    if (body)
        k += snprintf(to + k, size - (size_t)k, "Content-Length: %zu\r\n\r\n%s", body_n, filled);
    else
        k += snprintf(to + k, size - (size_t)k, "\r\n");
    return (size_t)k;
}

static void transmit(struct conn *c, const char *p, size_t n)
{
    size_t put = 0;

    if (c->ssl ? SSL_write_ex(c->ssl, p, n, &put) != 1 || put != n
               : send(c->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        errors++;
}

static void send_some(struct conn *c, unsigned n, int64_t at)
{
    static char out[OUT_SIZE];
    static size_t fixed_n;
    size_t k = 0;

    if (!fixed_n || body || two || n != pipelined) {
        for (unsigned i = 0; i < n; i++)
            k += request(c, out + k, sizeof out - k);
        fixed_n = n == pipelined ? k : 0;
    } else
        k = fixed_n;
    for (unsigned i = 0; i < n; i++)
        c->sent_at[(c->oldest + c->in_flight++) % PIPE_MAX] = at;
    transmit(c, out, k);
}

static void answered(struct conn *c, int64_t now)
{
    int64_t us = (now - c->sent_at[c->oldest]) / 1000;

    c->oldest = (c->oldest + 1) % PIPE_MAX;
    c->in_flight--;
    if (!over && samples_n < SAMPLES_MAX)
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

/* The same of HTTP/2: whole frames only. */
static size_t parse_h2(struct conn *c, const char *p, size_t n, int64_t now)
{
    const unsigned char *b = (const unsigned char *)p;
    size_t at = 0, size;

    for (; at + FRAME_HEAD <= n; at += FRAME_HEAD + size) {
        int type = b[at + 3], flags = b[at + 4];

        size = (size_t)b[at] << 16 | (size_t)b[at + 1] << 8 | b[at + 2];
        if (at + FRAME_HEAD + size > n)
            break;
        if (type == HEADERS)
            by_class[size && b[at + FRAME_HEAD] == 0x88 ? 2 : 0]++;
        if (type == SETTINGS && !(flags & ACK)) {
            char ack[FRAME_HEAD];

            frame(ack, 0, SETTINGS, ACK, 0);
            transmit(c, ack, sizeof ack);
        }
        if (type == RST_STREAM || type == GOAWAY)
            errors++;
        if ((type == HEADERS || type == DATA) && (flags & END_STREAM))
            answered(c, now);
    }
    return at;
}

/* The preface, an empty SETTINGS, and a window that will not be used up. */
static void greet(struct conn *c)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static const char window[] = { 0x7f, (char)0xfe, 0, 0 };
    char b[64], *p = b + sizeof preface - 1;

    c->stream = 1;
    memcpy(b, preface, sizeof preface - 1);
    p = frame(p, 0, SETTINGS, 0, 0);
    p = frame(p, sizeof window, WINDOW_UPDATE, 0, 0);
    memcpy(p, window, sizeof window);
    transmit(c, b, (size_t)(p - b) + sizeof window);
}

static bool shake(struct conn *c)
{
    c->ssl = SSL_new(tls);
    SSL_set_fd(c->ssl, c->fd);
    if (two)
        SSL_set_alpn_protos(c->ssl, (const unsigned char *)"\x02h2", 3);
    return SSL_connect(c->ssl) == 1;
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
    if (tls && !shake(c))
        return false;
    if (two)
        greet(c);
    return fcntl(c->fd, F_SETFL, O_NONBLOCK) == 0 && epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &ev) == 0;
}

/* Bytes read, 0 at the end, -1 when there is nothing now. */
static ssize_t receive(struct conn *c, char *to, size_t n)
{
    size_t got = 0;
    ssize_t k;

    if (!c->ssl)
        return (k = recv(c->fd, to, n, MSG_DONTWAIT)) < 0 && errno != EAGAIN ? 0 : k;
    k = SSL_read_ex(c->ssl, to, n, &got);
    return k == 1 ? (ssize_t)got : SSL_get_error(c->ssl, (int)k) == SSL_ERROR_WANT_READ ? -1 : 0;
}

static void begin_anew(struct conn *c, int ep)
{
    errors += c->in_flight;
    SSL_free(c->ssl);
    c->ssl = NULL;
    close(c->fd);
    if (!connect_one(c, ep))
        errors++;
    else if (rate == 0)
        send_some(c, pipelined, now_ns());
}

static void on_readable(struct conn *c, int ep)
{
    static char in[IN_SIZE * 2];
    ssize_t got;
    size_t used, n = c->held_n;

    memcpy(in, c->held, n);
    do {
        if ((got = receive(c, in + n, IN_SIZE)) == 0)
            begin_anew(c, ep);
        if (got <= 0)
            return;
        n += (size_t)got;
        used = (two ? parse_h2 : parse)(c, in, n, now_ns());
        c->held_n = n - used < IN_SIZE ? n - used : 0;
        memcpy(c->held, in + used, c->held_n);
        memmove(in, in + used, c->held_n);
        n = c->held_n;
    } while (c->ssl && SSL_has_pending(c->ssl));
    if (!over && rate == 0 && c->in_flight == 0)
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

    for (int o; (o = getopt(argc, argv, "t2kc:d:p:r:m:H:b:")) != -1;) {
        switch (o) {
        case 't': tls = SSL_CTX_new(TLS_client_method()); break;
        case '2': two = true; break;
        case 'k': keeps = true; break;
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
                "usage: load [-t] [-2] [-k] [-c N] [-d S] [-p N] [-r RATE] [-m M] [-H H] [-b B] "
                "PORT PATH\n");
        exit(2);
    }
    port = (unsigned short)strtoul(argv[optind], NULL, 10);
    path = argv[optind + 1];
    number = (uint64_t)(now_ns() / 1000000) * 1000000;
    if (tls)
        SSL_CTX_set_read_ahead(tls, 1);
}

static void wait_once(int ep, int ms)
{
    struct epoll_event evs[512];
    int n = epoll_wait(ep, evs, 512, ms);

    for (int i = 0; i < n; i++)
        on_readable(evs[i].data.ptr, ep);
}

static bool is_waiting(void)
{
    for (unsigned i = 0; i < conns_n; i++)
        if (conns[i].in_flight)
            return true;
    return false;
}

/* What is still on its way would be in the way of the next measurement. */
static void settle(int ep)
{
    int64_t until = now_ns() + SETTLE_S * (int64_t)1000000000;

    over = true;
    while (is_waiting() && now_ns() < until)
        wait_once(ep, 10);
}

int main(int argc, char **argv)
{
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
    puts("ready");
    (void)fflush(stdout);
    (void)getchar();                    /* an end of file is a start as well */
    start = due = now_ns();
    end = start + (int64_t)(seconds * 1e9);
    for (unsigned i = 0; rate == 0 && i < conns_n; i++)
        send_some(&conns[i], pipelined, start);
    while (now_ns() < end) {
        wait_once(ep, rate > 0 ? 1 : 100);
        if (rate > 0)
            send_due(now_ns());
    }
    report((double)(now_ns() - start) / 1e9);
    (void)fflush(stdout);
    settle(ep);
    if (keeps)
        (void)getchar();
    return errors != 0;
}
