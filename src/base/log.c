// SPDX-License-Identifier: MIT
/* log.c - one event, one line. A line is put together on the stack and leaves in one write(). */
#include "base/log.h"
#include "base/clock.h"

#include <unistd.h>

enum { LINE_MAX_BYTES = 4096, VALUE_MAX = 256 };

struct line { char p[LINE_MAX_BYTES]; size_t n; };

static _Atomic enum log_level level_least = LOG_INFO;

static void put(struct line *l, const char *p, size_t n)
{
    if (n > sizeof l->p - 1 - l->n)
        n = sizeof l->p - 1 - l->n;       /* one byte stays for the line's end */
    memcpy(l->p + l->n, p, n);
    l->n += n;
}

static void put_z(struct line *l, const char *z)
{
    put(l, z, strlen(z));
}

static bool is_plain(str v)
{
    for (size_t i = 0; i < v.n; i++)
        if (v.p[i] <= ' ' || v.p[i] >= 0x7f || v.p[i] == '"' || v.p[i] == '\\' || v.p[i] == '=')
            return false;
    return v.n > 0;
}

static void put_escaped(struct line *l, str v)
{
    char hex[5];

    put_z(l, "\"");
    for (size_t i = 0; i < v.n; i++) {
        unsigned char c = (unsigned char)v.p[i];

        if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
            put(l, &v.p[i], 1);
            continue;
        }
        (void)snprintf(hex, sizeof hex, "\\x%02x", c);   /* always four bytes */
        put(l, hex, 4);
    }
    put_z(l, "\"");
}

static void put_value(struct line *l, const struct kv *kv)
{
    char number[24];
    str v = str_head(kv->text, VALUE_MAX);

    if (!kv->is_text) {
        (void)snprintf(number, sizeof number, "%lld", (long long)kv->number);
        put_z(l, number);
    } else if (is_plain(v))
        put(l, v.p, v.n);
    else
        put_escaped(l, v);
    if (kv->text.n > VALUE_MAX)
        put_z(l, "...");
}

static void put_time(struct line *l)
{
    int64_t now = clock_ms();
    char date[20], ms[8];

    clock_datetime(now / 1000, date);
    date[10] = 'T';
    (void)snprintf(ms, sizeof ms, ".%03dZ ", (int)(now % 1000));
    put_z(l, date);
    put_z(l, ms);
}

void log_line(enum log_level level, const char *event, const struct kv *kvs)
{
    static const char *const names[] = { "info ", "warn ", "error " };
    struct line l = { .n = 0 };

    if (level < level_least)
        return;
    put_time(&l);
    put_z(&l, names[level]);
    put_z(&l, event);
    for (; kvs->key; kvs++) {
        put_z(&l, " ");
        put_z(&l, kvs->key);
        put_z(&l, "=");
        put_value(&l, kvs);
    }
    l.p[l.n++] = '\n';
    if (write(STDERR_FILENO, l.p, l.n) < 0)
        return;                     /* nowhere is left to say it */
}

void log_set_level(enum log_level least)
{
    level_least = least;
}
