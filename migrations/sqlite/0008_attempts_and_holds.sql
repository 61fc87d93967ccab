-- Tries before the last one, and what keeps a waiting phone from its turn.

-- Nothing is sent to it before this: it is tried again.
ALTER TABLE job_targets ADD COLUMN retry_at INTEGER;
-- The credential that was refused too often: nothing is sent with it until somebody says so.
ALTER TABLE job_targets ADD COLUMN hold TEXT;

CREATE INDEX job_targets_hold ON job_targets (job, hold) WHERE hold IS NOT NULL;

-- The last try of a target stands in its own row; those before it stand here.
CREATE TABLE job_attempts (
    job         TEXT    NOT NULL,
    mac         TEXT    NOT NULL,
    number      INTEGER NOT NULL CHECK (number > 0),
    attempt_id  TEXT    NOT NULL,
    sent_at     INTEGER NOT NULL,
    finished_at INTEGER NOT NULL,
    duration_ms INTEGER,
    cause       TEXT    NOT NULL,
    http_status INTEGER,
    transport   TEXT    CHECK (transport IN ('http', 'https', 'sip')),
    PRIMARY KEY (job, mac, number),
    FOREIGN KEY (job, mac) REFERENCES job_targets (job, mac)
) STRICT;

-- Whose key it is that another phone shows.
CREATE INDEX phones_tls_pin ON phones (tls_pin) WHERE tls_pin IS NOT NULL;
