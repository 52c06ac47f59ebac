// SPDX-License-Identifier: MIT
/* attempt.c - a try at a secret: may it be made, and what came of it.
 *
 * As long as nothing has failed nothing is written: what is under way is known in memory, to this
 * node. From the first failure on an attempt is written before its hash, as if it had failed, by an
 * update that names the row as it was read; a success takes it away again. So several nodes can
 * pass the limit only by attempts at the very same moment on an account that nobody has failed at
 * yet. */
#include "auth/attempt.h"

#include "auth/device.h"
#include "auth/name.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdatomic.h>

enum {
    TRIES = 64,                       /* at a row that others change meanwhile */
    WAIT_MS = 1000,                   /* for others at the same account */
    BOUND_EVERY = 1024,               /* rows put in between two looks at how many there are */
};

static const char hex_digits[] = "0123456789abcdef";

int64_t failures_wait(const struct throttle_rules *rules, int64_t failures)
{
    int64_t wait = rules->account_wait;

    if (failures < rules->account_free)
        return 0;
    for (int64_t n = rules->account_free; n < failures && wait < rules->account_wait_most; n++)
        wait *= 2;
    return wait < rules->account_wait_most ? wait : rules->account_wait_most;
}

/* ------------------------------------------------------------------------------------- the keys */

/* Of a name that nobody has: keyed by the server's key, for a dump of the database shall not tell
 * what people typed in the wrong field. What has no canonical form is itself. */
static err key_of_name(const struct auth *a, struct arena *mem, str name, struct failure_key *out)
{
    static const char purpose[] = "latchkey failures ";
    unsigned char mac[SHA256_BYTES];
    struct buf b;
    str canonical;
    err e = name_canonical(mem, name, &canonical);

    if (e == ERR_NO_MEMORY)
        return e;
    buf_init(&b, mem, sizeof purpose + 8 * NAME_BYTES_MAX);
    buf_put(&b, str_of(purpose));
    buf_put(&b, e == OK ? canonical : str_head(name, NAME_BYTES_MAX));
    if (b.failed)
        return ERR_NO_MEMORY;
    mac_sha256(&a->keys->hs256, buf_str(&b), mac);
    out->kind = FAILURE_NAME;
    for (size_t i = 0; i < sizeof mac; i++) {
        out->who[2 * i] = hex_digits[mac[i] >> 4];
        out->who[2 * i + 1] = hex_digits[mac[i] & 15];
    }
    return OK;
}

/* ---------------------------------------------------------------------------------- the address */

static void limit_say(struct auth *a, const struct bucket_level *level)
{
    const struct bucket_rule *rule = &a->rules->throttle.address;

    a->limit.quota = rule->burst;
    a->limit.window = (rule->burst * 60 + rule->per_minute - 1) / rule->per_minute;
    a->limit.left = level->left;
    a->limit.wait_ms = level->wait_ms;
}

/* Whoever comes by a unix socket, through a proxy that is not trusted to name him, has no address:
 * one bucket for all of them would let each shut out the others. */
static bool has_address(const struct auth *a)
{
    static const unsigned char none[ADDRESS_BYTES];

    return memcmp(a->hasher.client.address, none, sizeof none) != 0;
}

/* Take one with bucket_take, or look with bucket_holds. */
static bool address_ask(struct auth *a, __typeof__(bucket_take) *ask)
{
    struct bucket_level level;
    bool may;

    a->limit = (struct limit){0};
    if (!has_address(a))
        return true;
    may = ask(a->throttle, &a->rules->throttle.address, a->hasher.client.address, clock_mono_ms(),
              &level);
    limit_say(a, &level);
    if (!may) {
        a->limit.by = LIMIT_ADDRESS;
        a->limit.retry_ms = level.wait_ms;
    }
    return may;
}

static bool address_take(struct auth *a)
{
    return address_ask(a, bucket_take);
}

static void address_return(struct auth *a)
{
    struct bucket_level level;

    if (bucket_return(a->throttle, &a->rules->throttle.address, a->hasher.client.address,
                      clock_mono_ms(), &level))
        limit_say(a, &level);
}

err attempt_check(struct auth *a)
{
    if (!a->rules->throttle.on || !a->throttle || device_is_any(a))
        return OK;
    if (!address_ask(a, bucket_holds))
        return ERR_TOO_MANY;
    a->limit = (struct limit){0};
    return OK;
}

/* Else whoever lists names would pay only for those that somebody has. */
static bool signup_take(struct auth *a)
{
    struct bucket_level level;

    if (!has_address(a) ||
        bucket_take(a->throttle, &a->rules->throttle.signups, a->hasher.client.address,
                    clock_mono_ms(), &level))
        return true;
    a->limit = (struct limit){ .by = LIMIT_ADDRESS, .retry_ms = level.wait_ms };
    return false;
}

