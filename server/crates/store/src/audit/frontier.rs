//! The state of the audit tree between two additions.
//!
//! Owns the hashes of RFC 9162 §2.1: a leaf is SHA-256(0x00 ‖ entry), a node
//! SHA-256(0x01 ‖ left ‖ right). Kept are only the roots of the perfect parts, largest first:
//! one for each bit that is set in the size. Two records of about 800 bytes stand for each phone of a
//! broadcast: they are hashed by `ring`, which has code of its own for processors without instructions
//! for SHA-256 (2.6 µs for 790 bytes where `sha2` takes 6.0; the same where there are such instructions).

use ring::digest::{Context, SHA256, digest};

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
    let mut hash = Context::new(&SHA256);
    hash.update(&[0]);
    hash.update(entry);
    whole(hash.finish().as_ref())
}

/// The hash of a node over two.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut both = [1; 65];
    both[1..33].copy_from_slice(left);
    both[33..].copy_from_slice(right);
    whole(digest(&SHA256, &both).as_ref())
}

/// A SHA-256 has 32 bytes.
fn whole(digest: &[u8]) -> Hash {
    let mut hash = Hash::default();
    hash.copy_from_slice(digest);
    hash
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
        self.carry(leaf, 0);
    }

    /// Splits off what is there of a perfect part of `leaves` leaves, a power of two: what stays are
    /// whole ones.
    #[must_use = "what is split off is lost otherwise"]
    pub fn split_off(&mut self, leaves: u64) -> Self {
        let size = self.size & (leaves - 1);
        let whole = self.roots.len() - size.count_ones() as usize;
        self.size -= size;
        Self {
            size,
            roots: self.roots.split_off(whole),
        }
    }

    /// Adds what was split off, after it has grown to a perfect part at most.
    pub fn join(&mut self, part: Self) {
        if let [root] = part.roots[..] {
            self.carry(root, part.size.trailing_zeros());
        } else {
            self.size += part.size;
            self.roots.extend(part.roots);
        }
    }

    /// As in counting up by one, from this bit on: each 1 that follows in the size carries.
    fn carry(&mut self, mut root: Hash, bit: u32) {
        for _ in 0..(self.size >> bit).trailing_ones() {
            if let Some(left) = self.roots.pop() {
                root = node_hash(&left, &root);
            }
        }
        self.roots.push(root);
        self.size += 1 << bit;
    }

    /// The root of the whole tree.
    pub fn root(&self) -> Hash {
        let mut parts = self.roots.iter().rev();
        match parts.next() {
            None => whole(digest(&SHA256, &[]).as_ref()),
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
            [] => whole(digest(&SHA256, &[]).as_ref()),
            [leaf] => *leaf,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node_hash(&defined(&leaves[..split]), &defined(&leaves[split..]))
            }
        }
    }

    #[test]
    fn hashes_are_those_of_another_library() {
        use sha2::{Digest as _, Sha256};
        for length in [0, 1, 54, 55, 63, 64, 790, 4096] {
            let entry = vec![7; length];
            let both = [&[0][..], &entry].concat();
            assert_eq!(
                leaf_hash(&entry),
                Hash::from(Sha256::digest(&both)),
                "{length}"
            );
        }
        let (left, right) = (leaf_hash(b"a"), leaf_hash(b"b"));
        let both = [&[1][..], &left, &right].concat();
        assert_eq!(node_hash(&left, &right), Hash::from(Sha256::digest(&both)));
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

    #[test]
    fn a_part_grows_by_itself_and_comes_back() {
        let leaves: Vec<_> = (0..40_u32).map(|n| leaf_hash(&n.to_be_bytes())).collect();
        let (mut whole, mut by_parts) = (Frontier::default(), Frontier::default());
        for (count, leaf) in leaves.iter().enumerate() {
            whole.push(*leaf);
            let mut part = by_parts.split_off(8);
            assert_eq!((part.size(), by_parts.size() % 8), (count as u64 % 8, 0));
            part.push(*leaf);
            if part.size() == 8 {
                assert_eq!(part.root(), defined(&leaves[count - 7..=count]));
            }
            by_parts.join(part);
            assert_eq!(by_parts, whole);
        }
    }
}
