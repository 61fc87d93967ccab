-- The second factor of an account, its recovery codes, and one-time links to a new password.

-- The sealed secret, the version it is sealed for, and the last step whose code was used.
ALTER TABLE users ADD COLUMN factor BLOB;
ALTER TABLE users ADD COLUMN factor_version INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN factor_step INTEGER NOT NULL DEFAULT 0;

-- When whoever holds the session last showed who they are.
ALTER TABLE sessions ADD COLUMN proved_at INTEGER NOT NULL DEFAULT 0;

CREATE TABLE recovery_codes (
    code_hash BLOB NOT NULL PRIMARY KEY,
    user_id   TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX recovery_codes_user ON recovery_codes (user_id);

CREATE TABLE reset_links (
    code_hash  BLOB    NOT NULL PRIMARY KEY,
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_at INTEGER NOT NULL
) STRICT;

CREATE INDEX reset_links_user ON reset_links (user_id);
