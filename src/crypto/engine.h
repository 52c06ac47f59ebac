// SPDX-License-Identifier: MIT
/* engine.h - the threads that hash passwords, one a core, each with lanes, and the queue before
 * them.
 *
 * A caller blocks until its hash is there; while it waits it costs a stack and nothing more. A job
 * joins a running thread where a step ends (about every 0.35 ms): no batch has to form, and one
 * that comes alone takes the time of one hash. One thread runs at nice 10, the others at
 * SCHED_IDLE, so that hashing takes what the loops leave.
 *
 * Lanes are tried at every start against known answers and crypt(3). Should they ever be wrong, the
 * engine says so and hashes with crypt(3), which cannot take a NUL in a password.
 *
 * One lock guards queue and jobs. Any thread may call; engine_start and engine_stop once each. */
#ifndef CRYPTO_ENGINE_H
#define CRYPTO_ENGINE_H

#include "crypto/bcrypt.h"
#include "crypto/queue.h"

enum { ENGINE_THREADS_MAX = 64 };

struct engine;

/* Zero in a field stands for the value in brackets. */
struct engine_config {
    unsigned threads;            /* [the cores this process may run on] */
    unsigned lanes;              /* [4] */
    unsigned lanes_backlog; /* with more than 8 jobs waiting [6 if that does more, or `lanes`] */
    unsigned each;               /* jobs of one address that may wait [16] */
    unsigned waiting_max;        /* jobs in all [512] */
    int64_t wait_ms;             /* longest estimated wait [250 to cost 8, 500 at 10, 1000 at 12] */
    int64_t deadline_ms; /* a job that waited longer is not begun [2000, or twice wait_ms] */
    int cost;                    /* the usual one, for wait_ms [8] */
    bool distrust_lanes; /* hash with crypt(3) as if the lanes had failed their trial; for tests */
};

/* Who asks. `retry_after_ms` is written with ERR_TOO_MANY and ERR_BUSY: the estimated wait. */
struct hash_client {
    unsigned char address[ADDRESS_BYTES];   /* IPv6, or IPv4 as ::ffff:a.b.c.d */
    bool known;                             /* a known device */
    const atomic_bool *gone;                /* NULL, or set when the client leaves */
    int64_t retry_after_ms;
};

/* Try the lanes, measure what the machine can do, start the threads. ERR_NO_MEMORY, or ERR_IO when
 * threads cannot be had. */
err engine_start(const struct engine_config *config, struct engine **out);

/* End the threads and free the engine. Who still waits gets ERR_BUSY; nobody may come any more. */
void engine_stop(struct engine *engine);

/* Whether `password` is the one behind the bcrypt hash `hash`: OK, ERR_PASSWORD_WRONG,
 * ERR_HASH_UNKNOWN; ERR_TOO_MANY or ERR_BUSY when it found no place in the queue;
 * ERR_CLIENT_GONE. */
err engine_check(struct engine *engine, struct hash_client *client, str password, str hash);

/* Hash under `cost` and `salt`; `out` gets BCRYPT_CHARS characters, no NUL. ERR_TOO_MANY, ERR_BUSY,
 * ERR_CLIENT_GONE; ERR_PASSWORD_POLICY for a NUL that crypt(3) could not take. */
err engine_hash(struct engine *engine, struct hash_client *client, const struct lane_job *what,
                char out[static BCRYPT_CHARS]);

/* Run anything else that keeps a core busy on a thread of the engine, in its turn; `us` is how long
 * it takes, in microseconds, roughly. Returns what `work` returned, or ERR_TOO_MANY, ERR_BUSY,
 * ERR_CLIENT_GONE when it never ran; once begun it is not broken off. The thread's lanes wait
 * meanwhile: this is for hashes that no lane can do. */
typedef err engine_work(void *arg);
err engine_run(struct engine *engine, struct hash_client *client, int64_t us, engine_work *work,
               void *arg);

/* For logs, metrics and tests. */
struct engine_figures {
    bool lanes_trusted;
    unsigned threads, lanes, waiting, running;
    uint64_t done, refused, dropped;     /* since the start: hashed; no place; gone or too late */
    uint64_t rate;                       /* microseconds of a core's work done in a millisecond */
    uint64_t one_us;                     /* of one hash at the usual cost, alone */
    int64_t wait_ms;                     /* estimated, for who comes now */
};

void engine_read(struct engine *engine, struct engine_figures *out);

#endif
