// SPDX-License-Identifier: MIT
/* loop.c - one thread's epoll with its listener, its connections, timers and finished work. */
#include "http/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/conn.h"
#include "http/peer.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

enum {
    ACCEPTS_A_TURN = 64,
    PAUSE_MS = 100,                   /* between tries to accept without descriptors */
    WARN_EVERY_MS = 10000,
    LINGER_MS = 2000,
};

static struct conn *conn_of_timer(struct link *l)
{
    return (struct conn *)(void *)l;
}

static struct conn *conn_of_turn(struct link *l)
{
    return (struct conn *)(void *)((char *)l - offsetof(struct conn, turn));
}

static struct stream *stream_of_timer(struct link *l)
{
    return (struct stream *)(void *)((char *)l - offsetof(struct stream, timer));
}

static void tell_time(struct loop *l)
{
    int64_t s = clock_ms() / 1000;

    l->now = clock_mono_ms();
    if (s != l->date_s)
        message_date(s, l->date);
    l->date_s = s;
}

/* ---- accepting ---- */

static bool watch(struct loop *l, int fd, unsigned events, void *what)
{
    struct epoll_event ev = { .events = events, .data.ptr = what };

    return epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) == 0;
}

/* Close the connection that has been idle for longest. False when none is idle. */
static bool evict(struct loop *l)
{
    struct link *idle = &l->timers[TIMER_IDLE];

    if (link_is_alone(idle))
        return false;
    conn_close(conn_of_timer(idle->next));
    return true;
}

/* Clients wait in the kernel's queue; the listener would report them without end. */
static void pause_accepting(struct loop *l, str why)
{
    for (unsigned i = 0; l->accepting && i < l->listeners_n; i++)
        (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->listeners[i].fd, NULL);   /* it was added */
    l->accepting = false;
    l->accept_at = l->now + PAUSE_MS;
    if (l->warned_at && l->now - l->warned_at < WARN_EVERY_MS)
        return;
    l->warned_at = l->now;
    log_warn("accept", text_kv("paused", why), int_kv("connections", l->conns));
}

static void resume_accepting(struct loop *l)
{
    l->accepting = true;
    for (unsigned i = 0; l->accepting && i < l->listeners_n; i++) {
        struct listener *at = &l->listeners[i];

        l->accepting =
            watch(l, at->fd, EPOLLIN | (at->shared ? EPOLLEXCLUSIVE : 0u), at) || errno == EEXIST;
    }
    l->accept_at = l->now + PAUSE_MS;
}

static void take_socket(struct loop *l, int fd, const struct sockaddr_storage *address, bool secure)
{
    struct http_peer peer;
    struct conn *c;

    peer_of_address((const struct sockaddr *)(const void *)address, &peer);
    if ((c = conn_open(l, fd, &peer, secure)) == NULL || c->state == CONN_CLOSED)
        return;
    if (!watch(l, fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, c))
        conn_close(c);
}

/* Accept one. False when there is none, or no room for it. */
static bool accept_one(struct loop *l, const struct listener *at)
{
    struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
    socklen_t n = sizeof address;
    int fd;

    if (l->conns >= l->config->limits.connections_max && !evict(l)) {
        pause_accepting(l, STR("connections_max"));
        return false;
    }
    fd = accept4(at->fd, (struct sockaddr *)(void *)&address, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
        take_socket(l, fd, &address, at->secure);
        return true;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
        if (evict(l))
            return true;
        pause_accepting(l, STR("no descriptors"));
        return false;
    }
    return errno != EAGAIN && errno != EBADF && errno != EINVAL;
}

static void accept_some(struct loop *l, const struct listener *at)
{
    int left = ACCEPTS_A_TURN;

    while (left-- > 0 && accept_one(l, at))
        ;
}

/* ---- finished work ---- */

void loop_take_back(struct loop *l, struct stream *s)
{
    bool first;
    uint64_t one = 1;

    s->next = NULL;
    pthread_mutex_lock(&l->lock);
    first = l->done == NULL;
    *l->done_end = s;
    l->done_end = &s->next;
    pthread_mutex_unlock(&l->lock);
    if (first)
        (void)!write(l->wake, &one, sizeof one);   /* cannot fail: the counter is far from full */
}