err attempt_begin_nameless(struct auth *a, struct attempt *out)
{
    *out = (struct attempt){ .counts = a->rules->throttle.on && a->throttle, .nameless = true };
    if (!out->counts)
        return OK;
    out->took = address_take(a);
    if (!out->took)
        return ERR_TOO_MANY;
    if (signup_take(a))
        return OK;
    address_return(a);
    a->limit.quota = 0;               /* of the other bucket */
    return ERR_TOO_MANY;
}

/* ------------------------------------------------------------------------------ before the hash */

/* ms that a row has to wait yet; below 1: none. More than there is was written by a clock ahead of
 * ours, or by other rules: nobody would be let in until that comes. */
static int64_t wait_left(const struct throttle_rules *rules, const struct failure_row *row,
                         int64_t now)
{
    int64_t left = row->wait_until - now;

    return left > rules->account_wait_most ? 0 : left;
}

/* One more failure on top of `from`. */
static struct failure_row failed_once(const struct throttle_rules *rules,
                                      const struct failure_row *from)
{
    int64_t now = clock_ms(), wait = failures_wait(rules, from->failures + 1);
    int64_t left = wait_left(rules, from, now);

    return (struct failure_row){
        .failures = from->failures + 1,
        .last_at = now,
        .wait_until = wait && wait > left ? now + wait : left > 0 ? from->wait_until : 0,
        .there = true,
    };
}

/* How many may be under way besides those that the row counts; 0: it has to wait, *wait_ms. */
static int64_t room_of(const struct throttle_rules *rules, const struct failure_row *row,
                       int64_t *wait_ms)
{
    int64_t left = wait_left(rules, row, clock_ms());

    *wait_ms = rules->account_wait_most;
    if (rules->account_most && row->failures >= rules->account_most)
        return 0;
    *wait_ms = left;
    if (left > 0)
        return 0;
    *wait_ms = 1000;
    return row->failures < rules->account_free ? rules->account_free - row->failures : 1;
}

enum step { ADMITTED, AGAIN, REFUSED };

/* What has failed before is written before it is tried again. */
static err reserve(struct auth *a, struct attempt *t, enum step *step)
{
    bool won;
    err e;

    *step = ADMITTED;
    if (!t->before.failures)
        return OK;
    t->now = failed_once(&a->rules->throttle, &t->before);
    e = failure_replace(a->db, &t->flight.key, &t->before, &t->now, &won);
    if (e == OK && won)
        flight_is_written(a->throttle, &t->flight);
    else
        flight_end(a->throttle, &t->flight, false);
    *step = won ? ADMITTED : AGAIN;
    return e;
}

/* One look at the row. *wait_ms: with REFUSED, how long. */
static err look(struct auth *a, struct attempt *t, int64_t deadline, enum step *step,
                int64_t *wait_ms)
{
    struct flight_past past = flights_past(a->throttle, &t->flight.key);
    bool stale = false;
    int64_t room;
    err e;

    if ((e = failure_read(a->db, &t->flight.key, &t->before)) != OK)
        return e;
    room = room_of(&a->rules->throttle, &t->before, wait_ms);
    if (room && flight_begin(a->throttle, &t->flight, room, &past, &stale))
        return reserve(a, t, step);
    db_rest(a->db);
    if (stale || flight_wait(a->throttle, &t->flight.key, &past, deadline))
        *step = AGAIN;
    else
        *step = REFUSED;
    return OK;
}

static err count_begin(struct auth *a, struct attempt *t)
{
    int64_t deadline = clock_mono_ms() + WAIT_MS, wait_ms = 0;
    enum step step = AGAIN;
    err e;

    for (int i = 0; step == AGAIN && (i < TRIES || clock_mono_ms() < deadline); i++)
        if ((e = look(a, t, deadline, &step, &wait_ms)) != OK)
            return e;
    if (step == ADMITTED)
        return OK;
    a->limit.by = LIMIT_ACCOUNT;
    a->limit.retry_ms = step == AGAIN ? 1000 : wait_ms;
    return ERR_TOO_MANY;
}

/* Is it a device that the account knows?  One that failed too often is none any more. Nobody's
 * proofs are read as well, for that takes its time. */
static err device_look(struct auth *a, struct arena *mem, const struct user *user,
                       struct attempt *t)
{
    const struct throttle_rules *rules = &a->rules->throttle;
    struct failure_row row;
    err e;

    if ((e = device_look_up(a, mem, user)) != OK || !user || !a->known_device)
        return e;
    t->flight.key = failure_key_of_device(user->id, user->created_at, a->known_device);
    if ((e = failure_read(a->db, &t->flight.key, &row)) != OK)
        return e;
    t->known = !rules->account_most || row.failures < rules->account_most;
    if (!t->known)
        a->known_device = 0;
    return OK;
}

