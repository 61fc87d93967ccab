//! Reading the audit log.
//!
//! Owns pages, single records and batches. Everything shown comes from `entry`, the bytes that
//! were hashed.

use std::sync::Arc;

use carillon_domain::Reach;
use carillon_domain::event::Event;

use crate::conn::Conn;
use crate::error::Result;
use crate::page::{Cursor, Page, Seek};
use crate::reach::and_audit;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;
use crate::unit::Unit;

use super::append::head;
use super::count;
use super::frontier::Frontier;
use super::query::{AtLeast, AuditQuery};
use super::sources::{self, AuditSource};
use super::stretches;
use super::walk::Walk;

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRow {
    /// Its number.
    pub seq: i64,
    /// What it tells.
    pub event: Event,
    /// The exact text that was hashed.
    pub entry: String,
    /// SHA-256 of 0x00 and the text.
    pub leaf_hash: Vec<u8>,
    /// The address behind its commitment, while that is kept.
    pub origin: Option<AuditSource>,
}

impl AuditRow {
    /// The record as it is handed out: its text, and the address that it commits to.
    pub fn shown(&self) -> String {
        let mut shown = String::with_capacity(self.entry.len() + 96);
        sources::show(&mut shown, &self.entry, self.origin.as_ref());
        shown
    }
}

/// What [`audit_row`] reads of a table `a`.
pub(super) const COLUMNS: &str = "SELECT a.seq, a.entry, a.leaf_hash, \
     (SELECT o.address FROM audit_sources o WHERE o.id = a.ip) AS address, \
     (SELECT o.salt FROM audit_sources o WHERE o.id = a.ip) AS salt FROM ";

impl Store {
    /// A page of records, newest first.
    pub async fn audit_page(
        &self,
        query: &AuditQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<AuditRow>> {
        let (bounds, down) = place(seek)?;
        let rows = self.walked(query, bounds, (down, limit.saturating_add(1)));
        Ok(page(rows.await?, seek, limit))
    }

    /// The same, and how many records with a number below `query.below` fit in all; see
    /// [`Store::audit_count`].
    pub async fn audit_page_and_count(
        &self,
        query: &AuditQuery,
        seek: &Seek,
        (limit, most): (i64, i64),
    ) -> Result<(Page<AuditRow>, AtLeast)> {
        let (bounds, down) = place(seek)?;
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let more = usize::try_from(limit).unwrap_or(0).saturating_add(1);
        if query.is_of_a_phone() {
            let rows = self.of_phone(&mut conn, query, bounds, (down, more));
            let rows = rows.await?;
            let count = count::of_phone(self, &mut conn, query, most).await?;
            return Ok((page(rows, seek, limit), count));
        }
        let all = Walk::begin(&mut conn, (query, &self.reach), (0, i64::MAX), true).await?;
        let mut walk = all.over(bounds, down);
        let is_whole = down && walk.rest == all.rest && !walk.words.is_empty();
        let rows = walk.rows(&mut conn, more).await?;
        let count = match walk.first_look().filter(|_| is_whole) {
            Some(first) => count::of_words(&all, &mut conn, first, most).await?,
            None => count::of_walk(&all, &mut conn, most).await?,
        };
        Ok((page(rows, seek, limit), count))
    }

    /// One record.
    pub async fn audit_entry(&self, seq: i64) -> Result<Option<AuditRow>> {
        let mut sql = Sql::new(COLUMNS);
        sql.push("audit a WHERE a.seq = ").bind(seq);
        and_audit(&mut sql, &self.reach);
        let row = self.read().await?.conn().optional(sql).await?;
        row.as_ref().map(audit_row).transpose()
    }

    /// The next records with a number above `after`, oldest first: call again with the last
    /// number until nothing comes. Start with -1.
    pub async fn audit_batch(
        &self,
        query: &AuditQuery,
        after: i64,
        limit: i64,
    ) -> Result<Vec<AuditRow>> {
        let bounds = (after.saturating_add(1), i64::MAX);
        let mut rows = self.walked(query, bounds, (false, limit)).await?;
        rows.truncate(usize::try_from(limit).unwrap_or(0));
        Ok(rows)
    }

    /// The records that fit and have this word, whole, oldest first; at most so many.
    pub async fn audit_of_word(
        &self,
        query: &AuditQuery,
        word: &str,
        limit: usize,
    ) -> Result<Vec<AuditRow>> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let asked = (query, &self.reach);
        let mut walk = Walk::begin(&mut conn, asked, (0, i64::MAX), false).await?;
        walk.look_for(word);
        let mut rows = walk.rows(&mut conn, limit).await?;
        rows.truncate(limit);
        Ok(rows)
    }

