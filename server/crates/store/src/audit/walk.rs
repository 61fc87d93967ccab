//! Walking through the log in its order, past the tiles that hold nothing of what is asked for.
//!
//! Owns how far one look reaches. *Invariant:* records come in order, each once, and a walk reads
//! no more of the log than it needs to answer.

use std::sync::Arc;

use carillon_domain::Reach;

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;

use super::checkpoints::TILE;
use super::list::{AuditRow, COLUMNS, audit_row};
use super::query::AuditQuery;
use super::start::Start;
use super::terms::{Span, Term, held, not_outside};

/// Tiles that one look finds, at most.
const LOOK: i64 = 2048;
/// Tiles whose records are read at once, at most.
const AT_ONCE: usize = 64;
/// At least so many where marks only say that some of the records may fit.
const LOOSELY: usize = 8;

/// Records that are read by their numbers at once.
const NUMBERS: usize = 512;

/// The number of a record, and its job.
pub(super) type Place = (i64, Option<String>);

/// A walk that has begun.
pub(super) struct Walk {
    pub(super) query: AuditQuery,
    pub(super) reach: Arc<Reach>,
    pub(super) terms: Vec<Term>,
    pub(super) words: Vec<String>,
    /// Tiles that a checkpoint covers whole, where a time is asked for.
    pub(super) closed: i64,
    /// Numbers that are still to be looked at: from the first to before the last.
    pub(super) rest: (i64, i64),
    down: bool,
    first: Option<FirstLook>,
}

/// What the first look of a walk found, and what came of it.
pub(super) struct FirstLook {
    /// Tiles that may hold what is asked for, in the order of the walk.
    pub(super) tiles: Vec<i64>,
    /// So many of them were read.
    pub(super) read: usize,
    /// So many records in these fit.
    pub(super) fit: i64,
}

impl FirstLook {
    fn of(look: &Look) -> Self {
        Self {
            tiles: look.tiles.iter().map(|(tile, _)| *tile).collect(),
            read: 0,
            fit: 0,
        }
    }

    /// Whether no tile beyond these may hold anything.
    pub(super) const fn is_all(&self) -> bool {
        (self.tiles.len() as i64) < LOOK
    }
}

/// Tiles that may hold what is asked for, in the order of the walk.
pub(super) struct Look {
    /// Each with the number of its records of which no more can fit.
    pub(super) tiles: Vec<(i64, i64)>,
    /// Numbers of records that it was for.
    pub(super) bounds: (i64, i64),
}

impl Walk {
    /// Begins one over the records with numbers in `bounds`.
    pub(super) async fn begin(
        conn: &mut Conn<'_>,
        (query, reach): (&AuditQuery, &Arc<Reach>),
        (low, high): (i64, i64),
        down: bool,
    ) -> Result<Self> {
        let start = Start::read(conn, query, reach).await?;
        let high = high.min(start.size);
        let walk = Self {
            query: query.clone(),
            reach: reach.clone(),
            terms: start.terms,
            words: query.words(),
            closed: start.closed,
            rest: (low.max(0), high.min(query.below.unwrap_or(i64::MAX))),
            down,
            first: None,
        };
        Ok(if query.is_timed() {
            walk.within(start.span.unwrap_or((0, -1)))
        } else {
            walk
        })
    }

    /// Leaves everything out that does not have this word among its words.
    pub(super) fn look_for(&mut self, word: &str) {
        self.terms.push(Term::word(word));
        self.words.push(word.to_owned());
    }

    /// The same over no more than these tiles.
    fn within(mut self, (first, last): Span) -> Self {
        let (low, high) = self.rest;
        self.rest = (low.max(first * TILE), high.min((last + 1) * TILE));
        self
    }

    /// The same over other numbers as well.
    pub(super) fn over(&self, (low, high): (i64, i64), down: bool) -> Self {
        Self {
            query: self.query.clone(),
            reach: self.reach.clone(),
            terms: self.terms.clone(),
            words: self.words.clone(),
            closed: self.closed,
            rest: (self.rest.0.max(low), self.rest.1.min(high)),
            down,
            first: None,
        }
    }

    /// What its first look found.
    pub(super) const fn first_look(&self) -> Option<&FirstLook> {
        self.first.as_ref()
    }

