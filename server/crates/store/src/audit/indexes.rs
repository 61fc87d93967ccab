//! Whether the database finds what lies in the log.
//!
//! Owns the list of its indexes, as migrations make them, and the question to SQLite whether they hold
//! every row. *Invariant:* only looks. `tools/verify_audit.py` asks SQLite the same.

use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::Sql;

use super::scan::AuditScan;

/// What SQLite may have; the second of a name is that of an earlier program.
const SQLITE: [&str; 3] = [
    "CREATE INDEX audit_phone ON audit (seq / 2048, phone) WHERE phone IS NOT NULL",
    "CREATE INDEX audit_phone ON audit (phone, seq) WHERE phone IS NOT NULL",
    "CREATE INDEX audit_sources_day ON audit_sources (day)",
];
/// The same in Postgres, with those that keys bring.
const POSTGRES: [&str; 11] = [
    "CREATE INDEX audit_phone ON audit USING btree (((seq / 2048)), phone) WHERE (phone IS NOT NULL)",
    "CREATE INDEX audit_phone ON audit USING btree (phone, seq) WHERE (phone IS NOT NULL)",
    "CREATE INDEX audit_sources_day ON audit_sources USING btree (day)",
    "CREATE UNIQUE INDEX audit_checkpoints_pkey ON audit_checkpoints USING btree (size)",
    "CREATE UNIQUE INDEX audit_head_pkey ON audit_head USING btree (id)",
    "CREATE UNIQUE INDEX audit_marks_pkey ON audit_marks USING btree (kind, value, tile)",
    "CREATE UNIQUE INDEX audit_pkey ON audit USING btree (seq)",
    "CREATE UNIQUE INDEX audit_sources_address_day_key ON audit_sources USING btree (address, day)",
    "CREATE UNIQUE INDEX audit_sources_pkey ON audit_sources USING btree (id)",
    "CREATE UNIQUE INDEX audit_tiles_pkey ON audit_tiles USING btree (tile)",
    "CREATE UNIQUE INDEX audit_values_pkey ON audit_values USING btree (kind, value)",
];

/// Those that somebody made by a statement; keys bring theirs without a text.
const OF_SQLITE: &str = "SELECT COALESCE(m.sql, i.name) AS name FROM sqlite_master t \
     JOIN pragma_index_list(t.name) i LEFT JOIN sqlite_master m ON m.type = 'index' AND m.name = i.name \
     WHERE t.type = 'table' AND t.name IN ('audit', 'audit_head', 'audit_checkpoints', 'audit_tiles', \
     'audit_marks', 'audit_values', 'audit_sources') AND i.origin = 'c' ORDER BY 1";
/// What is not valid nobody is answered from.
const OF_POSTGRES: &str = "SELECT replace(pg_get_indexdef(i.indexrelid), \
     ' ON ' || quote_ident(n.nspname) || '.', ' ON ') AS name \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relname IN ('audit', 'audit_head', 'audit_checkpoints', 'audit_tiles', \
     'audit_marks', 'audit_values', 'audit_sources') AND pg_table_is_visible(c.oid) AND i.indisvalid \
     ORDER BY 1";
/// What SQLite itself finds wrong with the tables and their indexes.
const UNSOUND: &str = "SELECT t.name || ': ' || c.integrity_check AS name FROM sqlite_master t \
     JOIN pragma_integrity_check(t.name) c WHERE t.type = 'table' AND t.name IN ('audit', 'audit_head', \
     'audit_checkpoints', 'audit_tiles', 'audit_marks', 'audit_values', 'audit_sources') \
     AND c.integrity_check <> 'ok' ORDER BY 1 LIMIT 1";

impl AuditScan {
    /// Why the database might not find what lies in the log: an index that is not as Carillon made it,
    /// or, in SQLite, one that lacks rows.
    pub async fn odd_index(&mut self) -> Result<Option<String>> {
        let mut conn = self.tx.conn();
        let (text, known) = match conn.dialect() {
            Dialect::Sqlite => (OF_SQLITE, &SQLITE[..]),
            Dialect::Postgres => (OF_POSTGRES, &POSTGRES[..]),
        };
        for row in conn.all(Sql::new(text)).await? {
            let made: String = row.get("name")?;
            if !known.contains(&made.as_str()) {
                let made = on_one_line(&made);
                return Ok(Some(format!("Carillon made no such index: {made}")));
            }
        }
        if conn.dialect() == Dialect::Postgres {
            return Ok(None);
        }
        let rows = conn.all(Sql::new(UNSOUND)).await?;
        let found: Option<String> = rows.first().map(|row| row.get("name")).transpose()?;
        Ok(found.as_deref().map(on_one_line))
    }
}

/// Names in a database are anybody's words: on a terminal they may not write a line of their own.
fn on_one_line(text: &str) -> String {
    text.replace(char::is_control, " ")
}
