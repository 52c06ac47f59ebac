// SPDX-License-Identifier: MIT
/* name.h - when two names are the same name: one rule for all engines.
 *
 * As MariaDB's utf8mb4_general_ci has it for the letters people use, and decided here so that every
 * engine agrees: canonical decomposition (NFD), nonspacing marks dropped, simple case folding
 * (Unicode, locale-free), composed again (NFC), blanks (U+0020) at the end dropped. So `Admin`,
 * `admin ` and `ädmin` are `admin`; ` admin`, "admin\t", a zero-width space, and ß against ss make other
 * names; every emoji is itself. It is idempotent: canonical(canonical(x)) == canonical(x). */
#ifndef AUTH_NAME_H
#define AUTH_NAME_H

#include "base/arena.h"
#include "base/err.h"

/* The canonical form. ERR_NOT_UNICODE for malformed UTF-8; ERR_NO_MEMORY at the arena's limit. */
err name_canonical(struct arena *mem, str name, str *out);

/* What the database keeps unique: 64 hex digits, SHA-256 of the canonical form. */
err name_key(struct arena *mem, str name, str *out);

/* `s` in NFC, for passwords (NIST SP 800-63B 3.1.1.2). */
err name_nfc(struct arena *mem, str s, str *out);

/* Code points in `s`, which is well-formed. */
size_t name_length(str s);

#endif
