-- 0004_failures.sql - failed attempts in a row, since the last that did not fail.
-- kind 1: of an account; 2: of a name that no account has; 3: of a device that an account knows.
-- `who` is 64 hex digits: of an account its id, then the seconds of its "createdAt", then zeros; of a
-- device the same and its number; of a name a keyed hash, so that what was typed is not told.
-- Times are in ms. Rows of kinds 2 and 3 are bounded in number, the oldest go.
CREATE TABLE IF NOT EXISTS latchkey_failures (
    kind       INTEGER NOT NULL,
    who        {key} NOT NULL,
    failures   BIGINT NOT NULL,
    last_at    {time} NOT NULL,
    wait_until {time} NOT NULL,
    PRIMARY KEY (kind, who)
){table};

-- only sqlite:CREATE INDEX IF NOT EXISTS latchkey_failures_last ON latchkey_failures (kind, last_at);
-- only pgsql:CREATE INDEX IF NOT EXISTS latchkey_failures_last ON latchkey_failures (kind, last_at);
-- only mysql:CREATE INDEX latchkey_failures_last ON latchkey_failures (kind, last_at);
