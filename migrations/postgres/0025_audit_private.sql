-- What audit records commit to without saying it: dialled numbers, sealed with the salt of their
-- commitment. Retention deletes rows here; the records stay as they were hashed.

CREATE TABLE audit_private (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    sealed BYTEA NOT NULL
);

CREATE INDEX audit_private_at ON audit_private (at);
