//! Whether the addresses that are kept are those that records commit to.
//!
//! Owns what records name and what they say was removed. *Invariant:* an address that is missing is
//! a finding unless a record tells that the addresses of its day were removed.

use std::collections::HashMap;

use carillon_domain::Timestamp;
use carillon_domain::event::Event;
use carillon_store::StandingSource;
use serde::Deserialize as _;

use super::finding::{Finding, Kind};

/// Bytes before an address that is committed to.
const SALT: usize = 32;

const DAY: i64 = 86_400_000_000;

/// What records say of where they came from.
#[derive(Default)]
pub(super) struct Named {
    /// Each commitment, with the first record that names it and the day of that.
    first: HashMap<String, (i64, i64)>,
    /// The first record that names one of another day.
    astray: Option<i64>,
    /// The addresses of days before this one were removed.
    removed: i64,
}

impl Named {
    /// Takes in a record.
    pub(super) fn add(&mut self, seq: i64, event: &Event) {
        let day = event.at.micros().div_euclid(DAY);
        if let Some(id) = &event.source {
            match self.first.get(id) {
                None => drop(self.first.insert(id.clone(), (seq, day))),
                // A phone is sent to by the order of then, on whatever day its turn comes.
                Some(_) if event.action.starts_with("target.") => {}
                Some((_, of)) if *of != day => self.astray = self.astray.or(Some(seq)),
                Some(_) => {}
            }
        }
        if event.action == "audit.addresses_removed"
            && let Ok(before) = Timestamp::deserialize(&event.detail["before"])
        {
            self.removed = self.removed.max(before.micros().div_euclid(DAY));
        }
    }

    /// The first record whose address is another, or not there; `size` stands for none.
    pub(super) fn compare(&self, kept: &[StandingSource], size: i64) -> Result<(), Finding> {
        let mut missing = self.first.clone();
        let mut odd = Vec::new();
        for row in kept {
            let named = missing.remove(&row.id);
            let seq = named.map_or(size, |(seq, _)| seq);
            // Bytes of another number could be those of the address.
            if row.source.salt.len() != SALT || row.source.commitment() != row.id {
                odd.push((seq, "the address is not the one that the record commits to"));
            } else if named.is_some_and(|(_, day)| day != row.day) {
                odd.push((seq, "the address is kept for another day"));
            }
        }
        let gone = missing.values().filter(|(_, day)| *day >= self.removed);
        odd.extend(gone.map(|(seq, _)| (*seq, "no record tells that the address was removed")));
        let astray = self
            .astray
            .map(|seq| (seq, "the address is one of another day"));
        match odd.into_iter().chain(astray).min() {
            None => Ok(()),
            Some((seq, what)) => Err(Finding::at(seq, Kind::Source(what))),
        }
    }
}
