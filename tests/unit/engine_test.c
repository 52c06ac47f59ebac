// SPDX-License-Identifier: MIT
/* engine_test.c - the hashing threads: right answers, who waits, who is refused, who left, and the
 * end.
 *
 * Where a test needs a busy lane it gives it a hash of cost 31, which takes days, and lets that
 * one's client leave when it has seen enough. */
#include "../tests/test.h"
#include "base/clock.h"
#include "crypto/engine.h"
#include "crypto/lanes_trial.h"

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

static const char secret_hash[] = "$2b$04$abcdefghijklmnopqrstuuc/WQlW1Sa0TJ.fps/Hm7Lccv1H.hvt6";
static const char empty_hash[] = "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq";
static const char endless_hash[] = "$2b$31$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq";

/* Nobody is refused for time, whatever the machine does. */
static const struct engine_config patient = { .wait_ms = (int64_t)1 << 40, .deadline_ms = 100000 };

#define SECRET ((str){ "secret\0x", 8 })

/* One client in a thread of his own, with the small stack that waiting is meant to need. */
struct caller {
    struct engine *engine;
    struct hash_client client;
    const char *hash;
    str password;
    atomic_bool gone, is_over;
    pthread_t thread;
    err result;
};

static void *call(void *arg)
{
    struct caller *caller = arg;

    caller->result = engine_check(caller->engine, &caller->client, caller->password,
                                  str_of(caller->hash));
    atomic_store(&caller->is_over, true);
    return NULL;
}

static void caller_start(struct caller *caller, struct engine *engine, int address,
                         const char *hash)
{
    pthread_attr_t attr;

    *caller = (struct caller){ .engine = engine, .hash = hash, .result = ERR_BUG };
    caller->client.address[10] = caller->client.address[11] = 0xff;
    caller->client.address[14] = (unsigned char)(address >> 8);
    caller->client.address[15] = (unsigned char)address;
    caller->client.gone = &caller->gone;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 64 << 10);
    CHECK(pthread_create(&caller->thread, &attr, call, caller) == 0);
    pthread_attr_destroy(&attr);
}

static err caller_end(struct caller *caller)
{
    pthread_join(caller->thread, NULL);
    return caller->result;
}

/* Unless a test says so nobody waits too long, whatever the machine does. */
static struct engine *started(const struct engine_config *given)
{
    struct engine_config config = *given;
    struct engine *engine = NULL;

    config.deadline_ms = config.deadline_ms ? config.deadline_ms : 100000;
    CHECK_ERR(engine_start(&config, &engine), OK);
    return engine;
}

static struct engine_figures figures(struct engine *engine)
{
    struct engine_figures f;

    engine_read(engine, &f);
    return f;
}

/* What is waited for comes, on however busy a machine; should it never come, the program ends. */
enum { PATIENCE_MS = 120000 };

static void patience(int64_t since)
{
    if (clock_mono_ms() - since > PATIENCE_MS) {
        puts("  waited in vain");
        _exit(1);
    }
    sched_yield();
}

static void until_running(struct engine *engine, unsigned n)
{
    for (int64_t since = clock_mono_ms(); figures(engine).running != n;)
        patience(since);
}

static void until_waiting(struct engine *engine, unsigned n)
{
    for (int64_t since = clock_mono_ms(); figures(engine).waiting != n;)
        patience(since);
}

static err checked(struct engine *engine, str password, const char *hash)
{
    struct hash_client client = { 0 };

    return engine_check(engine, &client, password, str_of(hash));
}

TEST(the_trial_passes)
{
    CHECK_ERR(lanes_trial(), OK);
}

