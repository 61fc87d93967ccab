//! How far each receiver has taken the audit log.
//!
//! Owns the cursors. *Invariant:* a cursor only moves on, and only from where whoever moves it
//! read; the records themselves stay in the log, which is the spool.

use carillon_domain::Timestamp;
use carillon_domain::event::EventResult;

use crate::audit::{behind, show};
use crate::error::Result;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

/// One receiver's place in the log.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamRow {
    /// Its name in the settings.
    pub name: String,
    /// Where it is, as people may see it.
    pub receiver: String,
    /// The first record that it has not taken.
    pub next: i64,
    /// When it last took something.
    pub taken_at: Option<Timestamp>,
    /// Since when it takes nothing.
    pub failing_since: Option<Timestamp>,
    /// Why it takes nothing, in words.
    pub problem: Option<String>,
    /// When somebody was told of that.
    pub told_at: Option<Timestamp>,
    /// The sealed secret that signs what is sent.
    pub secret: Option<Vec<u8>>,
    /// The version that the secret is sealed for.
    pub secret_version: i64,
    /// When the secret was made.
    pub secret_at: Option<Timestamp>,
}

impl std::fmt::Debug for StreamRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamRow")
            .field("name", &self.name)
            .field("next", &self.next)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

/// One record on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamEntry {
    /// Its number.
    pub seq: i64,
    /// When what it tells of happened.
    pub at: Timestamp,
    /// What it tells of.
    pub action: String,
    /// How that ended.
    pub result: EventResult,
    /// The exact text that was hashed, with the address that it commits to at its end.
    pub entry: String,
}

/// Who takes care of a stream.
#[derive(Clone, Copy, Debug)]
pub struct Holder<'a> {
    /// A name that no other process has.
    pub name: &'a str,
    /// Now.
    pub now: Timestamp,
    /// Until when, unless it is asked for again.
    pub until: Timestamp,
}

const COLUMNS: &str = "SELECT name, receiver, next, taken_at, failing_since, problem, told_at, secret, \
                       secret_version, secret_at FROM streams";

fn stream(row: &Row) -> Result<StreamRow> {
    let fields = row.of("streams", "name");
    Ok(StreamRow {
        name: fields.text("name")?,
        receiver: fields.text("receiver")?,
        next: fields.int("next")?,
        taken_at: fields.maybe_at("taken_at")?,
        failing_since: fields.maybe_at("failing_since")?,
        problem: fields.get("problem")?,
        told_at: fields.maybe_at("told_at")?,
        secret: fields.get("secret")?,
        secret_version: fields.int("secret_version")?,
        secret_at: fields.maybe_at("secret_at")?,
    })
}

impl Store {
    /// All streams that ever ran, by name.
    pub async fn streams(&self) -> Result<Vec<StreamRow>> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" ORDER BY name").keep();
        let rows = self.read().await?.conn().all(sql).await?;
        rows.iter().map(stream).collect()
    }

    /// One stream.
    pub async fn stream(&self, name: &str) -> Result<Option<StreamRow>> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" WHERE name = ").bind(name).keep();
        let row = self.read().await?.conn().optional(sql).await?;
        row.as_ref().map(stream).transpose()
    }

    /// The records from `from` on, in their order. They became true in that order as well: the
    /// head of the log lets one writer in at a time.
    pub async fn stream_entries(&self, from: i64, limit: i64) -> Result<Vec<StreamEntry>> {
        let sql = Sql::new(
            "SELECT a.seq, a.at, a.action, a.result, a.entry, \
             (SELECT o.address FROM audit_sources o WHERE o.id = a.ip) AS address, \
             (SELECT o.salt FROM audit_sources o WHERE o.id = a.ip) AS salt \
             FROM audit a WHERE a.seq >= $1 ORDER BY a.seq LIMIT $2",
        );
        let rows = self
            .read()
            .await?
            .conn()
            .all(sql.arg(from).arg(limit))
            .await?;
        rows.iter()
            .map(|row| {
                let fields = row.of("audit", "entry");
                let mut entry = String::new();
                show(&mut entry, &fields.text("entry")?, behind(row)?.as_ref());
                Ok(StreamEntry {
                    seq: fields.int("seq")?,
                    at: fields.at("at")?,
                    action: fields.text("action")?,
                    result: fields.parse("result")?,
                    entry,
                })
            })
            .collect()
    }
}

impl Unit {
    /// Makes a stream that begins with the first record, or notes where its receiver is now.
    pub async fn ensure_stream(&mut self, name: &str, receiver: &str) -> Result<()> {
        let sql = Sql::new(
            "INSERT INTO streams (name, receiver) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET receiver = excluded.receiver",
        );
        self.conn()
            .execute(sql.arg(name).arg(receiver))
            .await
            .map(drop)
    }

    /// Takes or keeps the care of a stream; `false` while somebody else has it.
    pub async fn hold_stream(&mut self, name: &str, holder: Holder<'_>) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE streams SET holder = $2, held_until = $4 \
             WHERE name = $1 AND (holder IS NULL OR holder = $2 OR held_until < $3)",
        );
        let sql = sql
            .arg(name)
            .arg(holder.name)
            .arg(holder.now)
            .arg(holder.until);
        Ok(self.conn().execute(sql).await? > 0)
    }

    /// Gives the care of all streams back.
    pub async fn release_streams(&mut self, holder: &str) -> Result<()> {
        let sql = Sql::new("UPDATE streams SET holder = NULL, held_until = 0 WHERE holder = $1");
        self.conn().execute(sql.arg(holder)).await.map(drop)
    }

    /// Moves a cursor on; `false` when it is no longer where it was read.
    pub async fn advance_stream(
        &mut self,
        name: &str,
        (from, to): (i64, i64),
        now: Timestamp,
    ) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE streams SET next = $3, taken_at = $4, failing_since = NULL, problem = NULL, \
             told_at = NULL WHERE name = $1 AND next = $2 AND $3 >= $2",
        );
        let sql = sql.arg(name).arg(from).arg(to).arg(now);
        Ok(self.conn().execute(sql).await? > 0)
    }

    /// Keeps why a stream stands still; since when stays what it was.
    pub async fn stream_stands(&mut self, name: &str, why: &str, now: Timestamp) -> Result<()> {
        let sql = Sql::new(
            "UPDATE streams SET problem = $2, failing_since = COALESCE(failing_since, $3) \
             WHERE name = $1",
        );
        self.conn()
            .execute(sql.arg(name).arg(why).arg(now))
            .await
            .map(drop)
    }

    /// Keeps that people were told; `false` when they were already.
    pub async fn stream_told(&mut self, name: &str, now: Timestamp) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE streams SET told_at = $2 \
             WHERE name = $1 AND told_at IS NULL AND failing_since IS NOT NULL",
        );
        Ok(self.conn().execute(sql.arg(name).arg(now)).await? > 0)
    }

    /// Keeps a new sealed secret; `false` when another was made meanwhile.
    pub async fn set_stream_secret(
        &mut self,
        name: &str,
        (version, sealed): (i64, Vec<u8>),
        now: Timestamp,
    ) -> Result<bool> {
        let sql = Sql::new(
            "UPDATE streams SET secret = $3, secret_version = $2, secret_at = $4 \
             WHERE name = $1 AND secret_version = $2 - 1",
        );
        let sql = sql.arg(name).arg(version).arg(sealed).arg(now);
        Ok(self.conn().execute(sql).await? > 0)
    }
}
