-- How far each anchor over the network is: the records under the last checkpoint that it took. So a
-- start knows since when one lacks something. `id` is a digest of its address, which may hold a
-- secret path.

CREATE TABLE audit_anchors (
    id      TEXT    NOT NULL PRIMARY KEY,
    reached INTEGER NOT NULL CHECK (reached >= 0)
) STRICT;
