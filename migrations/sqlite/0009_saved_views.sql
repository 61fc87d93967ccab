-- Lists of phones that people come back to, by their own names. `query` is the address of the
-- list without the path.

CREATE TABLE saved_views (
    user_id    TEXT    NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    slug       TEXT    NOT NULL,
    name       TEXT    NOT NULL,
    query      TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, slug)
) STRICT;
