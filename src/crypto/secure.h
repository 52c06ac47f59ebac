// SPDX-License-Identifier: MIT
/* secure.h - where OpenSSL keeps what is secret. */
#ifndef CRYPTO_SECURE_H
#define CRYPTO_SECURE_H

/* First of all, before anything of OpenSSL is called: what it gives back is wiped, and private keys
 * lie between guard pages in memory that is locked where the system allows, and left out of core
 * images. Without memory for that they lie where others do. */
void secure_begin(void);

#endif
