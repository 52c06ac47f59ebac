// SPDX-License-Identifier: MIT
/* queue.c - who is hashed next: a bounded queue that is fair to addresses. */
#include "crypto/queue.h"

#include "base/str.h"

struct queue_row {
    struct queue_row *next;                 /* in its class, or among the unused */
    unsigned char key[ADDRESS_BYTES];
    struct queue_job *first, *last;
    unsigned n;
};

enum { TURNS = 4 };                         /* of these, the last is for unknown devices */

/* A provider hands a household a /64: who has one has all addresses in it. */
static void key_of(const unsigned char address[static ADDRESS_BYTES],
                   unsigned char key[static ADDRESS_BYTES])
{
    static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

    memcpy(key, address, ADDRESS_BYTES);
    if (memcmp(address, mapped, sizeof mapped) != 0)
        memset(key + 8, 0, ADDRESS_BYTES - 8);
}

static struct queue_row *row_of(const struct queue *queue, const struct queue_job *job)
{
    unsigned char key[ADDRESS_BYTES];

    key_of(job->address, key);
    for (struct queue_row *row = queue->classes[job->known].first; row; row = row->next)
        if (memcmp(row->key, key, sizeof key) == 0)
            return row;
    return NULL;
}

static void row_append(struct queue_class *class, struct queue_row *row)
{
    row->next = NULL;
    if (class->last)
        class->last->next = row;
    else
        class->first = row;
    class->last = row;
}

static void row_remove(struct queue_class *class, struct queue_row *row)
{
    struct queue_row **at = &class->first, *before = NULL;

    while (*at != row) {
        before = *at;
        at = &before->next;
    }
    *at = row->next;
    if (class->last == row)
        class->last = before;
}

static void row_free(struct queue *queue, struct queue_row *row)
{
    row->next = queue->unused;
    queue->unused = row;
}

/* There is one: rows are as many as jobs may wait, and none is empty. */
static struct queue_row *row_begin(struct queue *queue, const struct queue_job *job)
{
    struct queue_row *row = queue->unused;

    queue->unused = row->next;
    *row = (struct queue_row){ 0 };
    key_of(job->address, row->key);
    row_append(&queue->classes[job->known], row);
    return row;
}

static struct queue_row *longest(const struct queue_class *class)
{
    struct queue_row *best = NULL;

    for (struct queue_row *row = class->first; row; row = row->next)
        if (!best || row->n >= best->n)
            best = row;
    return best;
}

/* Take the newest job out of a row. */
static struct queue_job *row_cut(struct queue *queue, struct queue_row *row, bool known)
{
    struct queue_job *job = row->last, *before = NULL;

    for (struct queue_job *j = row->first; j != job; j = j->next)
        before = j;
    row->last = before;
    if (before)
        before->next = NULL;
    else
        row->first = NULL;
    row->n--;
    queue->waiting--;
    queue->work_us -= job->work_us;
    if (row->n == 0) {
        row_remove(&queue->classes[known], row);
        row_free(queue, row);
    }
    return job;
}

/* The row that must give a place to a job whose own row would then hold `n`: the longest, and
 * longer than that one by then; but a known device needs no such excuse against unknown ones. */
static struct queue_row *loser(const struct queue *queue, bool known, unsigned n, bool *loser_known)
{
    struct queue_row *unknown = longest(&queue->classes[false]);
    struct queue_row *other = longest(&queue->classes[true]);

    *loser_known = false;
    if (unknown && (known || unknown->n > n))
        return unknown;
    *loser_known = true;
    return known && other && other->n > n ? other : NULL;
}

static bool is_full(const struct queue *queue, const struct queue_job *job)
{
    if (queue->waiting == 0)
        return false;
    return queue->waiting >= queue->limits.jobs ||
           queue->work_us + job->work_us > (uint64_t)queue->limits.wait_ms * queue->rate;
}

/* At the end of its row, which is begun where there is none. */
static void job_append(struct queue *queue, struct queue_job *job)
{
    struct queue_row *row = row_of(queue, job);

    if (!row)
        row = row_begin(queue, job);
    job->next = NULL;
    if (row->last)
        row->last->next = job;
    else
        row->first = job;
    row->last = job;
    row->n++;
    queue->waiting++;
    queue->work_us += job->work_us;
}

/* The last that was cut is the first again: so each row gets its order back. */
static void restore(struct queue *queue, struct queue_job **lost)
{
    while (*lost) {
        struct queue_job *job = *lost;

        *lost = job->next;
        job_append(queue, job);
    }
}

/* Whether room can be made at all is not known before trying: nobody shall lose for nothing. */
static err room_make(struct queue *queue, const struct queue_job *job, unsigned n,
                     struct queue_job **lost)
{
    while (is_full(queue, job)) {
        bool known;
        struct queue_row *row = loser(queue, job->known, n, &known);
        struct queue_job *cut;
        bool alone;

        if (!row) {
            restore(queue, lost);
            return n > 1 ? ERR_TOO_MANY : ERR_BUSY;
        }
        alone = row->n == 1;
        cut = row_cut(queue, row, known);
        cut->result = alone ? ERR_BUSY : ERR_TOO_MANY;
        cut->next = *lost;
        *lost = cut;
    }
    return OK;
}

err queue_init(struct queue *queue, const struct queue_limits *limits)
{
    *queue = (struct queue){ .limits = *limits, .rate = 1000 };
    queue->rows = calloc(limits->jobs, sizeof *queue->rows);
    if (!queue->rows)
        return ERR_NO_MEMORY;
    for (unsigned i = 0; i < limits->jobs; i++)
        row_free(queue, &queue->rows[i]);
    return OK;
}

void queue_end(struct queue *queue)
{
    free(queue->rows);
    *queue = (struct queue){ 0 };
}

void queue_rate_set(struct queue *queue, uint64_t rate)
{
    queue->rate = rate;
}

err queue_add(struct queue *queue, struct queue_job *job, struct queue_job **lost)
{
    struct queue_row *row = row_of(queue, job);
    unsigned n = row ? row->n + 1 : 1;
    err e;

    *lost = NULL;
    if (n > queue->limits.each)
        return ERR_TOO_MANY;
    if ((e = room_make(queue, job, n, lost)) != OK)
        return e;
    job_append(queue, job);
    return OK;
}

struct queue_job *queue_take(struct queue *queue)
{
    bool known = queue->turn % TURNS != TURNS - 1;
    struct queue_class *class;
    struct queue_row *row;
    struct queue_job *job;

    if (queue->waiting == 0)
        return NULL;
    if (!queue->classes[known].first)
        known = !known;
    if (queue->classes[!known].first)
        queue->turn++;
    class = &queue->classes[known];
    row = class->first;
    row_remove(class, row);
    job = row->first;
    row->first = job->next;
    if (--row->n)
        row_append(class, row);
    else
        row_free(queue, row);
    queue->waiting--;
    queue->work_us -= job->work_us;
    job->next = NULL;
    return job;
}

int64_t queue_wait_ms(const struct queue *queue)
{
    return (int64_t)(queue->work_us / queue->rate);
}
