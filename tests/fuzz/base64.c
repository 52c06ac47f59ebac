// SPDX-License-Identifier: MIT
/* base64.c - what the readers take has one spelling, which the writers give back. */
#include "base/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void round_trip(str text, bool (*read)(str, unsigned char *, size_t *),
                       void (*put)(struct buf *, str))
{
    unsigned char *bytes = malloc(BASE64_BYTES(text.n));
    struct buf again;
    size_t n;

    buf_init(&again, NULL, 2 * text.n + 16);
    if (bytes && read(text, bytes, &n)) {
        put(&again, (str){ (const char *)bytes, n });
        if (!str_starts(buf_str(&again), text) || again.n > text.n + 2) /* padding may be missing */
            abort();
    }
    buf_end(&again);
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    str text = { (const char *)data, n };

    round_trip(text, base64url_read, base64url_put);
    round_trip(text, base64_read, base64_put);
    return 0;
}