    /// The next records that fit: at least `limit`, unless there are no more.
    pub(super) async fn rows(
        &mut self,
        conn: &mut Conn<'_>,
        limit: usize,
    ) -> Result<Vec<AuditRow>> {
        if self.terms.is_empty() && self.words.is_empty() {
            return self.straight(conn, limit).await;
        }
        let mut found = Vec::new();
        let mut least = if self.is_told_by_marks() { 1 } else { LOOSELY };
        while found.len() < limit
            && let Some(look) = self.look(conn).await?
        {
            let mut seen = FirstLook::of(&look);
            let mut rest = look.tiles.as_slice();
            while found.len() < limit && !rest.is_empty() {
                let some = enough(rest, limit - found.len()).max(least).min(AT_ONCE);
                let (now, later) = rest.split_at(some.min(rest.len()));
                let tiles: Vec<i64> = now.iter().map(|(tile, _)| *tile).collect();
                let records = self.read(conn, &tiles, look.bounds).await?;
                seen.read += tiles.len();
                seen.fit += records.len() as i64;
                found.extend(records);
                rest = later;
                least = (4 * least).min(AT_ONCE);
            }
            self.first.get_or_insert(seen);
        }
        Ok(found)
    }

    /// Whether the marks say exactly how many records of a tile fit.
    fn is_told_by_marks(&self) -> bool {
        self.words.is_empty() && matches!(&self.terms[..], [term] if term.counts())
    }

    /// The next records where every tile may hold some: one after the other.
    async fn straight(&mut self, conn: &mut Conn<'_>, limit: usize) -> Result<Vec<AuditRow>> {
        let (low, high) = self.rest;
        let mut sql = Sql::new(COLUMNS);
        sql.push("audit a WHERE a.seq >= ").bind(low);
        sql.push(" AND a.seq < ").bind(high);
        self.query.conditions(&mut sql, &self.reach);
        sql.push(" ORDER BY a.seq").push(self.order());
        sql.push(" LIMIT ")
            .bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows = conn.all(sql).await?;
        let rows = rows.iter().map(audit_row).collect::<Result<Vec<_>>>()?;
        self.rest = match rows.last() {
            Some(last) if rows.len() == limit => self.beyond(last.seq, last.seq + 1),
            _ => (low, low),
        };
        Ok(rows)
    }

