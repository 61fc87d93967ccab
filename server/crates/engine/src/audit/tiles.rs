//! Carries a tree on, and closes the tiles of the log on the way: the root over each 256 records, and the
//! span of their times.

use carillon_domain::Timestamp;
use carillon_store::{Frontier, Hash, Store, TILE, TileRow};

use crate::error::Result;

const PART: usize = TILE as usize;

/// Carries a tree on by these records, the first of which begins tile `first`, and of which the tree has
/// those before `known`; and keeps the whole tiles among them.
pub(super) async fn carry_on(
    store: &Store,
    frontier: &mut Frontier,
    (first, known): (i64, usize),
    leaves: &[(Hash, Timestamp)],
) -> Result<()> {
    let mut whole = Vec::with_capacity(leaves.len() / PART);
    for (number, part) in (first..).zip(leaves.chunks(PART)) {
        if part.len() == PART {
            whole.push(tile(number, part));
        }
        let new = known.saturating_sub(place(number - first)).min(part.len());
        let tile = whole.last().filter(|tile| tile.tile == number && new == 0);
        // The root of a tile is worked out once, for both.
        if !tile.is_some_and(|tile| frontier.push_part(tile.hash, TILE.unsigned_abs())) {
            for (hash, _) in &part[new..] {
                frontier.push(*hash);
            }
        }
    }
    keep(store, &whole).await
}

/// Where a tile begins, among records that begin with one.
fn place(tiles: i64) -> usize {
    usize::try_from(tiles)
        .unwrap_or(usize::MAX)
        .saturating_mul(PART)
}

async fn keep(store: &Store, tiles: &[TileRow]) -> Result<()> {
    if tiles.is_empty() {
        return Ok(());
    }
    let mut unit = store.begin().await?;
    unit.insert_tiles(tiles).await?;
    Ok(unit.commit_bookkeeping().await?)
}

fn tile(number: i64, leaves: &[(Hash, Timestamp)]) -> TileRow {
    let mut frontier = Frontier::default();
    for (hash, _) in leaves {
        frontier.push(*hash);
    }
    let times = leaves.iter().map(|(_, at)| *at);
    TileRow {
        tile: number,
        hash: frontier.root(),
        min_at: times.clone().min().unwrap_or_default(),
        max_at: times.max().unwrap_or_default(),
    }
}
