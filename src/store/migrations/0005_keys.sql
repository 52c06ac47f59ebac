-- 0005_keys.sql - keys whose public halves others verify tokens with.
-- state: next (published, signs nothing yet), current, old (verifies until ends_at), retired. Times are
-- in ms, 0 for what was not yet. public_key is a SubjectPublicKeyInfo in base64url; sealed is the
-- private half, closed with a key that is not here; empty for one that will not sign again. Each
-- change moves `keys_edition` in latchkey_meta on by one.
CREATE TABLE IF NOT EXISTS latchkey_keys (
    id         BIGINT NOT NULL PRIMARY KEY,
    kid        {text} NOT NULL,
    alg        VARCHAR(16) NOT NULL,
    state      VARCHAR(16) NOT NULL,
    created_at {time} NOT NULL,
    current_at {time} NOT NULL,
    ends_at    {time} NOT NULL,
    public_key VARCHAR(2048) NOT NULL,
    sealed     VARCHAR(8192) NOT NULL
){table};