err attempt_begin(struct auth *a, struct arena *mem, const struct user *user, str name,
                  struct attempt *out)
{
    err e;

    *out = (struct attempt){ .counts = a->rules->throttle.on && a->throttle };
    if (!out->counts)
        return OK;
    a->limit = (struct limit){0};
    if ((e = device_look(a, mem, user, out)) != OK)
        return e;
    if (user)
        out->account = failure_key_of_account(user->id, user->created_at);
    else if ((e = key_of_name(a, mem, name, &out->account)) != OK)
        return e;
    a->hasher.client.known = out->known;
    if (!out->known)
        out->flight.key = out->account;
    out->took = !out->known && address_take(a);
    if (!out->known && !out->took)
        return ERR_TOO_MANY;
    if ((e = count_begin(a, out)) != OK && out->took)
        address_return(a);            /* no hash was spent, nothing was learnt */
    return e;
}

/* ------------------------------------------------------------------------------ behind the hash */

/* Rows of accounts are as many as accounts; of the others there may be no end. */
static void bound(struct auth *a, enum failure_kind kind)
{
    static _Atomic unsigned made;
    err e;

    if (kind == FAILURE_ACCOUNT || atomic_fetch_add(&made, 1) % BOUND_EVERY != BOUND_EVERY - 1)
        return;
    e = failures_bound(a->db, FAILURE_NAME, FAILURE_NAMES_MAX);
    if (e == OK)
        e = failures_bound(a->db, FAILURE_DEVICE, FAILURE_DEVICES_MAX);
    if (e != OK)
        log_warn("failures_kept", text_kv("err", str_of(err_name(e))));
}

static err failure_add(struct auth *a, const struct failure_key *key)
{
    bool won = false;
    err e;

    for (int i = 0; i < TRIES && !won; i++) {
        struct failure_row from, to;

        if ((e = failure_read(a->db, key, &from)) != OK)
            return e;
        to = failed_once(&a->rules->throttle, &from);
        if ((e = failure_replace(a->db, key, &from, &to, &won)) != OK)
            return e;
        if (won && !from.there)
            bound(a, key->kind);
    }
    return won ? OK : ERR_DB_AGAIN;
}

static err forget_store(struct db *db, void *arg)
{
    return failure_delete(db, arg);
}

/* A known device says that its owner is there, not that the others were he: the failures are over,
 * the wait that they began is not. */
static err account_calm(struct auth *a, const struct failure_key *key)
{
    struct failure_row from, to;
    bool won;
    err e;

    if ((e = failure_read(a->db, key, &from)) != OK || !from.failures)
        return e;
    to = from;
    to.failures = 0;
    return failure_replace(a->db, key, &from, &to, &won);      /* else somebody failed just now */
}

/* What is not forgotten makes nobody's sign-in fail. */
static void forget(struct auth *a, struct attempt *t)
{
    err e = OK;

    if (t->before.there)
        e = db_write(a->db, forget_store, &t->flight.key);
    if (e == OK && t->known)
        e = account_calm(a, &t->account);
    if (e != OK)
        log_warn("failures_kept", text_kv("err", str_of(err_name(e))));
}

/* It was no attempt: as if it had not been reserved, unless somebody built on it since. */
static void unreserve(struct auth *a, struct attempt *t)
{
    bool won;

    if (t->flight.written)
        (void)failure_replace(a->db, &t->flight.key, &t->now, &t->before, &won); /* or it stays */
}

static bool is_failure(err verdict)
{
    return verdict == ERR_USER_UNKNOWN || verdict == ERR_PASSWORD_WRONG ||
           verdict == ERR_CURRENT_WRONG || verdict == ERR_USERNAME_TAKEN ||
           verdict == ERR_EMAIL_TAKEN;
}

static err count_end(struct auth *a, struct attempt *t, err verdict)
{
    err e = OK;

    if (verdict == OK)
        forget(a, t);
    else if (!is_failure(verdict))
        unreserve(a, t);
    else if (!t->flight.written)
        e = failure_add(a, &t->flight.key);
    if (e == OK && t->known && is_failure(verdict))
        e = failure_add(a, &t->account);
    flight_end(a->throttle, &t->flight, is_failure(verdict));
    return e;
}

err attempt_end(struct auth *a, struct attempt *t, err verdict)
{
    err e = OK;

    if (!t->counts)
        return verdict;
    if (!t->nameless)
        e = count_end(a, t, verdict);
    if (t->took && !is_failure(verdict) && verdict != ERR_CLIENT_GONE)
        address_return(a);
    if (verdict == OK)
        a->limit = (struct limit){0};
    return e != OK ? e : verdict;
}
