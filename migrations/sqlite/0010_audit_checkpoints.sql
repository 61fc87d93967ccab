-- Signed statements of the audit log's size and root, oldest first. `note` is the exact text.

CREATE TABLE audit_checkpoints (
    size INTEGER NOT NULL PRIMARY KEY,
    at   INTEGER NOT NULL,
    note TEXT    NOT NULL
) STRICT;

-- Each 256 records of the log: the root over their hashes, and the span of their times. A path
-- from a record to a root is found without reading the whole log, and a span of time without
-- looking at every record.
CREATE TABLE audit_tiles (
    tile   INTEGER NOT NULL PRIMARY KEY,
    hash   BLOB    NOT NULL,
    min_at INTEGER NOT NULL,
    max_at INTEGER NOT NULL
) STRICT;

CREATE TRIGGER audit_checkpoints_are_not_changed BEFORE UPDATE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_checkpoints_are_not_deleted BEFORE DELETE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_tiles_are_not_changed BEFORE UPDATE ON audit_tiles
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_tiles_are_not_deleted BEFORE DELETE ON audit_tiles
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
