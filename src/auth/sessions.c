// SPDX-License-Identifier: MIT
/* sessions.c - sessions of our own.
 *
 * No lock is held anywhere: the update that goes on to the next token names the counter it goes on
 * from, so of several one finds a row, and the others read again what that one left. */
#include "auth/sessions.h"

#include "auth/revocations.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/random.h"

enum {
    NUMBER_BYTES = 8, SIGNED_BYTES = 2 * NUMBER_BYTES, TOKEN_BYTES = SIGNED_BYTES + SHA256_BYTES,
    SECRET_BYTES = 16, SECRET_CHARS = 2 * SECRET_BYTES,
    LOOKS = 3,               /* at a row that others go on with meanwhile */
    ID_TRIES = 3,            /* at an id that nobody has: one in 10^15 is taken */
    LIST_MEMORY = 256 << 10,
};

struct ticket { int64_t id, counter; unsigned char mac[SHA256_BYTES]; };

static void number_write(unsigned char *to, int64_t n)
{
    for (int i = 0; i < NUMBER_BYTES; i++)
        to[i] = (unsigned char)((uint64_t)n >> (56 - 8 * i));
}

static int64_t number_read(const unsigned char *from)
{
    uint64_t n = 0;

    for (int i = 0; i < NUMBER_BYTES; i++)
        n = n << 8 | from[i];
    return (int64_t)n;
}

/* Keyed twice: the session's secret lies in the database, the server's key does not. What the
 * server's key signs elsewhere holds a dot, which this does not. */
static void ticket_mac(const struct auth *a, str secret,
                       const unsigned char text[static SIGNED_BYTES],
                       unsigned char out[static SHA256_BYTES])
{
    static const char purpose[] = "latchkey refresh token ";
    unsigned char input[sizeof purpose - 1 + SECRET_CHARS] = {0}, key[SHA256_BYTES];
    struct mac_key mac;

    memcpy(input, purpose, sizeof purpose - 1);
    memcpy(input + sizeof purpose - 1, secret.p, secret.n < SECRET_CHARS ? secret.n : SECRET_CHARS);
    mac_sha256(&a->keys->hs256, (str){ (const char *)input, sizeof input }, key);
    mac_init(&mac, (str){ (const char *)key, sizeof key });
    mac_sha256(&mac, (str){ (const char *)text, SIGNED_BYTES }, out);
    mac_end(&mac);
    explicit_bzero(input, sizeof input);
    explicit_bzero(key, sizeof key);
}

static err ticket_write(const struct auth *a, struct arena *mem, const struct session_row *row,
                        str *out)
{
    unsigned char bytes[TOKEN_BYTES];
    struct buf b;

    number_write(bytes, row->id);
    number_write(bytes + NUMBER_BYTES, row->counter);
    ticket_mac(a, row->secret, bytes, bytes + SIGNED_BYTES);
    buf_init(&b, mem, SESSION_TOKEN_CHARS);
    base64url_put(&b, (str){ (const char *)bytes, sizeof bytes });
    *out = buf_str(&b);
    return buf_ok(&b);
}

static bool ticket_read(str token, struct ticket *out)
{
    unsigned char bytes[BASE64_BYTES(SESSION_TOKEN_CHARS)];
    size_t n;

    if (token.n != SESSION_TOKEN_CHARS || !base64url_read(token, bytes, &n) || n != TOKEN_BYTES)
        return false;
    out->id = number_read(bytes);
    out->counter = number_read(bytes + NUMBER_BYTES);
    memcpy(out->mac, bytes + SIGNED_BYTES, sizeof out->mac);
    return out->id > 0 && out->id <= SESSION_ID_MAX && out->counter > 0;
}

static bool ticket_is_of(const struct auth *a, const struct ticket *t, str secret)
{
    unsigned char text[SIGNED_BYTES], mac[SHA256_BYTES];

    number_write(text, t->id);
    number_write(text + NUMBER_BYTES, t->counter);
    ticket_mac(a, secret, text, mac);
    return digest_equal(mac, t->mac, sizeof mac);
}

static int64_t end_of(const struct auth_rules *rules, const struct session_row *row)
{
    int64_t idle = row->used_at + rules->session_idle;

    return idle < row->expires_at ? idle : row->expires_at;
}

/* A change on its way into the database. */
struct change {
    struct arena *mem;
    struct proven *who;
    struct session_row row;
    int64_t now, used_before;
    bool won;
};

/* The ids of the sessions that are too many. */
struct surplus { int64_t ids[SESSIONS_PER_USER]; size_t seen, n; };

static err surplus_note(void *arg, const struct session_row *row)
{
    struct surplus *s = arg;

    if (s->seen++ >= SESSIONS_PER_USER - 1)
        s->ids[s->n++] = row->id;
    return OK;
}