TEST(right_and_wrong_passwords_are_told_apart)
{
    struct engine *engine = started(&(struct engine_config){ 0 });

    CHECK_ERR(checked(engine, SECRET, secret_hash), OK);
    CHECK_ERR(checked(engine, STR("secret"), secret_hash), ERR_PASSWORD_WRONG);
    CHECK_ERR(checked(engine, STR(""), empty_hash), OK);
    CHECK_ERR(checked(engine, STR("x"), "$2b$04$"), ERR_HASH_UNKNOWN);
    CHECK_ERR(
        checked(engine, STR("x"), "$1$04$abcdefghijklmnopqrstuuc/WQlW1Sa0TJ.fps/Hm7Lccv1H.hvt6."),
        ERR_HASH_UNKNOWN);
    CHECK(figures(engine).done == 3 && figures(engine).lanes_trusted);
    engine_stop(engine);
}

TEST(a_hash_made_here_is_the_one_made_alone)
{
    struct engine *engine = started(&(struct engine_config){ .threads = 1 });
    struct lane_job what = {.password = STR("correct horse"), .cost = 6, .salt = "0123456789abcde"};
    struct hash_client client = { 0 };
    char ours[BCRYPT_CHARS], alone[BCRYPT_CHARS];

    CHECK_ERR(engine_hash(engine, &client, &what, ours), OK);
    CHECK_ERR(bcrypt_hash(what.password, (str){ ours, sizeof ours }, alone), OK);
    CHECK_STR(((str){ ours, sizeof ours }), ((str){ alone, sizeof alone }));
    engine_stop(engine);
}

TEST(two_hundred_callers_wait_and_all_get_their_answer)
{
    static struct caller callers[200];
    struct engine *engine = started(&patient);

    for (int i = 0; i < 200; i++)
        caller_start(&callers[i], engine, i, i % 3 ? empty_hash : secret_hash);
    for (int i = 0; i < 200; i++)
        CHECK_ERR(caller_end(&callers[i]), i % 3 ? OK : ERR_PASSWORD_WRONG);
    CHECK(figures(engine).done == 200 && figures(engine).waiting == 0 &&
          figures(engine).running == 0);
    engine_stop(engine);
}

TEST(a_thread_takes_more_while_it_hashes)
{
    static struct caller callers[5];
    struct engine_config one = patient;
    struct engine *engine;

    one.threads = 1;
    engine = started(&one);
    for (int i = 0; i < 4; i++) {
        caller_start(&callers[i], engine, i, endless_hash);
        until_running(engine, (unsigned)i + 1);
    }
    caller_start(&callers[4], engine, 4, empty_hash);
    until_waiting(engine, 1);
    CHECK(figures(engine).running == 4);
    atomic_store(&callers[2].gone, true);
    CHECK_ERR(caller_end(&callers[4]), OK);
    CHECK_ERR(caller_end(&callers[2]), ERR_CLIENT_GONE);
    for (int i = 0; i < 4; i++)
        atomic_store(&callers[i].gone, true);
    for (int i = 0; i < 4; i++)
        if (i != 2)
            CHECK_ERR(caller_end(&callers[i]), ERR_CLIENT_GONE);
    CHECK(figures(engine).dropped == 4);
    engine_stop(engine);
}

/* True once the caller's job is in a lane; false when it was over before, for it came too late. */
static bool comes_to_run(struct engine *engine, struct caller *caller)
{
    for (int64_t since = clock_mono_ms(); figures(engine).running != 1; patience(since))
        if (atomic_load(&caller->is_over))
            return false;
    return true;
}

/* One thread, one lane, and that one busy. The busy job has the deadline of all: on a slow machine
 * it may miss it, and another tries. */
static struct engine *started_busy(struct engine_config config, struct caller *busy)
{
    struct engine *engine;

    config.threads = config.lanes = config.lanes_backlog = 1;
    engine = started(&config);
    caller_start(busy, engine, 999, endless_hash);
    while (!comes_to_run(engine, busy)) {
        CHECK_ERR(caller_end(busy), ERR_BUSY);
        caller_start(busy, engine, 999, endless_hash);
    }
    return engine;
}

static void busy_end(struct caller *busy)
{
    atomic_store(&busy->gone, true);
    CHECK_ERR(caller_end(busy), ERR_CLIENT_GONE);
}

/* Other work, which keeps its thread until told. No lane is stepped meanwhile, so no rate changes. */
struct keeper { struct engine *engine; atomic_bool enough; pthread_t thread; err result; };

