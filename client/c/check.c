// SPDX-License-Identifier: MIT
/* check.c - a token a line on standard input, a verdict a line on standard output.
 *
 *     cc -O2 -DLATCHKEY_CURL -o check check.c latchkey_verify.c -lcurl -lcrypto -lpthread
 *     ./check https://auth.example.org [issuer [audience [every]]]      every: -1: no
 * revocations */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "latchkey_verify.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    struct latchkey_config config = {.fetch = latchkey_fetch_curl};
    struct latchkey_claims claims;
    struct latchkey *l;
    char *line = NULL;
    size_t room = 0;
    ssize_t n;

    if (argc < 2 || argc > 5) {
        fputs("usage: check URL [ISSUER [AUDIENCE [EVERY]]] < TOKENS\n", stderr);
        return 2;
    }
    config.url = argv[1];
    config.issuer = argc > 2 && *argv[2] ? argv[2] : NULL;
    config.audience = argc > 3 && *argv[3] ? argv[3] : NULL;
    config.every = argc > 4 ? atoi(argv[4]) : 0;
    config.no_revocations = config.every < 0;
    if ((l = latchkey_open(&config)) == NULL)
        return 1;
    while ((n = getline(&line, &room, stdin)) > 0) {
        size_t length = (size_t)n - (line[n - 1] == '\n');
        enum latchkey_verdict v = latchkey_check(l, line, length, &claims);

        if (v == LATCHKEY_GOOD)
            printf("ok %lld\n", (long long)claims.id);
        else
            puts(latchkey_word(v));
        (void)fflush(stdout);
    }
    free(line);
    latchkey_close(l);
    return 0;
}
