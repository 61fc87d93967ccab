//! What this node's recorder did since its start, in numbers.
//!
//! Owns sums that only grow. *Invariant:* what is counted was committed; nothing here is of a phone
//! or a person.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carillon_domain::{Cause, TargetState};

/// What was written, and how long it took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Results by state and cause; no cause is an empty text.
    pub results: BTreeMap<(String, String), u64>,
    /// Transactions that were committed.
    pub writes: u64,
    /// How long all of them waited for their turn to write.
    pub waited: Duration,
    /// How long all of them took, waiting and commit included.
    pub took: Duration,
}

/// The sums, and whoever adds to them.
#[derive(Default)]
pub(super) struct Tallies(Mutex<Tally>);

impl Tallies {
    fn now(&self) -> MutexGuard<'_, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A transaction was committed.
    pub(super) fn wrote(
        &self,
        results: &[(TargetState, Option<Cause>)],
        waited: Duration,
        took: Duration,
    ) {
        let mut tally = self.now();
        tally.writes += 1;
        tally.waited += waited;
        tally.took += took;
        for alike in results.chunk_by(|one, next| one == next) {
            let [(state, cause), ..] = alike else {
                continue;
            };
            let cause = cause.map(|cause| cause.to_string());
            let kind = (state.to_string(), cause.unwrap_or_default());
            *tally.results.entry(kind).or_default() += alike.len() as u64;
        }
    }

    pub(super) fn read(&self) -> Tally {
        self.now().clone()
    }
}
