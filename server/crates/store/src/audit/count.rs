//! How many records fit.
//!
//! Owns the ways to know it without looking at each. *Invariant:* what is called exact is the
//! number of records that a walk would bring.

use std::collections::BTreeMap;

use crate::conn::Conn;
use crate::error::Result;
use crate::sql::Sql;
use crate::store::Store;

use super::checkpoints::TILE;
use super::query::{AtLeast, AuditQuery};
use super::terms::times;
use super::walk::{Walk, tiles_of};

/// Tiles whose records are counted at once.
const AT_ONCE: usize = 8;
/// Looking for words costs as much as so many looks at columns.
const READING: i64 = 8;

impl Store {
    /// How many records fit. Where the marks do not say it, looks at no more than about `most`
    /// records one by one.
    pub async fn audit_count(&self, query: &AuditQuery, most: i64) -> Result<AtLeast> {
        let mut reading = self.read().await?;
        let mut conn = reading.conn();
        let everything = (0, i64::MAX);
        let asked = (query, &self.reach);
        let mut walk = Walk::begin(&mut conn, asked, everything, true).await?;
        if query.phone.is_some() && query.text.trim().is_empty() {
            return of_phone(&walk, &mut conn, most).await;
        }
        let mut count = 0;
        let mut looked = 0;
        let cost = if query.text.trim().is_empty() {
            1
        } else {
            READING
        };
        while let Some(bounds) = walk.next_look() {
            let (told, unsure) = told(&walk, &mut conn, bounds).await?;
            count += told;
            for tiles in unsure.chunks(AT_ONCE) {
                if looked > most {
                    return Ok(AtLeast {
                        count,
                        exact: false,
                    });
                }
                looked += tiles.len() as i64 * TILE * cost;
                count += one_by_one(&walk, &mut conn, (tiles, bounds)).await?;
            }
        }
        Ok(AtLeast { count, exact: true })
    }
}

/// One phone has few records, and an index that leads to them.
async fn of_phone(walk: &Walk, conn: &mut Conn<'_>, most: i64) -> Result<AtLeast> {
    let (low, high) = walk.rest;
    let mut sql = Sql::new("SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM audit a");
    sql.push(" WHERE a.seq >= ").bind(low);
    sql.push(" AND a.seq < ").bind(high);
    walk.query.conditions(&mut sql, &walk.reach);
    sql.push(" LIMIT ").bind(most.saturating_add(1));
    sql.push(") AS found");
    let count = conn.number(sql, "n").await?;
    Ok(AtLeast {
        count: count.min(most),
        exact: count <= most,
    })
}

/// What the marks say of these records, and the tiles for which they do not say enough.
async fn told(walk: &Walk, conn: &mut Conn<'_>, bounds: (i64, i64)) -> Result<(i64, Vec<i64>)> {
    let span = tiles_of(bounds);
    let timed = walk.query.from.is_some() || walk.query.to.is_some();
    let times = if timed {
        times(conn, &walk.query, span).await?
    } else {
        BTreeMap::new()
    };
    let mut held = Vec::with_capacity(walk.terms.len());
    for term in &walk.terms {
        held.push(term.tiles(conn, span).await?);
    }
    let says = walk.reach.is_everything()
        && walk.query.text.trim().is_empty()
        && walk.terms.iter().all(super::terms::Term::counts);
    let (mut count, mut unsure) = (0, Vec::new());
    for tile in span.0..=span.1 {
        let Some(marked) = held.iter().map(|held| held.get(&tile).copied()).collect() else {
            continue;
        };
        match times.get(&tile) {
            Some(false) => {}
            // Marks say how many records of the whole tile fit.
            _ if !says || size(tile, bounds) < TILE => unsure.push(tile),
            None if timed => unsure.push(tile),
            _ => match alone(marked) {
                Some(fit) => count += fit,
                None => unsure.push(tile),
            },
        }
    }
    Ok((count, unsure))
}

/// How many records fit, where no more than one filter leaves some out.
fn alone(mut marked: Vec<i64>) -> Option<i64> {
    marked.retain(|records| *records != TILE);
    match marked[..] {
        [] => Some(TILE),
        [one] => Some(one),
        _ => None,
    }
}

/// How many records a tile has.
fn size(tile: i64, (low, high): (i64, i64)) -> i64 {
    high.min((tile + 1) * TILE) - low.max(tile * TILE)
}

async fn one_by_one(
    walk: &Walk,
    conn: &mut Conn<'_>,
    (tiles, bounds): (&[i64], (i64, i64)),
) -> Result<i64> {
    if !walk.query.text.trim().is_empty() {
        return Ok(walk.read(conn, tiles, bounds).await?.len() as i64);
    }
    let mut sql = Sql::new("SELECT COUNT(*) AS n FROM (");
    walk.each_span(&mut sql, "SELECT 1 AS one", (tiles, bounds));
    sql.push(") AS found");
    conn.number(sql, "n").await
}
