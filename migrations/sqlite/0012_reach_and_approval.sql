-- How far accounts and tokens reach, and who lets dangerous jobs run.

-- Scoped = sees and commands only what its areas name; without an area that is nothing.
ALTER TABLE users ADD COLUMN scoped INTEGER NOT NULL DEFAULT 0 CHECK (scoped IN (0, 1));
ALTER TABLE users ADD COLUMN approver INTEGER NOT NULL DEFAULT 0 CHECK (approver IN (0, 1));
ALTER TABLE api_tokens ADD COLUMN scoped INTEGER NOT NULL DEFAULT 0 CHECK (scoped IN (0, 1));

-- `holder` is the id of an account or of a token. An area goes with its site or group, so that
-- one of the same name that is made later is not meant.
CREATE TABLE areas (
    holder     TEXT NOT NULL,
    site       TEXT REFERENCES sites (slug) ON DELETE CASCADE,
    group_slug TEXT REFERENCES groups (slug) ON DELETE CASCADE,
    CHECK ((site IS NULL) <> (group_slug IS NULL))
) STRICT;

CREATE INDEX areas_holder ON areas (holder);
CREATE INDEX areas_site ON areas (site) WHERE site IS NOT NULL;
CREATE INDEX areas_group ON areas (group_slug) WHERE group_slug IS NOT NULL;

-- The account that a job counts for, whether it asked itself or by a token; and the second
-- person's answer.
ALTER TABLE jobs ADD COLUMN account TEXT;
ALTER TABLE jobs ADD COLUMN approve_until INTEGER;
ALTER TABLE jobs ADD COLUMN decided_by TEXT;
ALTER TABLE jobs ADD COLUMN decided_at INTEGER;

CREATE INDEX jobs_account ON jobs (account, created_at) WHERE account IS NOT NULL;
