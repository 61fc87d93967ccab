//! Reading the audit log.
//!
//! Owns pages, single records, batches for exports, and counts. Everything shown comes from
//! `entry`, the bytes that were hashed.

use carillon_domain::event::Event;

use crate::conn::Conn;
use crate::error::Result;
use crate::page::{Cursor, Page, Seek};
use crate::reach::and_audit;
use crate::row::Row;
use crate::sql::Sql;
use crate::store::Store;

use super::append::head;
use super::frontier::Frontier;
use super::query::{AtLeast, AuditQuery};

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
}

const COLUMNS: &str = "SELECT a.seq, a.entry, a.leaf_hash FROM audit a";

impl Store {
    /// A page of records, newest first.
    pub async fn audit_page(
        &self,
        query: &AuditQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<AuditRow>> {
        let mut sql = Sql::new(COLUMNS);
        query.conditions(&mut sql);
        and_audit(&mut sql, &self.reach);
        seek.descending(&mut sql, "a.seq", limit)?;
        let rows = list(&mut self.read().await?.conn(), sql).await?;
        Ok(Page::of(rows, seek, limit, |row| {
            Cursor::of_number(row.seq)
        }))
    }

    /// One record.
    pub async fn audit_entry(&self, seq: i64) -> Result<Option<AuditRow>> {
        let mut sql = Sql::new(COLUMNS);
        sql.push(" WHERE a.seq = ").bind(seq);
        and_audit(&mut sql, &self.reach);
        let rows = list(&mut self.read().await?.conn(), sql).await?;
        Ok(rows.into_iter().next())
    }

    /// The next records with a number above `after`, oldest first: call again with the last
    /// number until nothing comes. Start with -1.
    pub async fn audit_batch(
        &self,
        query: &AuditQuery,
        after: i64,
        limit: i64,
    ) -> Result<Vec<AuditRow>> {
        let mut sql = Sql::new(COLUMNS);
        query.conditions(&mut sql);
        and_audit(&mut sql, &self.reach);
        sql.push(" AND a.seq > ").bind(after);
        sql.push(" ORDER BY a.seq LIMIT ").bind(limit);
        list(&mut self.read().await?.conn(), sql).await
    }

    /// How many records match, counting no further than `most`.
    pub async fn audit_count(&self, query: &AuditQuery, most: i64) -> Result<AtLeast> {
        let mut sql = Sql::new("SELECT COUNT(*) AS n FROM (SELECT 1 FROM audit a");
        query.conditions(&mut sql);
        and_audit(&mut sql, &self.reach);
        sql.push(" LIMIT ")
            .bind(most.saturating_add(1))
            .push(") AS found");
        let found = self.read().await?.conn().number(sql, "n").await?;
        Ok(AtLeast {
            count: found.min(most),
            exact: found <= most,
        })
    }

    /// Size and root of the whole log.
    pub async fn audit_head(&self) -> Result<Frontier> {
        head(&mut self.read().await?.conn(), "").await
    }
}

async fn list(conn: &mut Conn<'_>, sql: Sql) -> Result<Vec<AuditRow>> {
    conn.all(sql).await?.iter().map(audit_row).collect()
}

fn audit_row(row: &Row) -> Result<AuditRow> {
    let fields = row.of("audit", "entry");
    Ok(AuditRow {
        seq: fields.int("seq")?,
        event: fields.json("entry")?,
        entry: fields.text("entry")?,
        leaf_hash: fields.get("leaf_hash")?,
    })
}
