-- Signed statements of the audit log's size and root, oldest first. `note` is the exact text.

CREATE TABLE audit_checkpoints (
    size BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    note TEXT COLLATE "C" NOT NULL
);

-- Each 256 records of the log: the root over their hashes, and the span of their times. A path
-- from a record to a root is found without reading the whole log, and a span of time without
-- looking at every record.
CREATE TABLE audit_tiles (
    tile BIGINT NOT NULL PRIMARY KEY,
    hash BYTEA NOT NULL,
    min_at BIGINT NOT NULL,
    max_at BIGINT NOT NULL
);

CREATE TRIGGER audit_checkpoints_are_not_changed
    BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE TRIGGER audit_tiles_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tiles
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
