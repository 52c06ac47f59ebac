// SPDX-License-Identifier: MIT
/* claims.h - a token's payload, written and read (RFC 7519 section 4, RFC 9068 section 2.2). Inside
 * of crypto/; jwt.h says what is refused. */
#ifndef CRYPTO_CLAIMS_H
#define CRYPTO_CLAIMS_H

#include "base/json.h"
#include "crypto/jwt.h"

/* What may be wrong with a token. */
enum fault {
    FINE,
    BAD_SHAPE,
    BAD_BASE64,
    BAD_HEADER,
    BAD_ALGORITHM,
    BAD_CRITICAL,
    BAD_KEY_ID,
    BAD_TYPE,
    BAD_SIGNATURE,
    BAD_PAYLOAD,
    BAD_CLAIM,
    BAD_ISSUER,
    BAD_AUDIENCE,
    TOO_LATE,
    TOO_EARLY,
    NO_MEMORY,
    FAULT_COUNT
};

/* What is kept of a payload: enough to ask for the time again. */
struct reading {
    struct claims claims;
    int64_t not_before; /* seconds since 1970, leeway taken off */
    bool by_legacy;     /* the legacy key vouches for it */
    int64_t until;      /* seconds since 1970: when its key's word ends */
};

/* A segment's bytes, and its JSON object, or `bad` for what is none. */
enum fault segment_decode(struct arena *mem, str segment, str *out);
enum fault segment_object(struct arena *mem, const struct keyring *keys, str text, enum fault bad,
                          struct json **out);

static inline bool json_is_text(const struct json *v, str text)
{
    return v && v->kind == JSON_TEXT && str_is(v->text, text);
}

void claims_write(struct buf *b, const struct keyring *keys, const struct claims *claims);

/* All of them but the time, which changes. out->by_legacy is set before. */
enum fault claims_read(struct arena *mem, const struct keyring *keys, str segment,
                       struct reading *out);

#endif
