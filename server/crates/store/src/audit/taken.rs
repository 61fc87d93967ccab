//! What a database must have, because something that came later is there.
//!
//! Owns the list of places that a check of the log needs, by the migration that brought them.
//! *Invariant:* a database of an earlier program lacks what came after it, and nothing else; what is
//! missing among the rest was taken away. `tools/verify_audit.py` has the same list.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;

use super::scan::AuditScan;

/// Where the database itself notes what it was set up with.
const NOTED: &str = "_sqlx_migrations.version";

/// Places without which no record can be read or compared.
const OF_THE_LOG: [(i64, &str); 6] = [
    (5, "audit.entry"),
    (5, "audit_head.frontier"),
    (10, "audit_checkpoints.note"),
    (10, "audit_tiles.hash"),
    (13, "audit_marks.records"),
    (13, "audit_values.value"),
];

/// Places of what is held against the records, and of what the codes of rows stand in.
const BESIDE: [(i64, &str); 23] = [
    (1, NOTED),
    (1, "meta.key"),
    (2, "users.password"),
    (2, "api_tokens.scope"),
    (2, "sessions.id_hash"),
    (3, "credentials.secret"),
    (4, "jobs.digest"),
    (4, "jobs.options"),
    (4, "job_targets.state"),
    (12, "users.approver"),
    (12, "jobs.approve_until"),
    (12, "jobs.decided_by"),
    (14, "users.factor"),
    (14, "recovery_codes.code_hash"),
    (14, "reset_links.code_hash"),
    (20, "identities.subject"),
    (24, "streams.secret"),
    (25, "audit_private.sealed"),
    (34, "audit_sources.address"),
    (36, "users.mac"),
    (38, "egress.place"),
    (39, "jobs.frozen"),
    (40, "orders.value"),
];

/// What was taken away from a database, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Of the log: its records cannot be checked.
    pub of_the_log: Vec<String>,
    /// Of what is compared with the log.
    pub beside: Vec<String>,
}

/// The places of a database, and how new it is.
struct Places {
    there: BTreeSet<String>,
    reached: i64,
}

impl Places {
    fn missing(&self, places: &[(i64, &str)]) -> Vec<String> {
        let due = places.iter().filter(|(since, _)| *since <= self.reached);
        let missing = due.filter(|(_, place)| !self.there.contains(*place));
        missing.map(|(_, place)| self.told(place)).collect()
    }

    fn told(&self, place: &str) -> String {
        let table = place.split('.').next().unwrap_or(place);
        let beginning = format!("{table}.");
        let column_only = self.there.iter().any(|name| name.starts_with(&beginning));
        if column_only {
            format!("the column {place} is gone")
        } else {
            format!("the table {table} is gone")
        }
    }
}

impl AuditScan {
    /// What somebody took away. Nothing, where there is nothing of Carillon at all.
    pub async fn taken(&mut self) -> Result<Taken> {
        let text = self.tx.conn().dialect().columns();
        let rows = self.tx.conn().all(Sql::new(text)).await?;
        let names = rows.iter().map(|row: &Row| row.get::<String>("name"));
        let there: BTreeSet<String> = names.collect::<Result<_>>()?;
        let known = OF_THE_LOG.iter().chain(&BESIDE);
        let found = known.filter(|(_, place)| there.contains(*place));
        let found = found.map(|(since, _)| *since).max().unwrap_or_default();
        let noted = if there.contains(NOTED) {
            self.noted().await?
        } else {
            0
        };
        let reached = found.max(noted);
        let places = Places { there, reached };
        Ok(Taken {
            of_the_log: places.missing(&OF_THE_LOG),
            beside: places.missing(&BESIDE),
        })
    }

    /// The last migration that the database says it was set up with.
    async fn noted(&mut self) -> Result<i64> {
        let sql = Sql::new("SELECT COALESCE(MAX(version), 0) AS n FROM _sqlx_migrations");
        self.tx.conn().number(sql, "n").await
    }
}
