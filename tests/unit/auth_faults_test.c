// SPDX-License-Identifier: MIT
/* auth_faults_test.c - whatever the domain does, each allocation of it and each step of the
 * database fails once: it says so, by a failure that is no verdict about anybody, what it
 * acknowledges is done, and the next try succeeds. */
#include "../tests/fault.h"
#include "auth.h"

#include "auth/attempt.h"
#include "auth/claim.h"
#include "auth/decoy.h"
#include "auth/device.h"
#include "auth/revocations.h"
#include "auth/sessions.h"
#include "base/log.h"

static const struct db_config in_memory = { .url = { "sqlite::memory:", 15 }, .wait_ms = 1000 };

/* An account that nothing has happened to yet, and, where asked for, signed in. */
struct scene {
    struct domain d;
    struct db *keeper;              /* keeps the database in being */
    str hash;                       /* of the password of all accounts */
    int n;
    char name[32], email[32], other[32];      /* `other`: free */
    int64_t id;
    struct session session;
};

/* One thing that the domain does. */
struct op {
    const char *name;
    err (*run)(struct scene *s);
    bool (*is_done)(struct scene *s);   /* NULL: it changes nothing that one could see */
    err want;
    enum session_mode sessions;
    bool signed_in, throttled, rehash, uncached, one_scene;
};

static const struct throttle_rules throttled = {
    .on = true,
    .address = { 1000, 1000, BUCKET_FAILURES },
    .signups = { 1000, 1000, BUCKET_SIGNUPS },
    .account_free = 1000,
    .account_wait = 1000,
    .account_wait_most = 1000,
    .device_ttl = 86400,
};

static void scene_begin(struct scene *s, const struct op *op)
{
    struct domain *d = &s->d;

    log_set_level(LOG_ERROR + 1);
    *s = (struct scene){ .d.rules = plain_rules, .d.store.config = in_memory };
    CHECK_ERR(db_open_raw(&in_memory, &s->keeper), OK);
    CHECK_ERR(migrate(&in_memory, MIGRATE_KEEP, OWNER_DEV), OK);
    if (op->sessions == SESSIONS_SEQUEL)
        CHECK_ERR(migrate_sequel(&in_memory, OWNER_DEV), OK);
    keyring_init(&d->keys, STR("a secret for the tests, long enough"));
    d->auth = (struct auth){ .db = store_open(&d->store), .keys = &d->keys, .rules = &d->rules };
    arena_init(&d->mem, 8 << 20);
    d->rules.sessions = op->sessions;
    d->rules.session_idle = d->rules.session_absolute = 1000 * 3600;
    d->rules.refresh_ttl = 3600;
    d->rules.session_grace = 10000;
    d->rules.strict_time = true;
    d->rules.rehash = op->rehash;
    d->auth.decoys = decoys_new();
    if (op->throttled) {
        d->rules.throttle = throttled;
        d->auth.throttle = throttle_new(64);
        d->auth.hasher.client.address[0] = 1;
    }
    if (!op->uncached) {
        d->auth.accesses = access_cache_new();
        d->auth.tokens = jwt_cache_new();
    }
    CHECK_ERR(password_hash(&d->auth.hasher, &d->mem, STR("12345678"), &d->rules.password, &s->hash),
              OK);
    s->hash = (str){ strndup(s->hash.p, s->hash.n), s->hash.n };
    if (op->rehash)
        d->rules.password.cost = 5;
}

static void scene_end(struct scene *s)
{
    if (s->d.auth.throttle)
        throttle_free(s->d.auth.throttle);
    if (s->d.auth.tokens)
        jwt_cache_free(s->d.auth.tokens);
    decoys_free(s->d.auth.decoys);
    access_cache_free(s->d.auth.accesses);
    db_close(s->d.auth.db);
    db_close(s->keeper);
    keyring_end(&s->d.keys);
    arena_end(&s->d.mem);
    free((char *)(uintptr_t)s->hash.p);
}

