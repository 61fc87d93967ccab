-- SQLite alone looks words of a rule up in a table: Postgres compares them.
SELECT 1;
