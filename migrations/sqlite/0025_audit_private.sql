-- What audit records commit to without saying it: dialled numbers, sealed with the salt of their
-- commitment. Retention deletes rows here; the records stay as they were hashed.

CREATE TABLE audit_private (
    id     TEXT    NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    sealed BLOB    NOT NULL
) STRICT;

CREATE INDEX audit_private_at ON audit_private (at);
