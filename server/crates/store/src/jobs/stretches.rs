//! The next targets of a job where no index knows what waits.
//!
//! Owns where it is looked for first. An index of what waits would be told of each change of each
//! target, and so would all others: see the migration `phones_in_hand`. *Invariant:* what waits is found
//! wherever it lies, whatever the hint says.

use crate::conn::Conn;
use crate::error::Result;

use super::claim::{Candidate, Claim, next_in_order, waiting};

/// Finds up to `limit` from the claim's hint on, and then before it.
pub(super) async fn next_in_stretches(
    conn: &mut Conn<'_>,
    claim: &Claim<'_>,
    limit: usize,
) -> Result<Vec<Candidate>> {
    // Behind the last claim nearly all wait.
    let near = claim.from.max(0) + (limit + limit / 4) as i64;
    // Without a hint from the very first on, wherever somebody put it.
    let from = if claim.from > 0 { claim.from } else { i64::MIN };
    let mut found = Vec::with_capacity(limit);
    for stretch in [(from, near), (near, i64::MAX), (i64::MIN, from)] {
        if found.len() < limit && stretch.0 < stretch.1 {
            look(conn, claim, stretch, (limit, &mut found)).await?;
        }
    }
    found.sort_unstable_by_key(|one| one.target.position);
    Ok(found)
}

async fn look(
    conn: &mut Conn<'_>,
    claim: &Claim<'_>,
    (from, to): (i64, i64),
    (limit, found): (usize, &mut Vec<Candidate>),
) -> Result<()> {
    let mut sql = next_in_order(claim, conn.dialect());
    sql.push(" AND t.position >= ").bind(from);
    sql.push(" AND t.position < ").bind(to);
    sql.push(" ORDER BY t.position LIMIT ")
        .bind((limit - found.len()) as i64);
    found.extend(waiting(conn, claim, sql).await?);
    Ok(())
}
