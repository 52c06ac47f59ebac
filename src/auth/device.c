// SPDX-License-Identifier: MIT
/* device.c - proofs of known devices. */
#include "auth/device.h"

#include "auth/access.h"
#include "base/base64.h"
#include "base/clock.h"
#include "crypto/random.h"

enum { NUMBER_BYTES = 8, NUMBERS = 4, SIGNED_BYTES = NUMBERS * NUMBER_BYTES, SKEW = 60 };
enum { PROOF_BYTES = SIGNED_BYTES + SHA256_BYTES };

/* What a proof says; times in seconds. */
struct proof { int64_t user_id, user_created, device, issued_at; unsigned char mac[SHA256_BYTES]; };

static void numbers_write(const struct proof *p, unsigned char to[static SIGNED_BYTES])
{
    const int64_t numbers[NUMBERS] = { p->user_id, p->user_created, p->device, p->issued_at };

    for (int i = 0; i < SIGNED_BYTES; i++)
        to[i] =
            (unsigned char)((uint64_t)numbers[i / NUMBER_BYTES] >> (56 - 8 * (i % NUMBER_BYTES)));
}

static int64_t number_read(const unsigned char *from)
{
    uint64_t n = 0;

    for (int i = 0; i < NUMBER_BYTES; i++)
        n = n << 8 | from[i];
    return (int64_t)n;
}

/* By a key of its own, so that nothing else which the server's key signs is a proof. */
static void proof_mac(const struct auth *a, const struct proof *p,
                      unsigned char out[static SHA256_BYTES])
{
    unsigned char text[SIGNED_BYTES], key[SHA256_BYTES];
    struct mac_key mac;

    numbers_write(p, text);
    mac_sha256(&a->keys->hs256, STR("latchkey known device"), key);
    mac_init(&mac, (str){ (const char *)key, sizeof key });
    mac_sha256(&mac, (str){ (const char *)text, sizeof text }, out);
    mac_end(&mac);
    explicit_bzero(key, sizeof key);
}

static bool proof_read(const struct auth *a, str text, struct proof *out)
{
    unsigned char bytes[BASE64_BYTES(DEVICE_PROOF_CHARS)], mac[SHA256_BYTES];
    size_t n;

    if (text.n != DEVICE_PROOF_CHARS || !base64url_read(text, bytes, &n) || n != PROOF_BYTES)
        return false;
    out->user_id = number_read(bytes);
    out->user_created = number_read(bytes + NUMBER_BYTES);
    out->device = number_read(bytes + 2 * NUMBER_BYTES);
    out->issued_at = number_read(bytes + 3 * NUMBER_BYTES);
    memcpy(out->mac, bytes + SIGNED_BYTES, sizeof out->mac);
    proof_mac(a, out, mac);
    return digest_equal(mac, out->mac, sizeof mac);
}

/* When the last of what ends proofs happened, in seconds. */
static err proofs_from(struct auth *a, struct arena *mem, const struct user *user, int64_t *out)
{
    struct account_state state;
    int64_t all_from;
    err e;

    if ((e = account_state_of(a->db, user->id, user->created_at, &state)) != OK)
        return e;
    if ((e = access_tokens_from(a->db, mem, &all_from)) != OK)
        return e;
    *out = state.tokens_from > all_from ? state.tokens_from : all_from;
    return OK;
}

static bool is_of(const struct proof *p, const struct user *user)
{
    return user && p->user_id == user->id && p->user_created == user->created_at;
}

/* A later clock than ours may have dated it, or a cut-off that lies just ahead. */
static bool is_fresh(const struct auth *a, const struct proof *p, int64_t from)
{
    int64_t now = clock_ms() / 1000;

    return p->issued_at >= from && p->issued_at <= now + SKEW &&
           now - p->issued_at < a->rules->throttle.device_ttl;
}

bool device_is_any(const struct auth *a)
{
    str rest = str_head(a->proofs, DEVICE_PROOFS_CHARS), one;
    struct proof p;
    bool is = false;

    while (rest.n && !is) {
        (void)str_cut(rest, '.', &one, &rest);
        is = proof_read(a, one, &p);
    }
    return is;
}

err device_look_up(struct auth *a, struct arena *mem, const struct user *user)
{
    str rest = str_head(a->proofs, DEVICE_PROOFS_CHARS), one;
    int64_t from;
    err e;

    a->known_device = 0;
    while (rest.n && a->rules->throttle.device_ttl) {
        struct proof p;

        (void)str_cut(rest, '.', &one, &rest);       /* the last has no dot behind it */
        if (!proof_read(a, one, &p) || !is_of(&p, user))
            continue;
        if ((e = proofs_from(a, mem, user, &from)) != OK)
            return e;
        if (is_fresh(a, &p, from))
            a->known_device = p.device;
        return OK;
    }
    return OK;
}

static void proof_put(const struct auth *a, struct buf *b, struct proof *p)
{
    unsigned char bytes[PROOF_BYTES];

    proof_mac(a, p, p->mac);
    numbers_write(p, bytes);
    memcpy(bytes + SIGNED_BYTES, p->mac, sizeof p->mac);
    base64url_put(b, (str){ (const char *)bytes, sizeof bytes });
}

static void others_put(const struct auth *a, struct buf *b, const struct user *user)
{
    str rest = str_head(a->proofs, DEVICE_PROOFS_CHARS), one;

    for (int n = 1; rest.n && n < DEVICE_PROOFS;) {
        struct proof p;

        (void)str_cut(rest, '.', &one, &rest);
        if (!proof_read(a, one, &p) || is_of(&p, user))
            continue;
        buf_byte(b, '.');
        buf_put(b, one);
        n++;
    }
}

err device_proofs(struct auth *a, struct arena *mem, const struct user *user, int64_t from,
                  str *out)
{
    struct proof p = {user->id, user->created_at, a->known_device, from, {0}};
    struct buf b;

    *out = (str){0};
    if (!a->throttle || !a->rules->throttle.on || !a->rules->throttle.device_ttl)
        return OK;
    while (p.device == 0)
        random_bytes(&p.device, sizeof p.device);
    buf_init(&b, mem, DEVICE_PROOFS_CHARS);
    proof_put(a, &b, &p);
    others_put(a, &b, user);
    if (!b.failed)
        *out = buf_str(&b);
    return buf_ok(&b);
}
