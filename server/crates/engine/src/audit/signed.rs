//! The checkpoints that a log is compared with.
//!
//! Owns which of them count, and which the database should have and lacks. *Invariant:* nothing counts
//! but what the key signed.

use std::collections::{BTreeSet, HashMap};

use carillon_store::{CheckpointRow, Frontier, Hash};

use super::finding::{Finding, Kind};
use super::note::{SignedCheckpoint, VerifierKey};

/// The checkpoints that have to fit, by size.
pub(super) struct Signed {
    /// Those that fit the key: size, root, source.
    pub(super) good: Vec<(u64, Hash, String)>,
    /// Those that do not: the record from which on they say something, and their source.
    pub(super) foreign: Vec<(u64, String)>,
    /// The first that was kept elsewhere and that the database lacks: its size, what the database has
    /// before it, and its source.
    unkept: Option<(u64, u64, String)>,
    /// How many of the good ones were compared.
    compared: usize,
}

impl Signed {
    pub(super) fn of(
        rows: &[CheckpointRow],
        key: &VerifierKey,
        kept: &[(String, SignedCheckpoint)],
    ) -> Self {
        let (mut good, mut foreign) = (Vec::new(), Vec::new());
        let mut sizes = BTreeSet::new();
        for row in rows {
            let source = format!("checkpoint of {} records in the database", row.size);
            let size = u64::try_from(row.size).unwrap_or(0);
            sizes.insert(size);
            match row.note.parse::<SignedCheckpoint>() {
                Ok(note) if note.is_signed_by(key) && note.checkpoint.size == size => {
                    good.push((size, note.checkpoint.root, source));
                }
                _ => foreign.push((size, source)),
            }
        }
        let mut ours = Vec::new();
        for (file, note) in kept {
            let size = note.checkpoint.size;
            let source = format!("checkpoint of {size} records in {file}");
            if note.is_signed_by(key) {
                good.push((size, note.checkpoint.root, source));
                ours.push((file.as_str(), size));
            } else {
                foreign.push((size, source));
            }
        }
        // Stable: of one size the database's stands first.
        good.sort_by_key(|(size, _, _)| *size);
        foreign.sort_by_key(|(size, _)| *size);
        Self {
            good,
            foreign,
            unkept: unkept(&sizes, &ours),
            compared: 0,
        }
    }

    /// Compares with every checkpoint of the size that was reached.
    pub(super) fn compare(&mut self, frontier: &Frontier) -> Result<(), Finding> {
        let reached = frontier.size();
        let before = self.compared.checked_sub(1);
        let before = before.and_then(|last| self.good.get(last));
        let from = before.map_or(0, |(size, _, _)| *size);
        if let Some((_, source)) = self.foreign.iter().find(|(size, _)| *size == reached) {
            return Err(between(from, reached, Kind::Foreign(source.clone())));
        }
        let root = self.is_due(reached).then(|| frontier.root());
        let mut fitting: Option<String> = None;
        while self.is_due(reached) {
            let (_, signed, source) = &self.good[self.compared];
            if Some(*signed) != root {
                let kind = match fitting {
                    Some(other) => Kind::Fork(format!("{other}; {source}")),
                    None => Kind::Rewritten(source.clone()),
                };
                return Err(between(from, reached, kind));
            }
            fitting = Some(source.clone());
            self.compared += 1;
        }
        Ok(())
    }

    fn is_due(&self, reached: u64) -> bool {
        let next = self.good.get(self.compared);
        next.is_some_and(|(size, _, _)| *size == reached)
    }

    /// What is said behind the last of so many records, by others or in two ways.
    pub(super) fn beyond(&self, size: u64) -> Result<(), Finding> {
        let two = self.good.windows(2).find(|two| {
            let [one, other] = two else { return false };
            one.0 > size && one.0 == other.0 && one.1 != other.1
        });
        if let Some([one, other]) = two {
            let kind = Kind::Fork(format!("{}; {}", one.2, other.2));
            return Err(between(size, one.0, kind));
        }
        match self.foreign.iter().find(|(one, _)| *one > size) {
            Some((_, source)) => Err(Finding::at(number(size), Kind::Foreign(source.clone()))),
            None => Ok(()),
        }
    }

    /// What the database lacks although it was signed, for a log of this size.
    pub(super) fn held(&self, size: u64) -> Result<(), Finding> {
        match &self.unkept {
            Some((lacking, before, source)) if *lacking <= size => {
                Err(between(*before, *lacking, Kind::Unkept(source.clone())))
            }
            _ => Ok(()),
        }
    }
}

/// The first that the database lacks. What is signed goes into the file beside the database before it
/// goes into that, and nothing follows in the file until it did: only the last one may be missing.
fn unkept(sizes: &BTreeSet<u64>, ours: &[(&str, u64)]) -> Option<(u64, u64, String)> {
    let mut last: HashMap<&str, (u64, usize)> = HashMap::new();
    for (file, size) in ours {
        let (largest, notes) = last.entry(*file).or_default();
        (*largest, *notes) = ((*largest).max(*size), *notes + 1);
    }
    let newest = ours.iter().map(|(_, size)| *size).max()?;
    let excused = |(file, size): &(&str, u64)| {
        let only = last.get(file).is_none_or(|(_, notes)| *notes == 1);
        *size == newest || (!only && last.get(file).is_some_and(|(last, _)| last == size))
    };
    let lacking = ours
        .iter()
        .filter(|one| !sizes.contains(&one.1) && !excused(one));
    let (file, size) = lacking.min_by_key(|(_, size)| *size)?;
    let before = sizes.range(..*size).next_back().copied().unwrap_or(0);
    let source = format!("checkpoint of {size} records in {file}");
    Some((*size, before, source))
}

/// What is wrong with the records from the one to before the other.
pub(super) fn between(from: u64, to: u64, kind: Kind) -> Finding {
    Finding {
        through: Some(number(to) - 1),
        ..Finding::at(number(from), kind)
    }
}

fn number(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
