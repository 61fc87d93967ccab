-- That phones leave the inventory may be for two as well. The rows stay as they are, and so do their codes.

CREATE TABLE change_requests_anew (
    id         TEXT    NOT NULL PRIMARY KEY,
    kind       TEXT    NOT NULL CHECK (kind IN ('second_factor_reset', 'rules',
        'second_factor_roles', 'networks', 'phones_deletion')),
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

INSERT INTO change_requests_anew (id, kind, subject, base, asked, digest, account, actor, asked_at, reason,
                                  until, state, decider, decided_by, decided_at, version, mac)
SELECT id, kind, subject, base, asked, digest, account, actor, asked_at, reason,
       until, state, decider, decided_by, decided_at, version, mac
FROM change_requests;

DROP TABLE change_requests;
ALTER TABLE change_requests_anew RENAME TO change_requests;

-- One at a time about the same thing.
CREATE UNIQUE INDEX change_requests_waiting ON change_requests (kind, subject)
    WHERE state = 'waiting';
CREATE INDEX change_requests_alone ON change_requests (asked_at) WHERE state = 'alone';
