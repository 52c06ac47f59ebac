// SPDX-License-Identifier: MIT
/* settings.c - the settings table; what a value may be; the table printed in three ways.
 *
 * To add a setting: a member in settings.h and a row here. File, environment, command line, --help,
 * the sample file and docs/settings.md follow. */
#include "app/setting.h"

#include "app/listen.h"
#include "base/utf8.h"
#include "crypto/engine.h"
#include "crypto/keypair.h"
#include "http/forwarded.h"
#include "store/db.h"

#include <ctype.h>

/* scheme://host or scheme://host:port as a browser sends it (RFC 6454 section 6.1). */
static bool is_origin(str s)
{
    ptrdiff_t at = str_find(s, STR("://"));

    if (at <= 0 || (size_t)at + 3 >= s.n)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' ||
            (i >= (size_t)at + 3 && strchr("/?#@", s.p[i])))
            return false;
    return true;
}

static const char *check_origins(const struct settings *s, str value)
{
    (void)s;
    while (value.n) {
        size_t n = 0;

        while (n < value.n && !strchr(" \t,", value.p[n]))
            n++;
        if (n && !is_origin(str_head(value, n)))
            return "must be origins as browsers send them, such as https://app.example.org, "
                   "without a path";
        value = str_from(value, n + 1);
    }
    return NULL;
}

/* Flags and the environment are seen in process lists: no place for a password. */
static const char *check_db_url(const struct settings *s, str value)
{
    str scheme, rest, options, user, password, host;
    enum setting_from from = s->from[setting_index(setting_by_key(STR("db.url")))];

    if (!str_cut(value, ':', &scheme, &rest) || !rest.n)
        return "must be sqlite:FILE, mysql://user@host/database or pgsql://user@host/database";
    if (str_is(scheme, STR("sqlite")))
        return NULL;
    if (!str_is(scheme, STR("mysql")) && !str_is(scheme, STR("pgsql")))
        return "names an engine that does not exist; there are sqlite, mysql and pgsql";
    if (str_find(rest, STR("?password=")) >= 0)
        return "must not hold a password there: it stands before the @, or in db.password-file";
    (void)str_cut(rest, '?', &rest, &options);
    if (!str_cut(rest, '@', &user, &host))
        return NULL;
    if (from != FROM_FILE && str_cut(str_from(user, 2), ':', &user, &password))
        return "must not hold a password here, where others can read it; use db.password-file";
    if (str_find(str_from(user, 2), STR("/")) >= 0 || str_find(host, STR("@")) >= 0)
        return "must write what a name or a password has of @ and / as %40 and %2F";
    return NULL;
}

static const char *check_mode(const struct settings *s, str value)
{
    (void)s;
    return str_is(value, STR("none")) || str_is(value, STR("own")) ? NULL : "must be none or own";
}

static const char *check_compat(const struct settings *s, str value)
{
    (void)s;
    return str_is(value, STR("off")) || str_is(value, STR("sequel")) ? NULL
                                                                     : "must be off or sequel";
}

static const char *check_cookie(const struct settings *s, str value)
{
    (void)s;
    return str_is(value, STR("off")) || str_is(value, STR("lax")) || str_is(value, STR("strict"))
               ? NULL
               : "must be off, lax or strict";
}

static const char *check_alg(const struct settings *s, str value)
{
    enum alg alg;

    (void)s;
    return alg_parse(value, &alg) ? NULL : "must be HS256, ES256, EdDSA or RS256";
}

/* What tokens can hold without an escape, and comparisons without a doubt. */
static bool is_plain_name(str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] <= ' ' || s.p[i] >= 0x7f || s.p[i] == '"' || s.p[i] == '\\')
            return false;
    return true;
}

/* RFC 8414 section 2: a URL without query or fragment. */
static const char *check_issuer(const struct settings *s, str value)
{
    (void)s;
    if (!value.n || (is_plain_name(value) && str_find(value, STR("?")) < 0 &&
                     str_find(value, STR("#")) < 0 &&
                     (str_starts(value, STR("https://")) || str_starts(value, STR("http://")))))
        return NULL;
    return "must be a URL such as https://auth.example.org, without query or fragment";
}

static const char *check_audience(const struct settings *s, str value)
{
    (void)s;
    return is_plain_name(value) ? NULL : "must be a name or URL in ASCII, without blanks or quotes";
}

