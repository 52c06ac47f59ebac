// SPDX-License-Identifier: MIT
/* err.h - every way an operation can fail. 0 is success, so `if (e)` reads "if it failed".
 *
 * A function that can fail returns err and writes its value, last, through a pointer, only on OK.
 * [[nodiscard]] on the enum makes every forgotten check in the house a compile error. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

typedef enum [[nodiscard]] {
    OK = 0,
#define ERR(name, meaning) ERR_##name,
#include "base/err.def"
#undef ERR
    ERR_COUNT
} err;

const char *err_name(err e);      /* "USER_UNKNOWN", for logs and tests; never shown to a client */
const char *err_meaning(err e);   /* the sentence of err.def, for the command line */

#endif
