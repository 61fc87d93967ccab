//! One line for each job.
//!
//! Owns the list that shows of each job the newest record that fits, and every record of none.
//! *Invariant:* over all pages together each job has one line; of jobs that have theirs nothing more
//! is read. Which records fit is asked by number and job; whole they are read one by one for each job.

use std::collections::{BTreeSet, HashMap};

use crate::conn::Conn;
use crate::error::Result;
use crate::page::{Cursor, Page, Seek};
use crate::sql::Sql;
use crate::store::Store;

use super::checkpoints::TILE;
use super::count;
use super::list::{AuditRow, COLUMNS, audit_row};
use super::marks::Kind;
use super::query::{AtLeast, AuditQuery};
use super::stretches;
use super::walk::{Place, Walk};

/// Records that may fit and are asked for at once, at most: jobs that become known leave the next tiles
/// out.
const AT_ONCE: i64 = 16 * TILE;
/// So many times as many records of a job are read where a word is in none of those before.
const MORE: usize = 8;
/// Tiles that they may lie in.
const MOST: usize = 64;
/// Tiles of which it is asked at once whether they hold anything but known jobs. To ask of all that
/// are left, each time, would read the marks of the same jobs again and again.
const AHEAD: usize = 128;

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
        if query.is_of_a_phone() {
            return self.of_phone_by_job(&mut conn, query, seek, limit).await;
        }
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
        if query.is_of_a_phone() {
            let page = self.of_phone_by_job(&mut conn, query, seek, limit).await?;
            let count = count::of_phone(self, &mut conn, query, most).await?;
            return Ok((page, count));
        }
        let asked = (query, &self.reach);
        let all = Walk::begin(&mut conn, asked, (0, i64::MAX), true).await?;
        let page = page(&mut conn, &all, seek, limit).await?;
        let count = count::of_walk(&all, &mut conn, most).await?;
        Ok((page, count))
    }

    /// The records of one phone are few: all that fit are looked at for the newest of each job.
    async fn of_phone_by_job(
        &self,
        conn: &mut Conn<'_>,
        query: &AuditQuery,
        seek: &Seek,
        limit: i64,
    ) -> Result<Page<AuditRow>> {
        let end = end(seek)?;
        let mut sql = Sql::new(COLUMNS);
        sql.push("audit a WHERE a.seq IN (SELECT MAX(a.seq) FROM ");
        stretches::of_phones(&mut sql, (0, query.below.unwrap_or(i64::MAX)));
        query.conditions(&mut sql, &self.reach);
        sql.push(" GROUP BY COALESCE(a.job, CAST(a.seq AS TEXT))) AND a.seq < ");
        sql.bind(end).push(" ORDER BY a.seq DESC LIMIT ");
        sql.bind(limit.saturating_add(1));
        let rows = conn.all(sql).await?;
        let found = rows.iter().map(audit_row).collect::<Result<_>>()?;
        Ok(lines(found, usize::try_from(limit).unwrap_or(0)))
    }
}

/// Where the page begins: what is newer was on pages before it.
fn end(seek: &Seek) -> Result<i64> {
    seek.check_number()?;
    match seek {
        Seek::After(cursor) => cursor.as_number(),
        Seek::Start | Seek::Before(_) => Ok(i64::MAX),
    }
}

/// A page of no more than so many lines.
fn lines(mut items: Vec<AuditRow>, limit: usize) -> Page<AuditRow> {
    let more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().map(|row| Cursor::of_number(row.seq));
    Page {
        items,
        previous: None,
        next: last.filter(|_| more),
    }
}

async fn page(conn: &mut Conn<'_>, all: &Walk, seek: &Seek, limit: i64) -> Result<Page<AuditRow>> {
    let end = end(seek)?;
    let mut found = Lines {
        walk: all.over((0, end), true),
        end,
        known: BTreeSet::new(),
        found: Vec::new(),
    };
    let limit = usize::try_from(limit).unwrap_or(0);
    found.find(conn, limit + 1).await?;
    Ok(lines(found.found, limit))
}

/// How many of the last tiles are read now: no more than `some`, nor many records; at least one. Of a
/// word marks do not say in how many records it is.
fn few(tiles: &[(i64, i64)], some: usize, by_word: bool) -> usize {
    let mut records = 0;
    let last = tiles.iter().rev().take(some);
    let fit = last.take_while(|(_, fit)| {
        records += if by_word { TILE } else { *fit };
        records <= AT_ONCE
    });
    fit.count().max(1)
}

/// Records of one job that may have its line, or one of none: their numbers, newest first.
type Group = Vec<i64>;

/// The records of each job together, those of known jobs left out.
fn groups(places: Vec<Place>, known: &BTreeSet<String>) -> Vec<Group> {
    let (mut groups, mut of) = (Vec::<Group>::new(), HashMap::<String, usize>::new());
    for (seq, job) in places {
        match job {
            Some(job) if known.contains(&job) => {}
            Some(job) => {
                if let Some(index) = of.get(&job) {
                    groups[*index].push(seq);
                } else {
                    of.insert(job, groups.len());
                    groups.push(vec![seq]);
                }
            }
            None => groups.push(vec![seq]),
        }
    }
    groups
}

