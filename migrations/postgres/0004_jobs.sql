-- Jobs, the frozen list of phones of each, and what became of every one.

-- One counter for each state of a target: kept with every change, never counted on view.
CREATE TABLE jobs (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    action TEXT COLLATE "C" NOT NULL,
    params_shown TEXT COLLATE "C" NOT NULL,
    params_sealed BYTEA,
    params_version BIGINT NOT NULL DEFAULT 0,
    options TEXT COLLATE "C" NOT NULL,
    targets_shown TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('awaiting_approval', 'scheduled', 'running',
        'paused', 'stopping', 'interrupted', 'finished', 'cancelled', 'denied', 'expired')),
    total BIGINT NOT NULL CHECK (total >= 0),
    waiting BIGINT NOT NULL CHECK (waiting >= 0),
    sending BIGINT NOT NULL CHECK (sending >= 0),
    verifying BIGINT NOT NULL CHECK (verifying >= 0),
    verified BIGINT NOT NULL CHECK (verified >= 0),
    acknowledged BIGINT NOT NULL CHECK (acknowledged >= 0),
    failed BIGINT NOT NULL CHECK (failed >= 0),
    unknown BIGINT NOT NULL CHECK (unknown >= 0),
    skipped BIGINT NOT NULL CHECK (skipped >= 0),
    cancelled BIGINT NOT NULL CHECK (cancelled >= 0),
    expired BIGINT NOT NULL CHECK (expired >= 0),
    actor_kind TEXT COLLATE "C" NOT NULL CHECK (actor_kind IN ('user', 'token', 'local', 'system')),
    actor_id TEXT COLLATE "C" NOT NULL,
    actor_name TEXT COLLATE "C" NOT NULL,
    actor_auth TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    start_at BIGINT,
    started_at BIGINT,
    finished_at BIGINT,
    not_after BIGINT,
    retry_of TEXT COLLATE "C" REFERENCES jobs (id),
    digest TEXT COLLATE "C" NOT NULL,
    request_example TEXT COLLATE "C" NOT NULL,
    CHECK (total = waiting + sending + verifying + verified + acknowledged + failed + unknown
        + skipped + cancelled + expired)
);

CREATE INDEX jobs_created ON jobs (created_at, id);
CREATE INDEX jobs_state ON jobs (state, created_at, id);
CREATE INDEX jobs_action ON jobs (action, created_at, id);
CREATE INDEX jobs_actor ON jobs (actor_name, created_at, id);
CREATE INDEX jobs_retry_of ON jobs (retry_of) WHERE retry_of IS NOT NULL;

-- The groups that a job was asked for, as they were called then.
CREATE TABLE job_groups (
    job TEXT COLLATE "C" NOT NULL REFERENCES jobs (id),
    group_slug TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job, group_slug)
);

CREATE INDEX job_groups_slug ON job_groups (group_slug, job);

CREATE TABLE job_targets (
    job TEXT COLLATE "C" NOT NULL REFERENCES jobs (id),
    position BIGINT NOT NULL,
    mac TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    extension TEXT COLLATE "C" NOT NULL,
    model TEXT COLLATE "C" NOT NULL,
    site TEXT COLLATE "C",
    groups TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'sending', 'verifying', 'verified',
        'acknowledged', 'failed', 'unknown', 'skipped', 'cancelled', 'expired')),
    cause TEXT COLLATE "C",
    http_status BIGINT,
    transport TEXT COLLATE "C" CHECK (transport IN ('http', 'https', 'sip')),
    attempts BIGINT NOT NULL DEFAULT 0,
    attempt_id TEXT COLLATE "C",
    epoch BIGINT,
    sent_at BIGINT,
    finished_at BIGINT,
    duration_ms BIGINT,
    excerpt TEXT COLLATE "C" NOT NULL DEFAULT '',
    evidence TEXT COLLATE "C" NOT NULL DEFAULT '',
    PRIMARY KEY (job, mac)
);

CREATE UNIQUE INDEX job_targets_position ON job_targets (job, position);
CREATE INDEX job_targets_state ON job_targets (job, state, position);
CREATE INDEX job_targets_cause ON job_targets (job, cause, position) WHERE cause IS NOT NULL;
CREATE INDEX job_targets_site ON job_targets (job, site, position) WHERE site IS NOT NULL;

-- One command at a time for each phone, over all jobs and all nodes.
CREATE UNIQUE INDEX job_targets_sending ON job_targets (mac) WHERE state = 'sending';
CREATE INDEX job_targets_in_flight ON job_targets (epoch) WHERE state IN ('sending', 'verifying');

CREATE TABLE job_causes (
    job TEXT COLLATE "C" NOT NULL REFERENCES jobs (id),
    cause TEXT COLLATE "C" NOT NULL,
    count BIGINT NOT NULL CHECK (count >= 0),
    PRIMARY KEY (job, cause)
);

CREATE TABLE idempotency (
    user_id TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    body_hash BYTEA NOT NULL,
    job TEXT COLLATE "C" NOT NULL REFERENCES jobs (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, key)
);

CREATE INDEX idempotency_created ON idempotency (created_at);
CREATE INDEX idempotency_job ON idempotency (job);
