//! Carries a tree on, and closes the tiles of the log on the way: the root over each 256 records, and the
//! span of their times.
//!
//! *Invariant:* each record is hashed into the tree once; a tile's root is a root of the tree.

use carillon_domain::Timestamp;
use carillon_store::{Frontier, Hash, TILE, TileRow};

const PART: usize = TILE as usize;

/// Carries a tree on by these records, the first of which begins tile `first`; the tree may have those
/// before some place in it. Gives the tiles that are whole now.
pub(super) fn carry_on(
    frontier: &mut Frontier,
    first: i64,
    leaves: &[(Hash, Timestamp)],
) -> Vec<TileRow> {
    let mut whole = Vec::with_capacity(leaves.len() / PART);
    for (number, part) in (first..).zip(leaves.chunks(PART)) {
        let mut open = frontier.split_off(TILE.unsigned_abs());
        let known = usize::try_from(open.size()).unwrap_or(PART);
        for (hash, _) in part.iter().skip(known) {
            open.push(*hash);
        }
        if part.len() == PART {
            whole.push(tile(number, open.root(), part));
        }
        frontier.join(open);
    }
    whole
}

fn tile(number: i64, hash: Hash, leaves: &[(Hash, Timestamp)]) -> TileRow {
    let times = leaves.iter().map(|(_, at)| *at);
    TileRow {
        tile: number,
        hash,
        min_at: times.clone().min().unwrap_or_default(),
        max_at: times.max().unwrap_or_default(),
    }
}