static err session_end(struct db *db, int64_t id, int64_t user_id)
{
    err e = session_delete(db, id, user_id);

    return e != OK ? e : revocation_of_session(db, user_id, id);
}

static err surplus_end(struct db *db, const struct change *c)
{
    struct surplus s = {0};
    struct session_walk walk = { c->row.user_id, 2 * SESSIONS_PER_USER - 1, surplus_note, &s };
    struct arena mem;
    err e;

    arena_init(&mem, LIST_MEMORY);
    e = sessions_by_user(db, &mem, &walk);
    arena_end(&mem);
    for (size_t i = 0; i < s.n && e == OK; i++)
        if ((e = session_end(db, s.ids[i], c->row.user_id)) == ERR_NOT_FOUND)
            e = OK;     /* another sign-in of his has just done it */
    return e;
}

static err begin_store(struct db *db, void *arg)
{
    const struct change *c = arg;
    err e;

    if ((e = proven_hold(db, c->mem, c->who)) != OK)
        return e;
    if ((e = sessions_over_delete(db, c->now, c->row.user_id, c->used_before)) != OK)
        return e;
    if ((e = surplus_end(db, c)) != OK)
        return e;
    return session_insert(db, &c->row);
}

static int64_t random_id(void)
{
    uint64_t n;

    random_bytes(&n, sizeof n);
    return (int64_t)(n % (uint64_t)SESSION_ID_MAX) + 1;
}

static str text_or_none(str s)
{
    return s.p ? str_head(s, SESSION_TEXT_MAX) : STR("");
}

err sessions_begin(struct auth *a, struct arena *mem, struct proven *who, int64_t *id, str *token)
{
    struct change c = { .mem = mem, .who = who, .now = clock_ms() };
    str secret = random_hex(mem, SECRET_BYTES);
    err e = ERR_EXISTS;

    if (!secret.p)
        return ERR_NO_MEMORY;
    c.used_before = c.now - a->rules->session_idle;
    c.row = (struct session_row){
        .user_id = who->user->id,
        .user_created = who->user->created_at,
        .created_at = c.now,
        .used_at = c.now,
        .expires_at = c.now + a->rules->session_absolute,
        .counter = 1,
        .secret = secret,
        .address = text_or_none(a->device.address),
        .agent = text_or_none(a->device.agent),
        .name = text_or_none(a->device.name),
    };
    for (int i = 0; i < ID_TRIES && e == ERR_EXISTS; i++) {
        c.row.id = random_id();
        e = db_write(a->db, begin_store, &c);
    }
    if (e != OK)
        return e == ERR_EXISTS ? ERR_DB_AGAIN : e;
    *id = c.row.id;
    return ticket_write(a, mem, &c.row, token);
}

static err advance_store(struct db *db, void *arg)
{
    struct change *c = arg;

    return session_advance(db, c->row.id, c->row.counter, c->now, &c->won);
}

static err end_store(struct db *db, void *arg)
{
    const struct change *c = arg;
    err e = session_end(db, c->row.id, c->row.user_id);

    return e == ERR_NOT_FOUND ? OK : e;
}

/* A token that went out of use so long ago that no lost answer explains it: two hold the
 * session. */
static err reuse_end(struct auth *a, const struct session_row *row, const struct ticket *t)
{
    struct change c = { .row = *row };
    err e;

    log_warn("refresh_reused", int_kv("user", row->user_id), int_kv("session", row->id),
             int_kv("behind", row->counter - t->counter));
    e = db_write(a->db, end_store, &c);
    return e == OK ? ERR_REFRESH_UNKNOWN : e;
}

/* The account behind a session, while it is the one that began it, and open. */
static err account_of(struct auth *a, struct arena *mem, const struct session_row *row,
                      struct user *out, struct account_state *state)
{
    err e = user_by_id(a->db, mem, row->user_id, out);

    if (e != OK)
        return e == ERR_NOT_FOUND ? ERR_REFRESH_UNKNOWN : e;
    if (out->created_at != row->user_created)
        return ERR_REFRESH_UNKNOWN;
    if ((e = account_state_of(a->db, out->id, out->created_at, state)) != OK)
        return e;
    return state->disabled_at ? ERR_REFRESH_UNKNOWN : OK;
}

/* The row of a token that is ours and whose session is on. What is not there costs a MAC as
 * well. */
static err row_of(struct auth *a, struct arena *mem, const struct ticket *t,
                  struct session_row *out)
{
    err e = session_by_id(a->db, mem, t->id, out);
    bool ours;

