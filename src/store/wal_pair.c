// SPDX-License-Identifier: MIT
/* wal_pair.c - a list of few: the databases that this process has had open. */
#include "store/wal_pair.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Under the lock; kept until the process ends. */
struct pair { char *place; ino_t file, log; struct pair *next; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pair *pairs;

static ino_t number_of(const char *place, const char *end)
{
    char path[PATH_MAX];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s%s", place, end);

    return n > 0 && (size_t)n < sizeof path && stat(path, &st) == 0 ? st.st_ino : 0;
}

static struct pair *pair_of(const char *place)
{
    struct pair *at;

    for (at = pairs; at && strcmp(at->place, place) != 0; at = at->next)
        ;
    if (at || !(at = calloc(1, sizeof *at)))
        return at;
    if (!(at->place = strdup(place))) {
        free(at);
        return NULL;
    }
    at->next = pairs;
    return pairs = at;
}

/* What cannot be told just now stays as it was. */
void wal_pair_note(const char *place)
{
    struct pair *pair;
    ino_t file, log;

    pthread_mutex_lock(&lock);
    file = number_of(place, "");
    log = number_of(place, "-wal");
    if (file && (log || errno == ENOENT) && (pair = pair_of(place))) {
        pair->file = file;
        pair->log = log;
    }
    pthread_mutex_unlock(&lock);
}

bool wal_is_another_files(const char *place)
{
    bool yes = true;
    struct pair *pair;

    pthread_mutex_lock(&lock);
    if ((pair = pair_of(place)))
        yes = pair->log && pair->log == number_of(place, "-wal") &&
              pair->file != number_of(place, "");
    pthread_mutex_unlock(&lock);
    return yes;
}
