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
/// Fewer are not worth a statement of their own.
const WORTH: usize = 24;

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
    let parts = match conn.dialect() {
        Dialect::Sqlite => parts(events),
        Dialect::Postgres => events.chunks(ROWS).collect(),
    };
    let mut parts = parts.into_iter();
    let mut last = None;
    let mut next = made(parts.next(), (run, &sources), &mut frontier)?;
    while let Some((start, part, rows)) = next {
        let meanwhile = async {
            for (event, seq) in part.iter().zip(start..) {
                marks.add(seq, event, sources.id(event));
            }
            made(parts.next(), (run, &sources), &mut frontier)
        };
        next = match conn.dialect() {
            // It writes these rows while the next are made.
            Dialect::Sqlite => {
                let (wrote, made) = join(conn.execute(insert(rows)), meanwhile).await;
                wrote?;
                made?
            }
            // The last go with the marks, in one round trip.
            Dialect::Postgres => {
                if let Some(before) = last.replace(insert(rows)) {
                    conn.execute(before).await?;
                }
                meanwhile.await?
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

/// Cuts events into the parts that one statement writes: where the action changes as well, if it does
/// so seldom, so that it is one value for all of the part.
fn parts(events: &[Event]) -> Vec<&[Event]> {
    let (mut parts, mut start) = (Vec::new(), 0);
    for (index, pair) in (1..).zip(events.windows(2)) {
        let other = pair[0].action != pair[1].action;
        let worth = index - start >= WORTH && events.len() - index >= WORTH;
        if index - start == ROWS || (other && worth) {
            parts.push(&events[start..index]);
            start = index;
        }
    }
    parts.push(&events[start..]);
    parts
}

/// One record as it is written: its leaf, and what its columns say.
type Made<'e> = (Leaf, Timestamp, Indexed<'e>);

/// A part with the number of its first record.
type MadePart<'e> = (i64, &'e [Event], Vec<Made<'e>>);

/// Makes the rows of a part, and adds them to the tree.
fn made<'e>(
    part: Option<&'e [Event]>,
    (run, sources): (&Run, &'e Sources<'_>),
    frontier: &mut Frontier,
) -> Result<Option<MadePart<'e>>> {
    let Some(part) = part else { return Ok(None) };
    let start = frontier.size() as i64;
    let mut rows = Vec::with_capacity(part.len());
    for (event, seq) in part.iter().zip(start..) {
        let source = sources.id(event);
        let leaf = leaf(seq, (run.id(), source, event), frontier)?;
        rows.push((leaf, event.at, indexed(event, source)));
    }
    Ok(Some((start, part, rows)))
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
        let mut values = Vec::with_capacity(leaf.len() + 4);
        values.extend(leaf);
        leaves.push(values);
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

#[cfg(test)]
mod tests {
    use carillon_domain::event::Actor;

    use super::*;

    #[test]
    fn events_are_cut_where_their_action_changes_for_many() {
        let event = |action: &str| Event::new(Timestamp::from_micros(0), Actor::system(), action);
        let lengths = |runs: &[(&str, usize)]| {
            let runs = runs.iter();
            let events = runs.flat_map(|(action, times)| vec![event(action); *times]);
            let events: Vec<_> = events.collect();
            parts(&events)
                .iter()
                .map(|part| part.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(lengths(&[("a", 80), ("b", 80)]), [80, 80]);
        assert_eq!(lengths(&[("a", 80), ("b", 1), ("c", 80)]), [80, 81]);
        assert_eq!(lengths(&[("a", 3), ("b", 80), ("c", 3)]), [86]);
        assert_eq!(lengths(&[("a", 1200), ("b", 40)]), [512, 512, 176, 40]);
        assert_eq!(lengths(&[("a", 1)]), [1]);
    }
}
