// SPDX-License-Identifier: MIT
/* json.h - JSON (RFC 8259): read into a tree in an arena, write in order into a buffer.
 *
 * One reader serves request bodies and tokens; it is strict, bounded and does not recurse, so depth
 * costs no stack. docs/decisions/0002 says why it is our own. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_TEXT, JSON_LIST, JSON_OBJECT };

/* A value. Its strs point into the text that was read or into the arena. */
struct json {
    enum json_kind kind;
    bool lone_surrogate;         /* TEXT: an escape like "\ud800" stands alone; `text` is WTF-8 */
    str text;                    /* TEXT: decoded; NUMBER: as it was spelled */
    str key;                     /* its name, when it is a member of an object */
    struct json *first, *last;   /* LIST and OBJECT: what is inside, in order */
    struct json *next;           /* the next in the same list or object */
    struct json *up;             /* what it is inside of; NULL at the top */
    size_t n;                    /* LIST and OBJECT: how many are inside */
};

struct json_rules {
    unsigned depth_max;          /* levels of lists and objects */
    unsigned values_max;         /* values in all */
    bool unique; /* refuse an object that names a member twice (RFC 8259 section 4) */
};

/* Read one JSON text: RFC 8259 to the letter, well-formed UTF-8, no BOM.
 *
 * Returns OK; ERR_JSON_SHAPE for what is not JSON or not UTF-8; ERR_JSON_LIMIT beyond the rules;
 * ERR_JSON_REPEATED; ERR_NO_MEMORY at the arena's limit. */
err json_parse(struct arena *mem, str text, const struct json_rules *rules, struct json **out);

/* The member of that name, the last where there are several; NULL when there is none or `object` is
 * no object. */
struct json *json_member(const struct json *object, str key);

/* Add an empty value at the end of a list or object; NULL at the arena's limit. */
struct json *json_add(struct arena *mem, struct json *in, str key, enum json_kind kind);

/* A number that is a whole one within int64_t, also when spelled 1.0 or 1e3. */
bool json_int_of(const struct json *number, int64_t *out);

/* A text as JSON, quotes included, as V8's JSON.stringify writes it: only `"`, `\` and control
 * bytes are escaped; a lone surrogate (three WTF-8 bytes) as \udXXX. */
void json_put_text(struct buf *b, str text);

/* An object, member by member; commas are put where they belong. `b` holds the failure if any. */
struct json_writer { struct buf *b; bool more; };

void json_open(struct json_writer *w, struct buf *b);                 /* { */
void json_close(struct json_writer *w);                               /* } */
void json_key(struct json_writer *w, const char *key);                /* "key": and no value yet */
void json_int(struct json_writer *w, const char *key, int64_t v);
void json_bool(struct json_writer *w, const char *key, bool v);
void json_text(struct json_writer *w, const char *key, str v);        /* null when v.p is NULL */
void json_texts(struct json_writer *w, const char *key, struct strs v);

#endif