static const char *check_proxies(const struct settings *s, str value)
{
    struct networks networks;

    (void)s;
    return networks_parse(value, &networks)
               ? NULL
               : "must be at most 64 networks such as 10.0.0.0/8, ::1 or unix";
}

static const char *check_tls(const struct settings *s, str value)
{
    (void)s;
    if (str_is(value, STR("off")) || str_is(value, STR("prefer")) ||
        str_is(value, STR("require")) || str_is(value, STR("verify")))
        return NULL;
    return "must be off, prefer, require or verify";
}

static const char *check_level(const struct settings *s, str value)
{
    (void)s;
    if (str_is(value, STR("info")) || str_is(value, STR("warn")) || str_is(value, STR("error")))
        return NULL;
    return "must be info, warn or error";
}

static const char *check_scheme(const struct settings *s, str value)
{
    (void)s;
    if (str_is(value, STR("auto")) || str_is(value, STR("bcrypt")) ||
        str_is(value, STR("argon2id")))
        return NULL;
    return "must be auto, bcrypt or argon2id";
}

#define AT(member) .at = offsetof(struct settings, member)

// clang-format off
const struct setting settings_table[] = {
    { .key = "http.listen", .kind = KIND_TEXT, AT(http_listen), .def = "127.0.0.1",
      .min = 0, .max = 2000, .check = listen_check,
      .help = "Addresses to listen on, separated by blanks: 127.0.0.1, [::1]:8080, unix:/run/latchkey.sock; `dev` takes loopback "
              "addresses only." },
    { .key = "http.port", .kind = KIND_INTEGER, AT(http_port), .def = "8080", .min = 0, .max = 65535, .env = "PORT",
      .help = "TCP port of addresses that name none; 0 picks a free one." },
    { .key = "http.loops", .kind = KIND_INTEGER, AT(http_loops), .def = "0", .min = 0, .max = 256,
      .help = "Threads that read and write connections; 0 is one a core." },
    { .key = "http.origins", .kind = KIND_TEXT, AT(http_origins), .def = "",
      .dev = "http://localhost:8081", .min = 0, .max = 4096, .check = check_origins, .reread = true,
      .help = "Origins whose pages may call the server from a browser (CORS), separated by blanks." },
    { .key = "http.forms", .kind = KIND_YES_NO, AT(http_forms), .def = "no", .dev = "yes", .reread = true,
      .help = "Whether bodies may be urlencoded as HTML forms send them; pages of any origin can send those." },
    { .key = "http.welcome", .kind = KIND_TEXT, AT(welcome), .def = "Welcome to Latchkey.",
      .dev = "Welcome to bezkoder application.", .min = 0, .max = 1024, .reread = true,
      .help = "The message of GET /." },
    { .key = "http.connections", .kind = KIND_INTEGER, AT(http_connections), .def = "16384", .min = 16, .max = 1000000,
      .help = "Connections held at the same time; one more is not accepted. An idle one takes 0.3 KiB, by TLS 15, by HTTP/2 some 40." },
    { .key = "http.memory", .kind = KIND_INTEGER, AT(http_memory), .def = "65536", .min = 1024, .max = 16777216,
      .help = "KiB of requests under way and answers not read that all connections may have together; then whoever adds to his share is answered 503." },
    { .key = "http.head-timeout", .kind = KIND_MS, AT(http_head_ms), .def = "10s", .min = 100, .max = 600000,
      .help = "How long a client may take to send a request's line and headers." },
    { .key = "http.body-timeout", .kind = KIND_MS, AT(http_body_ms), .def = "30s", .min = 100, .max = 600000,
      .help = "How long a client may take to send a request's body." },
    { .key = "http.idle-timeout", .kind = KIND_MS, AT(http_idle_ms), .def = "30s", .min = 100, .max = 3600000,
      .help = "How long a connection is kept open for the next request." },
    { .key = "http.write-timeout", .kind = KIND_MS, AT(http_write_ms), .def = "30s", .min = 100, .max = 600000,
      .help = "How long a client may take to receive an answer." },
    { .key = "http.work-timeout", .kind = KIND_MS, AT(http_work_ms), .def = "30s", .min = 100, .max = 600000,
      .help = "How long an answer may take to make; also how long a stopping server waits for answers." },
    { .key = "http.trusted-proxies", .kind = KIND_TEXT, AT(http_trusted_proxies), .def = "", .min = 0, .max = 2000,
      .check = check_proxies,
      .help = "Networks of proxies, such as 10.0.0.0/8 ::1 unix, whose X-Forwarded-For or Forwarded names the client." },
    { .key = "db.url", .kind = KIND_TEXT, AT(db_url), .def = "sqlite:latchkey.db",
      .min = 1, .max = 1023, .check = check_db_url,
      .help = "The database: sqlite:FILE, mysql://user@host:port/database or pgsql://user@host:port/database; ?socket=PATH for a "
              "unix socket, several hosts separated by commas." },
    { .key = "db.password-file", .kind = KIND_SECRET, AT(db_password_file),
      .secret = offsetof(struct settings, db_password), .def = "", .min = 0, .max = 4095,
      .help = "File with the password of the URL's user, mode 0600." },
    { .key = "db.tls", .kind = KIND_TEXT, AT(db_tls), .def = "prefer", .min = 3, .max = 7, .check = check_tls,
      .help = "TLS to the database: off, prefer (where it has it), require, or verify (its certificate and name too)." },
    { .key = "db.tls-ca", .kind = KIND_TEXT, AT(db_tls_ca), .def = "", .min = 0, .max = 4095,
      .help = "PEM file of who may sign the database's certificate." },
    { .key = "db.wait", .kind = KIND_MS, AT(db_wait), .def = "60s", .dev = "0", .min = 0, .max = 86400000,
      .help = "How long to wait at the start for a database that is not there yet." },
    { .key = "db.timeout", .kind = KIND_MS, AT(db_timeout), .def = "1s", .dev = "5s", .min = 1, .max = 600000,
      .help = "How long one call to the database may take, a lock's release included." },
    { .key = "db.pool.max", .kind = KIND_INTEGER, AT(db_pool_max), .def = "5", .min = 1, .max = DB_POOL_MAX,
      .help = "Connections to a database behind a socket, at most." },
    { .key = "db.pool.min", .kind = KIND_INTEGER, AT(db_pool_min), .def = "0", .min = 0, .max = DB_POOL_MAX,
      .help = "Connections that stay open once they are." },
    { .key = "db.pool.acquire", .kind = KIND_MS, AT(db_pool_acquire), .def = "2s", .dev = "30s", .min = 1, .max = 600000,
      .help = "How long a request waits for a connection, and what it asks there, before it is answered 503." },
    { .key = "db.pool.idle", .kind = KIND_MS, AT(db_pool_idle), .def = "10s", .min = 1, .max = 86400000,
      .help = "How long a connection stays open unused." },
    { .key = "db.threads", .kind = KIND_INTEGER, AT(db_threads), .def = "4", .min = 1, .max = 256,
      .help = "Threads that wait for the database." },
    { .key = "db.queue", .kind = KIND_INTEGER, AT(db_queue), .def = "256", .min = 1, .max = 65536,
      .help = "Requests that may wait for such a thread; one more is answered 503." },
    { .key = "token.secret-file", .kind = KIND_SECRET, AT(token_secret_file),
      .secret = offsetof(struct settings, token_secret), .def = "", .min = 0, .max = 4095,
      .help = "File with the key that signs tokens (HS256): at least 32 random bytes, mode 0600." },
    { .key = "token.legacy-secret-file", .kind = KIND_SECRET, AT(token_legacy_file),
      .secret = offsetof(struct settings, token_legacy), .def = "", .min = 0, .max = 4095,
      .help = "File with the key of the server before this one, mode 0600: its tokens are accepted until they expire." },
    { .key = "token.accept-forgeable", .kind = KIND_YES_NO, AT(token_accept_forgeable), .def = "no",
      .help = "Whether that key may be one that others know; for 24 hours after the adoption, and for the role user." },
    { .key = "token.ttl", .kind = KIND_SECONDS, AT(token_ttl), .def = "15m", .dev = "24h", .min = 1, .max = 366 * 86400,
      .reread = true, .help = "How long a token is good for." },
    { .key = "token.alg", .kind = KIND_TEXT, AT(token_alg), .def = "HS256", .min = 1, .max = 5, .check = check_alg,
      .help = "What signs tokens: HS256, the secret; or ES256, EdDSA or RS256, a key pair of `latchkey key` whose public half others verify with." },
    { .key = "token.issuer", .kind = KIND_TEXT, AT(token_issuer), .def = "", .min = 0, .max = 256, .check = check_issuer,
      .help = "This server's URL as tokens name it (iss); they are access tokens of RFC 9068 then." },
    { .key = "token.audience", .kind = KIND_TEXT, AT(token_audience), .def = "", .min = 0, .max = 256, .check = check_audience,
      .help = "Whom tokens are for (aud); the issuer where there is one and this is empty." },
    { .key = "key.seal-file", .kind = KIND_SECRET, AT(key_seal_file),
      .secret = offsetof(struct settings, key_seal), .def = "", .min = 0, .max = 4095,
      .help = "File with the key that seals private keys in the database: at least 32 random bytes, mode 0600." },
    { .key = "key.lead", .kind = KIND_MS, AT(key_lead), .def = "10m", .min = 2000, .max = 366 * INT64_C(86400000),
      .help = "How long a key is published before it may sign; who fetches the published keys may keep them half as long." },
    { .key = "key.reread", .kind = KIND_MS, AT(key_reread), .def = "1s", .min = 100, .max = 60000,
      .help = "How often a server looks whether the keys have changed." },
    { .key = "session.mode", .kind = KIND_TEXT, AT(session_mode), .def = "own", .dev = "none", .min = 3, .max = 4,
      .check = check_mode,
      .help = "own: a sign-in begins a session with a refresh token, which can be seen and ended; none: only a token." },
    { .key = "session.compat", .kind = KIND_TEXT, AT(session_compat), .def = "off", .min = 3, .max = 6,
      .check = check_compat,
      .help = "sequel: refresh tokens as the tutorial's sequel has them instead, in its table, in clear, never replaced." },
    { .key = "session.idle", .kind = KIND_SECONDS, AT(session_idle), .def = "7d", .min = 60, .max = 366 * 86400,
      .reread = true, .help = "A session ends when it was not refreshed for so long; also how long a refresh token of the sequel lives." },
    { .key = "session.absolute", .kind = KIND_SECONDS, AT(session_absolute), .def = "30d", .min = 60, .max = 366 * 86400,
      .reread = true, .help = "A session ends so long after its sign-in, however much it is used." },
    { .key = "session.grace", .kind = KIND_SECONDS, AT(session_grace), .def = "10s", .min = 0, .max = 300,
      .reread = true, .help = "How long a refresh token that was used is answered again with the same next one; then its use ends the session." },
    { .key = "session.cookie", .kind = KIND_TEXT, AT(session_cookie), .def = "lax", .dev = "off", .min = 3, .max = 6,
      .check = check_cookie, .reread = true,
      .help = "Whether a sign-in may ask for its tokens in cookies, and what those say of SameSite: off, lax or strict. "
              "For sessions of mode own." },
    { .key = "signup.open", .kind = KIND_YES_NO, AT(signup_open), .def = "yes", .reread = true,
      .help = "Whether strangers may register." },
    { .key = "signup.roles", .kind = KIND_YES_NO, AT(signup_roles), .def = "no", .dev = "yes", .reread = true,
      .help = "Whether they may choose their roles. Anyone can then make himself an administrator." },
    { .key = "password.scheme", .kind = KIND_TEXT, AT(password_scheme), .def = "auto", .dev = "bcrypt",
      .min = 4, .max = 8, .check = check_scheme,
      .help = "How new passwords are hashed: bcrypt or argon2id; auto is bcrypt where the tutorial's server made the tables." },
    { .key = "password.argon2-memory", .kind = KIND_INTEGER, AT(argon2_memory), .def = "19456", .min = 1024, .max = 262144,
      .help = "KiB of memory that a new Argon2id hash takes." },
    { .key = "password.argon2-passes", .kind = KIND_INTEGER, AT(argon2_passes), .def = "2", .min = 1, .max = 16,
      .help = "Passes of a new Argon2id hash over that memory." },
    { .key = "password.memory", .kind = KIND_INTEGER, AT(password_memory), .def = "65536", .min = 1024, .max = 16777216,
      .help = "KiB that all hashes may take together, taken at first use; who finds no room waits." },
    { .key = "password.cost", .kind = KIND_INTEGER, AT(password_cost), .def = "10", .dev = "8", .min = 4, .max = 16,
      .help = "bcrypt's cost for new hashes: one more doubles the time of a sign-in." },
    { .key = "password.min", .kind = KIND_INTEGER, AT(password_min), .def = "8", .dev = "0", .min = 0, .max = 64,
      .help = "Characters a new password has at least." },
    { .key = "password.threads", .kind = KIND_INTEGER, AT(password_threads), .def = "0", .min = 0, .max = ENGINE_THREADS_MAX,
      .help = "Threads that hash passwords; 0 is one a core." },
    { .key = "password.lanes", .kind = KIND_INTEGER, AT(password_lanes), .def = "0", .min = 0, .max = LANES_MAX,
      .help = "Passwords that such a thread hashes side by side with bcrypt; 0 is 4, and 6 while many wait, where the machine gains by it." },
    { .key = "password.queue", .kind = KIND_INTEGER, AT(password_queue), .def = "256", .dev = "1024", .min = 1, .max = 4096,
      .help = "Passwords that may wait to be hashed; one more is answered 503." },
    { .key = "password.queue-each", .kind = KIND_INTEGER, AT(password_queue_each), .def = "16", .dev = "1024", .min = 1, .max = 4096,
      .help = "Of these, how many of one address (IPv4, or the /64 of an IPv6); one more is answered 429." },
    { .key = "password.queue-wait", .kind = KIND_MS, AT(password_queue_wait), .def = "0", .dev = "30s", .min = 0, .max = 3600000,
      .help = "How long the last of them may be expected to wait; 0 is by password.cost: 250ms up to 8, 500ms at 10, 1s from 12 on." },
    { .key = "throttle.enabled", .kind = KIND_YES_NO, AT(throttle), .def = "yes", .dev = "no", .reread = true,
      .help = "Whether failed attempts to guess a password, or a name, are counted and slowed down." },
    { .key = "throttle.address-burst", .kind = KIND_INTEGER, AT(address_burst), .def = "20", .min = 1, .max = 1000000,
      .reread = true, .help = "Failed attempts that one address (IPv4, or the /64 of an IPv6) may make at once; then it is answered 429." },
    { .key = "throttle.address-rate", .kind = KIND_INTEGER, AT(address_rate), .def = "10", .min = 1, .max = 60000,
      .reread = true, .help = "Failed attempts that an address may make a minute after that." },
    { .key = "throttle.signup-burst", .kind = KIND_INTEGER, AT(signup_burst), .def = "1000", .min = 1, .max = 1000000,
      .reread = true, .help = "Sign-ups, of free names too, that one address may ask for at once; then it is answered 429." },
    { .key = "throttle.signup-rate", .kind = KIND_INTEGER, AT(signup_rate), .def = "60", .min = 1, .max = 60000,
      .reread = true, .help = "Sign-ups that an address may ask for a minute after that." },
    { .key = "throttle.account-free", .kind = KIND_INTEGER, AT(account_free), .def = "10", .min = 1, .max = 1000,
      .reread = true, .help = "Failures in a row that an account may have before it has to wait; all addresses and nodes together." },
    { .key = "throttle.account-wait", .kind = KIND_MS, AT(account_wait), .def = "30s", .min = 100, .max = 3600000,
      .reread = true, .help = "How long it waits then; each further failure doubles it." },
    { .key = "throttle.account-wait-most", .kind = KIND_MS, AT(account_wait_most), .def = "15m", .min = 100, .max = 86400000,
      .reread = true, .help = "The longest such wait." },
    { .key = "throttle.account-most", .kind = KIND_INTEGER, AT(account_most), .def = "100", .min = 0, .max = 1000000,
      .reread = true, .help = "Failures in a row after which only `latchkey user unlock` or a new password lets strangers try again; 0 is never." },
    { .key = "throttle.device-ttl", .kind = KIND_SECONDS, AT(device_ttl), .def = "90d", .min = 0, .max = 400 * 86400,
      .reread = true, .help = "How long a device that signed in is known by its cookie, and does not wait for what others failed; 0 is not at all." },
    { .key = "log.level", .kind = KIND_TEXT, AT(log_level), .def = "info", .min = 4, .max = 5, .check = check_level,
      .reread = true, .help = "The least a line must matter to be logged: info, warn or error." },
    { .key = "process.sandbox", .kind = KIND_YES_NO, AT(sandbox), .def = "yes",
      .help = "Whether the server, once started, gives up all files, system calls and rights that it does not need." },
    { .key = "tls.listen", .kind = KIND_TEXT, AT(tls_listen), .def = "", .min = 0, .max = 2000, .check = listen_check_tls,
      .help = "Addresses with ports to listen on by TLS, as http.listen has them." },
    { .key = "tls.cert", .kind = KIND_TEXT, AT(tls_cert), .def = "", .min = 0, .max = 4095,
      .help = "PEM file with the certificate and its chain. SIGHUP reads it and the key again." },
    { .key = "tls.key", .kind = KIND_TEXT, AT(tls_key), .def = "", .min = 0, .max = 4095,
      .help = "PEM file with the certificate's key, mode 0600, not locked with a password." },
    {0}
};
// clang-format on

