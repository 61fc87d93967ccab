-- A target changes its state twice or more. As long as any index knows of states, each change is told
-- to all indexes of the table; so states are in none any more, and where a page has room for a row's
-- next form no index is told of it.
DROP INDEX job_targets_sending;
DROP INDEX job_targets_looked_at;
DROP INDEX job_targets_waiting;
ALTER TABLE job_targets SET (fillfactor = 45);

-- The job that is sending to a phone or looking at it: one command at a time for each phone, over all
-- jobs and all nodes. It follows job_targets by itself, whoever changes that. Each phone has its row from
-- its first job on, and keeps it, so that no index is told of a claim or of its end.
CREATE TABLE phones_in_hand (
    mac TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    job TEXT COLLATE "C"
) WITH (fillfactor = 45);

INSERT INTO phones_in_hand (mac, job)
SELECT mac, MAX(job) FILTER (WHERE state IN ('sending', 'verifying')) FROM job_targets GROUP BY mac;

-- Each row is looked up by its key, as a step of its own, and found by its place then. All of them would
-- be read otherwise, by a plan from when they were few.
CREATE FUNCTION phones_in_hand_follow() RETURNS trigger LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    one RECORD;
    had BIGINT;
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO phones_in_hand (mac) SELECT mac FROM becomes ON CONFLICT (mac) DO NOTHING;
    ELSE
        UPDATE phones_in_hand SET job = NULL WHERE ctid = ANY (ARRAY (
            SELECT (SELECT h.ctid FROM phones_in_hand h WHERE h.mac = w.mac AND h.job = w.job)
            FROM was w WHERE w.state IN ('sending', 'verifying')));
    END IF;
    IF TG_OP <> 'DELETE' THEN
        FOR one IN SELECT job, COUNT(*) AS phones FROM becomes
            WHERE state IN ('sending', 'verifying') GROUP BY job
        LOOP
            UPDATE phones_in_hand SET job = one.job WHERE job IS NULL AND ctid = ANY (ARRAY (
                SELECT (SELECT h.ctid FROM phones_in_hand h WHERE h.mac = b.mac)
                FROM becomes b WHERE b.job = one.job AND b.state IN ('sending', 'verifying')));
            GET DIAGNOSTICS had = ROW_COUNT;
            IF had < one.phones THEN
                RAISE unique_violation USING MESSAGE = 'a phone is in the hand of another job';
            END IF;
        END LOOP;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER phones_in_hand_change AFTER UPDATE ON job_targets
REFERENCING OLD TABLE AS was NEW TABLE AS becomes
FOR EACH STATEMENT EXECUTE FUNCTION phones_in_hand_follow();
CREATE TRIGGER phones_in_hand_begin AFTER INSERT ON job_targets
REFERENCING NEW TABLE AS becomes
FOR EACH STATEMENT EXECUTE FUNCTION phones_in_hand_follow();
CREATE TRIGGER phones_in_hand_end AFTER DELETE ON job_targets
REFERENCING OLD TABLE AS was
FOR EACH STATEMENT EXECUTE FUNCTION phones_in_hand_follow();
