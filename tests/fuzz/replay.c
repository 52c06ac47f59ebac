// SPDX-License-Identifier: MIT
/* replay.c - runs a fuzz target over files, so that every past crash is a test on every machine. */
#include "base/banned.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        uint8_t *data = malloc(1 << 20);
        size_t n;

        if (!file || !data)
            return 1;
        n = fread(data, 1, 1 << 20, file);
        data = realloc(data, n ? n : 1);          /* so that ASan sees a read past the end */
        (void)LLVMFuzzerTestOneInput(data, n);    /* says 0 always */
        free(data);
        (void)fclose(file);                       /* only read from */
    }
    return argc < 2;
}
