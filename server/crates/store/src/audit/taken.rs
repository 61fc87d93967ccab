//! What a database must have, because something that came later is there.
//!
//! Owns the list of all places, by the migration that brought them (`places.txt`).
//! *Invariant:* a database of an earlier program lacks what came after it, and nothing else; what is
//! missing among the rest was taken away. `tools/verify_audit.py` has the same list.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;

use super::scan::AuditScan;

/// Where the database itself notes what it was set up with.
const NOTED: &str = "_sqlx_migrations.version";

/// Every column of every table: the migration that brought it to stay, the table, its columns.
const PLACES: &str = include_str!("places.txt");

/// Tables without which no record can be read or compared.
const OF_THE_LOG: [&str; 6] = [
    "audit",
    "audit_head",
    "audit_checkpoints",
    "audit_tiles",
    "audit_marks",
    "audit_values",
];

/// A column that a database of the migration `since`, or a later one, has.
struct Place {
    since: i64,
    table: &'static str,
    /// With its table before it.
    name: String,
}

/// All of them, by migration.
fn known() -> impl Iterator<Item = Place> {
    PLACES.lines().flat_map(|line| {
        let mut words = line.split(' ');
        let since = words.next().and_then(|since| since.parse().ok());
        let (since, table) = (since.unwrap_or(i64::MAX), words.next().unwrap_or_default());
        words.map(move |column| Place {
            since,
            table,
            name: format!("{table}.{column}"),
        })
    })
}

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
    /// What is missing of the log, or of what is beside it.
    fn missing(&self, of_the_log: bool) -> Vec<String> {
        let due = known().filter(|place| place.since <= self.reached);
        let due = due.filter(|place| OF_THE_LOG.contains(&place.table) == of_the_log);
        let missing = due.filter(|place| !self.there.contains(&place.name));
        missing.map(|place| self.told(&place.name)).collect()
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
        let found = known().filter(|place| there.contains(&place.name));
        let found = found.map(|place| place.since).max().unwrap_or_default();
        let noted = if there.contains(NOTED) {
            self.noted().await?
        } else {
            0
        };
        let reached = found.max(noted);
        let places = Places { there, reached };
        Ok(Taken {
            of_the_log: places.missing(true),
            beside: places.missing(false),
        })
    }

    /// The last migration that the database says it was set up with.
    async fn noted(&mut self) -> Result<i64> {
        let sql = Sql::new("SELECT COALESCE(MAX(version), 0) AS n FROM _sqlx_migrations");
        self.tx.conn().number(sql, "n").await
    }
}
