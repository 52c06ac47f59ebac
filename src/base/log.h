// SPDX-License-Identifier: MIT
/* log.h - one event, one line, key=value, to standard error.
 *
 *   2026-11-23T19:04:11.482Z info signin user=zoe status=200 ms=47 id=7f3a91
 *
 * Info for what an operator counts, warn for what he should see, error for what he must fix; once a
 * failure, at the edge. Never a password, token, hash or key: there is no kv for them. Values that
 * hold blanks, quotes, control bytes, DEL or anything outside printable ASCII come out quoted and
 * escaped, and are cut at 256 bytes, so one event is always one bounded line. Any thread may
 * log. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum log_level { LOG_INFO, LOG_WARN, LOG_ERROR };

struct kv { const char *key; bool is_text; str text; int64_t number; };

static inline struct kv text_kv(const char *key, str v)
{
    return (struct kv){ key, true, v, 0 };
}

static inline struct kv int_kv(const char *key, int64_t v)
{
    return (struct kv){ key, false, {0}, v };
}

/* At least one kv each. */
#define log_info(event, ...)  log_line(LOG_INFO, (event), (const struct kv[]){ __VA_ARGS__, {0} })
#define log_warn(event, ...)  log_line(LOG_WARN, (event), (const struct kv[]){ __VA_ARGS__, {0} })
#define log_error(event, ...) log_line(LOG_ERROR, (event), (const struct kv[]){ __VA_ARGS__, {0} })

void log_line(enum log_level level, const char *event, const struct kv *kvs);

/* Lines below `least` are dropped. One of the house's two global variables; set it before
 * threads. */
void log_set_level(enum log_level least);

#endif
