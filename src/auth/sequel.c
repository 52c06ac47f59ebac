// SPDX-License-Identifier: MIT
/* sequel.c - refresh tokens as the tutorial's sequel has them. */
#include "auth/sequel.h"

#include "base/clock.h"
#include "crypto/random.h"
#include "store/refresh.h"

enum { TOKEN_BYTES_MAX = 255 };       /* the column's */

void uuid_write(char out[static UUID_CHARS])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char b[16];

    random_bytes(b, sizeof b);
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);       /* version 4 */
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);       /* the variant of RFC 9562 */
    for (size_t i = 0; i < sizeof b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        *out++ = digits[b[i] >> 4];
        *out++ = digits[b[i] & 15];
    }
}

/* A token on its way into the table, or a row on its way out. */
struct change {
    struct arena *mem;
    struct proven *who;
    str token;
    int64_t row_id, now, expires_at;
};

static err token_store(struct db *db, void *arg)
{
    const struct change *c = arg;
    err e = proven_hold(db, c->mem, c->who);

    return e != OK ? e : refresh_insert(db, c->token, c->who->user->id, c->expires_at, c->now);
}

static err row_drop(struct db *db, void *arg)
{
    const struct change *c = arg;

    return refresh_delete(db, c->row_id);
}

err sequel_begin(struct auth *a, struct arena *mem, struct proven *who, str *token)
{
    struct change c = { .mem = mem, .who = who, .now = clock_ms() / 1000 };
    char *p = NEW_ARRAY(mem, char, UUID_CHARS);
    err e;

    if (!p)
        return ERR_NO_MEMORY;
    uuid_write(p);
    c.token = (str){ p, UUID_CHARS };
    c.expires_at = c.now + a->rules->refresh_ttl;
    if ((e = db_write(a->db, token_store, &c)) != OK)
        return e;
    *token = c.token;
    return OK;
}

/* An id that a later row reuses does not revive an old token. */
static err account_of(struct auth *a, struct arena *mem, const struct refresh *row,
                      struct user *out, struct account_state *state)
{
    err e = row->user_id ? user_by_id(a->db, mem, row->user_id, out) : ERR_NOT_FOUND;

    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_REFRESH_UNKNOWN : e;
    if ((e = account_state_of(a->db, out->id, out->created_at, state)) != OK)
        return e;
    return state->disabled_at || row->created_at < out->created_at ? ERR_REFRESH_UNKNOWN : OK;
}

/* What a UUID, or whatever else a server wrote there, is made of. */
static bool is_plausible(str token)
{
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] <= ' ' || token.p[i] > '~')
            return false;
    return token.n && token.n <= TOKEN_BYTES_MAX;
}

/* What ends it dates the account's cut-off and takes the row away at once: with the row still
 * there, the state read before is one from before. */
err sequel_refresh(struct auth *a, struct arena *mem, str token, struct user *out,
                   struct account_state *state)
{
    struct refresh row;
    err e = is_plausible(token) ? refresh_by_token(a->db, token, &row) : ERR_NOT_FOUND;

    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_REFRESH_UNKNOWN : e;
    if (row.expires_at > clock_ms() / 1000) {
        if ((e = account_of(a, mem, &row, out, state)) == OK)
            e = refresh_by_token(a->db, token, &row);
        return e == ERR_NOT_FOUND ? ERR_REFRESH_UNKNOWN : e;
    }
    if ((e = db_write(a->db, row_drop, &(struct change){ .row_id = row.id })) != OK)
        return e;
    return ERR_REFRESH_EXPIRED;
}
