//! Adding records at the end of the log.
//!
//! Owns the numbering and the head. *Invariant:* the bytes hashed are the bytes stored.

use std::ops::Range;

use carillon_domain::event::Event;

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::run::Run;
use crate::sql::{Sql, Value};

use super::entry;
use super::frontier::{Frontier, leaf_hash};
use super::known::{Known, Learned};
use super::marks::{Marks, command};
use super::sources::Sources;
use super::words::storable;

const ROWS: usize = 512;

/// Adds the events and moves the head, in the caller's transaction.
pub(crate) async fn append(
    conn: &mut Conn<'_>,
    events: &[Event],
    (known, run): (&Known, &Run),
) -> Result<(Range<i64>, Learned)> {
    let mut frontier = head(conn, conn.dialect().for_update()).await?;
    let first = frontier.size() as i64;
    if events.is_empty() {
        return Ok((first..first, Learned::default()));
    }
    let sources = Sources::of(conn, (known, run), events).await?;
    let mut marks = Marks::default();
    for (chunk, start) in events.chunks(ROWS).zip((first..).step_by(ROWS)) {
        let mut rows = Vec::with_capacity(chunk.len());
        for (event, seq) in chunk.iter().zip(start..) {
            let source = sources.id(event);
            rows.push(row(seq, (run.id(), source, event), &mut frontier)?);
            marks.add(seq, event, source);
        }
        conn.execute(insert(rows)).await?;
    }
    let next = frontier.size() as i64;
    let moved = Sql::new("UPDATE audit_head SET size = $1, frontier = $2 WHERE id = 1")
        .arg(next)
        .arg(frontier.to_bytes());
    let mut learned = marks.insert(conn, known, moved).await?;
    sources.teach(&mut learned);
    Ok((first..next, learned))
}

/// The head as stored, kept until the end of the transaction if `lock` says so.
pub(super) async fn head(conn: &mut Conn<'_>, lock: &'static str) -> Result<Frontier> {
    let mut sql = Sql::new("SELECT size, frontier FROM audit_head WHERE id = 1");
    if !lock.is_empty() {
        sql.push(lock).keep();
    }
    frontier(conn.optional(sql).await?.as_ref())
}

/// The head of a row with its columns.
pub(super) fn frontier(row: Option<&Row>) -> Result<Frontier> {
    let wrong = || StoreError::Inconsistent {
        table: "audit_head",
        column: "frontier",
        row: "1".to_owned(),
    };
    let row = row.ok_or_else(wrong)?;
    let bytes: Vec<u8> = row.get("frontier")?;
    let size = u64::try_from(row.get::<i64>("size")?).map_err(|_| wrong())?;
    Frontier::from_bytes(size, &bytes).ok_or_else(wrong)
}

fn row(
    seq: i64,
    told @ (_, source, event): (&str, Option<&str>, &Event),
    frontier: &mut Frontier,
) -> Result<Vec<Value>> {
    let entry = entry::write(seq, told).ok_or_else(|| StoreError::Inconsistent {
        table: "audit",
        column: "entry",
        row: seq.to_string(),
    })?;
    let leaf = leaf_hash(entry.as_bytes());
    frontier.push(leaf);
    let mut values = Vec::with_capacity(13);
    values.extend([
        seq.into(),
        event.at.into(),
        entry.into(),
        leaf.as_slice().into(),
    ]);
    values.extend(indexed(event, source).into_iter().map(Value::from));
    Ok(values)
}

/// What the columns say of an event, in their order: actor, action, command, phone, site, job,
/// result, ip, groups. `source` stands for where it came from.
pub(super) fn indexed(event: &Event, source: Option<&str>) -> [Option<String>; 9] {
    let text = |text: &str| storable(text).into_owned();
    [
        Some(text(&event.actor.name)),
        Some(text(&event.action)),
        command(event).map(text),
        event.phone.map(|mac| mac.to_string()),
        event.site.as_deref().map(text),
        event.job.as_deref().map(text),
        Some(event.result.as_str().to_owned()),
        source.map(text),
        groups(event),
    ]
}

/// Each group once, in their order, with a space on both sides.
fn groups(event: &Event) -> Option<String> {
    let mut slugs: Vec<_> = event.groups.iter().map(|slug| storable(slug)).collect();
    slugs.sort();
    slugs.dedup();
    if slugs.is_empty() {
        return None;
    }
    Some(format!(" {} ", slugs.join(" ")))
}

fn insert(rows: Vec<Vec<Value>>) -> Sql {
    let mut sql = Sql::new(
        "INSERT INTO audit (seq, at, entry, leaf_hash, actor, action, command, phone, site, \
         job, result, ip, groups) ",
    );
    sql.rows_once(rows);
    sql
}