/* Another account. Always true: it stands in a condition. */
static bool scene_next(struct scene *s, const struct op *op)
{
    struct imported want;

    if (op->one_scene && s->n)
        return true;
    arena_end(&s->d.mem);
    s->n++;
    s->d.auth.proofs = (str){0};
    s->d.auth.device = (struct device){ STR("192.0.2.7"), STR("agent"), STR("") };
    (void)snprintf(s->name, sizeof s->name, "zoe%d", s->n);
    (void)snprintf(s->email, sizeof s->email, "zoe%d@example.org", s->n);
    (void)snprintf(s->other, sizeof s->other, "other%d", s->n);
    want = (struct imported){ .account = { str_of(s->name), str_of(s->email), s->hash, {0} } };
    CHECK_ERR(account_import(&s->d.auth, &s->d.mem, &want, &s->id), OK);
    if (op->signed_in)
        CHECK_ERR(sign_in(&s->d, s->name, &s->session), OK);
    if (op->throttled)
        s->d.auth.proofs = s->session.device_proofs;
    return true;
}

/* ------------------------------------------------------------------------- what is done, and seen */

static struct user row_of(struct scene *s)
{
    struct user user = {0};

    (void)user_by_id(s->d.auth.db, &s->d.mem, s->id, &user);     /* gone: zero */
    return user;
}

static struct account_state state_now(struct scene *s)
{
    struct account_state state = {0};
    struct user user = row_of(s);

    CHECK_ERR(account_state_of(s->d.auth.db, s->id, user.created_at, &state), OK);
    return state;
}

static bool has_role(struct scene *s, str role)
{
    struct strs roles = {0};

    CHECK_ERR(roles_of_user(s->d.auth.db, &s->d.mem, s->id, &roles), OK);
    for (size_t i = 0; i < roles.n; i++)
        if (str_is(roles.at[i], role))
            return true;
    return false;
}

static err open_with(struct scene *s, str password)
{
    struct session session = {0};
    err e = session_open(&s->d.auth, &s->d.mem, str_of(s->name), password, &session);

    CHECK(e != OK || session.access_token.n > 0);
    return e;
}

static err create(struct scene *s)
{
    str roles[] = { STR("user"), STR("moderator") };
    str name = str_of(s->other);
    struct new_account want = { name, name, STR("12345678"), { roles, 2 } };
    int64_t id;

    return account_create(&s->d.auth, &s->d.mem, &want, &id);
}

static bool is_created(struct scene *s)
{
    str name = str_of(s->other);

    return account_check_free(&s->d.auth, &s->d.mem, name, STR("no@x")) == ERR_USERNAME_TAKEN &&
           account_check_free(&s->d.auth, &s->d.mem, STR("nobody"), name) == ERR_EMAIL_TAKEN;
}

static err import(struct scene *s)
{
    str name = str_of(s->other);
    struct imported want = { .account = { name, name, s->hash, {0} }, .disabled = true };
    int64_t id;

    return account_import(&s->d.auth, &s->d.mem, &want, &id);
}

static err import_again(struct scene *s)
{
    struct imported want = {
        .account = { str_of(s->name), str_of(s->email), s->hash, {0} } };
    int64_t id;

    return account_import(&s->d.auth, &s->d.mem, &want, &id);
}

static err find(struct scene *s)
{
    struct user user = {0};
    err e = account_by_name(&s->d.auth, &s->d.mem, str_of(s->name), &user);

    CHECK(e != OK || user.id == s->id);
    return e;
}

static err find_nobody(struct scene *s)
{
    struct user user;

    return account_by_name(&s->d.auth, &s->d.mem, STR("Nobody"), &user);
}

static err set_password(struct scene *s)
{
    return account_set_password(&s->d.auth, &s->d.mem, s->id, STR("another password"));
}

static bool password_is_set(struct scene *s)
{
    return password_check(&s->d.auth.hasher, STR("another password"), row_of(s).password) == OK;
}

