-- Which values occur in which 256 records of the log. A broadcast's records have nearly all of
-- their values in common, so that one narrow table takes the place of nine indexes. The value `…`
-- of the kind `word` says that a tile has to be looked at, whatever the word.

CREATE TABLE audit_marks (
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    tile BIGINT NOT NULL,
    records BIGINT NOT NULL CHECK (records > 0),
    PRIMARY KEY (kind, value, tile)
);

-- The values themselves, for what is looked for by a part of it; of the kind `phone` also each
-- name that a phone has had.
CREATE TABLE audit_values (
    kind TEXT COLLATE "C" NOT NULL,
    value TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, value)
);

INSERT INTO audit_marks (kind, value, tile, records)
SELECT 'actor', left(actor, 128), seq / 256, COUNT(*) FROM audit GROUP BY 2, 3 UNION ALL
SELECT 'action', left(action, 128), seq / 256, COUNT(*) FROM audit GROUP BY 2, 3 UNION ALL
SELECT 'result', result, seq / 256, COUNT(*) FROM audit GROUP BY 2, 3 UNION ALL
SELECT 'hour', lpad((greatest(at, 0) / 3600000000)::text, 8, '0'), seq / 256, COUNT(*)
FROM audit GROUP BY 2, 3 UNION ALL
SELECT 'command', left(command, 128), seq / 256, COUNT(*)
FROM audit WHERE command IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'site', left(site, 128), seq / 256, COUNT(*)
FROM audit WHERE site IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'job', left(job, 128), seq / 256, COUNT(*)
FROM audit WHERE job IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'ip', left(ip, 128), seq / 256, COUNT(*)
FROM audit WHERE ip IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'about', 'job', seq / 256, COUNT(*)
FROM audit WHERE phone IS NULL AND job IS NOT NULL GROUP BY 2, 3 UNION ALL
SELECT 'group', left(group_slug, 128), seq / 256, COUNT(*)
FROM audit_groups GROUP BY 2, 3 UNION ALL
SELECT 'word', '…', seq / 256, 1 FROM audit GROUP BY 3;

INSERT INTO audit_values (kind, value) SELECT DISTINCT kind, value FROM audit_marks
WHERE kind IN ('action', 'command', 'word');

DROP INDEX audit_at;
DROP INDEX audit_actor;
DROP INDEX audit_action;
DROP INDEX audit_result;
DROP INDEX audit_command;
DROP INDEX audit_site;
DROP INDEX audit_job;
DROP INDEX audit_ip;

ALTER TABLE audit DISABLE TRIGGER audit_is_not_changed;
ALTER TABLE audit ADD COLUMN groups TEXT COLLATE "C";
UPDATE audit SET groups = told.slugs
FROM (SELECT seq, ' ' || string_agg(group_slug, ' ' ORDER BY group_slug) || ' ' AS slugs
      FROM audit_groups GROUP BY seq) told
WHERE told.seq = audit.seq;
ALTER TABLE audit DROP COLUMN search;
ALTER TABLE audit ENABLE TRIGGER audit_is_not_changed;

DROP TABLE audit_groups;

CREATE TRIGGER audit_marks_only_grow BEFORE UPDATE ON audit_marks
    FOR EACH ROW WHEN (new.records <= old.records OR new.kind <> old.kind
                       OR new.value <> old.value OR new.tile <> old.tile)
    EXECUTE FUNCTION audit_is_append_only();

CREATE TRIGGER audit_marks_are_not_deleted BEFORE DELETE OR TRUNCATE ON audit_marks
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE TRIGGER audit_values_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_values
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
