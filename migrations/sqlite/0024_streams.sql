-- How far each receiver has taken the audit log. The log is the spool: what a receiver has not
-- taken is still there, from record `next` on.
-- `receiver` is its address as people may see it.

CREATE TABLE streams (
    name           TEXT    NOT NULL PRIMARY KEY,
    receiver       TEXT    NOT NULL,
    next           INTEGER NOT NULL DEFAULT 0 CHECK (next >= 0),
    taken_at       INTEGER,
    failing_since  INTEGER,
    problem        TEXT,
    told_at        INTEGER,
    holder         TEXT,
    held_until     INTEGER NOT NULL DEFAULT 0,
    secret         BLOB,
    secret_version INTEGER NOT NULL DEFAULT 0,
    secret_at      INTEGER
) STRICT;