static err keep_thread(void *arg)
{
    struct keeper *keeper = arg;

    while (!atomic_load(&keeper->enough))
        sched_yield();
    return OK;
}

static void *keep(void *arg)
{
    struct keeper *keeper = arg;
    struct hash_client client = { 0 };

    keeper->result = engine_run(keeper->engine, &client, 100, keep_thread, keeper);
    return NULL;
}

TEST(who_finds_no_place_is_refused_at_once_with_a_time)
{
    static struct caller first, second, other;
    struct engine *engine = started(&(struct engine_config){ .threads = 1, .each = 1,
                                                             .waiting_max = 1 });
    struct keeper keeper = { .engine = engine };

    CHECK(pthread_create(&keeper.thread, NULL, keep, &keeper) == 0);
    until_running(engine, 1);
    caller_start(&first, engine, 1, empty_hash);
    until_waiting(engine, 1);
    caller_start(&second, engine, 1, empty_hash);
    CHECK_ERR(caller_end(&second), ERR_TOO_MANY);
    caller_start(&other, engine, 2, empty_hash);
    CHECK_ERR(caller_end(&other), ERR_BUSY);
    CHECK(other.client.retry_after_ms == figures(engine).wait_ms);
    CHECK(figures(engine).refused == 2);
    atomic_store(&keeper.enough, true);
    pthread_join(keeper.thread, NULL);
    CHECK_ERR(keeper.result, OK);
    CHECK_ERR(caller_end(&first), OK);
    engine_stop(engine);
}

TEST(a_caller_who_loses_his_place_is_told)
{
    static struct caller busy, mine[2], other;
    const struct engine_config two = { .waiting_max = 2, .wait_ms = (int64_t)1 << 40,
                                       .deadline_ms = 100000 };
    struct engine *engine = started_busy(two, &busy);
    unsigned lost = 0;

    for (unsigned i = 0; i < 2; i++) {
        caller_start(&mine[i], engine, 1, empty_hash);
        until_waiting(engine, i + 1);
    }
    caller_start(&other, engine, 2, empty_hash);
    for (int64_t since = clock_mono_ms(); figures(engine).refused == 0;)
        patience(since);
    busy_end(&busy);
    CHECK_ERR(caller_end(&other), OK);
    for (unsigned i = 0; i < 2; i++)
        lost += caller_end(&mine[i]) == ERR_TOO_MANY;
    CHECK(lost == 1);
    engine_stop(engine);
}

TEST(who_waited_too_long_is_not_hashed)
{
    static struct caller busy, late;
    struct engine *engine = started_busy((struct engine_config){ .deadline_ms = 20 }, &busy);
    int64_t then;

    caller_start(&late, engine, 1, empty_hash);
    until_waiting(engine, 1);
    then = clock_mono_ms() + 22;
    while (clock_mono_ms() < then)
        sched_yield();
    busy_end(&busy);
    CHECK_ERR(caller_end(&late), ERR_BUSY);
    CHECK(figures(engine).done == 0);
    engine_stop(engine);
}

TEST(who_left_while_waiting_is_not_hashed)
{
    static struct caller busy, leaver;
    struct engine *engine = started_busy((struct engine_config){ .deadline_ms = 100000 }, &busy);

    caller_start(&leaver, engine, 1, endless_hash);
    until_waiting(engine, 1);
    atomic_store(&leaver.gone, true);
    busy_end(&busy);
    CHECK_ERR(caller_end(&leaver), ERR_CLIENT_GONE);
    CHECK(figures(engine).done == 0 && figures(engine).dropped == 2);
    engine_stop(engine);
}

TEST(a_stop_sends_everyone_home)
{
    static struct caller busy, waiting;
    struct engine *engine = started_busy((struct engine_config){ .deadline_ms = 100000 }, &busy);

    caller_start(&waiting, engine, 1, empty_hash);
    until_waiting(engine, 1);
    engine_stop(engine);
    CHECK_ERR(caller_end(&busy), ERR_BUSY);
    CHECK_ERR(caller_end(&waiting), ERR_BUSY);
}