/// A page that is being put together.
struct Lines {
    walk: Walk,
    /// Where the page begins.
    end: i64,
    /// Jobs that have their line, here or on a page before.
    known: BTreeSet<String>,
    found: Vec<AuditRow>,
}

impl Lines {
    async fn find(&mut self, conn: &mut Conn<'_>, limit: usize) -> Result<()> {
        while let Some(look) = self.walk.look(conn).await? {
            let mut tiles: Vec<_> = look.tiles.iter().rev().copied().collect();
            let (mut some, mut ahead) = (1, AHEAD);
            while !tiles.is_empty() && self.found.len() < limit {
                let mut next = tiles.split_off(tiles.len().saturating_sub(ahead));
                self.leave_out(conn, &mut next).await?;
                if next.is_empty() {
                    ahead *= 2;
                    continue;
                }
                let by_word = !self.walk.words.is_empty();
                let now = next.split_off(next.len() - few(&next, some, by_word));
                tiles.append(&mut next);
                self.read(conn, (&now, look.bounds), limit).await?;
                some = (2 * some).min(MOST);
                ahead = AHEAD;
            }
            if self.found.len() >= limit {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn read(
        &mut self,
        conn: &mut Conn<'_>,
        (tiles, bounds): (&[(i64, i64)], (i64, i64)),
        limit: usize,
    ) -> Result<()> {
        let tiles: Vec<i64> = tiles.iter().map(|(tile, _)| *tile).collect();
        let places = self.walk.places(conn, (&tiles, bounds)).await?;
        let groups = groups(places, &self.known);
        // Where a word is looked for, the newest record that has it may be older than one of the next job.
        let some = if self.walk.words.is_empty() {
            limit
        } else {
            groups.len().max(1)
        };
        for groups in groups.chunks(some) {
            let rows = self.newest(conn, groups.to_vec()).await?;
            let newer = self.also_newer(conn, &rows).await?;
            for row in rows {
                self.take(conn, row, &newer).await?;
            }
            if self.found.len() >= limit {
                break;
            }
        }
        Ok(())
    }

    /// Of each group the newest record that fits; newest first.
    async fn newest(&self, conn: &mut Conn<'_>, mut groups: Vec<Group>) -> Result<Vec<AuditRow>> {
        let (mut found, mut some) = (Vec::new(), 1);
        while !groups.is_empty() {
            let now = groups.iter().flat_map(|group| group.iter().take(some));
            let rows = self
                .walk
                .whole(conn, &now.copied().collect::<Vec<_>>())
                .await?;
            let mut rows: HashMap<i64, AuditRow> =
                rows.into_iter().map(|row| (row.seq, row)).collect();
            groups.retain_mut(|group| {
                let tried = group.drain(..some.min(group.len()));
                let newest = tried.into_iter().find_map(|seq| rows.remove(&seq));
                let missing = newest.is_none();
                found.extend(newest);
                missing && !group.is_empty()
            });
            some *= MORE;
        }
        found.sort_by_key(|row| -row.seq);
        Ok(found)
    }

    /// Takes the tiles away whose records are all of jobs that have their line.
    async fn leave_out(&self, conn: &mut Conn<'_>, tiles: &mut Vec<(i64, i64)>) -> Result<()> {
        let (Some((first, _)), Some((last, _))) = (tiles.first(), tiles.last()) else {
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
        tiles.retain(|(tile, _)| !full.contains(tile));
        Ok(())
    }

    /// Which jobs of these records, as far as they are new here, have any record where pages before
    /// this one looked. Few have: only of those it is asked whether one fits.
    async fn also_newer(&self, conn: &mut Conn<'_>, rows: &[AuditRow]) -> Result<BTreeSet<String>> {
        let jobs = rows.iter().filter_map(|row| row.event.job.as_ref());
        let jobs: BTreeSet<_> = jobs.filter(|job| !self.known.contains(*job)).collect();
        if self.end == i64::MAX || jobs.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut sql = Sql::new("SELECT DISTINCT value FROM audit_marks WHERE kind = ");
        sql.bind(Kind::Job.as_str()).push(" AND ");
        sql.one_of("value", jobs);
        sql.push(" AND tile >= ").bind(self.end / TILE);
        let rows = conn.all(sql).await?;
        rows.iter().map(|row| row.get("value")).collect()
    }

    async fn take(
        &mut self,
        conn: &mut Conn<'_>,
        row: AuditRow,
        newer: &BTreeSet<String>,
    ) -> Result<()> {
        let shown = match &row.event.job {
            Some(job) if !self.known.insert(job.clone()) => true,
            Some(job) if newer.contains(job) => self.was_before(conn, job).await?,
            _ => false,
        };
        if !shown {
            self.found.push(row);
        }
        Ok(())
    }

    /// Whether a page before this one has the line of a job.
    async fn was_before(&self, conn: &mut Conn<'_>, job: &str) -> Result<bool> {
        let query = AuditQuery {
            job: Some(job.to_owned()),
            ..self.walk.query.clone()
        };
        let (asked, newer) = ((&query, &self.walk.reach), (self.end, i64::MAX));
        let mut walk = Walk::begin(conn, asked, newer, false).await?;
        Ok(!walk.rows(conn, 1).await?.is_empty())
    }
}
