//! Closes the tiles of the log: the root over each 256 records, and the span of their times.

use carillon_domain::Timestamp;
use carillon_store::{Frontier, Hash, Store, TILE, TileRow};

use crate::error::Result;

/// Keeps the whole tiles among these records, the first of which begins tile `first`.
pub(super) async fn keep(store: &Store, first: i64, leaves: &[(Hash, Timestamp)]) -> Result<()> {
    let whole = leaves.chunks_exact(TILE as usize);
    let tiles: Vec<_> = (first..)
        .zip(whole)
        .map(|(number, leaves)| tile(number, leaves))
        .collect();
    if tiles.is_empty() {
        return Ok(());
    }
    let mut unit = store.begin().await?;
    unit.insert_tiles(&tiles).await?;
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
