-- The networks in which phones may be contacted, where somebody made them narrower than the server's
-- settings. One row at most; no networks in it = all that the settings allow.

CREATE TABLE egress (
    place      TEXT    NOT NULL PRIMARY KEY CHECK (place = 'phones'),
    networks   TEXT    NOT NULL,
    version    INTEGER NOT NULL,
    changed_by TEXT    NOT NULL,
    changed_at INTEGER NOT NULL,
    mac        BLOB
) STRICT;
