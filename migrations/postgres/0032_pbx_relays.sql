-- A PBX that sends the NOTIFYs in our place: Asterisk (AMI) or FreeSWITCH (ESL).
ALTER TABLE sip_profiles ADD COLUMN way TEXT COLLATE "C" NOT NULL DEFAULT 'sip'
    CHECK (way IN ('sip', 'ami', 'esl'));
ALTER TABLE sip_profiles ADD COLUMN pbx_profile TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE sip_profiles ADD COLUMN password_in_clear BOOLEAN NOT NULL DEFAULT false;

-- Two more ways that a try can have taken. The column is made anew, as it
-- has to be in SQLite.
ALTER TABLE job_targets ADD COLUMN way TEXT COLLATE "C"
    CHECK (way IN ('http', 'https', 'sip', 'ami', 'esl'));
UPDATE job_targets SET way = transport WHERE transport IS NOT NULL;
ALTER TABLE job_targets DROP COLUMN transport;
ALTER TABLE job_targets RENAME COLUMN way TO transport;

ALTER TABLE job_attempts ADD COLUMN way TEXT COLLATE "C"
    CHECK (way IN ('http', 'https', 'sip', 'ami', 'esl'));
UPDATE job_attempts SET way = transport WHERE transport IS NOT NULL;
ALTER TABLE job_attempts DROP COLUMN transport;
ALTER TABLE job_attempts RENAME COLUMN way TO transport;
