// SPDX-License-Identifier: MIT
/* cli_jwt.c - `latchkey jwt verify`: ask the server's own verifier about tokens.
 *
 * A line in, a line out, so that vectors of any number can be piped through. A key of another kind
 * than the server has is no fault of the command line: each token under it is `bad algorithm`. */
#include "app/cli.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "crypto/key.h"

#include <errno.h>

enum { JWK_BYTES_MAX = 64 << 10, TRIAL_MEMORY = 1 << 20, PAYLOAD_VALUES_MAX = 4096 };

/* What the command line asks for. */
struct asked { const char *jwk_file, *secret_file; bool signature_only; };

static const char usage[] =
    "usage: latchkey jwt verify (--jwk FILE | --secret-file FILE) [--signature-only]\n\n"
    "Reads compact tokens from standard input, one a line, and answers each with a line:\n"
    "`ok` and the payload, or `bad` and why.\n\n"
    "  --jwk FILE          The key as a JSON Web Key (RFC 7517).\n"
    "  --secret-file FILE  The key as the server has it: bytes of a file that only you can read.\n"
    "  --signature-only    Header and signature count; the payload may say anything.\n\n"
    "Supported: alg HS256, kty oct. Not supported, and answered `bad algorithm`: none, HS384, "
    "HS512,\n"
    "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES256K, ES384, ES512, EdDSA; kty RSA, EC, "
    "OKP.\n"
    "Exit status: 0 when every token was good, 1 when one was not, 2 when there is no usable "
    "key.\n";

/* Up to JWK_BYTES_MAX bytes of a file. */
static err text_read(struct arena *mem, const char *path, str *out)
{
    char *p = NEW_ARRAY(mem, char, JWK_BYTES_MAX + 1);
    FILE *f = p ? fopen(path, "re") : NULL;
    size_t n;
    bool fine;

    if (!f) {
        fprintf(stderr, "latchkey: %s: %s\n", path, p ? strerror(errno) : "no memory");
        return ERR_IO;
    }
    n = fread(p, 1, JWK_BYTES_MAX + 1, f);
    fine = !ferror(f) && n <= JWK_BYTES_MAX;
    (void)fclose(f);           /* only read from */
    if (!fine) {
        fprintf(stderr, "latchkey: %s: cannot be read, or holds more than %d bytes\n", path,
                JWK_BYTES_MAX);
        return ERR_IO;
    }
    *out = (str){ p, n };
    return OK;
}

/* *supported is false for a key of a kind that there is no code for. */
static err key_read(struct arena *mem, const struct asked *asked, str *secret, bool *supported)
{
    struct secret read;
    const char *reason;
    str text;
    err e;

    *supported = true;
    if (asked->secret_file) {
        if ((e = secret_read(&read, mem, str_of(asked->secret_file), false)) == OK)
            *secret = read.bytes_;
        return e;
    }
    if ((e = text_read(mem, asked->jwk_file, &text)) != OK)
        return e;
    if ((e = jwk_parse(mem, text, secret, &reason)) == OK)
        return OK;
    if (str_is(str_of(reason), STR("key-type")) || str_is(str_of(reason), STR("algorithm"))) {
        *supported = false;
        return OK;
    }
    fprintf(stderr, "latchkey: %s: is no key that verifies: %s\n", asked->jwk_file, reason);
    return e;
}

/* One line of standard input without its end, CR included; false at the end of input. A line of
 * more than JWT_BYTES_MAX bytes comes back one byte longer than that, which is enough to refuse
 * it. */
static bool line_read(char line[static JWT_BYTES_MAX + 1], str *out)
{
    size_t n = 0;
    int c;

    while ((c = getc_unlocked(stdin)) != EOF && c != '\n')
        if (n <= JWT_BYTES_MAX)
            line[n++] = (char)c;
    if (c == EOF && n == 0)
        return false;
    if (n && line[n - 1] == '\r')
        n--;
    *out = (str){ line, n };
    return true;
}

/* On one line: in JSON a control byte can only stand between values, where a blank does as well.
 * What is no JSON, which a signature alone allows, is shown as a JSON text. */
static str payload_shown(struct arena *mem, str payload)
{
    const struct json_rules rules = { .depth_max = 64, .values_max = PAYLOAD_VALUES_MAX };
    bool is_json;
    struct json *json;
    struct buf b;
    err e = json_parse(mem, payload, &rules, &json);

    is_json = e == OK;
    buf_init(&b, mem, JWT_BYTES_MAX * 6 + 2);
    for (size_t i = 0; i < payload.n && is_json; i++)
        buf_byte(&b, (unsigned char)payload.p[i] < ' ' ? ' ' : payload.p[i]);
    if (!is_json)
        json_put_text(&b, utf8_repair(mem, payload));
    return e == ERR_NO_MEMORY || b.failed ? STR("?") : buf_str(&b);
}

static bool token_verify(struct arena *mem, const struct jwt_trial *trial, str token)
{
    const char *reason;
    str payload;

    if (!trial->keys) {
        puts("bad algorithm");
        return false;
    }
    if (jwt_check(mem, trial, token, &reason, &payload) != OK) {
        printf("bad %s\n", reason);
        return false;
    }
    payload = payload_shown(mem, payload);
    printf("ok " STR_FMT "\n", STR_ARG(payload));
    return true;
}

static bool tokens_verify(const struct jwt_trial *trial)
{
    char line[JWT_BYTES_MAX + 1];
    struct arena mem;
    bool all = true;
    str token;

    arena_init(&mem, TRIAL_MEMORY);
    while (line_read(line, &token)) {
        all &= token_verify(&mem, trial, token);
        arena_reset(&mem);
    }
    arena_end(&mem);
    return all && !ferror(stdin);
}

static int verify(const struct asked *asked)
{
    struct jwt_trial trial = { .signature_only = asked->signature_only, .now = clock_ms() / 1000 };
    struct keyring keys = {0};
    struct arena mem;
    bool supported;
    int status = 2;
    str secret;

    arena_init(&mem, TRIAL_MEMORY);
    if (key_read(&mem, asked, &secret, &supported) == OK) {
        if (supported) {
            keyring_init(&keys, secret);
            trial.keys = &keys;
        }
        status = tokens_verify(&trial) ? 0 : 1;
        keyring_end(&keys);
    }
    arena_end(&mem);
    return fflush(stdout) == 0 ? status : 1;
}

static bool asked_read(struct asked *asked, int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        str word = str_of(argv[i]);

        if (str_is(word, STR("--signature-only")))
            asked->signature_only = true;
        else if (str_is(word, STR("--jwk")) && i + 1 < argc && !asked->jwk_file)
            asked->jwk_file = argv[++i];
        else if (str_is(word, STR("--secret-file")) && i + 1 < argc && !asked->secret_file)
            asked->secret_file = argv[++i];
        else
            return false;
    }
    return !asked->jwk_file != !asked->secret_file;
}

int jwt_main(int argc, char **argv)
{
    struct asked asked = {0};

    if (argc > 1 && (str_is(str_of(argv[argc - 1]), STR("--help")) ||
                     str_is(str_of(argv[argc - 1]), STR("-h")))) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc < 2 || !str_is(str_of(argv[1]), STR("verify")) || !asked_read(&asked, argc, argv)) {
        fputs(usage, stderr);
        return 2;
    }
    return verify(&asked);
}
