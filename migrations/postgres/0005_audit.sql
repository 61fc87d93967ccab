-- The audit log. `entry` is the exact text that is hashed; the other columns are an index on it.

CREATE TABLE audit (
    seq BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    entry TEXT COLLATE "C" NOT NULL,
    leaf_hash BYTEA NOT NULL,
    actor TEXT COLLATE "C" NOT NULL,
    action TEXT COLLATE "C" NOT NULL,
    command TEXT COLLATE "C",
    phone TEXT COLLATE "C",
    site TEXT COLLATE "C",
    job TEXT COLLATE "C",
    result TEXT COLLATE "C" NOT NULL,
    ip TEXT COLLATE "C",
    search TEXT COLLATE "C" NOT NULL
);

CREATE INDEX audit_at ON audit (at, seq);
CREATE INDEX audit_actor ON audit (actor, seq);
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_result ON audit (result, seq);
CREATE INDEX audit_command ON audit (command, seq) WHERE command IS NOT NULL;
CREATE INDEX audit_phone ON audit (phone, seq) WHERE phone IS NOT NULL;
CREATE INDEX audit_site ON audit (site, seq) WHERE site IS NOT NULL;
CREATE INDEX audit_job ON audit (job, seq) WHERE job IS NOT NULL;
CREATE INDEX audit_ip ON audit (ip, seq) WHERE ip IS NOT NULL;

CREATE TABLE audit_groups (
    group_slug TEXT COLLATE "C" NOT NULL,
    seq BIGINT NOT NULL REFERENCES audit (seq),
    PRIMARY KEY (group_slug, seq)
);

CREATE INDEX audit_groups_seq ON audit_groups (seq);

-- The tree so far: the number of leaves and the roots of its perfect parts, largest first.
CREATE TABLE audit_head (
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    size BIGINT NOT NULL,
    frontier BYTEA NOT NULL
);

INSERT INTO audit_head (id, size, frontier) VALUES (1, 0, ''::bytea);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$;

CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE TRIGGER audit_groups_are_not_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_groups
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE TRIGGER audit_head_stays BEFORE DELETE OR TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

CREATE TRIGGER audit_head_only_grows BEFORE UPDATE ON audit_head
    FOR EACH ROW WHEN (new.size < old.size) EXECUTE FUNCTION audit_is_append_only();
