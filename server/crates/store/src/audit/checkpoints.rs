//! Signed checkpoints, and the tiles over each 256 records.
//!
//! Owns both tables. *Invariant:* rows are added, never changed; a tile is a convenience, and
//! whoever proves something with it compares the root with a signed one.

use std::collections::BTreeSet;

use carillon_domain::Timestamp;

use crate::conn::Conn;
use crate::dialect::Dialect;
use crate::error::{Result, StoreError};
use crate::row::Row;
use crate::sql::{Sql, Value};
use crate::store::Store;
use crate::unit::Unit;

use super::append;
use super::frontier::{Frontier, Hash};

/// Records of one tile.
pub const TILE: i64 = 256;
const ROWS: usize = 500;
const LEAVES: &str =
    "SELECT seq, leaf_hash, at FROM audit WHERE seq >= $1 AND seq < $2 ORDER BY seq";
/// The same of SQLite in one text, which is handed from its thread once: each hash as 64 digits, and the
/// time behind it.
const PACKED: &str = "SELECT group_concat(hex(leaf_hash) || at) AS leaves FROM (SELECT leaf_hash, at \
     FROM audit WHERE seq >= $1 AND seq < $2 ORDER BY seq)";

/// One signed checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckpointRow {
    /// How many records it covers.
    pub size: i64,
    /// When it was signed.
    pub at: Timestamp,
    /// The signed note, exactly.
    pub note: String,
}

/// The root over 256 records, and the span of their times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TileRow {
    /// Its number: the records from `256 * tile` on.
    pub tile: i64,
    /// The root over their hashes.
    pub hash: Hash,
    /// The earliest of their times.
    pub min_at: Timestamp,
    /// The latest of their times.
    pub max_at: Timestamp,
}

impl Store {
    /// The last checkpoint.
    pub async fn last_checkpoint(&self) -> Result<Option<CheckpointRow>> {
        let sql = "SELECT size, at, note FROM audit_checkpoints ORDER BY size DESC LIMIT 1";
        let row = self.read().await?.conn().optional(Sql::new(sql)).await?;
        row.as_ref().map(checkpoint).transpose()
    }

    /// Size and root of the whole log, and the last checkpoint, in one statement.
    pub async fn audit_head_and_checkpoint(&self) -> Result<(Frontier, Option<CheckpointRow>)> {
        let sql = Sql::new(
            "SELECT h.size, h.frontier, c.size AS signed, c.at, c.note FROM audit_head h \
             LEFT JOIN audit_checkpoints c \
             ON c.size = (SELECT MAX(size) FROM audit_checkpoints) WHERE h.id = 1",
        );
        let row = self.read().await?.conn().optional(sql).await?;
        let head = append::frontier(row.as_ref())?;
        let Some(row) = row else {
            return Ok((head, None));
        };
        let signed: Option<i64> = row.get("signed")?;
        let signed = signed.map(|size| checkpoint_of(&row, size)).transpose()?;
        Ok((head, signed))
    }

    /// The first checkpoint that covers a record; `None` when none does yet.
    pub async fn checkpoint_over(&self, seq: i64) -> Result<Option<CheckpointRow>> {
        let sql = Sql::new(
            "SELECT size, at, note FROM audit_checkpoints WHERE size > $1 ORDER BY size LIMIT 1",
        );
        let row = self.read().await?.conn().optional(sql.arg(seq)).await?;
        row.as_ref().map(checkpoint).transpose()
    }

    /// The sizes of all checkpoints.
    pub async fn checkpoint_sizes(&self) -> Result<BTreeSet<i64>> {
        let sql = Sql::new("SELECT size FROM audit_checkpoints");
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(|row| row.get("size")).collect()
    }

    /// The records under the last checkpoint that an anchor over the network is known to have.
    pub async fn anchor_reached(&self, anchor: &str) -> Result<i64> {
        let sql = Sql::new("SELECT reached FROM audit_anchors WHERE id = $1").arg(anchor);
        let row = self.read().await?.conn().optional(sql).await?;
        row.map_or(Ok(0), |row| row.get("reached"))
    }

    /// Hashes and times of the records in `from..to`, in their order.
    pub async fn audit_leaves(&self, from: i64, to: i64) -> Result<Vec<(Hash, Timestamp)>> {
        let mut read = self.read().await?;
        let mut conn = read.conn();
        let packed = conn.dialect() == Dialect::Sqlite;
        let mut sql = Sql::new(if packed { PACKED } else { LEAVES });
        sql = sql.arg(from).arg(to);
        sql.keep();
        if !packed {
            return conn.read(sql, leaf).await;
        }
        let row = conn.optional(sql).await?;
        let text: Option<String> = row.map(|row| row.get("leaves")).transpose()?.flatten();
        let leaves = text.as_deref().unwrap_or_default().split_terminator(',');
        let leaves = leaves.map(|leaf| unpacked(leaf).ok_or_else(|| wrong(from)));
        leaves.collect()
    }

