-- Which values occur in which 256 records of the log. A broadcast's records have nearly all of
-- their values in common, so that one narrow table takes the place of nine indexes. The value `…`
-- of the kind `word` says that a tile has to be looked at, whatever the word.

CREATE TABLE audit_marks (
    kind    TEXT    NOT NULL,
    value   TEXT    NOT NULL,
    tile    INTEGER NOT NULL,
    records INTEGER NOT NULL CHECK (records > 0),
    PRIMARY KEY (kind, value, tile)
) STRICT, WITHOUT ROWID;

-- The values themselves, for what is looked for by a part of it; of the kind `phone` also each
-- name that a phone has had.
CREATE TABLE audit_values (
    kind  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_anew (
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
    groups    TEXT
) STRICT;

INSERT INTO audit_anew (seq, at, entry, leaf_hash, actor, action, command, phone, site, job,
                        result, ip, groups)
SELECT seq, at, entry, leaf_hash, actor, action, command, phone, site, job, result, ip,
       (SELECT ' ' || group_concat(slug, ' ') || ' '
        FROM (SELECT g.group_slug AS slug FROM audit_groups g WHERE g.seq = a.seq
              ORDER BY g.group_slug))
FROM audit a ORDER BY seq;

INSERT INTO audit_marks (kind, value, tile, records)
SELECT 'actor', substr(actor, 1, 128), seq / 256, COUNT(*) FROM audit GROUP BY 2, 3 UNION ALL
SELECT 'action', substr(action, 1, 128), seq / 256, COUNT(*) FROM audit GROUP BY 2, 3 UNION ALL
SELECT 'result', result, seq / 256, COUNT(*) FROM audit GROUP BY 2, 3 UNION ALL
SELECT 'hour', printf('%08d', max(at, 0) / 3600000000), seq / 256, COUNT(*)
FROM audit GROUP BY 2, 3 UNION ALL
SELECT 'command', substr(command, 1, 128), seq / 256, COUNT(*)
FROM audit WHERE command IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'site', substr(site, 1, 128), seq / 256, COUNT(*)
FROM audit WHERE site IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'job', substr(job, 1, 128), seq / 256, COUNT(*)
FROM audit WHERE job IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'ip', substr(ip, 1, 128), seq / 256, COUNT(*)
FROM audit WHERE ip IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'about', 'job', seq / 256, COUNT(*)
FROM audit WHERE phone IS NULL AND job IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'group', substr(group_slug, 1, 128), seq / 256, COUNT(*)
FROM audit_groups GROUP BY 2, 3 UNION ALL
SELECT 'word', '…', seq / 256, 1 FROM audit GROUP BY 3;

INSERT INTO audit_values (kind, value) SELECT DISTINCT kind, value FROM audit_marks
WHERE kind IN ('action', 'command', 'word');

DROP TABLE audit_groups;
DROP TABLE audit;
ALTER TABLE audit_anew RENAME TO audit;

CREATE INDEX audit_phone ON audit (phone, seq) WHERE phone IS NOT NULL;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_marks_only_grow BEFORE UPDATE ON audit_marks
WHEN new.records <= old.records OR new.kind <> old.kind OR new.value <> old.value
     OR new.tile <> old.tile
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_marks_are_not_deleted BEFORE DELETE ON audit_marks
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_values_are_not_changed BEFORE UPDATE ON audit_values
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;

CREATE TRIGGER audit_values_are_not_deleted BEFORE DELETE ON audit_values
BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END;
