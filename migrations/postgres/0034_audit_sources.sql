-- Source addresses that audit records commit to without saying them: `id` is the beginning of the
-- SHA-256 over `salt` and `address`. One row for each address and day (UTC, days since 1970).
-- Retention deletes rows here; the records stay as they were hashed.

CREATE TABLE audit_sources (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    address TEXT COLLATE "C" NOT NULL,
    day BIGINT NOT NULL,
    salt BYTEA NOT NULL,
    UNIQUE (address, day)
);

CREATE INDEX audit_sources_day ON audit_sources (day);

CREATE TRIGGER audit_sources_are_not_changed BEFORE UPDATE OR TRUNCATE ON audit_sources
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
