-- 0006_revocations.sql - what ended before its access tokens did, for those who verify by themselves.
-- A row ends one session (session_id), or (session_id 0) all tokens of an account that were issued
-- before issued_before, in seconds, but for those of the session keep_id. `at` is in ms; a row goes
-- when the last token that it speaks of has expired. Ids are random.
CREATE TABLE IF NOT EXISTS latchkey_revocations (
    id            BIGINT NOT NULL PRIMARY KEY,
    at            {time} NOT NULL,
    user_id       BIGINT NOT NULL,
    session_id    BIGINT NOT NULL,
    keep_id       BIGINT NOT NULL,
    issued_before BIGINT NOT NULL
){table};

-- only sqlite:CREATE INDEX IF NOT EXISTS latchkey_revocations_at ON latchkey_revocations (at);
-- only pgsql:CREATE INDEX IF NOT EXISTS latchkey_revocations_at ON latchkey_revocations (at);
-- only mysql:CREATE INDEX latchkey_revocations_at ON latchkey_revocations (at);
