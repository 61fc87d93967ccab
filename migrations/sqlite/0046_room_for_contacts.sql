-- Postgres alone needs room beside each phone: SQLite changes a row where it lies, and tells only
-- the indexes whose columns change.
SELECT 1;
