//! Adding records at the end of the log.
//!
//! Owns the numbering and the head. *Invariant:* the bytes hashed are the bytes stored.

use std::borrow::Cow;
use std::ops::Range;

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use futures_util::future::join;

use crate::conn::Conn;
use crate::dialect::Dialect;
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
    let mut last = None;
    for (chunk, start) in events.chunks(ROWS).zip((first..).step_by(ROWS)) {
        let mut rows = Vec::with_capacity(chunk.len());
        for (event, seq) in chunk.iter().zip(start..) {
            let source = sources.id(event);
            let leaf = leaf(seq, (run.id(), source, event), &mut frontier)?;
            rows.push((leaf, event.at, indexed(event, source)));
        }
        let marking = async {
            for (event, seq) in chunk.iter().zip(start..) {
                marks.add(seq, event, sources.id(event));
            }
        };
        match conn.dialect() {
            // It writes them meanwhile.
            Dialect::Sqlite => join(conn.execute(insert(rows)), marking).await.0?,
            // The last go with the marks, in one round trip.
            Dialect::Postgres => {
                marking.await;
                match last.replace(insert(rows)) {
                    Some(before) => conn.execute(before).await?,
                    None => 0,
                }
            }
        };
    }
    let next = frontier.size() as i64;
    let moved = Sql::new("UPDATE audit_head SET size = $1, frontier = $2 WHERE id = 1")
        .arg(next)
        .arg(frontier.to_bytes());
    let changes = last.into_iter().chain([moved]).collect();
    let mut learned = marks.insert(conn, known, changes).await?;
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

/// Number, entry and hash of the next record.
type Leaf = [Value; 3];

fn leaf(seq: i64, told: (&str, Option<&str>, &Event), frontier: &mut Frontier) -> Result<Leaf> {
    let entry = entry::write(seq, told).ok_or_else(|| StoreError::Inconsistent {
        table: "audit",
        column: "entry",
        row: seq.to_string(),
    })?;
    let leaf = leaf_hash(entry.as_bytes());
    frontier.push(leaf);
    Ok([seq.into(), entry.into(), leaf.as_slice().into()])
}

/// What the columns say of an event, in the order of [`INDEXED`].
pub(super) type Indexed<'e> = [Option<Cow<'e, str>>; 9];

/// The columns that repeat what an entry says.
pub(super) const INDEXED: [&str; 9] = [
    "actor", "action", "command", "phone", "site", "job", "result", "ip", "groups",
];

/// `source` stands for where an event came from.
pub(super) fn indexed<'e>(event: &'e Event, source: Option<&'e str>) -> Indexed<'e> {
    [
        Some(storable(&event.actor.name)),
        Some(storable(&event.action)),
        command(event).map(storable),
        event.phone.map(|mac| Cow::Owned(mac.to_string())),
        event.site.as_deref().map(storable),
        event.job.as_deref().map(storable),
        Some(Cow::Borrowed(event.result.as_str())),
        source.map(storable),
        groups(event).map(Cow::Owned),
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

/// What records have in common is bound once: dispatch adds hundreds of one job at a time.
fn insert(rows: Vec<(Leaf, Timestamp, Indexed<'_>)>) -> Sql {
    let (mut leaves, mut own, mut common) = (Vec::new(), Vec::new(), Vec::new());
    let mut times = Vec::with_capacity(rows.len());
    let mut texts = Vec::with_capacity(rows.len());
    for (leaf, at, indexed) in rows {
        leaves.push(Vec::from(leaf));
        times.push(at);
        texts.push(indexed);
    }
    let mut share = |name: &'static str, values: Vec<Value>, alike: bool| {
        if alike {
            common.extend(values.into_iter().next().map(|value| (name, value)));
            return;
        }
        own.push(name);
        for (row, value) in leaves.iter_mut().zip(values) {
            row.push(value);
        }
    };
    share(
        "at",
        times.iter().map(|at| (*at).into()).collect(),
        alike(&times, |at| at),
    );
    for (column, name) in INDEXED.into_iter().enumerate() {
        let alike = alike(&texts, |texts| &texts[column]);
        let few = if alike { 1 } else { texts.len() };
        let values = texts
            .iter()
            .take(few)
            .map(|texts| texts[column].as_deref().into());
        share(name, values.collect(), alike);
    }
    let mut sql = Sql::new("INSERT INTO audit (seq, entry, leaf_hash");
    for name in own.into_iter().chain(common.iter().map(|(name, _)| *name)) {
        sql.push(", ").push(name);
    }
    sql.push(") SELECT v.*");
    for (_, value) in common {
        sql.push(", ").bind(value);
    }
    sql.push(" FROM (").rows_once(leaves).push(") AS v");
    sql
}

fn alike<'r, R, T: PartialEq + 'r>(rows: &'r [R], of: impl Fn(&'r R) -> &'r T) -> bool {
    let mut values = rows.iter().map(of);
    let first = values.next();
    values.all(|value| Some(value) == first)
}