static err change_password(struct scene *s)
{
    struct password_change want = { .user_id = s->id,
                                    .session_id = s->session.id,
                                    .current = STR("12345678"),
                                    .next = STR("another password") };

    return session_change_password(&s->d.auth, &s->d.mem, &want);
}

static err change_password_wrongly(struct scene *s)
{
    struct password_change want = {
        .user_id = s->id, .current = STR("wrong"), .next = STR("another password") };

    return session_change_password(&s->d.auth, &s->d.mem, &want);
}

static err sign_out(struct scene *s)
{
    return account_sign_out(&s->d.auth, s->id, 0);
}

static bool is_signed_out(struct scene *s)
{
    struct caller caller;
    struct session again;

    return access_by_token(&s->d.auth, &s->d.mem, s->session.access_token, clock_ms() / 1000,
                           &caller) == ERR_TOKEN_INVALID &&
           session_refresh(&s->d.auth, &s->d.mem, s->session.refresh_token, &again) ==
               ERR_REFRESH_UNKNOWN;
}

static err disable(struct scene *s)
{
    return account_disable(&s->d.auth, s->id);
}

static bool is_disabled(struct scene *s)
{
    return state_now(s).disabled_at != 0 && open_with(s, STR("12345678")) == ERR_PASSWORD_WRONG;
}

static err enable(struct scene *s)
{
    err e = account_enable(&s->d.auth, s->id);

    return e;
}

static bool is_enabled(struct scene *s)
{
    return state_now(s).disabled_at == 0;
}

static err unlock(struct scene *s)
{
    return account_unlock(&s->d.auth, s->id);
}

static err remove_account(struct scene *s)
{
    return account_delete(&s->d.auth, s->id);
}

static bool is_removed(struct scene *s)
{
    return row_of(s).id == 0 && account_check_free(&s->d.auth, &s->d.mem, str_of(s->name),
                                                   str_of(s->email)) == OK;
}

static err give(struct scene *s)
{
    return account_give_role(&s->d.auth, &s->d.mem, s->id, STR("admin"));
}

static bool is_given(struct scene *s)
{
    return has_role(s, STR("admin"));
}

static err take(struct scene *s)
{
    return account_take_role(&s->d.auth, &s->d.mem, s->id, STR("user"));
}

static bool is_taken(struct scene *s)
{
    return !has_role(s, STR("user"));
}

static err roles_exist(struct scene *s)
{
    str names[] = { STR("user"), STR("nonsense") }, which;
    err e = roles_check_exist(&s->d.auth, &s->d.mem, (struct strs){ names, 2 }, &which);

    CHECK(e != ERR_ROLE_UNKNOWN || str_is(which, STR("nonsense")));
    return e;
}

static err open_session(struct scene *s)
{
    return open_with(s, STR("12345678"));
}

static err open_wrongly(struct scene *s)
{
    return open_with(s, STR("e\xcc\x81 wrong"));        /* composes to something else */
}

static err open_nobody(struct scene *s)
{
    struct session session;

    decoys_follow(&s->d.auth, &s->d.mem);
    return session_open(&s->d.auth, &s->d.mem, STR("nobody"), STR("e\xcc\x81 wrong"), &session);
}

static err refresh(struct scene *s)
{
    struct session next = {0};
    err e = session_refresh(&s->d.auth, &s->d.mem, s->session.refresh_token, &next);

    CHECK(e != OK || (next.user.id == s->id && next.access_token.n && next.refresh_token.n));
    return e;
}

static err refresh_nobody(struct scene *s)
{
    char text[SESSION_TOKEN_CHARS];
    struct session next;

    memset(text, 'A', sizeof text);
    return session_refresh(&s->d.auth, &s->d.mem, (str){ text, sizeof text }, &next);
}

static err end_by_token(struct scene *s)
{
    return sessions_end_by_token(&s->d.auth, &s->d.mem, s->session.refresh_token);
}

