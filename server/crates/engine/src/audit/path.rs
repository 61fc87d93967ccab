//! The way from one record up to the root.
//!
//! Owns both halves of RFC 9162, section 2.1.3: making an inclusion path and following one.
//! *Invariant:* a path that is followed to a root goes through that leaf at that place.

use carillon_store::{Frontier, Hash, Store, TILE, node_hash};

use crate::error::{EngineError, Result};

/// The hashes beside the way from record `seq` to the root over the first `size` records.
///
/// Tiles stand for the records in them: where there are more records than a tile holds, the tree
/// splits between tiles only.
pub(super) async fn to_root(store: &Store, seq: i64, size: i64) -> Result<Vec<Hash>> {
    let whole = size / TILE;
    let tiles = store.audit_tiles(0, whole).await?;
    if tiles.len() as i64 != whole {
        return Err(EngineError::Conflict(
            "tiles of the audit log are missing: run `carillon audit verify`".to_owned(),
        ));
    }
    let mut nodes: Vec<Hash> = tiles.into_iter().map(|tile| tile.hash).collect();
    if size % TILE > 0 {
        nodes.push(root(&leaves(store, whole, size).await?));
    }
    let tile = seq / TILE;
    let leaves = leaves(store, tile, size).await?;
    let mut path = beside(place(seq % TILE), &leaves);
    path.extend(beside(place(tile), &nodes));
    Ok(path)
}

async fn leaves(store: &Store, tile: i64, size: i64) -> Result<Vec<Hash>> {
    let (from, to) = (tile * TILE, size.min((tile + 1) * TILE));
    let leaves = store.audit_leaves(from, to).await?;
    Ok(leaves.into_iter().map(|(hash, _)| hash).collect())
}

fn place(number: i64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

fn root(nodes: &[Hash]) -> Hash {
    let mut frontier = Frontier::default();
    for node in nodes {
        frontier.push(*node);
    }
    frontier.root()
}

/// The hashes beside the way from one of these nodes to the root over them, lowest first.
fn beside(index: usize, nodes: &[Hash]) -> Vec<Hash> {
    if nodes.len() < 2 {
        return Vec::new();
    }
    let (left, right) = nodes.split_at(nodes.len().next_power_of_two() / 2);
    let (mut path, other) = if index < left.len() {
        (beside(index, left), right)
    } else {
        (beside(index - left.len(), right), left)
    };
    path.push(root(other));
    path
}

/// The root over `size` records that a path leads to from the leaf with this number; `None` where
/// the path is too long or too short for that tree.
pub(super) fn followed(index: u64, size: u64, leaf: Hash, path: &[Hash]) -> Option<Hash> {
    let mut last = size.checked_sub(1)?;
    let mut place = index;
    let mut reached = leaf;
    if index > last {
        return None;
    }
    for beside in path {
        if last == 0 {
            return None;
        }
        if place & 1 == 1 || place == last {
            reached = node_hash(beside, &reached);
            // Where nothing stands on the right, levels are passed without a node.
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            reached = node_hash(&reached, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    (last == 0).then_some(reached)
}

#[cfg(test)]
mod tests {
    use carillon_store::leaf_hash;

    use super::*;

    #[test]
    fn every_path_of_every_small_tree_leads_to_its_root_and_no_other_does() {
        let leaves: Vec<_> = (0..70_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        for size in 1..=leaves.len() {
            let nodes = &leaves[..size];
            let root = root(nodes);
            for index in 0..size {
                let path = beside(index, nodes);
                let follow = |index: usize, size: usize, path: &[Hash]| {
                    followed(index as u64, size as u64, leaves[index], path)
                };
                assert_eq!(follow(index, size, &path), Some(root), "{index} of {size}");
                let elsewhere = followed(index as u64, size as u64, [7; 32], &path);
                assert_ne!(elsewhere, Some(root));
                let longer = [path.as_slice(), &[[7; 32]]].concat();
                assert_eq!(follow(index, size, &longer), None);
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(follow(index, size, shorter), None);
                    let next = (index + 1) % size;
                    let moved = followed(next as u64, size as u64, leaves[index], &path);
                    assert_ne!(moved, Some(root), "{index} as {next} of {size}");
                }
            }
            assert_eq!(followed(size as u64, size as u64, root, &[]), None);
        }
    }
}
