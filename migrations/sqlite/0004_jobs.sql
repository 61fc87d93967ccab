-- Jobs, the frozen list of phones of each, and what became of every one.

-- One counter for each state of a target: kept with every change, never counted on view.
CREATE TABLE jobs (
    id              TEXT    NOT NULL PRIMARY KEY,
    action          TEXT    NOT NULL,
    params_shown    TEXT    NOT NULL,
    params_sealed   BLOB,
    params_version  INTEGER NOT NULL DEFAULT 0,
    options         TEXT    NOT NULL,
    targets_shown   TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('awaiting_approval', 'scheduled', 'running',
        'paused', 'stopping', 'interrupted', 'finished', 'cancelled', 'denied', 'expired')),
    total           INTEGER NOT NULL CHECK (total >= 0),
    waiting         INTEGER NOT NULL CHECK (waiting >= 0),
    sending         INTEGER NOT NULL CHECK (sending >= 0),
    verifying       INTEGER NOT NULL CHECK (verifying >= 0),
    verified        INTEGER NOT NULL CHECK (verified >= 0),
    acknowledged    INTEGER NOT NULL CHECK (acknowledged >= 0),
    failed          INTEGER NOT NULL CHECK (failed >= 0),
    unknown         INTEGER NOT NULL CHECK (unknown >= 0),
    skipped         INTEGER NOT NULL CHECK (skipped >= 0),
    cancelled       INTEGER NOT NULL CHECK (cancelled >= 0),
    expired         INTEGER NOT NULL CHECK (expired >= 0),
    actor_kind      TEXT    NOT NULL CHECK (actor_kind IN ('user', 'token', 'local', 'system')),
    actor_id        TEXT    NOT NULL,
    actor_name      TEXT    NOT NULL,
    actor_auth      TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    start_at        INTEGER,
    started_at      INTEGER,
    finished_at     INTEGER,
    not_after       INTEGER,
    retry_of        TEXT    REFERENCES jobs (id),
    digest          TEXT    NOT NULL,
    request_example TEXT    NOT NULL,
    CHECK (total = waiting + sending + verifying + verified + acknowledged + failed + unknown
        + skipped + cancelled + expired)
) STRICT;

CREATE INDEX jobs_created ON jobs (created_at, id);
CREATE INDEX jobs_state ON jobs (state, created_at, id);
CREATE INDEX jobs_action ON jobs (action, created_at, id);
CREATE INDEX jobs_actor ON jobs (actor_name, created_at, id);
CREATE INDEX jobs_retry_of ON jobs (retry_of) WHERE retry_of IS NOT NULL;

-- The groups that a job was asked for, as they were called then.
CREATE TABLE job_groups (
    job        TEXT NOT NULL REFERENCES jobs (id),
    group_slug TEXT NOT NULL,
    PRIMARY KEY (job, group_slug)
) STRICT;

CREATE INDEX job_groups_slug ON job_groups (group_slug, job);

CREATE TABLE job_targets (
    job         TEXT    NOT NULL REFERENCES jobs (id),
    position    INTEGER NOT NULL,
    mac         TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    extension   TEXT    NOT NULL,
    model       TEXT    NOT NULL,
    site        TEXT,
    groups      TEXT    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('waiting', 'sending', 'verifying', 'verified',
        'acknowledged', 'failed', 'unknown', 'skipped', 'cancelled', 'expired')),
    cause       TEXT,
    http_status INTEGER,
    transport   TEXT    CHECK (transport IN ('http', 'https', 'sip')),
    attempts    INTEGER NOT NULL DEFAULT 0,
    attempt_id  TEXT,
    epoch       INTEGER,
    sent_at     INTEGER,
    finished_at INTEGER,
    duration_ms INTEGER,
    excerpt     TEXT    NOT NULL DEFAULT '',
    evidence    TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (job, mac)
) STRICT;

CREATE UNIQUE INDEX job_targets_position ON job_targets (job, position);
CREATE INDEX job_targets_state ON job_targets (job, state, position);
CREATE INDEX job_targets_cause ON job_targets (job, cause, position) WHERE cause IS NOT NULL;
CREATE INDEX job_targets_site ON job_targets (job, site, position) WHERE site IS NOT NULL;

-- One command at a time for each phone, over all jobs and all nodes.
CREATE UNIQUE INDEX job_targets_sending ON job_targets (mac) WHERE state = 'sending';
CREATE INDEX job_targets_in_flight ON job_targets (epoch) WHERE state IN ('sending', 'verifying');

CREATE TABLE job_causes (
    job   TEXT    NOT NULL REFERENCES jobs (id),
    cause TEXT    NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (job, cause)
) STRICT;

CREATE TABLE idempotency (
    user_id    TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    body_hash  BLOB    NOT NULL,
    job        TEXT    NOT NULL REFERENCES jobs (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT;

CREATE INDEX idempotency_created ON idempotency (created_at);
CREATE INDEX idempotency_job ON idempotency (job);
