//! Reading many records as they are stored, for an export.
//!
//! Owns the way from tiles to texts. *Invariant:* lines are the exact bytes that were hashed, with
//! nothing but the address behind a commitment added at their end; each record once, newest first; whether one of them can be read is found out by whoever reads it.

use std::collections::BTreeSet;

use carillon_domain::event::Event;

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::sql::Sql;
use crate::store::Store;

use super::entry;
use super::query::AuditQuery;
use super::sources;
use super::walk::Walk;

/// Tiles whose records are read at once.
const AT_ONCE: usize = 16;

/// An export that has begun.
pub struct AuditExport {
    walk: Walk,
    /// Tiles that were found and not read yet, oldest first, and the numbers they were found for.
    tiles: Vec<i64>,
    bounds: (i64, i64),
}

impl AuditExport {
    /// Whether it brings every record below the number that it ends at: nothing is filtered, and
    /// nothing out of reach.
    pub fn is_whole(&self) -> bool {
        let plain = AuditQuery {
            below: self.walk.query.below,
            ..AuditQuery::default()
        };
        self.walk.reach.is_everything() && self.walk.query == plain
    }
}

/// Some records, as they are stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditLines {
    /// A line each, with no end behind the last.
    pub text: String,
    /// How many.
    pub records: usize,
}

impl Store {
    /// Begins to read everything that fits.
    pub async fn audit_export(&self, query: &AuditQuery) -> Result<AuditExport> {
        let mut reading = self.read().await?;
        let (asked, everything) = ((query, &self.reach), (0, i64::MAX));
        Ok(AuditExport {
            walk: Walk::begin(&mut reading.conn(), asked, everything, true).await?,
            tiles: Vec::new(),
            bounds: everything,
        })
    }

    /// The next records, newest first, possibly none of a few thousand that were looked at; `None`
    /// when there are no more.
    pub async fn audit_export_step(&self, export: &mut AuditExport) -> Result<Option<AuditLines>> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        while export.tiles.is_empty() {
            let Some(look) = export.walk.look(&mut conn).await? else {
                return Ok(None);
            };
            export.tiles = look.tiles.iter().rev().map(|(tile, _)| *tile).collect();
            export.bounds = look.bounds;
        }
        let rest = export.tiles.len().saturating_sub(AT_ONCE);
        let tiles = export.tiles.split_off(rest);
        let lines = lines(&export.walk, &mut conn, (&tiles, export.bounds)).await?;
        let lines = with_words(lines, &export.walk.words)?;
        with_addresses(&mut conn, lines).await.map(Some)
    }
}

async fn lines(
    walk: &Walk,
    conn: &mut Conn<'_>,
    chosen: (&[i64], (i64, i64)),
) -> Result<AuditLines> {
    let mut sql = Sql::new("SELECT COUNT(*) AS records, ");
    sql.push(conn.dialect().lines_newest_first());
    sql.push(" AS lines FROM (");
    walk.each_span(&mut sql, "SELECT a.seq, a.entry", chosen);
    sql.push(") found");
    let Some(row) = conn.optional(sql).await? else {
        return Ok(AuditLines::default());
    };
    let records: i64 = row.get("records")?;
    Ok(AuditLines {
        text: row.get::<Option<String>>("lines")?.unwrap_or_default(),
        records: usize::try_from(records).unwrap_or(0),
    })
}

/// Only the lines that say each of the words.
fn with_words(lines: AuditLines, words: &[String]) -> Result<AuditLines> {
    if words.is_empty() || lines.records == 0 {
        return Ok(lines);
    }
    let mut fitting = AuditLines::default();
    for line in lines.text.lines() {
        let (_, event) = record(line)?;
        if AuditQuery::says(words, &event) {
            let between = if fitting.records > 0 { "\n" } else { "" };
            fitting.text.push_str(between);
            fitting.text.push_str(line);
            fitting.records += 1;
        }
    }
    Ok(fitting)
}

/// The same with the addresses behind their commitments, as far as they are kept.
async fn with_addresses(conn: &mut Conn<'_>, lines: AuditLines) -> Result<AuditLines> {
    let ids: BTreeSet<_> = lines.text.lines().filter_map(entry::source).collect();
    if ids.is_empty() {
        return Ok(lines);
    }
    let kept = sources::kept(conn, ids).await?;
    let mut text = String::with_capacity(lines.text.len() + 96 * lines.records);
    for (index, line) in lines.text.lines().enumerate() {
        text.push_str(if index > 0 { "\n" } else { "" });
        let source = entry::source(line).and_then(|id| kept.get(id));
        sources::show(&mut text, line, source);
    }
    Ok(AuditLines { text, ..lines })
}

/// What a line tells.
fn record(line: &str) -> Result<(i64, Event)> {
    entry::read(line).ok_or_else(|| StoreError::Inconsistent {
        table: "audit",
        column: "entry",
        row: entry::number(line).map_or_else(String::new, |seq| seq.to_string()),
    })
}

impl AuditLines {
    /// Number and event of each line.
    ///
    /// # Errors
    /// A line that is no record.
    pub fn records(&self) -> impl Iterator<Item = Result<(i64, Event)>> {
        self.text.lines().map(record)
    }
}
