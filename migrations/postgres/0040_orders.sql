-- Orders that hold for everybody: each has its row, also while nobody gave it (NULL), so that one that
-- is gone is noticed.

CREATE TABLE orders (
    name TEXT COLLATE "C" NOT NULL PRIMARY KEY CHECK (name IN ('stop_all', 'rules',
        'second_factor_roles')),
    value TEXT COLLATE "C",
    version BIGINT NOT NULL,
    mac BYTEA
);

INSERT INTO orders (name, value, version)
    VALUES ('stop_all', (SELECT value FROM meta WHERE key = 'stop_all'), 0);
INSERT INTO orders (name, value, version)
    VALUES ('rules', (SELECT value FROM meta WHERE key = 'rules'), 0);
INSERT INTO orders (name, value, version)
    VALUES ('second_factor_roles', (SELECT value FROM meta WHERE key = 'second_factor_roles'), 0);
DELETE FROM meta WHERE key IN ('stop_all', 'rules', 'second_factor_roles');
