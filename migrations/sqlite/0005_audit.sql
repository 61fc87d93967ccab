-- The audit log. `entry` is the exact text that is hashed; the other columns are an index on it.

CREATE TABLE audit (
    seq       INTEGER NOT NULL PRIMARY KEY,
    at        INTEGER NOT NULL,
    entry     TEXT    NOT NULL,
    leaf_hash BLOB    NOT NULL,
    actor     TEXT    NOT NULL,
    action    TEXT    NOT NULL,
    command   TEXT,
    phone     TEXT,
    site      TEXT,
    job       TEXT,
    result    TEXT    NOT NULL,
    ip        TEXT,
    search    TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_at ON audit (at, seq);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_result ON audit (result, seq);
CREATE INDEX audit_command ON audit (command, seq) WHERE command IS NOT NULL;
CREATE INDEX audit_phone ON audit (phone, seq) WHERE phone IS NOT NULL;
CREATE INDEX audit_site ON audit (site, seq) WHERE site IS NOT NULL;
CREATE INDEX audit_job ON audit (job, seq) WHERE job IS NOT NULL;
CREATE INDEX audit_ip ON audit (ip, seq) WHERE ip IS NOT NULL;

CREATE TABLE audit_groups (
    group_slug TEXT    NOT NULL,
    seq        INTEGER NOT NULL REFERENCES audit (seq),
    PRIMARY KEY (group_slug, seq)
) STRICT;

CREATE INDEX audit_groups_seq ON audit_groups (seq);

-- The tree so far: the number of leaves and the roots of its perfect parts, largest first.
CREATE TABLE audit_head (
    id       INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    size     INTEGER NOT NULL,
    frontier BLOB    NOT NULL
) STRICT;

INSERT INTO audit_head (id, size, frontier) VALUES (1, 0, x'');

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_groups_are_not_changed BEFORE UPDATE ON audit_groups
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_groups_are_not_deleted BEFORE DELETE ON audit_groups
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_head_only_grows BEFORE UPDATE ON audit_head WHEN new.size < old.size
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