struct errand { int times; err result; };

static err errand_run(void *arg)
{
    struct errand *errand = arg;

    errand->times++;
    return errand->result;
}

TEST(other_work_is_done_in_its_turn_and_says_what_it_says)
{
    for (int distrust = 0; distrust < 2; distrust++) {
        struct engine *engine = started(&(struct engine_config){ .distrust_lanes = distrust });
        struct errand fine = { .result = OK }, wrong = { .result = ERR_PASSWORD_WRONG };
        struct hash_client client = { 0 };

        CHECK_ERR(engine_run(engine, &client, 100, errand_run, &fine), OK);
        CHECK_ERR(engine_run(engine, &client, 100, errand_run, &wrong), ERR_PASSWORD_WRONG);
        CHECK(fine.times == 1 && wrong.times == 1 && figures(engine).done == 2);
        CHECK(figures(engine).running == 0 && figures(engine).wait_ms == 0);
        engine_stop(engine);
    }
}

TEST(other_work_is_done_beside_a_busy_lane)
{
    static struct caller busy;
    struct engine_config one = patient;
    struct errand fine = { .result = OK };
    struct hash_client client = { 0 };
    struct engine *engine;

    one.threads = 1;
    engine = started(&one);
    caller_start(&busy, engine, 1, endless_hash);
    until_running(engine, 1);
    CHECK_ERR(engine_run(engine, &client, 100, errand_run, &fine), OK);
    CHECK(fine.times == 1 && figures(engine).running == 1);
    busy_end(&busy);
    engine_stop(engine);
}

TEST(other_work_that_finds_no_place_is_never_run)
{
    static struct caller busy, first;
    struct engine *engine = started_busy((struct engine_config){ .each = 1, .waiting_max = 1,
                                                                 .deadline_ms = 100000 }, &busy);
    struct errand refused = { .result = OK };
    struct hash_client client = { .address[10] = 0xff, .address[11] = 0xff, .address[15] = 1 };

    caller_start(&first, engine, 1, empty_hash);
    until_waiting(engine, 1);
    CHECK_ERR(engine_run(engine, &client, 100, errand_run, &refused), ERR_TOO_MANY);
    client.address[15] = 2;
    CHECK_ERR(engine_run(engine, &client, 100, errand_run, &refused), ERR_BUSY);
    CHECK(refused.times == 0);
    busy_end(&busy);
    CHECK_ERR(caller_end(&first), OK);
    engine_stop(engine);
}

TEST(lanes_that_are_not_trusted_give_way_to_crypt)
{
    struct engine *engine = started(&(struct engine_config){.threads = 2, .distrust_lanes = true});
    struct lane_job what = {.password = STR("correct horse"), .cost = 5, .salt = "0123456789abcde"};
    struct hash_client client = { 0 };
    char ours[BCRYPT_CHARS], alone[BCRYPT_CHARS];

    CHECK(!figures(engine).lanes_trusted && figures(engine).lanes == 1);
    CHECK_ERR(engine_hash(engine, &client, &what, ours), OK);
    CHECK_ERR(bcrypt_hash(what.password, (str){ ours, sizeof ours }, alone), OK);
    CHECK_STR(((str){ ours, sizeof ours }), ((str){ alone, sizeof alone }));
    CHECK_ERR(checked(engine, STR(""), empty_hash), OK);
    CHECK_ERR(checked(engine, STR("x"), empty_hash), ERR_PASSWORD_WRONG);
    CHECK_ERR(checked(engine, SECRET, secret_hash), ERR_PASSWORD_WRONG);
    CHECK_ERR(checked(engine, (str){ "\0abc", 4 }, empty_hash), ERR_PASSWORD_WRONG);
    what.password = (str){ "a\0b", 3 };
    CHECK_ERR(engine_hash(engine, &client, &what, ours), ERR_PASSWORD_POLICY);
    engine_stop(engine);
}
