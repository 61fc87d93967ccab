-- How far each receiver has taken the audit log. The log is the spool: what a receiver has not
-- taken is still there, from record `next` on.
-- `receiver` is its address as people may see it.

CREATE TABLE streams (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    receiver TEXT COLLATE "C" NOT NULL,
    next BIGINT NOT NULL DEFAULT 0 CHECK (next >= 0),
    taken_at BIGINT,
    failing_since BIGINT,
    problem TEXT COLLATE "C",
    told_at BIGINT,
    holder TEXT COLLATE "C",
    held_until BIGINT NOT NULL DEFAULT 0,
    secret BYTEA,
    secret_version BIGINT NOT NULL DEFAULT 0,
    secret_at BIGINT
);
