-- Facts about the installation, and the runs of its nodes.

CREATE TABLE meta (
    key TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

-- The last epoch given out.
INSERT INTO meta (key, value) VALUES ('epoch', '0');

CREATE TABLE nodes (
    epoch BIGINT NOT NULL PRIMARY KEY,
    node TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    lease_until BIGINT NOT NULL,
    stopped_at BIGINT
);

CREATE INDEX nodes_running ON nodes (epoch) WHERE stopped_at IS NULL;
