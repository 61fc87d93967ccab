//! Walking through the log in its order, past the tiles that hold nothing of what is asked for.
//!
//! Owns how far one look reaches. *Invariant:* records come in order, each once, and a walk reads
//! no more of the log than it needs to answer.

use std::collections::BTreeSet;
use std::sync::Arc;

use carillon_domain::Reach;

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;

use super::checkpoints::TILE;
use super::list::{AuditRow, audit_row};
use super::query::AuditQuery;
use super::terms::{Span, Term, span, terms, times};

/// Tiles whose marks are looked at first; each further look takes twice as many.
const LOOK: i64 = 64;
const FARTHEST: i64 = 8192;
/// Tiles whose records are read at once, at most.
const AT_ONCE: usize = 32;

/// A walk that has begun.
pub(super) struct Walk {
    pub(super) query: AuditQuery,
    pub(super) reach: Arc<Reach>,
    pub(super) terms: Vec<Term>,
    pub(super) words: Vec<String>,
    /// Numbers that are still to be looked at: from the first to before the last.
    pub(super) rest: (i64, i64),
    down: bool,
    look: i64,
}

impl Walk {
    /// Begins one over the records with numbers in `bounds`.
    pub(super) async fn begin(
        conn: &mut Conn<'_>,
        (query, reach): (&AuditQuery, &Arc<Reach>),
        (mut low, mut high): (i64, i64),
        down: bool,
    ) -> Result<Self> {
        let size = Sql::new("SELECT size FROM audit_head WHERE id = 1");
        high = high.min(conn.number(size, "size").await?);
        high = high.min(query.below.unwrap_or(i64::MAX));
        low = low.max(0);
        if query.from.is_some() || query.to.is_some() {
            let (first, last) = span(conn, query.from, query.to).await?.unwrap_or((0, -1));
            low = low.max(first * TILE);
            high = high.min((last + 1) * TILE);
        }
        Ok(Self {
            query: query.clone(),
            reach: reach.clone(),
            terms: terms(conn, query, reach).await?,
            words: query.words(),
            rest: (low, high),
            down,
            look: LOOK,
        })
    }

    /// The next records that fit: at least `limit`, unless there are no more.
    pub(super) async fn rows(
        &mut self,
        conn: &mut Conn<'_>,
        limit: usize,
    ) -> Result<Vec<AuditRow>> {
        let mut found = Vec::new();
        while found.len() < limit
            && let Some(bounds) = self.next_look()
        {
            let mut tiles = self.candidates(conn, bounds).await?;
            if self.down {
                tiles.reverse();
            }
            let mut rest = tiles.as_slice();
            let mut some = (limit / TILE as usize + 1).min(AT_ONCE);
            while found.len() < limit && !rest.is_empty() {
                let (now, later) = rest.split_at(some.min(rest.len()));
                found.extend(self.read(conn, now, bounds).await?);
                rest = later;
                some = (2 * some).min(AT_ONCE);
            }
        }
        Ok(found)
    }

    /// The numbers to look at next.
    pub(super) fn next_look(&mut self) -> Option<(i64, i64)> {
        let (low, high) = self.rest;
        if low >= high {
            return None;
        }
        let width = self.look;
        self.look = (2 * width).min(FARTHEST);
        // A look ends at the border of a tile, so that none is read twice.
        let bounds = if self.down {
            let from = ((high - 1) / TILE - width + 1) * TILE;
            (from.max(low), high)
        } else {
            (low, high.min((low / TILE + width) * TILE))
        };
        self.rest = if self.down {
            (low, bounds.0)
        } else {
            (bounds.1, high)
        };
        Some(bounds)
    }

    /// The tiles of these records that may hold what is asked for, first to last.
    pub(super) async fn candidates(
        &self,
        conn: &mut Conn<'_>,
        bounds: (i64, i64),
    ) -> Result<Vec<i64>> {
        let (first, last) = tiles_of(bounds);
        let mut tiles: Option<BTreeSet<i64>> = None;
        for term in &self.terms {
            let held = term
                .tiles(conn, narrowed(tiles.as_ref(), (first, last)))
                .await?;
            tiles = Some(match tiles {
                None => held.into_keys().collect(),
                Some(tiles) => tiles
                    .into_iter()
                    .filter(|tile| held.contains_key(tile))
                    .collect(),
            });
            if tiles.as_ref().is_some_and(BTreeSet::is_empty) {
                return Ok(Vec::new());
            }
        }
        let mut tiles: Vec<i64> = match tiles {
            Some(tiles) => tiles.into_iter().collect(),
            None => (first..=last).collect(),
        };
        if self.query.from.is_some() || self.query.to.is_some() {
            let times = times(conn, &self.query, (first, last)).await?;
            tiles.retain(|tile| times.get(tile) != Some(&false));
        }
        Ok(tiles)
    }

    /// The records of some tiles that fit, in the order of the walk.
    pub(super) async fn read(
        &self,
        conn: &mut Conn<'_>,
        tiles: &[i64],
        bounds: (i64, i64),
    ) -> Result<Vec<AuditRow>> {
        let mut sql = Sql::new("");
        self.each_span(
            &mut sql,
            "SELECT a.seq, a.entry, a.leaf_hash",
            (tiles, bounds),
        );
        let rows = conn.all(sql).await?;
        let rows = rows.iter().map(audit_row).collect::<Result<Vec<_>>>()?;
        let fits = |row: &AuditRow| AuditQuery::says(&self.words, &row.event);
        let mut rows: Vec<_> = rows.into_iter().filter(fits).collect();
        rows.sort_by_key(|row| if self.down { -row.seq } else { row.seq });
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

/// No more of the marks than can still matter.
fn narrowed(tiles: Option<&BTreeSet<i64>>, span: Span) -> Span {
    let ends = tiles.and_then(|tiles| tiles.first().zip(tiles.last()));
    ends.map_or(span, |(first, last)| (*first, *last))
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
