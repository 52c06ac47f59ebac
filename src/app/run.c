// SPDX-License-Identifier: MIT
/* run.c - open, serve, stop.
 *
 * Opened in this order, closed in the opposite one: settings, database, rules, server, pools. The
 * sandbox is entered before the first thread, for a part of it holds for a thread and those it
 * starts. Signals are blocked in all threads and wait for one that does nothing else, so none ever
 * interrupts a call. */
#include "app/run.h"

#include "app/database.h"
#include "app/house.h"
#include "app/key_watch.h"
#include "app/legacy.h"
#include "app/listen.h"
#include "app/sandbox.h"
#include "auth/decoy.h"
#include "base/log.h"
#include "http/server.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>

enum { WAITERS_FIRST = 4, WAITER_STACK = 256 << 10 };

struct run {
    const struct run_mode *mode;
    struct arena mem;
    struct settings settings;
    bool fresh, reads_at_once;
    struct db_config db, shared, waiting; /* for start-up; for threads that serve; that wait */
    struct key_watch keys;
    struct house house;
    struct hasher hasher;
    struct throttle *throttle;
    struct decoys *decoys;
    struct pool *hashes, *dbs;
    struct http_server *server;
    struct tls *tls;
    struct given given;
    struct sandbox sandbox;
    struct networks trusted;
    pthread_t signals;
};

static err complain(const char *what, err e)
{
    fprintf(stderr, "latchkey: %s: %s\n", what, err_meaning(e));
    return e;
}

/* -------------------------------------------------------------------------------------- signals */

static sigset_t our_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    return set;
}

/* A file that cannot be used was said; the old certificate stays in force. */
static void certificate_reread(struct run *run)
{
    if (run->tls && tls_reload(run->tls) == OK)
        log_warn("certificate_reread", text_kv("result", STR("in force")));
    else if (run->tls)
        log_error("certificate_reread", text_kv("result", STR("refused, nothing changed")));
}

/* The thread that signals go to. The first SIGTERM or SIGINT asks the server to drain and ends
 * it. */
static void *wait_for_signals(void *arg)
{
    struct run *run = arg;
    sigset_t set = our_signals();
    int signal_number;

    for (;;) {
        if (sigwait(&set, &signal_number) != 0)
            continue;
        if (signal_number == SIGHUP) {
            house_reread(&run->house);
            key_watch_now(&run->keys);
            certificate_reread(run);
            continue;
        }
        log_warn("stopping", int_kv("signal", signal_number));
        http_server_stop(run->server);
        return NULL;
    }
}

static void signals_block(void)
{
    sigset_t set = our_signals();

    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);   /* fails for a bad first argument only */
    (void)signal(SIGPIPE, SIG_IGN);
}

/* ------------------------------------------------------------------------------- opening it all */

static unsigned cores(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;
}

/* Connections are files; the soft limit is often 1024. */
static void raise_file_limit(int64_t connections)
{
    struct rlimit limit;
    rlim_t want = (rlim_t)connections + 256;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= want)
        return;
    limit.rlim_cur = limit.rlim_max < want ? limit.rlim_max : want;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < want)
        log_warn("file_limit", int_kv("wanted", (int64_t)want),
                 int_kv("got", (int64_t)limit.rlim_cur));
}

static err engine_open(struct run *run)
{
    const struct settings *s = &run->settings;

    return engine_start(&(struct engine_config){
                            .threads = (unsigned)s->password_threads,
                            .lanes = (unsigned)s->password_lanes,
                            .lanes_backlog = (unsigned)s->password_lanes,
                            .each = (unsigned)s->password_queue_each,
                            .waiting_max = (unsigned)s->password_queue,
                            .wait_ms = s->password_queue_wait,
                            .cost = (int)s->password_cost,
                        },
                        &run->hasher.engine);
}

/* A thread for each request that may wait for its hash, has one in the making, or is told that it
 * may not wait: so the engine's queue, which is fair, is the only one that anybody stands in. */
static unsigned waiters_of(const struct run *run)
{
    struct engine_figures f;

    engine_read(run->hasher.engine, &f);
    return (unsigned)run->settings.password_queue + f.threads * LANES_MAX + WAITERS_FIRST;
}

static err pools_start(struct run *run)
{
    const struct settings *s = &run->settings;
    struct pool_config hashes = {
        .name = "signin",
        .threads = waiters_of(run),
        .threads_first = WAITERS_FIRST,
        .waiting_max = (unsigned)s->password_queue,
        .stack = WAITER_STACK,
        .app = &run->house,
        .thread_begin = house_waiter_begin,
        .thread_end = house_thread_end,
    };
    struct pool_config dbs = {
        .name = "db",
        .threads = (unsigned)s->db_threads,
        .threads_first = 1,     /* each holds a connection and caches, half a megabyte */
        .waiting_max = (unsigned)s->db_queue,
        .app = &run->house,
        .thread_begin = house_thread_begin,
        .thread_end = house_thread_end,
    };
    err e;

    if ((e = pool_start(&hashes, &run->hashes)) != OK)
        return e;
    return pool_start(&dbs, &run->dbs);
}

