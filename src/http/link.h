// SPDX-License-Identifier: MIT
/* link.h - doubly linked lists, the link inside the thing. A list is a link of its own, in a
 * ring. */
#ifndef HTTP_LINK_H
#define HTTP_LINK_H

#include <stdbool.h>

struct link { struct link *prev, *next; };

static inline void link_init(struct link *l)
{
    l->prev = l->next = l;
}

static inline bool link_is_alone(const struct link *l)
{
    return l->next == l;
}

/* Harmless when it is in no list. */
static inline void link_remove(struct link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    link_init(l);
}

/* Take it out of where it is and put it at the end of `list`. */
static inline void link_append(struct link *list, struct link *l)
{
    link_remove(l);
    l->prev = list->prev;
    l->next = list;
    list->prev->next = l;
    list->prev = l;
}

#endif
