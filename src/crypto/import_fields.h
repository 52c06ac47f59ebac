// SPDX-License-Identifier: MIT
/* import_fields.h - what the texts of imported hashes are made of. */
#ifndef CRYPTO_IMPORT_FIELDS_H
#define CRYPTO_IMPORT_FIELDS_H

#include "base/base64.h"
#include "base/err.h"
#include "crypto/digest.h"

/* Split at '$' into exactly `n` fields; what stands before the first '$' is one. */
static inline bool fields_split(str s, str *fields, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (!str_cut(s, '$', &fields[i], &s))
            return false;
    fields[n - 1] = s;
    return s.n == 0 || memchr(s.p, '$', s.n) == NULL;
}

/* Digits alone, from 1 to `max`. */
static inline bool field_number(str s, int64_t max, int64_t *out)
{
    return s.n && s.p[0] >= '1' && s.p[0] <= '9' && str_int(s, out) && *out <= max;
}

/* "r=8" with that name. */
static inline bool field_named(str s, str name, int64_t max, int64_t *out)
{
    return str_starts(s, name) && field_number(str_from(s, name.n), max, out);
}

/* base64 of 1 to `max` bytes; `max` is 512 at most. */
static inline bool field_bytes(str s, unsigned char *out, size_t max, size_t *n)
{
    unsigned char room[BASE64_BYTES(688)];

    if (s.n == 0 || s.n > 684 || !base64_read(s, room, n) || *n == 0 || *n > max)
        return false;
    memcpy(out, room, *n);
    return true;
}

static inline err sum_compare(const void *ours, const void *theirs, size_t n)
{
    return digest_equal(ours, theirs, n) ? OK : ERR_PASSWORD_WRONG;
}

#endif
