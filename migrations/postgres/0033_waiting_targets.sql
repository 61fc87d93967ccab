-- A target changes its state twice or more, and each time it changed its place in an index of all
-- states. Claims ask for what waits, and that a target leaves once.
DROP INDEX job_targets_state;
CREATE INDEX job_targets_waiting ON job_targets (job, position) WHERE state = 'waiting';