static bool is_ended(struct scene *s)
{
    struct session_rows rows = {0};

    CHECK_ERR(sessions_of_user(&s->d.auth, &s->d.mem, s->id, &rows), OK);
    return rows.n == 0;
}

static err list(struct scene *s)
{
    struct session_rows rows = {0};
    err e = sessions_of_user(&s->d.auth, &s->d.mem, s->id, &rows);

    CHECK(e != OK || rows.n == 1);
    return e;
}

static err end_one(struct scene *s)
{
    return sessions_end_one(&s->d.auth, s->id, s->session.id);
}

static err pass(struct scene *s)
{
    struct caller caller;
    err e = access_by_token(&s->d.auth, &s->d.mem, s->session.access_token, clock_ms() / 1000,
                            &caller);

    CHECK(e != OK || caller.user_id == s->id);
    return e != OK ? e : access_has_role(&s->d.auth, &s->d.mem, caller, STR("admin|user"));
}

static err pass_without_role(struct scene *s)
{
    struct caller caller;
    err e = access_by_token(&s->d.auth, &s->d.mem, s->session.access_token, clock_ms() / 1000,
                            &caller);

    return e != OK ? e : access_has_role(&s->d.auth, &s->d.mem, caller, STR("admin"));
}

static err has_role_only(struct scene *s)
{
    return access_has_role(&s->d.auth, &s->d.mem, (struct caller){ .user_id = s->id }, STR("user"));
}

static err session_asked(struct scene *s)
{
    int64_t ends_at = 0;
    struct session_claim claim = { s->session.id, s->id, row_of(s).created_at };
    err e = sessions_end_of(&s->d.auth, &claim, &ends_at);

    CHECK(e != OK || claim.user_created == 0 || ends_at > 0);
    return e;
}

static err nameless(struct scene *s)
{
    struct attempt t;
    err e = attempt_begin_nameless(&s->d.auth, &t);

    return e != OK ? e : attempt_end(&s->d.auth, &t, OK);
}

static err revoked(struct scene *s)
{
    struct revocations_asked asked = { 0, clock_ms() };
    str payload = {0};
    uint64_t digest;
    err e = revocations_write(&s->d.auth, &s->d.mem, &asked, &payload, &digest);

    CHECK(e != OK || payload.n > 0);
    return e;
}

static err forget_revoked(struct scene *s)
{
    return revocations_forget(s->d.auth.db, 1000);
}

/* A row that another program wrote beside us. */
static err claim_foreign(struct scene *s)
{
    bool news = false;

    return claim_foreign_rows(&s->d.auth, &news);
}

static err claim_behind(struct scene *s)
{
    int64_t from = 0;
    bool more;
    err e = claim_rows_behind(&s->d.auth, &from, &more);

    CHECK(e != OK || from > 0);
    return e;
}

