-- A keyed code over what decides in a row: who writes the database and has no key cannot make one.

ALTER TABLE users ADD COLUMN mac BLOB;
ALTER TABLE sessions ADD COLUMN mac BLOB;
ALTER TABLE api_tokens ADD COLUMN mac BLOB;
ALTER TABLE reset_links ADD COLUMN mac BLOB;
ALTER TABLE recovery_codes ADD COLUMN mac BLOB;
ALTER TABLE identities ADD COLUMN mac BLOB;
ALTER TABLE meta ADD COLUMN mac BLOB;
ALTER TABLE jobs ADD COLUMN mac BLOB;
