//! Values that the database surely holds already.
//!
//! Owns a memory of what this process wrote, so that it asks once for each. *Invariant:* learns
//! only after a commit, and forgets all when the server changed: one that takes over from
//! another may lack what that one confirmed. What is forgotten is written again, which changes
//! nothing.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use carillon_domain::Mac;

use crate::sql::Value;

use super::marks::Kind;
use super::words;

/// Beyond so many it begins anew.
const MOST: usize = 100_000;

/// What was written.
#[derive(Default)]
pub(crate) struct Known(Mutex<Memory>);

#[derive(Default)]
struct Memory {
    /// How often everything was forgotten.
    times: u64,
    /// The server that holds them, where there can be several.
    server: Option<String>,
    values: HashSet<(Kind, String)>,
    /// The last name of each phone.
    phones: HashMap<Mac, String>,
    /// The commitment to each address, by day.
    sources: HashMap<(String, i64), String>,
}

/// What a transaction writes and this process did not know.
#[derive(Default)]
pub(crate) struct Learned {
    /// The memory that it was compared with.
    times: u64,
    values: Vec<(Kind, String)>,
    phones: Vec<(Mac, String)>,
    sources: Vec<((String, i64), String)>,
}

impl Known {
    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unknown<'n>(
        &self,
        values: BTreeSet<(Kind, String)>,
        phones: impl Iterator<Item = (Mac, &'n str)>,
    ) -> Learned {
        let memory = self.memory();
        let values = values.into_iter();
        let phones =
            phones.filter(|(mac, name)| memory.phones.get(mac).is_none_or(|known| known != name));
        Learned {
            times: memory.times,
            sources: Vec::new(),
            phones: phones.map(|(mac, name)| (mac, name.to_owned())).collect(),
            values: values
                .filter(|value| !memory.values.contains(value))
                .collect(),
        }
    }

    /// How often everything was forgotten.
    pub(super) fn times(&self) -> u64 {
        self.memory().times
    }

    /// The commitment to an address on a day.
    pub(super) fn source(&self, address: &str, day: i64) -> Option<String> {
        let place = (address.to_owned(), day);
        self.memory().sources.get(&place).cloned()
    }

    /// Begins anew where this is another server than before; what is being written meanwhile is
    /// not learned either.
    pub(crate) fn forget_unless_of(&self, server: String) {
        let mut memory = self.memory();
        if memory.server.as_ref() != Some(&server) {
            memory.forget();
            memory.server = Some(server);
        }
    }

    /// After the commit.
    pub(crate) fn learn(&self, learned: Learned) {
        if learned.is_nothing() {
            return;
        }
        let mut memory = self.memory();
        if memory.times != learned.times {
            return;
        }
        if memory.values.len() + memory.phones.len() + memory.sources.len() > MOST {
            memory.forget();
        }
        memory.values.extend(learned.values);
        memory.phones.extend(learned.phones);
        memory.sources.extend(learned.sources);
    }
}

impl Memory {
    fn forget(&mut self) {
        *self = Self {
            times: self.times + 1,
            server: self.server.take(),
            ..Self::default()
        };
    }
}

impl Learned {
    fn is_nothing(&self) -> bool {
        self.values.is_empty() && self.phones.is_empty() && self.sources.is_empty()
    }

    /// Takes in commitments that were looked up in a memory of that age.
    pub(super) fn sources(&mut self, times: u64, sources: Vec<((String, i64), String)>) {
        if times == self.times {
            self.sources = sources;
        }
    }

    /// As rows of `audit_values`.
    pub(super) fn rows(&self) -> Vec<Vec<Value>> {
        let values = self.values.iter();
        let values = values.map(|(kind, value)| vec![kind.as_str().into(), value.into()]);
        let phones = self
            .phones
            .iter()
            .map(|(mac, name)| vec![Kind::Phone.as_str().into(), words::phone(*mac, name).into()]);
        values.chain(phones).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_server_holds_is_not_expected_of_another() {
        let known = Known::default();
        let learn = |name: &str| {
            let mut learned = known.unknown(BTreeSet::new(), std::iter::empty());
            learned.values.push((Kind::Action, name.to_owned()));
            known.learn(learned);
        };
        let new = || {
            let value = (Kind::Action, "a".to_owned());
            let new = known.unknown(BTreeSet::from([value]), std::iter::empty());
            !new.values.is_empty()
        };
        known.forget_unless_of("one".to_owned());
        learn("a");
        known.forget_unless_of("one".to_owned());
        assert!(!new(), "another connection to the same server");
        let before = known.unknown(BTreeSet::new(), std::iter::empty());
        known.forget_unless_of("two".to_owned());
        assert!(new());
        known.learn(Learned {
            values: vec![(Kind::Action, "a".to_owned())],
            ..before
        });
        assert!(new(), "what was written to the other one");
    }
}
