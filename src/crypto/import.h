// SPDX-License-Identifier: MIT
/* import.h - hashes that other programs made, a file a family. They are checked, never made.
 *
 * Each family has two functions. check: OK, ERR_PASSWORD_WRONG, ERR_HASH_UNKNOWN for what is no
 * such hash, ERR_NO_MEMORY; sums are compared in constant time. cost_us: what a check takes, in
 * microseconds of a core, or -1 for what is no such hash, asks for too much memory, or names a cost
 * out of any reason. Memory is counted in `room` (room.h; NULL is fine). password.c bounds the cost
 * and the password's length before it calls. Any thread may call any of these.
 *
 * base64 below is RFC 4648's with or without its padding. */
#ifndef CRYPTO_IMPORT_H
#define CRYPTO_IMPORT_H

#include "base/err.h"
#include "crypto/room.h"

enum {
    IMPORT_PASSWORD_MAX = 511,             /* bytes: what crypt(3) takes */
    IMPORT_MEMORY_MAX = 256 << 20,         /* bytes one hash may take */
    IMPORT_ITERATIONS_MAX = 1 << 30,
};

/* crypt(3), import_crypt.c: $y$ and $gy$ (yescrypt), $7$ (scrypt), $6$, $5$, $1$, $sha1$, $md5
 * (Sun), $3$ (NT), _ (BSDi), and the 13 characters of DES. A NUL in the password is
 * ERR_HASH_UNKNOWN. */
err import_crypt_check(struct room *room, str password, str hash);
int64_t import_crypt_cost(str hash);

/* PBKDF2 (RFC 8018 section 5.2), import_pbkdf2.c. Django's own form, the salt being text:
 *   pbkdf2_sha256$600000$SALT$HASH   pbkdf2_sha1$...
 * and for Keycloak and others, salt and hash in base64 (Keycloak: hashIterations of credentialData,
 * salt and value of secretData; its algorithm "pbkdf2" is sha1):
 *   $pbkdf2-sha512$i=210000$SALT$HASH   $pbkdf2-sha256$...   $pbkdf2-sha1$... */
err import_pbkdf2_check(struct room *room, str password, str hash);
int64_t import_pbkdf2_cost(str hash);

/* scrypt (RFC 7914), import_scrypt.c. N is 2^ln; salt and hash in base64:
 *   $scrypt$ln=17,r=8,p=1$SALT$HASH
 * Firebase's variant encrypts the project's signer key with what scrypt gives; rounds is r,
 * mem_cost is ln, and separator and key are the project's (base64_salt_separator,
 * base64_signer_key): $firebase-scrypt$ln=14,r=8$SALT$SEPARATOR$SIGNER_KEY$HASH */
err import_scrypt_check(struct room *room, str password, str hash);
int64_t import_scrypt_cost(str hash);
err import_firebase_check(struct room *room, str password, str hash);
int64_t import_firebase_cost(str hash);

/* WordPress, import_wordpress.c: phpass's $P$ and phpBB's $H$, and since 6.8 $wp$2y$, which is
 * bcrypt of base64(HMAC-SHA-384("wp-sha384", the password without blanks at its ends)). */
err import_phpass_check(struct room *room, str password, str hash);
int64_t import_phpass_cost(str hash);
err import_wordpress_check(struct room *room, str password, str hash);
int64_t import_wordpress_cost(str hash);

#endif
