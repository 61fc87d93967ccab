-- An account for Carillon that can add to the audit log and not change it. Run as the owner of the
-- tables, once and after each update that brought new tables: the owner brings the schema up to date
-- (any command of the new version with the owner's address does), the server runs as `carillon_app`.
GRANT USAGE, CREATE ON SCHEMA public TO carillon_app; -- a start asks for the table of versions
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO carillon_app;
REVOKE UPDATE, DELETE ON audit, audit_values, audit_checkpoints, audit_tiles FROM carillon_app;
REVOKE DELETE ON audit_marks, audit_head FROM carillon_app;
REVOKE UPDATE ON audit_sources FROM carillon_app; -- rows are added, and removed when their time is over