    /// The tiles in `from..to` that are there, in their order.
    pub async fn audit_tiles(&self, from: i64, to: i64) -> Result<Vec<TileRow>> {
        tiles(&mut self.read().await?.conn(), from, to).await
    }
}

/// All checkpoints, smallest first.
pub(super) async fn all(conn: &mut Conn<'_>) -> Result<Vec<CheckpointRow>> {
    let sql = Sql::new("SELECT size, at, note FROM audit_checkpoints ORDER BY size");
    conn.all(sql).await?.iter().map(checkpoint).collect()
}

/// The tiles in `from..to` that are there, in their order.
pub(super) async fn tiles(conn: &mut Conn<'_>, from: i64, to: i64) -> Result<Vec<TileRow>> {
    let sql = Sql::new(
        "SELECT tile, hash, min_at, max_at FROM audit_tiles \
         WHERE tile >= $1 AND tile < $2 ORDER BY tile",
    );
    let rows = conn.all(sql.arg(from).arg(to)).await?;
    rows.iter().map(tile).collect()
}

impl Unit {
    /// Keeps a checkpoint. Another node may have signed the same size: then its own stays.
    pub async fn insert_checkpoint(&mut self, row: &CheckpointRow) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO audit_checkpoints (size, at, note) VALUES ($1, $2, $3) \
             ON CONFLICT (size) DO NOTHING",
        );
        let sql = sql.arg(row.size).arg(row.at).arg(&row.note);
        self.conn().execute(sql).await.map(drop)
    }

    /// Keeps how far an anchor is; it never goes back.
    pub async fn anchor_reached(&mut self, anchor: &str, reached: i64) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO audit_anchors (id, reached) VALUES ($1, $2) \
             ON CONFLICT (id) DO UPDATE SET reached = excluded.reached \
             WHERE excluded.reached > audit_anchors.reached",
        );
        let sql = sql.arg(anchor).arg(reached);
        self.conn().execute(sql).await.map(drop)
    }

    /// Keeps tiles; those that are there stay as they are.
    pub async fn insert_tiles(&mut self, tiles: &[TileRow]) -> Result<()> {
        for chunk in tiles.chunks(ROWS) {
            let mut sql = Sql::new("INSERT INTO audit_tiles (tile, hash, min_at, max_at) ");
            sql.rows(chunk.iter().map(values));
            sql.push(" ON CONFLICT (tile) DO NOTHING");
            self.conn().execute(sql).await?;
        }
        Ok(())
    }
}

fn values(tile: &TileRow) -> Vec<Value> {
    vec![
        tile.tile.into(),
        tile.hash.as_slice().into(),
        tile.min_at.into(),
        tile.max_at.into(),
    ]
}

fn checkpoint(row: &Row) -> Result<CheckpointRow> {
    checkpoint_of(row, row.get("size")?)
}

fn checkpoint_of(row: &Row, size: i64) -> Result<CheckpointRow> {
    let fields = row.of("audit_checkpoints", "size");
    Ok(CheckpointRow {
        size,
        at: fields.at("at")?,
        note: fields.text("note")?,
    })
}

fn tile(row: &Row) -> Result<TileRow> {
    let fields = row.of("audit_tiles", "tile");
    Ok(TileRow {
        tile: fields.int("tile")?,
        // One of another length is that of no records, as the one of zeros: whoever compares it sees that.
        hash: hash(fields.get("hash")?).unwrap_or_default(),
        min_at: fields.at("min_at")?,
        max_at: fields.at("max_at")?,
    })
}

fn leaf(row: &Row) -> Result<(Hash, Timestamp)> {
    let fields = row.of("audit", "seq");
    let hash = hash(fields.get("leaf_hash")?);
    Ok((
        hash.ok_or_else(|| fields.wrong("leaf_hash"))?,
        fields.at("at")?,
    ))
}

fn unpacked(leaf: &str) -> Option<(Hash, Timestamp)> {
    let (digits, at) = leaf.split_at_checked(64)?;
    let mut hash = Hash::default();
    hex::decode_to_slice(digits, &mut hash).ok()?;
    Some((hash, Timestamp::from_micros(at.parse().ok()?)))
}

/// What stands in this column behind a record that is asked for.
fn wrong(from: i64) -> StoreError {
    StoreError::Inconsistent {
        table: "audit",
        column: "leaf_hash",
        row: format!("{from} and up"),
    }
}

fn hash(bytes: Vec<u8>) -> Option<Hash> {
    Hash::try_from(bytes).ok()
}
