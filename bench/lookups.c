// SPDX-License-Identifier: MIT
/* lookups.c - what the look-ups of a sign-in and of a check cost in a small and in a large
 * database.
 *
 *   lookups SMALL_URL SMALL_USERS LARGE_URL LARGE_USERS [ROUNDS]      (400)
 *
 * Both were made by bench/fill. The store's functions run on a connection of this thread, each call
 * for an account by chance; the databases take turns every 50 calls, so that what else the machine
 * does falls on both alike. Medians of the rounds, in microseconds a call. */
#include "auth/name.h"
#include "base/clock.h"
#include "base/log.h"
#include "store/role.h"
#include "store/standing.h"

#include <stdlib.h>
#include <time.h>

enum { ROUNDS_MAX = 10000, CALLS = 50, TEXT = 64 };

struct side { struct db *db; int64_t users; double us[ROUNDS_MAX]; };

static struct arena mem;

static str name_of(int64_t id, char out[static TEXT])
{
    return (str){ out, (size_t)snprintf(out, TEXT, "user%lld", (long long)id) };
}

static err by_name(struct db *db, int64_t id)
{
    char text[TEXT];
    struct user user;

    return user_by_username(db, &mem, name_of(id, text), &user);
}

/* As `USER7` is looked for: its exact spelling is not there, its key is. */
static err by_key(struct db *db, int64_t id)
{
    char text[TEXT];
    struct user user;
    str key;
    err e = name_key(&mem, name_of(id, text), &key);

    return e != OK ? e : user_by_name_key(db, &mem, NAME_USERNAME, key, &user);
}

/* What a sign-in reads: the account, once more after the hash, and its roles. */
static err sign_in(struct db *db, int64_t id)
{
    char text[TEXT];
    struct account_state state;
    struct user user;
    struct strs roles;
    err e;

    if ((e = user_by_username(db, &mem, name_of(id, text), &user)) != OK ||
        (e = user_by_id(db, &mem, user.id, &user)) != OK ||
        (e = account_state_of(db, user.id, user.created_at, &state)) != OK)
        return e;
    return roles_of_user(db, &mem, user.id, &roles);
}

static err check(struct db *db, int64_t id)
{
    struct standing standing;

    return standing_of_user(db, &mem, id, 0, &standing);
}

static const struct { const char *name; err (*call)(struct db *db, int64_t id); } rows[] = {
    { "account by name", by_name },
    { "account by another spelling", by_key },
    { "all of a sign-in", sign_in },
    { "check of account and role", check },
};

static double now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double run(const struct side *s, err (*call)(struct db *, int64_t))
{
    double began = now_us();

    for (int i = 0; i < CALLS; i++) {
        err e = call(s->db, 1 + (int64_t)(drand48() * (double)s->users));

        if (e != OK) {
            fprintf(stderr, "lookups: %s\n", err_name(e));
            exit(1);
        }
        arena_reset(&mem);
    }
    return (now_us() - began) / CALLS;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *of, int n)
{
    qsort(of, (size_t)n, sizeof *of, by_value);
    return of[n / 2];
}

static bool side_open(struct side *s, const char *url, const char *users)
{
    struct db_config config = { .url = str_of(url), .wait_ms = 60000 };

    s->users = strtoll(users, NULL, 10);
    return s->users > 0 && db_open(&config, &s->db) == OK;
}

int main(int argc, char **argv)
{
    int rounds = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 400;
    static struct side sides[2];

    if (argc < 5 || rounds < 1 || rounds > ROUNDS_MAX || !side_open(&sides[0], argv[1], argv[2]) ||
        !side_open(&sides[1], argv[3], argv[4]))
        return fputs("usage: lookups URL USERS URL USERS [ROUNDS]\n", stderr), 2;
    arena_init(&mem, 1 << 20);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        for (int i = -10; i < rounds; i++)              /* the first ones warm up */
            for (int k = 0; k < 2; k++)
                sides[k].us[i < 0 ? 0 : i] = run(&sides[k], rows[r].call);
        double few = median(sides[0].us, rounds), many = median(sides[1].us, rounds);
        printf("| %s | %s | %.1f | %.1f | %.2f |\n", db_engine(sides[0].db), rows[r].name, few,
               many, many / few);
    }
    db_close(sides[0].db);
    db_close(sides[1].db);
    arena_end(&mem);
    return 0;
}
