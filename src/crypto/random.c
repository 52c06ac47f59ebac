// SPDX-License-Identifier: MIT
/* random.c - randomness from the kernel (getrandom(2)), nothing kept in user space. */
#include "crypto/random.h"
#include "base/log.h"

#include <errno.h>
#include <sys/random.h>

void random_bytes(void *to, size_t n)
{
    char *at = to;

    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            log_error("random", int_kv("errno", errno));
            abort();
        }
        at += got;
        n -= (size_t)got;
    }
}

str random_hex(struct arena *mem, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *hex = n ? arena_array(mem, 2, n, 1) : NULL;

    if (!hex)
        return (str){ n ? NULL : "", 0 };
    random_bytes(hex + n, n);            /* the back half, read before it is written over */
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = hex[n + i];

        hex[2 * i] = (unsigned char)digits[byte >> 4];
        hex[2 * i + 1] = (unsigned char)digits[byte & 15];
    }
    return (str){ (const char *)hex, 2 * n };
}