_Static_assert(sizeof settings_table / sizeof settings_table[0] <= SETTINGS_ROWS_MAX,
               "SETTINGS_ROWS_MAX is too small");

/* The number kept, or false. Without a unit only 0 is a duration: 30 of what? */
static bool duration_parse(str value, bool keep_seconds, int64_t *out)
{
    static const struct { const char *unit; int64_t ms; } units[] = {
        { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { "", 0 },
    };
    size_t digits = 0;
    int64_t n;

    while (digits < value.n && value.p[digits] >= '0' && value.p[digits] <= '9')
        digits++;
    if (!str_int(str_head(value, digits), &n))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!str_is(str_from(value, digits), str_of(units[i].unit)))
            continue;
        if ((units[i].ms == 0 && n) || __builtin_mul_overflow(n, units[i].ms, &n) ||
            (keep_seconds && n % 1000))
            return false;
        *out = keep_seconds ? n / 1000 : n;
        return true;
    }
    return false;
}

static const char *number_set(struct settings *s, struct arena *mem, const struct setting *row,
                              str value)
{
    int64_t n;

    if (row->kind == KIND_INTEGER && !str_int(value, &n))
        return "must be a whole number";
    if (row->kind == KIND_MS && !duration_parse(value, false, &n))
        return "must be a duration with its unit, such as 500ms, 10s or 15m";
    if (row->kind == KIND_SECONDS && !duration_parse(value, true, &n))
        return "must be a duration of whole seconds with its unit, such as 30s, 15m, 24h or 7d";
    if (n < row->min || n > row->max) {
        const char *unit = row->kind == KIND_MS ? " ms" : row->kind == KIND_SECONDS ? " s" : "";
        str why = arena_printf(mem, "must be from %lld to %lld%s", (long long)row->min,
                               (long long)row->max, unit);

        return why.p ? why.p : "is out of range";
    }
    *(int64_t *)((char *)s + row->at) = n;
    return NULL;
}

