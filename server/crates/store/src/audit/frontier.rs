//! The state of the audit tree between two additions.
//!
//! Owns the hashes of RFC 9162 §2.1: a leaf is SHA-256(0x00 ‖ entry), a node
//! SHA-256(0x01 ‖ left ‖ right). Kept are only the roots of the perfect parts, largest first:
//! one for each bit that is set in the size.

use sha2::{Digest, Sha256};

/// A SHA-256.
pub type Hash = [u8; 32];

/// The roots of the perfect parts of a tree of `size` leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    roots: Vec<Hash>,
}

/// The hash of one record's exact bytes.
pub fn leaf_hash(entry: &[u8]) -> Hash {
    Sha256::new()
        .chain_update([0])
        .chain_update(entry)
        .finalize()
        .into()
}

/// The hash of a node over two.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let both = Sha256::new().chain_update([1]).chain_update(left);
    both.chain_update(right).finalize().into()
}

impl Frontier {
    /// As stored; `None` when the bytes do not fit the size.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let fits = bytes.len() == 32 * size.count_ones() as usize;
        let roots = bytes.chunks_exact(32).map(Hash::try_from);
        let roots = roots.collect::<Result<_, _>>().ok()?;
        fits.then_some(Self { size, roots })
    }

    /// To store.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.roots.concat()
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect parts, largest first.
    pub fn roots(&self) -> &[Hash] {
        &self.roots
    }

    /// Adds one leaf.
    pub fn push(&mut self, leaf: Hash) {
        let mut root = leaf;
        // As in counting up by one: each trailing 1 of the size carries.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = node_hash(&left, &root);
            }
        }
        self.roots.push(root);
        self.size += 1;
    }

    /// The root of the whole tree.
    pub fn root(&self) -> Hash {
        let mut parts = self.roots.iter().rev();
        match parts.next() {
            None => Sha256::digest([]).into(),
            Some(last) => parts.fold(*last, |right, left| node_hash(left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition, as the RFC writes it.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&defined(&leaves[..split]), &defined(&leaves[split..]))
            }
        }
    }

    #[test]
    fn agrees_with_the_definition_and_survives_storing() {
        let leaves: Vec<_> = (0..300_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), defined(&[]));
        for (count, leaf) in leaves.iter().enumerate() {
            frontier.push(*leaf);
            assert_eq!(frontier.root(), defined(&leaves[..=count]), "{count}");
            let stored = Frontier::from_bytes(frontier.size(), &frontier.to_bytes());
            assert_eq!(stored.as_ref(), Some(&frontier));
        }
        assert_eq!(Frontier::from_bytes(3, &[0; 32]), None);
    }
}
