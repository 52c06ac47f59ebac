// SPDX-License-Identifier: MIT
/* router.h - from a method and a path to a row of the routes table, as Express matches.
 *
 * ASCII letters of either case are the same, one slash at the end may stand or not, nothing is
 * decoded, and `.`, `..` and `//` mean themselves. HEAD runs the row of GET. */
#ifndef API_ROUTER_H
#define API_ROUTER_H

#include "api/api.h"

/* NO_METHOD for one that no row can have. Methods are case-sensitive (RFC 9110 section 9.1). */
enum method method_of(str name);
const char *method_name(enum method method);

/* The row, or NULL. */
const struct route *route_match(const struct route *table, enum method method, str path);

/* A bit (1 << method) for each method that a path has; 0: there is no such path. */
unsigned route_methods(const struct route *table, str path);

/* The segment of `path` that stands where the row has `:name`; p == NULL when it has none. */
str route_param(const struct route *route, str path, str name);

/* ERR_BUG, logged, when a row does not say who passes (`anyone` says so too), or when two rows
 * could match the same request: then neither is surely the one that its author meant. */
err routes_check(const struct route *table);

#endif
