// SPDX-License-Identifier: MIT
/* client.c - nothing that a server answers, and no token, crashes the verifier of client/c.
 *
 * The first byte says what the others are: a set of keys, a feed's payload, a token's, a header, a
 * whole token. */
#include "../../client/c/latchkey_verify.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int no_fetch(void *arg, const char *url, const char *etag, struct latchkey_answer *answer)
{
    (void)arg, (void)url, (void)etag, (void)answer;
    return -1;
}

static void feed(struct latchkey *l, struct text payload)
{
    struct opened o = {.payload = payload};
    bool more;

    o.said.typ = (struct text){feed_type, sizeof feed_type - 1};
    o.said.kid = (struct text){"kid", 3};
    (void)feed_take(l, &o, 1700000000, &more);
    (void)entries_sweep(l, 1700000000 + l->life);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    const struct latchkey_config config = {.url = "http://x", .issuer = "i", .fetch = no_fetch};
    struct latchkey *l = n ? latchkey_open(&config) : NULL;
    struct text rest = {(const char *)data + 1, n - 1};
    struct kept kept = {0};
    struct header header;

    if (!l)
        return 0;
    switch (*data % 5) {
    case 0:
        (void)keys_take(l, rest);
        break;
    case 1:
        feed(l, rest);
        break;
    case 2:
        if (claims_read(l, rest, &kept) == LATCHKEY_GOOD &&
            (kept.claims.id < 1 || is_revoked(l, &kept.claims)))
            abort();
        break;
    case 3:
        (void)header_read(rest, &header);
        break;
    default:
        if (latchkey_check(l, rest.p, rest.n, NULL) == LATCHKEY_GOOD ||
            verify(l, rest.p, rest.n, &kept) == LATCHKEY_GOOD)
            abort();
    }
    latchkey_close(l);
    return 0;
}
