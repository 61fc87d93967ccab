-- Changes that one administrator asks for and another decides about, and those that were made at once
-- where nobody else could decide. What was asked, what stood there then and who decided are signed.

CREATE TABLE change_requests (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('second_factor_reset', 'rules',
        'second_factor_roles', 'networks')),
    subject TEXT COLLATE "C" NOT NULL,
    base TEXT COLLATE "C" NOT NULL,
    asked TEXT COLLATE "C" NOT NULL,
    digest TEXT COLLATE "C" NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    until BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'approved', 'denied', 'cancelled',
        'expired', 'void', 'alone')),
    decider TEXT COLLATE "C",
    decided_by TEXT COLLATE "C",
    decided_at BIGINT,
    version BIGINT NOT NULL,
    mac BYTEA
);

-- One at a time about the same thing.
CREATE UNIQUE INDEX change_requests_waiting ON change_requests (kind, subject)
    WHERE state = 'waiting';
CREATE INDEX change_requests_alone ON change_requests (asked_at) WHERE state = 'alone';
