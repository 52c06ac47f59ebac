// SPDX-License-Identifier: MIT
/* name.h - when two names are the same name: one rule for all engines.
 *
 * As MariaDB's utf8mb4_general_ci has it for the letters people use, and decided here so that every
 * engine agrees: canonical decomposition (NFD), shared marks dropped, simple case folding (Unicode,
 * locale-free), composed again (NFC), blanks (U+0020) at the end dropped. So `Admin`, `admin ` and
 * `ädmin` are `admin`; ` admin`, "admin\t", a zero-width space, and ß against ss make other names;
 * every emoji is itself. It is idempotent: canonical(canonical(x)) == canonical(x).
 *
 * Shared marks are the nonspacing ones (Mn) that belong to no script alone (Script=Inherited):
 * accents, Arabic vowel points, variation selectors. The marks of one script stay, and so do the
 * voicing marks of kana: in Hindi, Thai or Japanese they are letters, and without them different
 * names would be one. docs/names.md holds examples, and tests/unit/name_test.c checks each of
 * them. */
#ifndef AUTH_NAME_H
#define AUTH_NAME_H

#include "base/arena.h"
#include "base/err.h"

/* The tables' VARCHAR(255), in code points, and the most bytes so many can take. */
enum { NAME_LENGTH_MAX = 255, NAME_BYTES_MAX = 4 * NAME_LENGTH_MAX };

/* The canonical form; it can be longer than `name`, by less than a factor of four. ERR_NOT_UNICODE
 * for malformed UTF-8; ERR_BAD_REQUEST above NAME_BYTES_MAX bytes; ERR_NO_MEMORY at the arena's
 * limit, of which it takes 64 bytes a byte at most. */
err name_canonical(struct arena *mem, str name, str *out);

/* What the database keeps unique: 64 hex digits, SHA-256 of the canonical form. A name that is NULL
 * (p == NULL) has a key of its own: in the tutorial NULL equals NULL. Fails as name_canonical. */
err name_key(struct arena *mem, str name, str *out);

/* `s` in NFC, for passwords (NIST SP 800-63B 3.1.1.2). `s` itself when it is ASCII.
 * ERR_NOT_UNICODE, ERR_NO_MEMORY. The caller bounds its length. */
err name_nfc(struct arena *mem, str s, str *out);

/* Code points in `s`, which is well-formed. */
size_t name_length(str s);

#endif
