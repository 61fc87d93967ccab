//! Reading the log as it lies there, for whoever checks it.
//!
//! Owns the look at raw bytes. *Invariant:* nothing that somebody wrote into the tables makes
//! this fail: what is odd is a finding, and the checker names it.

use carillon_domain::event::Event;

use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::{Store, Tx};

use super::append::{INDEXED, Indexed, indexed};
use super::checkpoints::{self, CheckpointRow, TILE, TileRow};
use super::entry;
use super::frontier::Hash;
use super::marked::MarkCheck;
use super::sources;

/// One moment of the log, for a look at all of it.
pub struct AuditScan {
    pub(super) tx: Tx,
}

/// One record as it lies there.
#[derive(Clone, Debug)]
pub struct RawRecord {
    /// The number in the table.
    pub seq: i64,
    /// The bytes that should be hashed.
    pub entry: Vec<u8>,
    /// The hash that stands beside them.
    pub leaf_hash: Vec<u8>,
    /// The other columns: the numbers, then the texts.
    at: i64,
    texts: Vec<Option<Vec<u8>>>,
}

/// How a record differs from what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordFault {
    /// The entry cannot be read as a record.
    Unreadable,
    /// The entry has another number than the row.
    Number,
    /// This column says something else than the entry.
    Column(&'static str),
}

impl Store {
    /// Begins a look at the whole log as it is at this moment.
    pub async fn audit_scan(&self) -> Result<AuditScan> {
        Ok(AuditScan {
            tx: self.snapshot().await?,
        })
    }
}

impl AuditScan {
    /// Size and frontier of the head, as they stand there.
    pub async fn head(&mut self) -> Result<(i64, Vec<u8>)> {
        let sql = Sql::new("SELECT size, frontier FROM audit_head WHERE id = 1");
        let row = self.tx.conn().optional(sql).await?;
        Ok(match row {
            Some(row) => (row.get("size")?, row.raw("frontier")?.unwrap_or_default()),
            None => (-1, Vec::new()),
        })
    }

    /// The next records with a number above `after`. Begin with `i64::MIN`.
    pub async fn records(&mut self, after: i64, limit: i64) -> Result<Vec<RawRecord>> {
        let sql = Sql::new(
            "SELECT seq, at, entry, leaf_hash, actor, action, command, phone, site, job, result, \
             ip, groups FROM audit WHERE seq > $1 ORDER BY seq LIMIT $2",
        );
        let rows = self.tx.conn().all(sql.arg(after).arg(limit)).await?;
        rows.iter().map(raw).collect()
    }

    /// All marks and values, to be compared with the records.
    pub async fn marks(&mut self) -> Result<MarkCheck> {
        MarkCheck::read(&mut self.tx.conn()).await
    }

    /// All checkpoints, smallest first.
    pub async fn checkpoints(&mut self) -> Result<Vec<CheckpointRow>> {
        checkpoints::all(&mut self.tx.conn()).await
    }

    /// The tiles in `from..to` that are there.
    pub async fn tiles(&mut self, from: i64, to: i64) -> Result<Vec<TileRow>> {
        checkpoints::tiles(&mut self.tx.conn(), from, to).await
    }

    /// The first tile that stands there and of which a log of `size` records does not hold all.
    pub async fn stray_tile(&mut self, size: i64) -> Result<Option<i64>> {
        let sql =
            Sql::new("SELECT MIN(tile) AS tile FROM audit_tiles WHERE tile < 0 OR tile >= $1");
        let row = self.tx.conn().optional(sql.arg(size / TILE)).await?;
        row.map_or(Ok(None), |row| row.get("tile"))
    }
}

impl RawRecord {
    /// The time in the index, which [`RawRecord::told`] compares with the entry.
    pub const fn at(&self) -> i64 {
        self.at
    }

    /// The hash that the entry has.
    pub fn computed_hash(&self) -> Hash {
        super::leaf_hash(&self.entry)
    }

    /// What the entry tells, if number and index columns agree with it.
    ///
    /// # Errors
    /// How they differ.
    pub fn told(&self) -> std::result::Result<Event, RecordFault> {
        let entry = std::str::from_utf8(&self.entry).map_err(|_| RecordFault::Unreadable)?;
        let (seq, event) = entry::read(entry).ok_or(RecordFault::Unreadable)?;
        if seq != self.seq {
            return Err(RecordFault::Number);
        }
        if event.at.micros() != self.at {
            return Err(RecordFault::Column("at"));
        }
        match self.differing_text(&indexed(&event, sources::column(&event))) {
            Some(column) => Err(RecordFault::Column(column)),
            None => Ok(event),
        }
    }

    fn differing_text(&self, expected: &Indexed<'_>) -> Option<&'static str> {
        let pairs = INDEXED.iter().zip(&self.texts).zip(expected);
        pairs
            .filter(|((_, found), expected)| {
                found.as_deref() != expected.as_deref().map(str::as_bytes)
            })
            .map(|((name, _), _)| *name)
            .next()
    }
}

fn raw(row: &Row) -> Result<RawRecord> {
    let texts = INDEXED.iter().map(|name| row.raw(name));
    Ok(RawRecord {
        seq: row.get("seq")?,
        at: row.get("at")?,
        entry: row.raw("entry")?.unwrap_or_default(),
        leaf_hash: row.raw("leaf_hash")?.unwrap_or_default(),
        texts: texts.collect::<Result<_>>()?,
    })
}
