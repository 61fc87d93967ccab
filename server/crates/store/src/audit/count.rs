//! How many records fit.
//!
//! Owns the ways to know it without looking at each. *Invariant:* what is called exact is the
//! number of records that a walk would bring.

use std::collections::BTreeSet;

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;

use super::checkpoints::TILE;
use super::query::{AtLeast, AuditQuery};
use super::stretches;
use super::terms::{Term, held, inside, not_outside};
use super::walk::{FirstLook, Walk, tiles_of};

/// So many tiles more than asked for are looked at in any case.
const AT_LEAST: i64 = 8;
/// Looking for words costs as much as so many looks at columns.
const READING: i64 = 8;

impl Store {
    /// How many records fit. Where the marks do not say it, looks at no more than about `most`
    /// records one by one.
    pub async fn audit_count(&self, query: &AuditQuery, most: i64) -> Result<AtLeast> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        if query.is_of_a_phone() {
            return of_phone(self, &mut conn, query, most).await;
        }
        let asked = (query, &self.reach);
        let walk = Walk::begin(&mut conn, asked, (0, i64::MAX), true).await?;
        of_walk(&walk, &mut conn, most).await
    }
}

/// How many records a walk would bring that has just begun.
pub(super) async fn of_walk(walk: &Walk, conn: &mut Conn<'_>, most: i64) -> Result<AtLeast> {
    let (low, high) = walk.rest;
    if low >= high || walk.terms.iter().any(Term::is_nowhere) {
        return Ok(exactly(0));
    }
    let plain = walk.terms.is_empty() && walk.words.is_empty();
    if plain && !walk.query.is_timed() {
        return Ok(exactly(high - low));
    }
    let cost = if walk.words.is_empty() { 1 } else { READING };
    let looks = most / (TILE * cost) + AT_LEAST;
    let (told, mut unsure) = if walk.terms.is_empty() {
        of_all_tiles(walk, conn).await?
    } else {
        of_marked_tiles(walk, conn, looks + 1).await?
    };
    let exact = unsure.len() as i64 <= looks;
    unsure.truncate(usize::try_from(looks).unwrap_or(0));
    let seen = one_by_one(walk, conn, &unsure).await?;
    Ok(AtLeast {
        count: told + seen,
        exact,
    })
}

/// The same for records by their words, of which a page has just shown the newest: its tiles are not
/// read again.
pub(super) async fn of_words(
    walk: &Walk,
    conn: &mut Conn<'_>,
    first: &FirstLook,
    most: i64,
) -> Result<AtLeast> {
    let looks = usize::try_from(most / (TILE * READING) + AT_LEAST).unwrap_or(0);
    let upto = looks.clamp(first.read, first.tiles.len().max(first.read));
    let more = one_by_one(walk, conn, &first.tiles[first.read..upto]).await?;
    Ok(AtLeast {
        count: first.fit + more,
        exact: first.is_all() && upto == first.tiles.len(),
    })
}

const fn exactly(count: i64) -> AtLeast {
    AtLeast { count, exact: true }
}

/// One phone has few records, and an index that leads to them.
pub(super) async fn of_phone(
    store: &Store,
    conn: &mut Conn<'_>,
    query: &AuditQuery,
    most: i64,
) -> Result<AtLeast> {
    let below = query.below.unwrap_or(i64::MAX);
    let mut sql = Sql::new("SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM ");
    stretches::of_phones(&mut sql, (0, below));
    query.conditions(&mut sql, &store.reach);
    sql.push(" LIMIT ").bind(most.saturating_add(1));
    sql.push(") AS found");
    let count = conn.number(sql, "n").await?;
    Ok(AtLeast {
        count: count.min(most),
        exact: count <= most,
    })
}

/// What the marks say of the records, and the newest tiles for which they do not say enough.
///
/// They do where no more than one filter leaves some records of a tile out, and the tile lies
/// whole in what is asked for.
async fn of_marked_tiles(walk: &Walk, conn: &mut Conn<'_>, most: i64) -> Result<(i64, Vec<i64>)> {
    let says =
        walk.reach.is_everything() && walk.words.is_empty() && walk.terms.iter().all(Term::counts);
    let (low, high) = walk.rest;
    let mut sql = Sql::new("WITH held AS MATERIALIZED (");
    held(&mut sql, &walk.terms, tiles_of(walk.rest));
    sql.push("), judged AS MATERIALIZED (SELECT h.tile, h.records, ");
    sql.push(if says {
        "CASE WHEN h.partial <= 1"
    } else {
        "CASE WHEN 1 = 0"
    });
    sql.push(" AND h.tile * 256 >= ").bind(low);
    sql.push(" AND (h.tile + 1) * 256 <= ").bind(high);
    if walk.query.is_timed() {
        sql.push(" AND ");
        inside(&mut sql, &walk.query, walk.closed);
    }
    sql.push(" THEN 1 ELSE 0 END AS sure FROM held h ");
    sql.push("LEFT JOIN audit_tiles t ON t.tile = h.tile WHERE 1 = 1");
    not_outside(&mut sql, &walk.query, walk.closed, "h.tile");
    sql.push(") SELECT CAST(1 AS BIGINT) AS sure, CAST(COALESCE(SUM(records), 0) AS BIGINT) AS n ");
    sql.push("FROM judged WHERE sure = 1 UNION ALL SELECT * FROM (SELECT CAST(0 AS BIGINT), tile ");
    sql.push("FROM judged WHERE sure = 0 ORDER BY tile DESC LIMIT ");
    sql.bind(most).push(") AS unsure");
    let (mut told, mut unsure) = (0, Vec::new());
    for row in conn.all(sql).await? {
        if row.get::<i64>("sure")? == 1 {
            told = row.get("n")?;
        } else {
            unsure.push(row.get("n")?);
        }
    }
    Ok((told, unsure))
}

/// The same where nothing but a time leaves records out.
async fn of_all_tiles(walk: &Walk, conn: &mut Conn<'_>) -> Result<(i64, Vec<i64>)> {
    let (first, last) = tiles_of(walk.rest);
    let (low, high) = walk.rest;
    let mut told = 0;
    let mut left: BTreeSet<i64> = (first..=last).collect();
    if walk.words.is_empty() {
        let mut sql = Sql::new("SELECT t.tile FROM audit_tiles t WHERE t.tile >= ");
        sql.bind(first).push(" AND t.tile <= ").bind(last);
        sql.push(" AND ");
        inside(&mut sql, &walk.query, walk.closed);
        for row in conn.all(sql).await? {
            let tile: i64 = row.get("tile")?;
            let whole = tile * TILE >= low && (tile + 1) * TILE <= high;
            if whole {
                told += TILE;
                left.remove(&tile);
            }
        }
    }
    Ok((told, left.into_iter().rev().collect()))
}

async fn one_by_one(walk: &Walk, conn: &mut Conn<'_>, tiles: &[i64]) -> Result<i64> {
    if tiles.is_empty() {
        return Ok(0);
    }
    if !walk.words.is_empty() {
        return Ok(walk.read(conn, tiles, walk.rest).await?.len() as i64);
    }
    let mut sql = Sql::new("SELECT COUNT(*) AS n FROM (");
    walk.each_span(&mut sql, "SELECT 1 AS one", (tiles, walk.rest));
    sql.push(") AS found");
    conn.number(sql, "n").await
}
