-- The networks in which phones may be contacted, where somebody made them narrower than the server's
-- settings. One row at most; no networks in it = all that the settings allow.

CREATE TABLE egress (
    place TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (place = 'phones'),
    networks TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    changed_by TEXT COLLATE "C" NOT NULL,
    changed_at BIGINT NOT NULL,
    mac BYTEA
);
