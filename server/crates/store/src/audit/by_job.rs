//! One line for each job.
//!
//! Owns the list that shows of each job the newest record that fits, and every record of none.
//! *Invariant:* over all pages together each job has one line; a tile that holds nothing but jobs
//! that have theirs is not read.

use std::collections::BTreeSet;

use crate::conn::Conn;
use crate::error::Result;
use crate::page::{Cursor, Page, Seek};
use crate::sql::Sql;
use crate::store::Store;

use super::checkpoints::TILE;
use super::count;
use super::list::AuditRow;
use super::marks::Kind;
use super::query::{AtLeast, AuditQuery};
use super::walk::Walk;

/// Tiles whose records are read at once, at most: jobs that become known leave the next ones out.
const AT_ONCE: usize = 8;

impl Store {
    /// A page of lines, newest first. Goes on behind a cursor; there is no way back but the
    /// beginning.
    pub async fn audit_page_by_job(
        &self,
        query: &AuditQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<AuditRow>> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let asked = (query, &self.reach);
        let all = Walk::begin(&mut conn, asked, (0, i64::MAX), true).await?;
        page(&mut conn, &all, seek, limit).await
    }

    /// The same, and how many records fit in all; see [`Store::audit_count`].
    pub async fn audit_page_by_job_and_count(
        &self,
        query: &AuditQuery,
        seek: &Seek,
        (limit, most): (i64, i64),
    ) -> Result<(Page<AuditRow>, AtLeast)> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let asked = (query, &self.reach);
        let all = Walk::begin(&mut conn, asked, (0, i64::MAX), true).await?;
        let page = page(&mut conn, &all, seek, limit).await?;
        let count = if query.is_of_a_phone() {
            count::of_phone(self, &mut conn, query, most).await?
        } else {
            count::of_walk(&all, &mut conn, most).await?
        };
        Ok((page, count))
    }
}

async fn page(conn: &mut Conn<'_>, all: &Walk, seek: &Seek, limit: i64) -> Result<Page<AuditRow>> {
    let end = match seek {
        Seek::After(cursor) => cursor.as_number()?,
        Seek::Start | Seek::Before(_) => i64::MAX,
    };
    let mut lines = Lines {
        walk: all.over((0, end), true),
        end,
        known: BTreeSet::new(),
        found: Vec::new(),
    };
    let limit = usize::try_from(limit).unwrap_or(0);
    lines.find(conn, limit + 1).await?;
    let mut items = lines.found;
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().map(|row| Cursor::of_number(row.seq));
    Ok(Page {
        items,
        previous: None,
        next: last.filter(|_| more),
    })
}

/// A page that is being put together.
struct Lines {
    walk: Walk,
    /// Where the page begins: what is newer was on pages before it.
    end: i64,
    /// Jobs that have their line, here or on a page before.
    known: BTreeSet<String>,
    found: Vec<AuditRow>,
}

impl Lines {
    async fn find(&mut self, conn: &mut Conn<'_>, limit: usize) -> Result<()> {
        while let Some(look) = self.walk.look(conn).await? {
            let mut tiles: Vec<i64> = look.tiles.iter().rev().map(|(tile, _)| *tile).collect();
            let mut some = 1;
            while !tiles.is_empty() {
                if self.found.len() >= limit {
                    return Ok(());
                }
                self.leave_out(conn, &mut tiles).await?;
                let now = tiles.split_off(tiles.len().saturating_sub(some));
                for row in self.walk.read(conn, &now, look.bounds).await? {
                    self.take(conn, row).await?;
                }
                some = (2 * some).min(AT_ONCE);
            }
        }
        Ok(())
    }

    /// Takes the tiles away whose records are all of jobs that have their line.
    async fn leave_out(&self, conn: &mut Conn<'_>, tiles: &mut Vec<i64>) -> Result<()> {
        let (Some(first), Some(last)) = (tiles.first(), tiles.last()) else {
            return Ok(());
        };
        if self.known.is_empty() {
            return Ok(());
        }
        let mut sql = Sql::new("SELECT tile FROM audit_marks WHERE kind = ");
        sql.bind(Kind::Job.as_str()).push(" AND ");
        sql.one_of("value", &self.known);
        sql.push(" AND tile >= ").bind(*first);
        sql.push(" AND tile <= ").bind(*last);
        sql.push(" GROUP BY tile HAVING SUM(records) = ").bind(TILE);
        let rows = conn.all(sql).await?;
        let full = rows.iter().map(|row| row.get("tile"));
        let full: BTreeSet<i64> = full.collect::<Result<_>>()?;
        tiles.retain(|tile| !full.contains(tile));
        Ok(())
    }

    async fn take(&mut self, conn: &mut Conn<'_>, row: AuditRow) -> Result<()> {
        let shown = match &row.event.job {
            Some(job) => !self.known.insert(job.clone()) || self.was_before(conn, job).await?,
            None => false,
        };
        if !shown {
            self.found.push(row);
        }
        Ok(())
    }

    /// Whether a page before this one has the line of a job.
    async fn was_before(&self, conn: &mut Conn<'_>, job: &str) -> Result<bool> {
        if self.end == i64::MAX {
            return Ok(false);
        }
        let query = AuditQuery {
            job: Some(job.to_owned()),
            ..self.walk.query.clone()
        };
        let (asked, newer) = ((&query, &self.walk.reach), (self.end, i64::MAX));
        let mut walk = Walk::begin(conn, asked, newer, false).await?;
        Ok(!walk.rows(conn, 1).await?.is_empty())
    }
}
