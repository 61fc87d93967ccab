-- Indexes that cost every phone of a job more than they save anybody.

-- Phones in flight are found through the jobs that run.
DROP INDEX job_targets_in_flight;
-- A site's phones of one job are found by reading the job's phones.
DROP INDEX job_targets_site;
-- Each contact moved a phone in it; sorting an inventory by hand takes a moment.
DROP INDEX phones_last_seen;