static const char *text_set(struct settings *s, struct arena *mem, const struct setting *row,
                            str value)
{
    const char *why;
    str copy;

    if ((int64_t)value.n < row->min)
        return "must not be empty or this short";
    if ((int64_t)value.n > row->max)
        return "is too long";
    if (!utf8_is_well_formed(value))
        return "must be well-formed UTF-8";
    for (size_t i = 0; i < value.n; i++)
        if (iscntrl((unsigned char)value.p[i]))
            return "must not hold control characters";
    if (row->check && (why = row->check(s, value)) != NULL)
        return why;
    copy = arena_dup(mem, value);
    if (!copy.p)
        return "does not fit in memory";
    *(str *)((char *)s + row->at) = copy;
    return NULL;
}

const char *setting_set(struct settings *s, struct arena *mem, const struct setting *row, str value)
{
    bool yes = str_is(value, STR("yes"));

    switch (row->kind) {
    case KIND_TEXT:
    case KIND_SECRET:
        return text_set(s, mem, row, value);
    case KIND_YES_NO:
        if (!yes && !str_is(value, STR("no")))
            return "must be yes or no";
        *(bool *)((char *)s + row->at) = yes;
        return NULL;
    case KIND_INTEGER:
    case KIND_MS:
    case KIND_SECONDS:
        break;
    }
    return number_set(s, mem, row, value);
}