static void say_where(struct run *run)
{
    char url[URL_MAX];

    for (unsigned i = 0; http_server_url(run->server, i, url); i++)
        fprintf(i ? stderr : stdout, "%slistening on %s\n", i ? "latchkey: also " : "", url);
    (void)fflush(stdout);               /* a reader that left changes nothing for us */
}

/* Every thread has begun: only now it is said, so that who reads the line can connect; and last,
 * so that he finds the rest said. */
static void say_ready(void *arg)
{
    struct run *run = arg;

    run->mode->say(&run->settings, run->house.adopted);
    sandbox_say(&run->sandbox, stderr);
    say_where(run);
}

/* What is wrong with a file was said. */
static err certificate_open(struct run *run)
{
    const struct settings *s = &run->settings;
    err e = OK;

    if (s->tls_cert.n || s->tls_key.n || s->tls_listen.n)
        e = tls_open(s->tls_cert, s->tls_key, &run->tls);
    return e == OK || e == ERR_BAD_SETTING ? e : complain("TLS cannot be set up", e);
}

static err server_open(struct run *run)
{
    const struct settings *s = &run->settings;
    unsigned loops = s->http_loops ? (unsigned)s->http_loops : cores();
    struct http_config config = {
        .listen = listen_complete(&run->mem, s->http_listen, s->http_port),
        .listen_tls = s->tls_listen,
        .given = &run->given,
        .trusted = s->http_trusted_proxies.n ? &run->trusted : NULL,
        .tls = run->tls,
        .loops = loops,
        .h1_only = run->mode->dev, /* the recorded server answers 400 */
        .limits =
            {
                .head_max = 16 << 10,
                .headers_max = HTTP_HEADERS_MAX,
                .memory_max = 4 << 20,
                .connections_max = (unsigned)s->http_connections / loops + 1,
                .held_max = ((size_t)s->http_memory << 10) / loops,
                .head_ms = s->http_head_ms,
                .body_ms = s->http_body_ms,
                .idle_ms = s->http_idle_ms,
                .write_ms = s->http_write_ms,
                .work_ms = s->http_work_ms,
            },
        .app = house_app(&run->house),
        .ready = say_ready,
        .ready_arg = run,
    };
    err e = OK;

    raise_file_limit(s->http_connections);
    if (!networks_parse(s->http_trusted_proxies, &run->trusted))
        return ERR_BUG;                 /* its check let it through */
    if ((e = http_server_open(&config, &run->server)) != OK)
        return e;
    if (run->mode->dev && !http_server_is_local(run->server)) {
        fputs("latchkey: dev was handed a socket that others reach; use `latchkey serve`\n",
              stderr);
        return ERR_BAD_SETTING;
    }
    return OK;
}

/* The connection also loads what a client library loads at its first, while the files are still
 * there. */
static err house_open(struct run *run)
{
    struct db *db;
    err e;

    if ((e = db_open(&run->db, &db)) != OK)
        return e;
    run->reads_at_once = db_reads_at_once(db);
    db_close(db);
    if ((e = migrate_adopted(&run->db, &run->house.adopted)) != OK)
        return e;
    if ((run->hasher.room = room_new((size_t)run->settings.password_memory << 10)) == NULL)
        return ERR_NO_MEMORY;
    if ((run->throttle = throttle_new(THROTTLE_ADDRESSES)) == NULL ||
        (run->decoys = decoys_new()) == NULL)
        return ERR_NO_MEMORY;
    run->house.config = (struct api_config){
        .hasher = &run->hasher, .throttle = run->throttle, .decoys = run->decoys,
        .manner = run->mode->manner, .blank_names = run->mode->dev, .lax_bodies = run->mode->dev,
        .db = &run->shared, .db_waiting = &run->waiting,
        .jwks_age = run->settings.key_lead / 2000,
    };
    return house_init(&run->house, &run->settings);
}

/* Pools are told where they work only once they run, and they begin their threads on an edition. */
static err pools_open(struct run *run)
{
    struct pool *pools[WORKS] = {0};
    err e;

    if ((e = engine_open(run)) != OK || (e = pools_start(run)) != OK)
        return e;
    pools[READS] = run->reads_at_once ? NULL : run->dbs;
    pools[WRITES] = run->dbs;
    pools[HASHES] = run->hashes;
    house_set_pools(&run->house, pools);
    return OK;
}

/* -------------------------------------------------------------------------------------- running */

