//! What there are only some of for each account at once: event streams, and files that are taken.
//!
//! Owns the counts. *Invariant:* a place is given back when what held it is gone, however it went.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seat {
    /// An event stream of a page or a program.
    Stream,
    /// A file of any size.
    Export,
}

impl Seat {
    /// Most of them for one account.
    const fn most(self) -> usize {
        match self {
            Self::Stream => 16,
            Self::Export => 4,
        }
    }
}

type Key = (Seat, String);

/// All places of a process. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Places(Arc<Mutex<HashMap<Key, usize>>>);

/// One place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Places,
    key: Key,
}

impl Places {
    /// One more for this account; `None` when it has too many.
    pub fn take(&self, seat: Seat, account: &str) -> Option<Place> {
        let key = (seat, account.to_owned());
        let mut counts = self.counts();
        let count = counts.entry(key.clone()).or_default();
        if *count >= seat.most() {
            return None;
        }
        *count += 1;
        drop(counts);
        let places = self.clone();
        Some(Place { places, key })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.places.counts();
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_has_a_few_of_each_kind() {
        let places = Places::default();
        let mut held: Vec<Place> = (0..4)
            .filter_map(|_| places.take(Seat::Export, "berta"))
            .collect();
        assert_eq!(held.len(), 4);
        assert!(places.take(Seat::Export, "berta").is_none());
        assert!(places.take(Seat::Stream, "berta").is_some());
        assert!(places.take(Seat::Export, "anton").is_some());
        held.pop();
        assert!(places.take(Seat::Export, "berta").is_some());
        held.clear();
        assert!(places.counts().is_empty(), "nothing is kept of who is gone");
    }
}
