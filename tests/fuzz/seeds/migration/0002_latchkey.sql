-- 0002_latchkey.sql - what Latchkey keeps beside the tutorial's tables.
-- No foreign keys to those: the tutorial's server drops them when it starts. A row of ours belongs
-- to an account by its id and by created_at, the seconds of the account's "createdAt".

-- Which account holds a canonical name (kind 1) or e-mail address (kind 2).
CREATE TABLE IF NOT EXISTS latchkey_names (
    kind       INTEGER NOT NULL,
    name_key   {key} NOT NULL,
    user_id    BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (kind, name_key)
){table};

-- An account's state: disabled_at in ms, 0 when it is not; tokens_from in seconds.
CREATE TABLE IF NOT EXISTS latchkey_accounts (
    user_id     BIGINT NOT NULL PRIMARY KEY,
    created_at  BIGINT NOT NULL,
    disabled_at {time} NOT NULL,
    tokens_from BIGINT NOT NULL
){table};

-- Small facts about the whole database.
CREATE TABLE IF NOT EXISTS latchkey_meta (
    meta_key VARCHAR(64) NOT NULL PRIMARY KEY,
    value    {text} NOT NULL
){table};

-- only sqlite:CREATE INDEX IF NOT EXISTS latchkey_names_user ON latchkey_names (user_id);
-- only sqlite:CREATE INDEX IF NOT EXISTS latchkey_users_username ON users (username);
-- only sqlite:CREATE INDEX IF NOT EXISTS latchkey_users_email ON users (email);
-- only sqlite:CREATE INDEX IF NOT EXISTS latchkey_user_roles_user ON user_roles ("userId");
-- only pgsql:CREATE INDEX IF NOT EXISTS latchkey_names_user ON latchkey_names (user_id);
-- only pgsql:CREATE INDEX IF NOT EXISTS latchkey_users_username ON users (username);
-- only pgsql:CREATE INDEX IF NOT EXISTS latchkey_users_email ON users (email);
-- only pgsql:CREATE INDEX IF NOT EXISTS latchkey_user_roles_user ON user_roles ("userId");
-- MySQL has no IF NOT EXISTS here (its engine takes "is there already" for done), needs a prefix
-- where old row formats index 767 bytes at most, and makes the foreign key's index by itself.
-- only mysql:CREATE INDEX latchkey_names_user ON latchkey_names (user_id);
-- only mysql:CREATE INDEX latchkey_users_username ON users (username(191));
-- only mysql:CREATE INDEX latchkey_users_email ON users (email(191));
