// SPDX-License-Identifier: MIT
/* name.c - canonical names (Unicode Standard Annex 15 for NFD and NFC, CaseFolding.txt for C and
 * S). */
#include "auth/name.h"

#include "base/utf8.h"
#include "crypto/digest.h"

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

/* A code point decomposes into four at most. */
enum { GROWTH = 4 };

static bool is_ascii(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] & 0x80)
            return false;
    return true;
}

static str blanks_dropped(str s)
{
    while (s.n && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

static err canonical_ascii(struct arena *mem, str name, str *out)
{
    str s = blanks_dropped(name);
    char *p = NEW_ARRAY(mem, char, s.n + 1);

    if (!p)
        return ERR_NO_MEMORY;
    for (size_t i = 0; i < s.n; i++)
        p[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] | 0x20 : s.p[i]);
    *out = (str){ p, s.n };
    return OK;
}

/* The voicing marks of kana are shared by two scripts, therefore Inherited, but tell letters
 * apart. */
static bool is_dropped(ucs4_t c)
{
    if (c < 0x300 || c == 0x3099 || c == 0x309a)
        return false;
    return uc_is_general_category(c, UC_NON_SPACING_MARK) &&
           uc_is_script(c, uc_script_byname("Inherited"));
}

/* Simple folding: the full one where it is one code point (C), else the lower-case letter, which is
 * what CaseFolding.txt gives for S and leaves those alone that only have F, as ß. */
static ucs4_t folded(ucs4_t c)
{
    uint32_t full[GROWTH];
    size_t n = GROWTH;
    uint32_t *p;

    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
    p = u32_casefold(&c, 1, NULL, NULL, full, &n);
    if (p && p != full)
        free(p);
    return p == full && n == 1 ? full[0] : uc_tolower(c);
}

/* Normalise `n` code points into `to`, which has room for `got`; how many they are now, or -1 when
 * they do not fit. */
static ptrdiff_t normalised(uninorm_t form, const uint32_t *from, size_t n, uint32_t *to,
                            size_t got)
{
    uint32_t *p = u32_normalize(form, from, n, to, &got);

    if (p == to)
        return (ptrdiff_t)got;
    free(p);
    return -1;
}

/* Canonical form of `n` code points in `c`, in place; `c` and `spare` have room for `room`. How
 * many they are now, or -1. */
static ptrdiff_t canonical_points(uint32_t *c, size_t n, uint32_t *spare, size_t room)
{
    ptrdiff_t got = normalised(UNINORM_NFD, c, n, spare, room), kept = 0;

    if (got < 0)
        return -1;
    for (ptrdiff_t i = 0; i < got; i++)
        if (!is_dropped(spare[i]))
            spare[kept++] = folded(spare[i]);
    got = normalised(UNINORM_NFC, spare, (size_t)kept, c, room);
    while (got > 0 && c[got - 1] == ' ')
        got--;
    return got;
}

err name_canonical(struct arena *mem, str name, str *out)
{
    size_t room = name_length(name) * GROWTH + 1, n = room;
    uint32_t *c, *spare;
    ptrdiff_t got;
    struct buf b;

    if (name.n > NAME_BYTES_MAX)
        return ERR_BAD_REQUEST;
    if (is_ascii(name))
        return canonical_ascii(mem, name, out);
    if (!utf8_is_well_formed(name))
        return ERR_NOT_UNICODE;
    c = NEW_ARRAY(mem, uint32_t, room);
    spare = NEW_ARRAY(mem, uint32_t, room);
    if (!c || !spare || u8_to_u32((const uint8_t *)name.p, name.n, c, &n) != c)
        return ERR_NO_MEMORY;
    if ((got = canonical_points(c, n, spare, room)) < 0)
        return ERR_NO_MEMORY;

    buf_init(&b, mem, NAME_BYTES_MAX * GROWTH + 1);
    for (ptrdiff_t i = 0; i < got; i++)
        utf8_put(&b, c[i]);
    *out = got ? buf_str(&b) : STR("");
    return buf_ok(&b);
}

err name_key(struct arena *mem, str name, str *out)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[SHA256_BYTES];
    str canonical = STR("\xff");      /* for NULL: no well-formed name looks like it */
    char *p = NEW_ARRAY(mem, char, 2 * SHA256_BYTES);
    err e;

    if (!p)
        return ERR_NO_MEMORY;
    if (name.p && (e = name_canonical(mem, name, &canonical)) != OK)
        return e;
    digest_sha256(canonical, hash);
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        p[2 * i] = digits[hash[i] >> 4];
        p[2 * i + 1] = digits[hash[i] & 15];
    }
    *out = (str){ p, 2 * SHA256_BYTES };
    return OK;
}

err name_nfc(struct arena *mem, str s, str *out)
{
    size_t room = s.n * 3 + 1, n = room;      /* UTF-8 grows to three times its bytes at most */
    uint8_t *p, *got;

    if (is_ascii(s)) {
        *out = s;
        return OK;
    }
    if (!utf8_is_well_formed(s))
        return ERR_NOT_UNICODE;
    if ((p = NEW_ARRAY(mem, uint8_t, room)) == NULL)
        return ERR_NO_MEMORY;
    got = u8_normalize(UNINORM_NFC, (const uint8_t *)s.p, s.n, p, &n);
    if (got != p) {
        free(got);
        return ERR_NO_MEMORY;
    }
    *out = (str){ (const char *)p, n };
    return OK;
}

size_t name_length(str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xc0) != 0x80;
    return n;
}
