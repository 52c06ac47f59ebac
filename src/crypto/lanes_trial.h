// SPDX-License-Identifier: MIT
/* lanes_trial.h - are the lanes right on this machine, and how fast? Asked at every start. */
#ifndef CRYPTO_LANES_TRIAL_H
#define CRYPTO_LANES_TRIAL_H

#include "crypto/bcrypt.h"

struct crypt_data;

/* Hash known passwords in every width, and one with a salt of the moment against crypt(3): some
 * tens of milliseconds. ERR_BUG when any sum is wrong. */
err lanes_trial(void);

/* What `width` lanes take for LANES_STEP iterations, in ns: the best of a few. */
int64_t lanes_step_ns(unsigned width);

/* Do one job with crypt(3). `data` is scratch, wiped. The job's result is OK, ERR_PASSWORD_POLICY
 * for a password with a NUL, which crypt(3) would cut there, or ERR_BUG. */
void lane_job_crypt(struct lane_job *job, struct crypt_data *data);

#endif
