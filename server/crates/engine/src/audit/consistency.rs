//! That a larger tree continues a smaller one.
//!
//! Owns both halves of RFC 9162, section 2.1.4: making a consistency proof and checking one.
//! *Invariant:* where the check says yes, the first leaves of the larger tree are those of the
//! smaller one, each at its place.

use carillon_store::{Frontier, Hash, Store, node_hash};

use crate::error::{EngineError, Result};

/// Hashes read at once.
const STEP: u64 = 4096;

/// A hash of a proof, as the recursion of the RFC finds it.
#[derive(Debug)]
enum Piece {
    /// The root of a part of the smaller tree that is perfect.
    Known(Hash),
    /// The root over so many leaves that came later, which follow those of the piece before.
    Later(u64),
}

/// The proof that the first `size` records of the log continue the tree of `from`, whose leaves
/// they begin with: the hashes from the bottom up. The later records are read one after another,
/// so that memory does not grow with them.
pub(super) async fn proof(store: &Store, from: &Frontier, size: u64) -> Result<Vec<Hash>> {
    let mut proof = Vec::new();
    let mut next = from.size();
    for piece in pieces(from, size) {
        match piece {
            Piece::Known(root) => proof.push(root),
            Piece::Later(count) => {
                proof.push(root(store, next, next + count).await?);
                next += count;
            }
        }
    }
    Ok(proof)
}

async fn root(store: &Store, from: u64, to: u64) -> Result<Hash> {
    let number = |seq: u64| i64::try_from(seq).unwrap_or(i64::MAX);
    let mut frontier = Frontier::default();
    let mut next = from;
    while next < to {
        let end = to.min(next + STEP);
        let leaves = store.audit_leaves(number(next), number(end)).await?;
        if leaves.len() as u64 != end - next {
            return Err(EngineError::Conflict(format!(
                "records are missing between {next} and {end}"
            )));
        }
        for (leaf, _) in leaves {
            frontier.push(leaf);
        }
        next = end;
    }
    Ok(frontier.root())
}

/// SUBPROOF of the RFC, from the bottom up: what it takes from the left are parts of the smaller
/// tree, and what it takes from the right begins where the part before ended.
fn pieces(from: &Frontier, size: u64) -> Vec<Piece> {
    let (mut first, mut second) = (from.size(), size);
    let (mut roots, mut whole) = (from.roots(), true);
    if first == 0 || first > second {
        return Vec::new();
    }
    let mut down = Vec::new();
    while first < second {
        let split = second.next_power_of_two() / 2;
        if first <= split {
            down.push(Piece::Later(second - split));
            second = split;
        } else {
            let Some((left, rest)) = roots.split_first() else {
                break;
            };
            down.push(Piece::Known(*left));
            (first, second, roots, whole) = (first - split, second - split, rest, false);
        }
    }
    if let Some(last) = roots.last().filter(|_| !whole) {
        down.push(Piece::Known(*last));
    }
    down.reverse();
    down
}

/// Whether the tree of `second` (its size and root) continues that of `first`. The empty tree is
/// continued by every other.
pub(super) fn continues(first: (u64, Hash), second: (u64, Hash), proof: &[Hash]) -> bool {
    match first.0 {
        0 => proof.is_empty() && (second.0 > 0 || first.1 == second.1),
        size if size == second.0 => proof.is_empty() && first.1 == second.1,
        size if size > second.0 => false,
        _ => leads_to_both(first, second, proof),
    }
}

