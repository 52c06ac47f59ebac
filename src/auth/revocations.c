// SPDX-License-Identifier: MIT
/* revocations.c - what ended before its access tokens did, told to those who verify by
 * themselves. */
#include "auth/revocations.h"

#include "auth/access.h"
#include "base/clock.h"
#include "base/json.h"
#include "crypto/digest.h"

enum { PAYLOAD_MAX = 1 << 20, SLICE = 1000, FACT_CHARS = 80 };

/* Of two cuts of an account that spare the same session the later says all that the earlier does:
 * they share an id, and so a row, however often somebody signs out. */
static int64_t id_of(const struct revocation *row)
{
    unsigned char hash[SHA256_BYTES];
    char fact[FACT_CHARS];
    uint64_t n = 0;
    int chars = snprintf(fact, sizeof fact, "%lld %lld %lld", (long long)row->user_id,
                         (long long)row->session_id, (long long)row->keep_id);

    digest_sha256((str){fact, (size_t)chars}, hash);
    for (int i = 0; i < 8; i++)
        n = n << 8 | hash[i];
    return (int64_t)(n >> 1);
}

static err note(struct db *db, struct revocation *row)
{
    row->id = id_of(row);
    row->at = clock_ms();
    return revocation_write(db, row);
}

err revocation_of_session(struct db *db, int64_t user_id, int64_t session_id)
{
    return note(db, &(struct revocation){.user_id = user_id, .session_id = session_id});
}

err revocation_of_user(struct db *db, int64_t user_id, int64_t keep, int64_t seconds)
{
    return note(
        db, &(struct revocation){.user_id = user_id, .keep_id = keep, .issued_before = seconds});
}

/* A page as it is read: two lists of one row's kind or the other's. */
struct page {
    struct buf sessions, users;
    size_t n;
    int64_t first, last;
};

static err page_add(void *arg, const struct revocation *row)
{
    struct page *p = arg;

    if (row->session_id)
        buf_printf(&p->sessions, "%s\"%lld\"", p->sessions.n ? "," : "",
                   (long long)row->session_id);
    else
        buf_printf(&p->users, "%s[%lld,%lld,\"", p->users.n ? "," : "", (long long)row->user_id,
                   (long long)row->issued_before);
    if (!row->session_id && row->keep_id)
        buf_int(&p->users, row->keep_id);
    if (!row->session_id)
        buf_put(&p->users, STR("\"]"));
    if (p->n++ == 0)
        p->first = row->at;
    p->last = row->at;
    return OK;
}

static err page_read(struct auth *a, struct arena *mem, int64_t since, struct page *p)
{
    const struct revocation_walk walk = {since, REVOCATIONS_PAGE, page_add, p};
    err e;

    *p = (struct page){0};
    buf_init(&p->sessions, mem, PAYLOAD_MAX);
    buf_init(&p->users, mem, PAYLOAD_MAX);
    if ((e = revocations_since(a->db, &walk)) != OK)
        return e;
    if ((e = buf_ok(&p->sessions)) != OK)
        return e;
    return buf_ok(&p->users);
}

/* Behind a full page it goes on with the last moment in it; should one moment fill a page, behind
 * that. */
static int64_t next_of(const struct page *p, int64_t now)
{
    if (p->n < REVOCATIONS_PAGE)
        return now - REVOCATIONS_OVERLAP;
    return p->last > p->first ? p->last : p->last + 1;
}

static void list_put(struct json_writer *w, const char *key, const struct buf *items)
{
    json_key(w, key);
    buf_byte(w->b, '[');
    buf_put(w->b, buf_str(items));
    buf_byte(w->b, ']');
}

err revocations_write(struct auth *a, struct arena *mem, const struct revocations_asked *asked,
                      str *payload, uint64_t *digest)
{
    static const unsigned char seed[SIP_KEY_BYTES];
    const int64_t life = a->rules->token_life + JWT_LEEWAY * 1000;
    int64_t oldest = asked->now - life, all;
    struct json_writer w;
    struct page page;
    struct buf b;
    size_t facts;
    err e;

    if ((e = page_read(a, mem, asked->since > oldest ? asked->since : oldest, &page)) != OK)
        return e;
    if ((e = access_tokens_from(a->db, mem, &all)) != OK)
        return e;
    buf_init(&b, mem, PAYLOAD_MAX);
    json_open(&w, &b);
    if (a->keys->issuer.n)
        json_text(&w, "iss", a->keys->issuer);
    json_int(&w, "iat", asked->now / 1000);
    json_int(&w, "exp", asked->now / 1000 + REVOCATIONS_GOOD);
    json_int(&w, "next", next_of(&page, asked->now));
    facts = b.n;
    json_int(&w, "since", asked->since);
    json_bool(&w, "more", page.n == REVOCATIONS_PAGE);
    json_int(&w, "life", life / 1000);
    json_int(&w, "all", all);
    list_put(&w, "sessions", &page.sessions);
    list_put(&w, "users", &page.users);
    json_close(&w);
    *payload = buf_str(&b);
    *digest = digest_sip(seed, str_from(*payload, facts));
    return buf_ok(&b);
}

struct forgetting {
    int64_t before, gone;
};

static err forget_work(struct db *db, void *arg)
{
    struct forgetting *f = arg;

    return revocations_over_delete(db, f->before, SLICE, &f->gone);
}

/* In slices: sign-outs wait for each. */
err revocations_forget(struct db *db, int64_t life)
{
    struct forgetting f = {.before = clock_ms() - life - JWT_LEEWAY * 1000};
    err e;

    do
        e = db_write(db, forget_work, &f);
    while (e == OK && f.gone == SLICE);
    return e;
}
