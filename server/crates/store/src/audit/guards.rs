//! Whether the database itself refuses changes of the log.
//!
//! Owns the list of what guards it: triggers on both databases, and the rights of this account on
//! Postgres. *Invariant:* only looks.

use std::collections::BTreeSet;

use crate::dialect::Dialect;
use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;

/// Tables and the triggers on them that refuse changes, on both databases.
const EVERYWHERE: [(&str, &str); 9] = [
    ("audit", "audit_is_not_changed"),
    ("audit_head", "audit_head_stays"),
    ("audit_head", "audit_head_only_grows"),
    ("audit_checkpoints", "audit_checkpoints_are_not_changed"),
    ("audit_tiles", "audit_tiles_are_not_changed"),
    ("audit_marks", "audit_marks_only_grow"),
    ("audit_marks", "audit_marks_are_not_deleted"),
    ("audit_values", "audit_values_are_not_changed"),
    ("audit_sources", "audit_sources_are_not_changed"),
];
/// SQLite has one for each kind of change.
const SQLITE: [(&str, &str); 4] = [
    ("audit", "audit_is_not_deleted"),
    ("audit_checkpoints", "audit_checkpoints_are_not_deleted"),
    ("audit_tiles", "audit_tiles_are_not_deleted"),
    ("audit_values", "audit_values_are_not_deleted"),
];
const CHANGEABLE: &str = "SELECT t AS name FROM (VALUES ('audit', 'UPDATE, DELETE, TRUNCATE'), \
     ('audit_values', 'UPDATE, DELETE, TRUNCATE'), ('audit_checkpoints', 'UPDATE, DELETE, TRUNCATE'), \
     ('audit_tiles', 'UPDATE, DELETE, TRUNCATE'), ('audit_marks', 'DELETE, TRUNCATE'), \
     ('audit_head', 'DELETE, TRUNCATE'), ('audit_sources', 'UPDATE, TRUNCATE')) AS wanted (t, rights) \
     WHERE has_table_privilege(t, rights) ORDER BY t";

/// What guards the log, as far as it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditGuards {
    /// Triggers that are missing, switched off or on another table.
    pub missing: Vec<String>,
    /// Tables of the log that this account has the right to change.
    pub changeable: Vec<String>,
}

impl Store {
    /// Looks for what should guard the log.
    pub async fn audit_guards(&self) -> Result<AuditGuards> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let wanted = match conn.dialect() {
            Dialect::Sqlite => [&EVERYWHERE[..], &SQLITE[..]].concat(),
            Dialect::Postgres => EVERYWHERE.to_vec(),
        };
        let rows = conn.all(Sql::new(conn.dialect().triggers())).await?;
        let names = rows.iter().map(|row| row.get::<String>("name"));
        let there = names.collect::<Result<BTreeSet<_>>>()?;
        let stands = |(table, name): &(&str, &str)| there.contains(&format!("{table}.{name}"));
        let missing = wanted.into_iter().filter(|guard| !stands(guard));
        let missing = missing.map(|(_, name)| name.to_owned()).collect();
        let changeable = match conn.dialect() {
            // Whoever writes to the file may do anything to it.
            Dialect::Sqlite => Vec::new(),
            Dialect::Postgres => {
                let rows = conn.all(Sql::new(CHANGEABLE)).await?;
                let names = rows.iter().map(|row| row.get("name"));
                names.collect::<Result<_>>()?
            }
        };
        Ok(AuditGuards {
            missing,
            changeable,
        })
    }
}
