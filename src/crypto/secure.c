// SPDX-License-Identifier: MIT
/* secure.c - OpenSSL's memory is ours: wiped when it comes back, locked away where keys are in
 * it. */
#include "crypto/secure.h"

#include "base/wipe.h"

#include <openssl/crypto.h>

enum { HEAP = 128 << 10, LEAST = 32 };

static void *take(size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return n ? wipe_malloc(n, NULL) : NULL;
}

static void *change(void *p, size_t n, const char *file, int line)
{
    (void)file, (void)line;
    return wipe_realloc(p, n, NULL);
}

static void give(void *p, const char *file, int line)
{
    (void)file, (void)line;
    wipe_free(p, NULL);
}

void secure_begin(void)
{
    (void)CRYPTO_set_mem_functions(take, change, give);   /* fails only where it comes too late */
    (void)CRYPTO_secure_malloc_init(HEAP, LEAST);
}
