// SPDX-License-Identifier: MIT
/* query.c - linked in front of store/db.c (ld --wrap) so that the database can be away at any
 * query.
 *
 * A real one is away before a request, or for all of it: which of a request's queries meets the
 * failure is chance. Here each of them does. Linked beside arena.c. */
#include "store/db.h"

__attribute__((weak)) bool fault_in_query(void);      /* preload.c */

static bool fails(void)
{
    return fault_in_query && fault_in_query();
}

err __real_db_open(const struct db_config *config, struct db **out);
err __wrap_db_open(const struct db_config *config, struct db **out);
err __wrap_db_open(const struct db_config *config, struct db **out)
{
    return fails() ? ERR_DB_DOWN : __real_db_open(config, out);
}

err __real_db_open_raw(const struct db_config *config, struct db **out);
err __wrap_db_open_raw(const struct db_config *config, struct db **out);
err __wrap_db_open_raw(const struct db_config *config, struct db **out)
{
    return fails() ? ERR_DB_DOWN : __real_db_open_raw(config, out);
}

err __real_db_one(struct db *db, struct arena *mem, enum query q, const struct in *in,
                  const struct out *out);
err __wrap_db_one(struct db *db, struct arena *mem, enum query q, const struct in *in,
                  const struct out *out);
err __wrap_db_one(struct db *db, struct arena *mem, enum query q, const struct in *in,
                  const struct out *out)
{
    return fails() ? ERR_DB_DOWN : __real_db_one(db, mem, q, in, out);
}

err __real_db_each(struct db *db, struct arena *mem, enum query q, const struct in *in,
                   const struct out *out, db_row *row, void *arg);
err __wrap_db_each(struct db *db, struct arena *mem, enum query q, const struct in *in,
                   const struct out *out, db_row *row, void *arg);
err __wrap_db_each(struct db *db, struct arena *mem, enum query q, const struct in *in,
                   const struct out *out, db_row *row, void *arg)
{
    return fails() ? ERR_DB_DOWN : __real_db_each(db, mem, q, in, out, row, arg);
}

err __real_db_exec(struct db *db, enum query q, const struct in *in, int64_t *changed);
err __wrap_db_exec(struct db *db, enum query q, const struct in *in, int64_t *changed);
err __wrap_db_exec(struct db *db, enum query q, const struct in *in, int64_t *changed)
{
    return fails() ? ERR_DB_DOWN : __real_db_exec(db, q, in, changed);
}

err __real_db_insert(struct db *db, enum query q, const struct in *in, int64_t *id);
err __wrap_db_insert(struct db *db, enum query q, const struct in *in, int64_t *id);
err __wrap_db_insert(struct db *db, enum query q, const struct in *in, int64_t *id)
{
    return fails() ? ERR_DB_DOWN : __real_db_insert(db, q, in, id);
}

err __real_db_write(struct db *db, db_work *work, void *arg);
err __wrap_db_write(struct db *db, db_work *work, void *arg);
err __wrap_db_write(struct db *db, db_work *work, void *arg)
{
    return fails() ? ERR_DB_DOWN : __real_db_write(db, work, arg);
}

err __real_db_script(struct db *db, str sql);
err __wrap_db_script(struct db *db, str sql);
err __wrap_db_script(struct db *db, str sql)
{
    return fails() ? ERR_DB_DOWN : __real_db_script(db, sql);
}
