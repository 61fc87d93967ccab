-- Tries before the last one, and what keeps a waiting phone from its turn.

-- Nothing is sent to it before this: it is tried again.
ALTER TABLE job_targets ADD COLUMN retry_at BIGINT;
-- The credential that was refused too often: nothing is sent with it until somebody says so.
ALTER TABLE job_targets ADD COLUMN hold TEXT COLLATE "C";

CREATE INDEX job_targets_hold ON job_targets (job, hold) WHERE hold IS NOT NULL;

-- The last try of a target stands in its own row; those before it stand here.
CREATE TABLE job_attempts (
    job TEXT COLLATE "C" NOT NULL,
    mac TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL CHECK (number > 0),
    attempt_id TEXT COLLATE "C" NOT NULL,
    sent_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL,
    duration_ms BIGINT,
    cause TEXT COLLATE "C" NOT NULL,
    http_status BIGINT,
    transport TEXT COLLATE "C" CHECK (transport IN ('http', 'https', 'sip')),
    PRIMARY KEY (job, mac, number),
    FOREIGN KEY (job, mac) REFERENCES job_targets (job, mac)
);

-- Whose key it is that another phone shows.
CREATE INDEX phones_tls_pin ON phones (tls_pin) WHERE tls_pin IS NOT NULL;
