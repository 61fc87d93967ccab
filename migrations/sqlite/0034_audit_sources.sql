-- Source addresses that audit records commit to without saying them: `id` is the beginning of the
-- SHA-256 over `salt` and `address`. One row for each address and day (UTC, days since 1970).
-- Retention deletes rows here; the records stay as they were hashed.

CREATE TABLE audit_sources (
    id      TEXT    NOT NULL PRIMARY KEY,
    address TEXT    NOT NULL,
    day     INTEGER NOT NULL,
    salt    BLOB    NOT NULL,
    UNIQUE (address, day)
) STRICT;

CREATE INDEX audit_sources_day ON audit_sources (day);

CREATE TRIGGER audit_sources_are_not_changed BEFORE UPDATE ON audit_sources
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
