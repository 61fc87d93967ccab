-- Whether a phone is being looked at, asked for every phone of every claim.
CREATE INDEX job_targets_looked_at ON job_targets (mac) WHERE state = 'verifying';