    const fn order(&self) -> &'static str {
        if self.down { " DESC" } else { "" }
    }

    /// What is left to look at behind the records from `from` to before `to`.
    fn beyond(&self, from: i64, to: i64) -> (i64, i64) {
        let (low, high) = self.rest;
        if self.down {
            (low, from.max(low))
        } else {
            (to.min(high), high)
        }
    }

    /// The next tiles that may hold what is asked for; `None` when everything was looked at.
    pub(super) async fn look(&mut self, conn: &mut Conn<'_>) -> Result<Option<Look>> {
        let bounds = self.rest;
        if bounds.0 >= bounds.1 {
            return Ok(None);
        }
        let tiles = if self.terms.is_empty() {
            self.all_tiles()
        } else if self.terms.iter().any(Term::is_nowhere) {
            Vec::new()
        } else {
            self.marked_tiles(conn).await?
        };
        self.rest = match tiles.last() {
            Some((last, _)) if tiles.len() as i64 == LOOK => {
                self.beyond(last * TILE, (last + 1) * TILE)
            }
            _ => (bounds.0, bounds.0),
        };
        Ok(Some(Look { tiles, bounds }))
    }

    fn all_tiles(&self) -> Vec<(i64, i64)> {
        let (first, last) = tiles_of(self.rest);
        let tile = |index: i64| {
            (
                if self.down {
                    last - index
                } else {
                    first + index
                },
                TILE,
            )
        };
        (0..LOOK.min(last - first + 1)).map(tile).collect()
    }

    async fn marked_tiles(&self, conn: &mut Conn<'_>) -> Result<Vec<(i64, i64)>> {
        let mut sql = Sql::new("SELECT h.tile, h.records FROM (");
        held(&mut sql, &self.terms, tiles_of(self.rest));
        sql.push(") AS h WHERE 1 = 1");
        not_outside(&mut sql, &self.query, self.closed, "h.tile");
        sql.push(" ORDER BY h.tile").push(self.order());
        sql.push(" LIMIT ").bind(LOOK);
        let rows = conn.all(sql).await?;
        let pair = |row: &crate::row::Row| Ok((row.get("tile")?, row.get("records")?));
        rows.iter().map(pair).collect()
    }

    /// The records of some tiles that fit, in the order of the walk.
    pub(super) async fn read(
        &self,
        conn: &mut Conn<'_>,
        tiles: &[i64],
        bounds: (i64, i64),
    ) -> Result<Vec<AuditRow>> {
        let choice = "SELECT a.seq, a.entry, a.leaf_hash, a.ip, a.job";
        let mut sql = Sql::new(COLUMNS);
        sql.push("(");
        self.each_span(&mut sql, choice, (tiles, bounds));
        sql.push(") AS a");
        let mut rows = self.fitting(conn, sql).await?;
        rows.sort_by_key(|row| if self.down { -row.seq } else { row.seq });
        Ok(rows)
    }

    async fn fitting(&self, conn: &mut Conn<'_>, sql: Sql) -> Result<Vec<AuditRow>> {
        let rows = conn.all(sql).await?;
        let rows = rows.iter().map(audit_row).collect::<Result<Vec<_>>>()?;
        let fits = |row: &AuditRow| AuditQuery::says(&self.words, &row.event);
        Ok(rows.into_iter().filter(fits).collect())
    }

    /// The records of some tiles that fit but for the words, newest first: their numbers and jobs.
    pub(super) async fn places(
        &self,
        conn: &mut Conn<'_>,
        (tiles, bounds): (&[i64], (i64, i64)),
    ) -> Result<Vec<Place>> {
        let mut sql = Sql::new("");
        self.each_span(&mut sql, "SELECT a.seq, a.job", (tiles, bounds));
        let rows = conn.all(sql).await?;
        let place = |row: &crate::row::Row| Ok((row.get("seq")?, row.get("job")?));
        let mut places: Vec<Place> = rows.iter().map(place).collect::<Result<_>>()?;
        places.sort_unstable_by_key(|(seq, _)| -seq);
        Ok(places)
    }

    /// The records with these numbers, of which it is known that they fit but for the words: those that
    /// have them.
    pub(super) async fn whole(&self, conn: &mut Conn<'_>, seqs: &[i64]) -> Result<Vec<AuditRow>> {
        let mut rows = Vec::with_capacity(seqs.len());
        for seqs in seqs.chunks(NUMBERS) {
            let mut sql = Sql::new(COLUMNS);
            sql.push("audit a WHERE ")
                .one_of_again("a.seq", seqs.iter().copied());
            rows.extend(self.fitting(conn, sql).await?);
        }
        Ok(rows)
    }

    /// Adds the same choice from each run of tiles.
    pub(super) fn each_span(
        &self,
        sql: &mut Sql,
        choice: &str,
        (tiles, (low, high)): (&[i64], (i64, i64)),
    ) {
        for (index, (from, to)) in runs(tiles).into_iter().enumerate() {
            sql.push(if index > 0 { " UNION ALL " } else { "" });
            sql.push(choice).push(" FROM audit a WHERE a.seq >= ");
            sql.bind(from.max(low)).push(" AND a.seq < ");
            sql.bind(to.min(high));
            self.query.conditions(sql, &self.reach);
        }
    }
}

/// The tiles that these records lie in.
pub(super) const fn tiles_of((low, high): (i64, i64)) -> Span {
    (low / TILE, (high - 1) / TILE)
}

/// How many of the first tiles may hold so many records that fit.
fn enough(tiles: &[(i64, i64)], missing: usize) -> usize {
    let mut records = 0;
    let fills = tiles.iter().position(|(_, fit)| {
        records += usize::try_from(*fit).unwrap_or(0);
        records >= missing
    });
    fills.map_or(tiles.len(), |last| last + 1)
}

/// Neighbouring tiles together, as numbers of records.
fn runs(tiles: &[i64]) -> Vec<(i64, i64)> {
    let mut tiles = tiles.to_vec();
    tiles.sort_unstable();
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for tile in tiles {
        let (from, to) = (tile * TILE, (tile + 1) * TILE);
        match runs.last_mut() {
            Some(last) if last.1 == from => last.1 = to,
            _ => runs.push((from, to)),
        }
    }
    runs
}
