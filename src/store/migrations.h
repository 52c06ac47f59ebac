// SPDX-License-Identifier: MIT
/* migrations.h - the table of embedded migrations, made by tools/embed at build time. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

struct migration { int number; const char *name, *text; };

/* By number; ended by a row of zeros. */
extern const struct migration migrations[];

#endif
