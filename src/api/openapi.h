// SPDX-License-Identifier: MIT
/* openapi.h - the document that describes the whole surface, printed from the routes table.
 *
 * OpenAPI 3.1. What a row takes comes from its form, what it refuses from its steps, its form, its
 * work and its own `fails`, each worded by answers.c; what it answers stands in the row, in this
 * little language:
 *
 *   answer  = [ "~" ] ( "object" | "=" media-type | members )
 *                                         `~`: it has an ETag, so there is a 304 too; any JSON
 *                                         object; something of a type; these members
 *   members = member *( " " member )
 *   member  = name [ "?" ] ":" type                     `?`: it may be missing
 *   type    = ( "text" | "time" | "integer" | "boolean" | "texts" | "[" members "]" ) [ "?" ]
 *                                         `?`: it may be null; [] is a list of
 * objects */
#ifndef API_OPENAPI_H
#define API_OPENAPI_H

#include "api/api.h"

/* Print the document of an api's routes, in its manner and under its rules. ERR_BUG, logged, for a
 * row whose description cannot be read or that has a step without a line in openapi.c. */
err openapi_write(const struct api *api, struct buf *to);

/* The parts of it that are schemas (openapi_schema.c). False: the answer cannot be read. */
bool schema_of_answer(struct buf *to, const char *answer);
void schema_of_form(struct buf *to, const struct api *api, const struct form *form);
bool form_is_optional(const struct api *api, const struct form *form);

/* What the fields of a form may fail with, ended by OK; at most FAILS_MAX in all. */
enum { FAILS_MAX = 128 };
struct fails { err at[FAILS_MAX]; size_t n; };
void fails_add(struct fails *to, const err *more);                 /* NULL: nothing */
void fails_of_form(struct fails *to, const struct form *form);

#endif
