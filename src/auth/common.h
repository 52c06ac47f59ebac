// SPDX-License-Identifier: MIT
/* common.h - the passwords of data/common-passwords.txt, as that file has them: sorted lines, each
 * ended by a newline. Made at build time. */
#ifndef AUTH_COMMON_H
#define AUTH_COMMON_H

#include <stddef.h>

extern const char common_passwords[];
extern const size_t common_passwords_n;        /* bytes */

#endif
