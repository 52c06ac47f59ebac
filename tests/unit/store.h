// SPDX-License-Identifier: MIT
/* store.h - an empty database of a test's own. It is an SQLite file, or, with LATCHKEY_TEST_DB set
 * to a URL, the database behind that, from which every table is dropped first. */
#ifndef TEST_STORE_H
#define TEST_STORE_H

#include "../tests/test.h"
#include "store/migrate.h"
#include "store/role.h"
#include "store/user.h"

#include <unistd.h>

struct store { char folder[64], file[96], url[256]; struct db_config config; };

[[maybe_unused]] static void store_make_file(struct store *s)
{
    (void)snprintf(s->folder, sizeof s->folder, "/tmp/latchkey-store-XXXXXX");
    CHECK(mkdtemp(s->folder) != NULL);
    (void)snprintf(s->file, sizeof s->file, "%s/test.db", s->folder);
    (void)snprintf(s->url, sizeof s->url, "sqlite:%s", s->file);
    s->config = (struct db_config){ .url = str_of(s->url), .wait_ms = 5000 };
}

/* Nothing in it, not even a schema. */
[[maybe_unused]] static void store_make_empty(struct store *s)
{
    static const char drop[] =
        "DROP TABLE IF EXISTS user_roles; DROP TABLE IF EXISTS \"refreshTokens\";"
        "DROP TABLE IF EXISTS roles; DROP TABLE IF EXISTS users;"
        "DROP TABLE IF EXISTS latchkey_names; DROP TABLE IF EXISTS latchkey_accounts;"
        "DROP TABLE IF EXISTS latchkey_sessions; DROP TABLE IF EXISTS latchkey_failures;"
        "DROP TABLE IF EXISTS latchkey_keys; DROP TABLE IF EXISTS latchkey_revocations;"
        "DROP TABLE IF EXISTS latchkey_meta; DROP TABLE IF EXISTS latchkey_schema";
    const char *url = getenv("LATCHKEY_TEST_DB");
    struct db *db;

    if (!url) {
        store_make_file(s);
        return;
    }
    *s = (struct store){ .config = { .url = str_of(url), .wait_ms = 5000 } };
    CHECK_ERR(db_open_raw(&s->config, &db), OK);
    CHECK_ERR(db_script(db, str_of(drop)), OK);
    db_close(db);
}

[[maybe_unused]] static void store_make(struct store *s)
{
    store_make_empty(s);
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

    if (!s->folder[0])
        return;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        (void)snprintf(name, sizeof name, "%s%s", s->file, ends[i]);
        (void)unlink(name);
    }
    CHECK(rmdir(s->folder) == 0);
}

#endif
