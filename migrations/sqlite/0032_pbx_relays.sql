-- A PBX that sends the NOTIFYs in our place: Asterisk (AMI) or FreeSWITCH (ESL).
ALTER TABLE sip_profiles ADD COLUMN way TEXT NOT NULL DEFAULT 'sip'
    CHECK (way IN ('sip', 'ami', 'esl'));
ALTER TABLE sip_profiles ADD COLUMN pbx_profile TEXT NOT NULL DEFAULT '';
ALTER TABLE sip_profiles ADD COLUMN password_in_clear INTEGER NOT NULL DEFAULT 0
    CHECK (password_in_clear IN (0, 1));

-- Two more ways that a try can have taken. A check cannot be widened: the column is made anew.
ALTER TABLE job_targets ADD COLUMN way TEXT
    CHECK (way IN ('http', 'https', 'sip', 'ami', 'esl'));
UPDATE job_targets SET way = transport WHERE transport IS NOT NULL;
ALTER TABLE job_targets DROP COLUMN transport;
ALTER TABLE job_targets RENAME COLUMN way TO transport;

ALTER TABLE job_attempts ADD COLUMN way TEXT
    CHECK (way IN ('http', 'https', 'sip', 'ami', 'esl'));
UPDATE job_attempts SET way = transport WHERE transport IS NOT NULL;
ALTER TABLE job_attempts DROP COLUMN transport;
ALTER TABLE job_attempts RENAME COLUMN way TO transport;