    async fn walked(
        &self,
        query: &AuditQuery,
        bounds: (i64, i64),
        (down, limit): (bool, i64),
    ) -> Result<Vec<AuditRow>> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let limit = usize::try_from(limit).unwrap_or(0);
        if query.is_of_a_phone() {
            return self.of_phone(&mut conn, query, bounds, (down, limit)).await;
        }
        let asked = (query, &self.reach);
        let mut walk = Walk::begin(&mut conn, asked, bounds, down).await?;
        walk.rows(&mut conn, limit).await
    }

    /// The records of one phone are few, and an index leads to them.
    async fn of_phone(
        &self,
        conn: &mut Conn<'_>,
        query: &AuditQuery,
        (low, high): (i64, i64),
        (down, limit): (bool, usize),
    ) -> Result<Vec<AuditRow>> {
        let mut sql = Sql::new(COLUMNS);
        let high = high.min(query.below.unwrap_or(i64::MAX));
        stretches::of_phones(&mut sql, (low, high));
        query.conditions(&mut sql, &self.reach);
        sql.push(" ORDER BY a.seq")
            .push(if down { " DESC" } else { "" });
        sql.push(" LIMIT ")
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        conn.all(sql).await?.iter().map(audit_row).collect()
    }

    /// Size and root of the whole log.
    pub async fn audit_head(&self) -> Result<Frontier> {
        head(&mut self.read().await?.conn(), "").await
    }
}

/// The numbers that a page is among, and whether it counts down.
fn place(seek: &Seek) -> Result<((i64, i64), bool)> {
    Ok(match seek {
        Seek::Start => ((0, i64::MAX), true),
        Seek::After(cursor) => ((0, cursor.as_number()?), true),
        Seek::Before(cursor) => ((cursor.as_number()?.saturating_add(1), i64::MAX), false),
    })
}

fn page(rows: Vec<AuditRow>, seek: &Seek, limit: i64) -> Page<AuditRow> {
    Page::of(rows, seek, limit, |row| Cursor::of_number(row.seq))
}

pub(super) fn audit_row(row: &Row) -> Result<AuditRow> {
    let fields = row.of("audit", "entry");
    let origin = sources::behind(row)?;
    let mut event: Event = fields.json("entry")?;
    if event.source.is_some() {
        event.ip = origin.as_ref().map(|source| source.address.clone());
    }
    Ok(AuditRow {
        seq: fields.int("seq")?,
        event,
        origin,
        entry: fields.text("entry")?,
        leaf_hash: fields.get("leaf_hash")?,
    })
}

impl Unit {
    /// The last records that fit, at most so many, oldest first, whoever may see them.
    pub async fn audit_end(&mut self, query: &AuditQuery, limit: usize) -> Result<Vec<AuditRow>> {
        let mut conn = self.conn();
        let all = Arc::new(Reach::everything());
        let mut walk = Walk::begin(&mut conn, (query, &all), (0, i64::MAX), true).await?;
        let mut rows = walk.rows(&mut conn, limit).await?;
        rows.truncate(limit);
        rows.reverse();
        Ok(rows)
    }
}