// clang-format off
static const struct op ops[] = {
    { "create",          create,          is_created },
    { "import",          import,          is_created },
    { "import_again",    import_again,    .want = ERR_EXISTS },
    { "find",            find },
    { "find_nobody",     find_nobody,     .want = ERR_USER_UNKNOWN },
    { "set_password",    set_password,    password_is_set },
    { "change_password", change_password, password_is_set, .sessions = SESSIONS_OWN, .signed_in = true, .throttled = true },
    { "change_wrongly",  change_password_wrongly, .want = ERR_CURRENT_WRONG, .throttled = true },
    { "sign_out",        sign_out,        is_signed_out, .sessions = SESSIONS_OWN, .signed_in = true },
    { "disable",         disable,         is_disabled },
    { "enable",          enable,          is_enabled },
    { "unlock",          unlock,          .throttled = true },
    { "delete",          remove_account,  is_removed, .sessions = SESSIONS_OWN, .signed_in = true },
    { "give_role",       give,            is_given },
    { "take_role",       take,            is_taken },
    { "roles_exist",     roles_exist,     .want = ERR_ROLE_UNKNOWN },
    { "sign_in",         open_session },
    { "sign_in_known",   open_session,    .sessions = SESSIONS_OWN, .signed_in = true, .throttled = true },
    { "sign_in_sequel",  open_session,    .sessions = SESSIONS_SEQUEL },
    { "sign_in_rehash",  open_session,    .rehash = true },
    { "sign_in_wrong",   open_wrongly,    .want = ERR_PASSWORD_WRONG, .throttled = true },
    { "wrong_known",     open_wrongly,    .want = ERR_PASSWORD_WRONG, .signed_in = true, .throttled = true },
    { "sign_in_nobody",  open_nobody,     .want = ERR_USER_UNKNOWN, .throttled = true },
    { "refresh",         refresh,         .sessions = SESSIONS_OWN, .signed_in = true },
    { "refresh_sequel",  refresh,         .sessions = SESSIONS_SEQUEL, .signed_in = true },
    { "refresh_nobody",  refresh_nobody,  .want = ERR_REFRESH_UNKNOWN, .sessions = SESSIONS_OWN },
    { "end_by_token",    end_by_token,    is_ended, .sessions = SESSIONS_OWN, .signed_in = true },
    { "list",            list,            .sessions = SESSIONS_OWN, .signed_in = true },
    { "end_one",         end_one,         is_ended, .sessions = SESSIONS_OWN, .signed_in = true },
    { "pass",            pass,            .signed_in = true },
    { "pass_session",    pass,            .sessions = SESSIONS_OWN, .signed_in = true },
    { "pass_uncached",   pass,            .sessions = SESSIONS_OWN, .signed_in = true, .uncached = true },
    { "pass_sequel",     pass,            .sessions = SESSIONS_SEQUEL, .signed_in = true },
    { "pass_no_role",    pass_without_role, .want = ERR_ROLE_MISSING, .signed_in = true },
    { "has_role",        has_role_only },
    { "session_asked",   session_asked,   .sessions = SESSIONS_OWN, .signed_in = true },
    { "nameless",        nameless,        .throttled = true },
    { "revocations",     revoked,         .sessions = SESSIONS_OWN },
    { "forget",          forget_revoked,  .sessions = SESSIONS_OWN },
    { "claim_foreign",   claim_foreign },
    { "claim_behind",    claim_behind,    .one_scene = true },
};
// clang-format on

/* No verdict about anybody: what a client may be told is that we failed. */
static bool is_ours(err e)
{
    return e == ERR_NO_MEMORY || e == ERR_DB_DOWN || e == ERR_DB_AGAIN || e == ERR_BUSY;
}

static void complain(const struct op *op, const struct round *r, const char *what, err e)
{
    failures++;
    printf("  %s, call %d of kind %d: %s (%s)\n", op->name, r->n, (int)r->kind, what, err_name(e));
}

static void each_fault(const struct op *op, enum fault_kind kind)
{
    struct scene s;

    scene_begin(&s, op);
    for (struct round r = {kind}; scene_next(&s, op) && round_next(&r);) {
        err e = op->run(&s);
        bool met = round_met(&r);

        if (e != op->want && !(met && is_ours(e)))
            complain(op, &r, "is no failure of ours", e);
        if (e == OK && op->is_done && !op->is_done(&s))
            complain(op, &r, "was acknowledged and is not done", e);
        if (e == op->want)
            continue;
        if (op->is_done && op->is_done(&s) && op->run != enable)
            complain(op, &r, "was refused and is done", e);
        if ((e = op->run(&s)) != op->want)
            complain(op, &r, "fails the next time too", e);
    }
    scene_end(&s);
}

TEST(a_full_arena_is_said_and_nothing_is_half_done)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        each_fault(&ops[i], FAULT_ARENA);
}

TEST(memory_that_is_not_there_is_said_and_nothing_is_half_done)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        each_fault(&ops[i], FAULT_ALLOC);
}

TEST(a_database_that_fails_is_said_and_nothing_is_half_done)
{
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        each_fault(&ops[i], FAULT_SQL);
}