const struct setting *setting_by_key(str key)
{
    for (const struct setting *row = settings_table; row->key; row++)
        if (str_is(key, str_of(row->key)))
            return row;
    return NULL;
}

str setting_env(char out[static SETTING_ENV_MAX], const struct setting *row, bool bare)
{
    size_t n = strlen(row->key) - (bare ? sizeof "-file" - 1 : 0);

    (void)snprintf(out, SETTING_ENV_MAX, "LATCHKEY_%.*s", (int)n, row->key);   /* keys are short */
    for (char *c = out; *c; c++)
        *c = *c == '.' || *c == '-' ? '_' : (char)toupper((unsigned char)*c);
    return str_of(out);
}

err settings_default(struct settings *s, struct arena *mem)
{
    for (const struct setting *row = settings_table; row->key; row++)
        if (setting_set(s, mem, row, str_of(s->dev && row->dev ? row->dev : row->def)))
            return ERR_NO_MEMORY;
    return OK;
}

/* ---------------------------------------------------------------------------- the table printed */

static str section_of(const struct setting *row)
{
    return str_head(str_of(row->key), strcspn(row->key, "."));
}

static bool opens_section(const struct setting *row)
{
    return row == settings_table || !str_is(section_of(row), section_of(row - 1));
}

void settings_help(FILE *to)
{
    for (const struct setting *row = settings_table; row->key; row++) {
        fprintf(to, "  --%-20s %s\n", row->key, row->help);
        if (row->def[0])
            fprintf(to, "  %22s Default: %s", "", row->def);
        if (row->def[0] && row->dev)
            fprintf(to, "; in dev: %s", row->dev);
        if (row->def[0])
            fputc('\n', to);
    }
}

