-- Facts about the installation, and the runs of its nodes.

CREATE TABLE meta (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- The last epoch given out.
INSERT INTO meta (key, value) VALUES ('epoch', '0');

CREATE TABLE nodes (
    epoch       INTEGER NOT NULL PRIMARY KEY,
    node        TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    stopped_at  INTEGER
) STRICT;

CREATE INDEX nodes_running ON nodes (epoch) WHERE stopped_at IS NULL;
