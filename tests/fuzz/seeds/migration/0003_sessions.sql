-- 0003_sessions.sql - who is signed in where.
-- A row belongs to an account by its id and by user_created, the seconds of the account's "createdAt".
-- Times are in ms. `counter` is the number of the refresh token that is good now; `secret` (32 hex
-- digits) is what, with a key that is not here, all of a session's refresh tokens are made of.
CREATE TABLE IF NOT EXISTS latchkey_sessions (
    id           BIGINT NOT NULL PRIMARY KEY,
    user_id      BIGINT NOT NULL,
    user_created BIGINT NOT NULL,
    created_at   {time} NOT NULL,
    used_at      {time} NOT NULL,
    expires_at   {time} NOT NULL,
    counter      BIGINT NOT NULL,
    secret       VARCHAR(32) NOT NULL,
    address      VARCHAR(64) NOT NULL,
    agent        {text} NOT NULL,
    name         {text} NOT NULL
){table};

-- only sqlite:CREATE INDEX IF NOT EXISTS latchkey_sessions_user ON latchkey_sessions (user_id);
-- only sqlite:CREATE INDEX IF NOT EXISTS latchkey_sessions_expiry ON latchkey_sessions (expires_at);
-- only pgsql:CREATE INDEX IF NOT EXISTS latchkey_sessions_user ON latchkey_sessions (user_id);
-- only pgsql:CREATE INDEX IF NOT EXISTS latchkey_sessions_expiry ON latchkey_sessions (expires_at);
-- only mysql:CREATE INDEX latchkey_sessions_user ON latchkey_sessions (user_id);
-- only mysql:CREATE INDEX latchkey_sessions_expiry ON latchkey_sessions (expires_at);