void settings_sample(FILE *to)
{
    fputs("# latchkey.conf - settings of `latchkey serve`. Lines are commented out where they say "
          "the default.\n"
          "# The environment (LATCHKEY_HTTP_PORT=8080) and flags (--http.port 8080) go before this "
          "file.\n",
          to);
    for (const struct setting *row = settings_table; row->key; row++) {
        if (opens_section(row))
            fprintf(to, "\n[" STR_FMT "]\n", STR_ARG(section_of(row)));
        fprintf(to, "# %s\n#%s = %s", row->help, row->key + section_of(row).n + 1, row->def);
        if (row->kind == KIND_SECRET)
            fprintf(to, "/etc/latchkey/%.*s", (int)(strlen(row->key) - (sizeof "-file" - 1)),
                    row->key);
        fputc('\n', to);
    }
}

static const char *kind_name(enum kind kind)
{
    static const char *const names[] = {
        [KIND_INTEGER] = "a number", [KIND_MS] = "a duration", [KIND_SECONDS] = "a duration",
        [KIND_YES_NO] = "yes or no", [KIND_TEXT] = "text",     [KIND_SECRET] = "a file's name",
    };

    return names[kind];
}

static void markdown_row(FILE *to, const struct setting *row)
{
    char name[SETTING_ENV_MAX];
    str env = setting_env(name, row, false);

    fprintf(to, "| `%s` | %s | %s%s%s | %s%s%s | `" STR_FMT "`", row->key, kind_name(row->kind),
            row->def[0] ? "`" : "", row->def, row->def[0] ? "`" : "none", row->dev ? "`" : "",
            row->dev ? row->dev : "", row->dev ? "`" : "", STR_ARG(env));
    if (row->env)
        fprintf(to, ", `%s`", row->env);
    if (row->kind == KIND_SECRET) {
        str bare = setting_env(name, row, true);

        fprintf(to, ", `" STR_FMT "` (the secret itself)", STR_ARG(bare));
    }
    fprintf(to, " | %s%s |\n", row->help, row->reread ? " Re-read on SIGHUP." : "");
}

void settings_markdown(FILE *to)
{
    fputs("# Settings\n\n"
          "Printed by `latchkey settings --markdown`; do not edit. A setting is given in the file "
          "that `--config`\n"
          "names (section and name, as in `[http]` `port = 8080`), in the environment, or as a "
          "flag (`--http.port\n"
          "8080`). A flag goes before the environment, the environment before the file, the file "
          "before the default.\n"
          "Durations carry their unit: `500ms`, `10s`, `15m`, `24h`, `7d`.\n",
          to);
    for (const struct setting *row = settings_table; row->key; row++) {
        if (opens_section(row))
            fprintf(to,
                    "\n## [" STR_FMT
                    "]\n\n| setting | is | default | in `dev` | environment | what it does |\n"
                    "|---|---|---|---|---|---|\n",
                    STR_ARG(section_of(row)));
        markdown_row(to, row);
    }
}
