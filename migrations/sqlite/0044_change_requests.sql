-- Changes that one administrator asks for and another decides about, and those that were made at once
-- where nobody else could decide. What was asked, what stood there then and who decided are signed.

CREATE TABLE change_requests (
    id         TEXT    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('second_factor_reset', 'rules',
        'second_factor_roles', 'networks')),
    subject    TEXT    NOT NULL,
    base       TEXT    NOT NULL,
    asked      TEXT    NOT NULL,
    digest     TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    asked_at   INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    until      INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('waiting', 'approved', 'denied', 'cancelled',
        'expired', 'void', 'alone')),
    decider    TEXT,
    decided_by TEXT,
    decided_at INTEGER,
    version    INTEGER NOT NULL,
    mac        BLOB
) STRICT;

-- One at a time about the same thing.
CREATE UNIQUE INDEX change_requests_waiting ON change_requests (kind, subject)
    WHERE state = 'waiting';
CREATE INDEX change_requests_alone ON change_requests (asked_at) WHERE state = 'alone';
