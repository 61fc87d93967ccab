-- What decides about a job has a code already (0036): here is the number of the change that it is of,
-- and the list of phones that the job was frozen to, with a code of its own.

ALTER TABLE jobs ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN frozen BYTEA;
ALTER TABLE jobs ADD COLUMN frozen_mac BYTEA;