static struct stream *take_done(struct loop *l)
{
    struct stream *s;

    pthread_mutex_lock(&l->lock);
    s = l->done;
    l->done = NULL;
    l->done_end = &l->done;
    pthread_mutex_unlock(&l->lock);
    return s;
}

static void finish_done(struct loop *l)
{
    struct stream *next;
    uint64_t count;

    (void)!read(l->wake, &count, sizeof count);    /* only the wake-up counts */
    for (struct stream *s = take_done(l); s; s = next) {
        next = s->next;
        s->away = false;
        l->away--;
        if (s->conn)
            conn_finish(s->conn, s);
        else
            stream_free(s);
    }
}

/* ---- time ---- */

static void expire(struct loop *l)
{
    for (int t = 0; t < TIMER_COUNT; t++) {
        struct link *list = &l->timers[t];

        while (!link_is_alone(list) && conn_of_timer(list->next)->deadline <= l->now)
            conn_expire(conn_of_timer(list->next));
        list = &l->stream_timers[t];
        while (!link_is_alone(list) && stream_of_timer(list->next)->deadline <= l->now)
            conn_expire_stream(stream_of_timer(list->next));
    }
}

/* The earliest deadline; INT64_MAX without one. */
static int64_t next_deadline(struct loop *l)
{
    int64_t until = INT64_MAX;

    for (int t = 0; t < TIMER_COUNT; t++) {
        struct link *list = &l->timers[t], *streams = &l->stream_timers[t];

        if (!link_is_alone(list) && conn_of_timer(list->next)->deadline < until)
            until = conn_of_timer(list->next)->deadline;
        if (!link_is_alone(streams) && stream_of_timer(streams->next)->deadline < until)
            until = stream_of_timer(streams->next)->deadline;
    }
    return until;
}

/* Milliseconds to the next deadline, -1 without one. */
static int patience(struct loop *l)
{
    int64_t until = next_deadline(l);

    if (!link_is_alone(&l->ready))
        return 0;
    if (!l->accepting && !l->draining && l->accept_at < until)
        until = l->accept_at;
    if (l->draining && l->drain_until < until)
        until = l->drain_until;
    if (until == INT64_MAX)
        return -1;
    return until <= l->now ? 0 : until - l->now < INT32_MAX ? (int)(until - l->now) : INT32_MAX;
}

/* ---- the end ---- */

/* What the kernel has accepted already is answered, idle connections close. A shared socket stays
 * open elsewhere: closed only, it would go on reporting those who connect, and without end those
 * who keep connecting would be taken. */
static void drain(struct loop *l)
{
    l->draining = true;
    l->drain_until = l->now + l->config->limits.work_ms;
    for (unsigned i = 0; i < l->listeners_n; i++) {
        int left = LISTEN_BACKLOG;      /* who comes after is another server's */

        while (l->accepting && left-- > 0 && accept_one(l, &l->listeners[i]))
            ;
        (void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, l->listeners[i].fd, NULL);   /* close would not */
        close(l->listeners[i].fd);
    }
    l->listeners_n = 0;
    for (int t = 0; t < TIMER_COUNT; t++)
        for (struct link *p = l->timers[t].next, *next; p != &l->timers[t]; p = next) {
            next = p->next;
            conn_drain(conn_of_timer(p));
        }
}

static bool is_drained(const struct loop *l)
{
    return l->draining && ((l->conns == 0 && l->away == 0) || l->now >= l->drain_until);
}

static void bury(struct loop *l)
{
    while (!link_is_alone(&l->dead)) {
        struct conn *c = conn_of_turn(l->dead.next);

        link_remove(&c->turn);
        free(c);
    }
}

void loop_stop(struct loop *l)
{
    uint64_t one = 1;

    atomic_store(&l->stop, true);
    (void)!write(l->wake, &one, sizeof one);   /* cannot fail, see loop_take_back */
}

/* ---- the loop ---- */

static bool is_listener(const struct loop *l, const void *what)
{
    return (uintptr_t)what >= (uintptr_t)l->listeners
           && (uintptr_t)what < (uintptr_t)(l->listeners + LISTENERS_MAX);
}

