-- A keyed code over what decides in a row: who writes the database and has no key cannot make one.

ALTER TABLE users ADD COLUMN mac BYTEA;
ALTER TABLE sessions ADD COLUMN mac BYTEA;
ALTER TABLE api_tokens ADD COLUMN mac BYTEA;
ALTER TABLE reset_links ADD COLUMN mac BYTEA;
ALTER TABLE recovery_codes ADD COLUMN mac BYTEA;
ALTER TABLE identities ADD COLUMN mac BYTEA;
ALTER TABLE meta ADD COLUMN mac BYTEA;
ALTER TABLE jobs ADD COLUMN mac BYTEA;
