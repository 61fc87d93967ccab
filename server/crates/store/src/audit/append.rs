//! Adding records at the end of the log.
//!
//! Owns the numbering and the head. *Invariant:* the bytes hashed are the bytes stored.

use std::ops::Range;

use carillon_domain::event::Event;
use serde::Serialize;

use crate::conn::Conn;
use crate::error::{Result, StoreError};
use crate::sql::{Sql, Value, parts};

use super::frontier::{Frontier, leaf_hash};

const ROWS: usize = 500;

/// What is stored and hashed: the number, then the event's own fields.
#[derive(Serialize)]
struct Entry<'e> {
    seq: i64,
    #[serde(flatten)]
    event: &'e Event,
}

/// Adds the events and moves the head, in the caller's transaction.
pub(crate) async fn append(conn: &mut Conn<'_>, events: &[Event]) -> Result<Range<i64>> {
    let mut frontier = head(conn, conn.dialect().for_update()).await?;
    let first = frontier.size() as i64;
    if events.is_empty() {
        return Ok(first..first);
    }
    let mut seq = first;
    for chunk in events.chunks(ROWS) {
        let mut rows = Vec::with_capacity(chunk.len());
        let mut groups = Vec::new();
        for event in chunk {
            rows.push(row(seq, event, &mut frontier)?);
            let slugs = event.groups.iter();
            groups.extend(slugs.map(|slug| vec![storable(slug).into(), seq.into()]));
            seq += 1;
        }
        insert(conn, rows, groups).await?;
    }
    let moved = Sql::new("UPDATE audit_head SET size = $1, frontier = $2 WHERE id = 1")
        .arg(seq)
        .arg(frontier.to_bytes());
    conn.execute(moved).await?;
    Ok(first..seq)
}

/// The head as stored, kept until the end of the transaction if `lock` says so.
pub(super) async fn head(conn: &mut Conn<'_>, lock: &'static str) -> Result<Frontier> {
    let mut sql = Sql::new("SELECT size, frontier FROM audit_head WHERE id = 1");
    if !lock.is_empty() {
        sql.push(lock);
    }
    let wrong = || StoreError::Inconsistent {
        table: "audit_head",
        column: "frontier",
        row: "1".to_owned(),
    };
    let row = conn.optional(sql).await?.ok_or_else(wrong)?;
    let bytes: Vec<u8> = row.get("frontier")?;
    let size = u64::try_from(row.get::<i64>("size")?).map_err(|_| wrong())?;
    Frontier::from_bytes(size, &bytes).ok_or_else(wrong)
}

fn row(seq: i64, event: &Event, frontier: &mut Frontier) -> Result<Vec<Value>> {
    let entry =
        serde_json::to_string(&Entry { seq, event }).map_err(|_| StoreError::Inconsistent {
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
    values.extend(indexed(event).into_iter().map(Value::from));
    Ok(values)
}

/// What the index says of an event, in the order of the columns: actor, action, command, phone,
/// site, job, result, ip, search.
pub(super) fn indexed(event: &Event) -> [Option<String>; 9] {
    [
        Some(storable(&event.actor.name)),
        Some(event.action.as_str().to_owned()),
        command(event).map(storable),
        event.phone.map(|mac| mac.to_string()),
        event.site.as_deref().map(storable),
        event.job.as_deref().map(storable),
        Some(event.result.as_str().to_owned()),
        event.ip.as_deref().map(storable),
        Some(search_text(event)),
    ]
}

/// The catalogue's action that an event is about: `detail.action`.
pub(crate) fn command(event: &Event) -> Option<&str> {
    event
        .detail
        .get("action")
        .and_then(serde_json::Value::as_str)
}

/// What the free text of a search is looked for in, in lower case.
fn search_text(event: &Event) -> String {
    let mut text = String::with_capacity(96);
    for part in [
        &event.phone_name,
        &event.reason,
        &event.actor.name,
        &event.action,
    ] {
        text.push_str(part);
        text.push('\n');
    }
    if let Some(mac) = event.phone {
        text.push_str(&mac.to_string());
        text.push('\n');
        text.push_str(&mac.digits());
        text.push('\n');
    }
    texts(&event.detail, &mut text);
    storable(&text.to_lowercase())
}

/// What people typed may hold a NUL, which Postgres has no way to store and SQLite ends a search
/// at. In the entry itself JSON writes it out; a record must never fail for it.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Every text in a detail, without its names.
fn texts(detail: &serde_json::Value, into: &mut String) {
    match detail {
        serde_json::Value::String(text) => {
            into.push_str(text);
            into.push('\n');
        }
        serde_json::Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
        serde_json::Value::Object(fields) => fields.values().for_each(|item| texts(item, into)),
        _ => {}
    }
}

async fn insert(conn: &mut Conn<'_>, rows: Vec<Vec<Value>>, groups: Vec<Vec<Value>>) -> Result<()> {
    let mut rows = rows.into_iter();
    for size in parts(rows.len()) {
        let mut sql = Sql::new(
            "INSERT INTO audit (seq, at, entry, leaf_hash, actor, action, command, phone, site, \
             job, result, ip, search) VALUES ",
        );
        sql.keep().tuples(rows.by_ref().take(size));
        conn.execute(sql).await?;
    }
    for chunk in groups.chunks(ROWS) {
        let mut sql = Sql::new("INSERT INTO audit_groups (group_slug, seq) VALUES ");
        sql.tuples(chunk.iter().cloned());
        sql.push(" ON CONFLICT (group_slug, seq) DO NOTHING");
        conn.execute(sql).await?;
    }
    Ok(())
}
