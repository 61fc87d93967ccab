//! How much a receiver gets at once.
//!
//! Owns the measure. *Invariant:* a receiver that finds a batch too large gets half of it next, down
//! to a single record, and never less than that.

use carillon_store::StreamEntry;

/// Most records of a batch.
const RECORDS: usize = 500;
/// A batch ends with the record that makes it larger than this.
const LARGE: usize = 512 * 1024;
/// After so many batches in a row a receiver is tried with twice as much again.
const TAKEN: u32 = 16;

/// The measure of one stream.
pub(super) struct Batch {
    most: usize,
    taken: u32,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            most: RECORDS,
            taken: 0,
        }
    }
}

impl Batch {
    /// How many records at most.
    pub(super) fn most(&self) -> i64 {
        i64::try_from(self.most).unwrap_or(1)
    }

    /// Ends a batch with the record that makes it large.
    pub(super) fn shorten(entries: &mut Vec<StreamEntry>) {
        let mut bytes = 0;
        let fits = entries.iter().take_while(|entry| {
            let fits = bytes < LARGE;
            bytes += entry.entry.len();
            fits
        });
        let count = fits.count();
        entries.truncate(count);
    }

    /// A batch was taken.
    pub(super) fn was_taken(&mut self) {
        self.taken += 1;
        if self.taken >= TAKEN {
            (self.most, self.taken) = (RECORDS.min(self.most * 2), 0);
        }
    }

    /// This one was too large; `false` where it cannot be smaller.
    pub(super) fn halve(&mut self, entries: &[StreamEntry]) -> bool {
        (self.most, self.taken) = ((entries.len() / 2).max(1), 0);
        entries.len() > 1
    }
}
