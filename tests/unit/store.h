// SPDX-License-Identifier: MIT
/* store.h - a database of a test's own, fresh, on the engine that LATCHKEY_TEST_DB names. */
#ifndef TEST_STORE_H
#define TEST_STORE_H

#include "../tests/test.h"
#include "store/migrate.h"
#include "store/role.h"
#include "store/user.h"

#include <unistd.h>

/* The file's folder, its URL and what to open it with. One at a time. */
struct store { char folder[64], file[96], url[128]; struct db_config config; };

static void store_make_folder(struct store *s)
{
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/latchkey-store-XXXXXX");
    CHECK(mkdtemp(s->folder) != NULL);
    (void)snprintf(s->file, sizeof s->file, "%s/test.db", s->folder);
    (void)snprintf(s->url, sizeof s->url, "sqlite:%s", s->file);
    s->config = (struct db_config){ .url = str_of(s->url), .wait_ms = 5000 };
}

[[maybe_unused]] static void store_make(struct store *s)
{
    store_make_folder(s);
    CHECK_ERR(migrate(&s->config, MIGRATE_KEEP, OWNER_DEV), OK);
}

[[maybe_unused]] static struct db *store_open(const struct store *s)
{
    struct db *db = NULL;

    CHECK_ERR(db_open(&s->config, &db), OK);
    return db;
}

[[maybe_unused]] static void store_remove(struct store *s)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
    char name[128];

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)snprintf(name, sizeof name, "%s%s", s->file, ends[i]);
        (void)unlink(name);
    }
    CHECK(rmdir(s->folder) == 0);
}

#endif