static void dispatch(struct loop *l, const struct epoll_event *ev)
{
    if (is_listener(l, ev->data.ptr))
        accept_some(l, ev->data.ptr);
    else if (ev->data.ptr == &l->wake)
        finish_done(l);
    else
        conn_event(ev->data.ptr, ev->events);
}

/* Those that used up their share: each once, whoever comes back is for the next round. */
static void give_turns(struct loop *l)
{
    struct link now;

    link_init(&now);
    while (!link_is_alone(&l->ready))
        link_append(&now, l->ready.next);
    while (!link_is_alone(&now))
        conn_read(conn_of_turn(now.next));
}

static void turn(struct loop *l)
{
    int n = epoll_wait(l->epoll, l->events, LOOP_EVENTS, patience(l));

    tell_time(l);
    for (int i = 0; i < n; i++)
        dispatch(l, &l->events[i]);
    give_turns(l);
    expire(l);
    if (!l->accepting && !l->draining && l->now >= l->accept_at)
        resume_accepting(l);
    if (atomic_load_explicit(&l->stop, memory_order_relaxed) && !l->draining)
        drain(l);
    bury(l);
}

/* OpenSSL writes to sockets that clients have closed; the signal is for the thread that wrote. */
static void block_sigpipe(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void loop_run(struct loop *l, void *own)
{
    block_sigpipe();
    l->own = own;
    tell_time(l);
    resume_accepting(l);
    while (!is_drained(l))
        turn(l);
    for (int t = 0; t < TIMER_COUNT; t++)
        while (!link_is_alone(&l->timers[t]))
            conn_close(conn_of_timer(l->timers[t].next));
    bury(l);
}

static void set_waits(struct loop *l)
{
    const struct http_limits *limits = &l->config->limits;

    l->wait_ms[TIMER_HEAD] = limits->head_ms;
    l->wait_ms[TIMER_BODY] = limits->body_ms;
    l->wait_ms[TIMER_IDLE] = limits->idle_ms;
    l->wait_ms[TIMER_WRITE] = limits->write_ms;
    l->wait_ms[TIMER_WORK] = limits->work_ms;
    l->wait_ms[TIMER_LINGER] = LINGER_MS;
    l->wait_ms[TIMER_STREAMS] = INT32_MAX;
}

err loop_open(const struct http_config *config, const struct listener *listeners, unsigned n,
              unsigned number, struct loop **out)
{
    struct loop *l = calloc(1, sizeof *l);

    if (!l) {
        for (unsigned i = 0; i < n; i++)
            close(listeners[i].fd);
        return ERR_NO_MEMORY;
    }
    l->config = config;
    l->listeners_n = n;
    memcpy(l->listeners, listeners, n * sizeof *listeners);
    l->id_next = (uint64_t)number << 48;
    l->done_end = &l->done;
    for (int t = 0; t < TIMER_COUNT; t++) {
        link_init(&l->timers[t]);
        link_init(&l->stream_timers[t]);
    }
    link_init(&l->ready);
    link_init(&l->dead);
    set_waits(l);
    pthread_mutex_init(&l->lock, NULL);
    buf_init(&l->out, NULL, ((size_t)1 << 20) + 2 * config->limits.memory_max);
    l->in = malloc(READ_SIZE);
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (!l->in || l->epoll < 0 || l->wake < 0 || !watch(l, l->wake, EPOLLIN, &l->wake)
        || getrandom(l->id_key, sizeof l->id_key, 0) != sizeof l->id_key) {
        loop_close(l);
        return ERR_IO;
    }
    *out = l;
    return OK;
}

void loop_close(struct loop *l)
{
    struct stream *next;

    for (struct stream *s = l->done; s; s = next) {
        next = s->next;
        stream_end(s);
    }
    for (struct stream *s = l->streams; s; s = next) {
        next = s->next;
        stream_end(s);
    }
    for (unsigned i = 0; i < l->listeners_n; i++)
        close(l->listeners[i].fd);
    if (l->wake >= 0)
        close(l->wake);
    if (l->epoll >= 0)
        close(l->epoll);
    buf_end(&l->out);
    pthread_mutex_destroy(&l->lock);
    free(l->in);
    free(l);
}
