// SPDX-License-Identifier: MIT
/* lanes_trial.c - are the lanes right on this machine, and how fast? Asked at every start. */
#include "crypto/lanes_trial.h"

#include <crypt.h>
#include <sys/random.h>

static const struct { const char *password, *hash; } known[] = {
    { "", "$2b$04$abcdefghijklmnopqrstuubyCG3zY1GIXMyxfivm.ClDiInHzxjiq" },
    { "p\xc3\xa4ssw\xc3\xb6rd \xf0\x9f\x98\x80",
      "$2b$04$abcdefghijklmnopqrstuua6Rxt7n/MYVLlPl0HSs709j39214mZy" },
    { "U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK" },
};

enum { KNOWN = sizeof known / sizeof *known };

static err width_try(struct lanes *lanes, unsigned width)
{
    struct lane_job jobs[LANES_MAX], *out[LANES_MAX];
    err e, worst = OK;

    for (unsigned i = 0; i < width; i++) {
        jobs[i] = (struct lane_job){ .password = str_of(known[i % KNOWN].password) };
        if ((e = bcrypt_parse(str_of(known[i % KNOWN].hash), &jobs[i].cost, jobs[i].salt)) != OK)
            return e;
        lanes_add(lanes, &jobs[i]);
    }
    while (lanes->n)
        (void)lanes_step(lanes, out);
    for (unsigned i = 0; i < width; i++)
        if (bcrypt_sum_check(jobs[i].sum, str_of(known[i % KNOWN].hash)) != OK)
            worst = ERR_BUG;
    return worst;
}

static err crypt_agrees(void)
{
    struct lane_job ours = { .password = STR("correct horse"), .cost = BCRYPT_COST_MIN }, theirs;
    struct crypt_data *data = calloc(1, sizeof *data);

    if (!data)
        return ERR_NO_MEMORY;
    if (getrandom(ours.salt, sizeof ours.salt, 0) != (ssize_t)sizeof ours.salt)
        memset(ours.salt, 0x5a, sizeof ours.salt);   /* any salt will do */
    theirs = ours;
    lane_job_run(&ours);
    lane_job_crypt(&theirs, data);
    free(data);
    return theirs.result == OK && memcmp(ours.sum, theirs.sum, sizeof ours.sum) == 0 ? OK : ERR_BUG;
}

err lanes_trial(void)
{
    struct lanes *lanes = aligned_alloc(_Alignof(struct lanes), sizeof *lanes);
    err e = OK;

    if (!lanes)
        return ERR_NO_MEMORY;
    lanes_init(lanes);
    for (unsigned width = 1; width <= LANES_MAX && e == OK; width++)
        e = width_try(lanes, width);
    lanes_end(lanes);
    free(lanes);
    return e == OK ? crypt_agrees() : e;
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t lanes_step_ns(unsigned width)
{
    struct lanes *lanes = aligned_alloc(_Alignof(struct lanes), sizeof *lanes);
    struct lane_job jobs[LANES_MAX], *out[LANES_MAX];
    int64_t best = INT64_MAX;

    if (!lanes)
        return LANES_STEP * 50000;      /* a guess, to be corrected by the first steps of work */
    lanes_init(lanes);
    for (unsigned i = 0; i < width; i++) {
        jobs[i] = (struct lane_job){ .cost = BCRYPT_COST_MAX };
        lanes_add(lanes, &jobs[i]);
    }
    for (int i = 0; i < 5; i++) {
        int64_t from = now_ns(), took;

        (void)lanes_step(lanes, out);
        took = now_ns() - from;
        best = took < best ? took : best;
    }
    lanes_end(lanes);
    free(lanes);
    return best;
}

void lane_job_crypt(struct lane_job *job, struct crypt_data *data)
{
    char password[BCRYPT_CUT + 1], setting[BCRYPT_CHARS + 1] = { 0 };
    str cut = str_head(job->password, BCRYPT_CUT);
    const char *hash;

    if (cut.n && memchr(cut.p, 0, cut.n)) {
        job->result = ERR_PASSWORD_POLICY;
        return;
    }
    if (cut.n)
        memcpy(password, cut.p, cut.n);
    password[cut.n] = 0;
    bcrypt_write(job->cost, job->salt, job->sum, setting);
    setting[BCRYPT_SETTING_CHARS] = 0;
    hash = crypt_rn(password, setting, data, sizeof *data);
    job->result = hash ? bcrypt_sum_parse(str_of(hash), job->sum) : ERR_BUG;
    explicit_bzero(password, sizeof password);
    explicit_bzero(data, sizeof *data);
}