    if (e != OK && e != ERR_NOT_FOUND)
        return e;
    ours = ticket_is_of(a, t, e == OK ? out->secret : STR("00000000000000000000000000000000"));
    return e == OK && ours && end_of(a->rules, out) > clock_ms() ? OK : ERR_REFRESH_UNKNOWN;
}

/* What ends a session dates its account's cut-off and takes the row away at once: with the row
 * still there, what was read before is from before. */
static err still_there(struct auth *a, const struct session_row *row)
{
    struct session_row now;
    err e = session_times_by_id(a->db, row->id, &now);

    return e == ERR_NOT_FOUND ? ERR_REFRESH_UNKNOWN : e;
}

/* Go on from the row as it stands. *again: somebody else went on first, so look again. */
static err row_use(struct auth *a, const struct ticket *t, struct session_row *row, bool *again)
{
    struct change c = { .row = *row, .now = clock_ms() };
    err e;

    *again = false;
    if (t->counter > row->counter)
        return ERR_REFRESH_UNKNOWN;              /* a database that was put back to an older day */
    if (t->counter == row->counter) {
        if ((e = db_write(a->db, advance_store, &c)) != OK)
            return e;
        *again = !c.won;
        row->counter++;
        row->used_at = c.now;
        return OK;
    }
    if (t->counter == row->counter - 1 && c.now - row->used_at <= a->rules->session_grace)
        return still_there(a, row);
    return reuse_end(a, row, t);
}

err sessions_refresh(struct auth *a, struct arena *mem, str token, struct refreshed *out)
{
    struct session_row row;
    struct ticket t;
    bool again = true;
    err e;

    if (!ticket_read(token, &t))
        return ERR_REFRESH_UNKNOWN;
    for (int i = 0; i < LOOKS && again; i++) {
        out->now = clock_ms();
        if ((e = row_of(a, mem, &t, &row)) != OK)
            return e;
        if ((e = account_of(a, mem, &row, &out->user, &out->state)) != OK)
            return e;
        if ((e = row_use(a, &t, &row, &again)) != OK)
            return e;
    }
    if (again)
        return ERR_DB_AGAIN;
    out->session_id = row.id;
    out->ends_at = end_of(a->rules, &row);
    return ticket_write(a, mem, &row, &out->token);
}

err sessions_end_by_token(struct auth *a, struct arena *mem, str token)
{
    struct session_row row;
    struct ticket t;
    err e;

    if (!ticket_read(token, &t))
        return OK;
    if ((e = row_of(a, mem, &t, &row)) != OK)
        return e == ERR_REFRESH_UNKNOWN ? OK : e;
    return db_write(a->db, end_store, &(struct change){ .row = row });
}

int64_t sessions_end_of_row(const struct auth_rules *rules, const struct session_claim *claim,
                            const struct session_row *row)
{
    bool is_its = row->id && row->id == claim->id && row->user_id == claim->user_id &&
                  row->user_created == claim->user_created;

    return is_its ? end_of(rules, row) : 0;
}

err sessions_end_of(struct auth *a, const struct session_claim *claim, int64_t *ends_at)
{
    struct session_row row;
    err e = session_times_by_id(a->db, claim->id, &row);

    *ends_at = 0;
    if (e != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    *ends_at = sessions_end_of_row(a->rules, claim, &row);
    return OK;
}

struct listing {
    const struct auth_rules *rules;
    const struct user *user;
    struct session_rows *out;
    int64_t now;
};

static err listing_add(void *arg, const struct session_row *row)
{
    struct listing *l = arg;

    if (row->user_created == l->user->created_at && end_of(l->rules, row) > l->now)
        l->out->at[l->out->n++] = *row;
    return OK;
}

err sessions_of_user(struct auth *a, struct arena *mem, int64_t user_id, struct session_rows *out)
{
    struct user user;
    struct listing l = { a->rules, &user, out, clock_ms() };
    struct session_walk walk = { user_id, SESSIONS_PER_USER, listing_add, &l };
    err e;

    *out = (struct session_rows){ NEW_ARRAY(mem, struct session_row, SESSIONS_PER_USER), 0 };
    if (!out->at)
        return ERR_NO_MEMORY;
    if ((e = user_by_id(a->db, mem, user_id, &user)) != OK)
        return e == ERR_NOT_FOUND ? OK : e;
    return sessions_by_user(a->db, mem, &walk);
}

static err one_store(struct db *db, void *arg)
{
    const struct change *c = arg;

    return session_end(db, c->row.id, c->row.user_id);
}

err sessions_end_one(struct auth *a, int64_t user_id, int64_t id)
{
    return db_write(a->db, one_store, &(struct change){ .row = { .id = id, .user_id = user_id } });
}
