//! The sums in a job's row, held against the rows of its phones.
//!
//! Owns the counting. *Invariant:* the counters change in the transaction that changes the phones, so that
//! they are compared whatever the job is doing.

use std::collections::BTreeMap;

use carillon_domain::{Cause, Counts, TargetState};
use carillon_store::{StandingCause, StandingEnd, StandingJob};

/// The sums of jobs, by their ids.
pub(in crate::audit) type OfJobs = BTreeMap<String, Sums>;

/// What the rows beside that of a job come to.
#[derive(Clone, Debug, Default)]
pub(in crate::audit) struct Sums {
    /// Phones by where they stand.
    counts: Counts,
    /// How many more of them ended with a cause than are kept.
    causes: BTreeMap<Cause, i64>,
    /// Whether something there cannot be read, or is nothing that Carillon writes.
    odd: bool,
}

impl Sums {
    /// Counts a phone.
    pub(super) fn add(&mut self, phone: &StandingEnd) {
        let (Some(state), Some(cause)) = (phone.state, phone.cause) else {
            self.odd = true;
            return;
        };
        self.counts.add(state, 1);
        if let Some(cause) = cause.filter(|_| TargetState::is_terminal(state)) {
            *self.causes.entry(cause).or_default() += 1;
        }
    }

    /// Takes off what is kept of a cause.
    pub(super) fn take(&mut self, kept: &StandingCause) {
        match kept.cause {
            Some(cause) if kept.count > 0 => {
                *self.causes.entry(cause).or_default() -= kept.count;
            }
            _ => self.odd = true,
        }
    }

    /// How many phones there are.
    pub(super) fn phones(&self) -> i64 {
        self.counts.total()
    }

    /// Whether the row of the job, and the causes that are kept, say the same.
    pub(super) fn fit(&self, row: &StandingJob) -> bool {
        !self.odd && self.counts == row.counts && self.causes.values().all(|left| *left == 0)
    }
}
