-- Postgres alone keeps the phones in hand in a table of their own: SQLite tells only the indexes
-- whose columns or conditions change.
SELECT 1;