/// RFC 9162, section 2.1.4.2.
fn leads_to_both(first: (u64, Hash), second: (u64, Hash), proof: &[Hash]) -> bool {
    let Some((lowest, others)) = proof.split_first() else {
        return false;
    };
    // A perfect tree is its own lowest node, and is not said again.
    let (start, rest) = if first.0.is_power_of_two() {
        (&first.1, proof)
    } else {
        (lowest, others)
    };
    let (mut place, mut last) = (first.0 - 1, second.0 - 1);
    while place & 1 == 1 {
        (place, last) = (place >> 1, last >> 1);
    }
    let (mut old, mut new) = (*start, *start);
    for beside in rest {
        if last == 0 {
            return false;
        }
        if place & 1 == 1 || place == last {
            old = node_hash(beside, &old);
            new = node_hash(beside, &new);
            while place & 1 == 0 && place != 0 {
                (place, last) = (place >> 1, last >> 1);
            }
        } else {
            new = node_hash(&new, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && old == first.1 && new == second.1
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use carillon_store::leaf_hash;

    use super::*;

    const LEAVES: u32 = 70;

    fn leaves() -> Vec<Hash> {
        (0..LEAVES).map(|n| leaf_hash(&n.to_be_bytes())).collect()
    }

    fn tree(leaves: &[Hash]) -> Frontier {
        let mut frontier = Frontier::default();
        for leaf in leaves {
            frontier.push(*leaf);
        }
        frontier
    }

    fn root_of(leaves: &[Hash]) -> Hash {
        tree(leaves).root()
    }

    /// SUBPROOF, as the RFC writes it.
    fn defined(first: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if first == leaves.len() {
            let own = Some(root_of(leaves)).filter(|_| !whole);
            return own.into_iter().collect();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut proof, other) = if first <= left.len() {
            (defined(first, left, whole), right)
        } else {
            (defined(first - left.len(), right, false), left)
        };
        proof.push(root_of(other));
        proof
    }

    /// As the program makes it, from leaves in memory.
    fn made(first: usize, leaves: &[Hash]) -> Vec<Hash> {
        let mut rest = &leaves[first..];
        let piece = |piece| match piece {
            Piece::Known(root) => root,
            Piece::Later(count) => {
                let (these, others) = rest.split_at(usize::try_from(count).unwrap());
                rest = others;
                root_of(these)
            }
        };
        let pieces = pieces(&tree(&leaves[..first]), leaves.len() as u64);
        pieces.into_iter().map(piece).collect()
    }

    #[test]
    fn every_proof_between_small_trees_is_the_one_of_the_definition_and_holds_for_no_other() {
        let leaves = leaves();
        for second in 1..=leaves.len() {
            let whole = &leaves[..second];
            let new = (second as u64, root_of(whole));
            for first in 1..=second {
                let old = (first as u64, root_of(&leaves[..first]));
                let proof = made(first, whole);
                assert_eq!(proof, defined(first, whole, true), "{first} of {second}");
                assert!(continues(old, new, &proof), "{first} of {second}");
                assert!(!continues((old.0, [7; 32]), new, &proof));
                assert!(!continues(old, (new.0, [7; 32]), &proof));
                assert!(!continues(new, old, &proof) || first == second);
                let longer = [proof.as_slice(), &[[7; 32]]].concat();
                assert!(!continues(old, new, &longer));
                if let Some((_, shorter)) = proof.split_last() {
                    assert!(!continues(old, new, shorter));
                }
                for touched in 0..proof.len() {
                    let mut other = proof.clone();
                    other[touched][0] ^= 1;
                    assert!(
                        !continues(old, new, &other),
                        "{touched}: {first} of {second}"
                    );
                }
            }
        }
    }

    #[test]
    fn another_beginning_is_not_continued() {
        let leaves = leaves();
        for second in 2..=leaves.len() {
            for first in 1..second {
                let old = (first as u64, root_of(&leaves[..first]));
                let mut forged = leaves[..second].to_vec();
                forged[first / 2] = [9; 32];
                let new = (second as u64, root_of(&forged));
                assert!(!continues(old, new, &made(first, &forged)));
                assert!(!continues(old, new, &made(first, &leaves[..second])));
            }
        }
    }

    #[test]
    fn the_empty_tree_is_continued_by_every_other_without_a_proof() {
        let (empty, some) = ((0, root_of(&[])), (3, [1; 32]));
        assert!(continues(empty, some, &[]));
        assert!(!continues(empty, some, &[[1; 32]]));
        assert!(continues(empty, empty, &[]));
        assert!(!continues(empty, (0, [1; 32]), &[]));
        assert!(!continues(some, empty, &[]));
        assert!(pieces(&Frontier::default(), 5).is_empty());
    }

    /// The verifier in the other language, written from the RFC as well.
    #[test]
    fn the_second_program_agrees() {
        const ASK: &str = "import json, sys\nsys.path.insert(0, sys.argv[1])\n\
            from verify_audit import continues\n\
            for line in sys.stdin:\n\
            \x20   m, old, n, new, proof = json.loads(line)\n\
            \x20   h = bytes.fromhex\n\
            \x20   print(int(continues(m, h(old), n, h(new), [h(p) for p in proof])))\n";
        let tools = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../tools");
        let asked = Command::new("python3")
            .args(["-B", "-c", ASK, tools])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut asked = asked.expect("python3");
        let leaves = leaves();
        let (mut text, mut expected) = (String::new(), String::new());
        for second in 1..=leaves.len() {
            let whole = &leaves[..second];
            let new = (second as u64, root_of(whole));
            for first in 1..=second {
                let old = (first as u64, root_of(&leaves[..first]));
                let proof = made(first, whole);
                let (mut touched, mut longer) = (proof.clone(), proof.clone());
                touched.iter_mut().take(1).for_each(|hash| hash[0] ^= 1);
                longer.push(old.1);
                for proof in [proof, touched, longer] {
                    let hashes: Vec<_> = proof.iter().map(hex::encode).collect();
                    let (m, n) = (hex::encode(old.1), hex::encode(new.1));
                    let line = serde_json::json!([first, m, second, n, hashes]);
                    writeln!(text, "{line}").unwrap();
                    let ours = u8::from(continues(old, new, &proof));
                    writeln!(expected, "{ours}").unwrap();
                }
            }
        }
        let mut input = asked.stdin.take().unwrap();
        let writing = std::thread::spawn(move || input.write_all(text.as_bytes()));
        let told = asked.wait_with_output().unwrap();
        writing.join().unwrap().unwrap();
        assert_eq!(String::from_utf8(told.stdout).unwrap(), expected);
    }
}
