// SPDX-License-Identifier: MIT
/* wipe.h - memory for libraries that handle what clients sent: wiped when it is given back.
 *
 * As malloc(3), for any thread; sizes are the C library's to know. The last argument is for the
 * library that calls, nobody looks at it. */
#ifndef BASE_WIPE_H
#define BASE_WIPE_H

#include <stddef.h>

void *wipe_malloc(size_t n, void *);
void *wipe_calloc(size_t n, size_t size, void *);
void *wipe_realloc(void *p, size_t n, void *);    /* NULL, and `p` as it was, without memory */
void wipe_free(void *p, void *);

#endif