static err run_words(struct run *run, const struct strs *rest)
{
    for (size_t i = 0; i < rest->n; i++) {
        if (run->mode->dev && str_is(rest->at[i], STR("--fresh"))) {
            run->fresh = true;
            continue;
        }
        if (!run->mode->dev && str_is(rest->at[i], STR("--accept-forgeable-tokens"))) {
            run->settings.token_accept_forgeable = true;
            continue;
        }
        fprintf(stderr, "latchkey: `" STR_FMT "` is not understood; --help lists what is\n",
                STR_ARG(str_head(rest->at[i], 64)));
        return ERR_BAD_SETTING;
    }
    return OK;
}

static err run_prepare(struct run *run, int argc, char **argv)
{
    struct strs rest;
    err e;

    if ((e = given_take(&run->given)) != OK)
        return complain("LISTEN_FDS names more sockets than the server takes", e);
    if ((e = settings_read(&run->settings, &run->mem, run->mode->dev, argc, argv, &rest)) != OK)
        return e;                       /* what is wrong with them was said */
    if ((e = run_words(run, &rest)) != OK)
        return e;
    run->db = database_config(&run->settings, false);
    run->shared = run->waiting = database_config(&run->settings, true);
    run->waiting.pool_embedded = true;
    if ((e = database_wait(&run->settings)) != OK)
        return complain("the database", e);
    return run->mode->prepare(&run->settings, &run->mem, &run->db);
}

static err run_open(struct run *run)
{
    err e;

    key_watch_init(&run->keys, &run->settings);
    if ((e = migrate(&run->db, run->fresh ? MIGRATE_FRESH : MIGRATE_KEEP, run->mode->owner)) != OK)
        return complain("the database cannot be brought up to date", e);
    if (str_is(run->settings.session_compat, STR("sequel")) &&
        (e = migrate_sequel(&run->db, run->mode->owner)) != OK)
        return complain("the table refreshTokens cannot be made", e);
    if ((e = legacy_open(&run->keys.chain.base, &run->settings, &run->db)) != OK)
        return complain("the database does not say when it was adopted", e);
    if ((e = key_watch_open(&run->keys, &run->house, &run->db)) != OK)
        return e;
    if ((e = house_open(run)) != OK)
        return complain("the server cannot start", e);
    if ((e = certificate_open(run)) != OK)
        return e;
    if ((e = server_open(run)) != OK)
        return complain("the server cannot listen", e);
    sandbox_enter(&run->settings, &run->sandbox);
    if ((e = pools_open(run)) != OK ||
        (e = key_watch_start(&run->keys, &run->shared)) != OK)
        return complain("the server cannot start", e);
    return OK;
}

static err run_serve(struct run *run)
{
    err e;

    if (pthread_create(&run->signals, NULL, wait_for_signals, run) != 0)
        return complain("the server cannot start", ERR_NO_MEMORY);
    if ((e = http_server_run(run->server)) != OK)
        (void)complain("the server stopped", e);
    (void)pthread_kill(run->signals, SIGTERM);      /* fails when it has ended by itself */
    (void)pthread_join(run->signals, NULL);
    return e;
}

static void run_close(struct run *run)
{
    key_watch_stop(&run->keys);
    if (run->hashes)
        pool_stop(run->hashes);
    if (run->dbs)
        pool_stop(run->dbs);
    if (run->server)
        http_server_close(run->server);
    if (run->tls)
        tls_close(run->tls);
    if (run->hasher.engine)
        engine_stop(run->hasher.engine);
    house_end(&run->house);
    decoys_free(run->decoys);
    room_free(run->hasher.room);
    throttle_free(run->throttle);
    key_watch_end(&run->keys);
    arena_end(&run->mem);
}

static int run_help(const struct run_mode *mode)
{
    printf("%s\n  --config FILE          Read settings from FILE first; also LATCHKEY_CONFIG.\n",
           mode->usage);
    settings_help(stdout);
    puts("\nThe environment takes LATCHKEY_HTTP_PORT for --http.port and so on.");
    return 0;
}

int run_main(const struct run_mode *mode, int argc, char **argv)
{
    struct run run = { .mode = mode, .house = { .argc = argc, .argv = argv } };
    err e;

    for (int i = 1; i < argc; i++)
        if (str_is(str_of(argv[i]), STR("--help")) || str_is(str_of(argv[i]), STR("-h")))
            return run_help(mode);
    arena_init(&run.mem, SETTINGS_MEMORY);
    signals_block();
    run.house.app = api_app(NULL);
    if ((e = run_prepare(&run, argc, argv)) == OK && (e = run_open(&run)) == OK)
        e = run_serve(&run);
    run_close(&run);
    return e == OK ? 0 : e == ERR_BAD_SETTING ? 2 : 1;
}
