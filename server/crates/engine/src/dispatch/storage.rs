//! Whether what happens can be written down.
//!
//! Owns what is told of the database's writing, and the room that must stay on its disk. What is told
//! decides about no sending: that asks the database each time, and goes on with the first write that
//! succeeds. *Invariant:* a trouble is told until writes have succeeded for a while, none failed
//! meanwhile, and there is room for the next.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::Engine;
use crate::error::{EngineError, Result};

/// Looks without trouble between two tries to write.
const TRY_EVERY: u32 = 10;
/// A disk without room still takes a small write now and then: that is not the end of a trouble.
const CALM: Duration = Duration::from_secs(5);
/// What the results of a batch take. With less beside a SQLite file any write may fail.
const BATCH: u64 = 1 << 20;

/// How the database takes writes.
#[derive(Default)]
pub(super) struct Storage {
    trouble: Mutex<Option<Trouble>>,
    looks: AtomicU32,
    pub(super) min_free: u64,
}

/// A write that failed.
struct Trouble {
    /// In the database's words.
    words: String,
    /// When the first write after it succeeded.
    well_since: Option<Duration>,
}

impl Trouble {
    /// A write succeeded. Says whether that is the end of it.
    fn is_over(&mut self, now: Duration) -> bool {
        now.saturating_sub(*self.well_since.get_or_insert(now)) >= CALM
    }
}

impl Storage {
    /// A write came to this, where so much room was known to be left.
    pub(super) fn note<T, E: std::error::Error>(
        &self,
        outcome: &Result<T, E>,
        (now, free): (Duration, impl FnOnce() -> Option<u64>),
    ) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = outcome {
            *trouble = Some(Trouble {
                words: in_words(error),
                well_since: None,
            });
        } else if let Some(known) = &mut *trouble
            && known.is_over(now)
            && !is_full(free())
        {
            *trouble = None;
        }
    }

    pub(super) fn trouble(&self) -> Option<String> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.as_ref().map(|trouble| trouble.words.clone())
    }

    fn is_due(&self) -> bool {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        looks.is_multiple_of(TRY_EVERY) || self.trouble().is_some()
    }
}

/// Whether there is no room for a batch, as far as that is known.
fn is_full(free: Option<u64>) -> bool {
    free.is_some_and(|free| free < BATCH)
}

fn in_words(error: &impl std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        text.push_str(": ");
        text.push_str(&source.to_string());
    }
    text
}

/// Writes something small now and then, and at every look while there is trouble: an idle
/// server should know as well, and should know when it is over.
pub(super) async fn try_now_and_then(engine: &Engine) {
    if !engine.dispatch.storage.is_due() {
        return;
    }
    let tried = async {
        let mut unit = engine.store.begin().await?;
        unit.renew_epoch(engine.dispatch.epoch()).await?;
        unit.commit_bookkeeping().await
    };
    engine.note_write(&tried.await);
}

impl Engine {
    /// A write of the dispatcher came to this.
    pub(super) fn note_write<T, E: std::error::Error>(&self, outcome: &Result<T, E>) {
        let free = || self.store.free_bytes();
        let storage = &self.dispatch.storage;
        storage.note(outcome, (self.clock.passed(), free));
    }

    /// Why not everything can be written down at present, in the database's words; nothing is sent
    /// that cannot. Stays for some seconds after the last write that failed.
    pub fn storage_trouble(&self) -> Option<String> {
        self.dispatch.storage.trouble()
    }

    /// Whether writes succeed, and will.
    pub fn storage_is_well(&self) -> bool {
        self.storage_trouble().is_none() && !is_full(self.store.free_bytes())
    }

    /// Free bytes beside the database and the least that must be free, where that is too little
    /// for new jobs: what was chosen, and the room for a batch in any case.
    pub fn lack_of_room(&self) -> Option<(u64, u64)> {
        let needed = self.dispatch.storage.min_free.max(BATCH);
        let free = self.store.free_bytes()?;
        (free < needed).then_some((free, needed))
    }

    /// A job makes the database grow while it runs: there must be room for its end.
    pub(crate) fn require_room(&self) -> Result<()> {
        match self.lack_of_room() {
            None => Ok(()),
            Some((free, needed)) => Err(EngineError::NoRoom { free, needed }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Option<u64> = Some(BATCH);

    /// Notes a write at this second.
    fn wrote(storage: &Storage, second: u64, is_well: bool, free: Option<u64>) -> bool {
        let outcome = if is_well {
            Ok(())
        } else {
            Err(std::io::Error::other("disk is full"))
        };
        storage.note(&outcome, (Duration::from_secs(second), || free));
        storage.trouble().is_some()
    }

    #[test]
    fn a_trouble_is_told_until_writes_succeed_for_a_while() {
        let storage = Storage::default();
        assert!(!wrote(&storage, 0, true, ROOM));
        assert!(wrote(&storage, 1, false, ROOM));
        assert!(wrote(&storage, 2, true, ROOM));
        assert!(wrote(&storage, 6, true, ROOM));
        assert!(!wrote(&storage, 7, true, ROOM));
    }

    #[test]
    fn each_failure_begins_the_wait_anew() {
        let storage = Storage::default();
        wrote(&storage, 1, false, None);
        wrote(&storage, 2, true, None);
        assert!(wrote(&storage, 6, false, None));
        // Nothing was written for long: that is no success.
        assert!(wrote(&storage, 60, true, None));
        assert!(!wrote(&storage, 65, true, None));
    }

    #[test]
    fn small_writes_that_still_fit_are_no_end() {
        let storage = Storage::default();
        wrote(&storage, 1, false, Some(0));
        assert!(wrote(&storage, 2, true, Some(4096)));
        assert!(wrote(&storage, 90, true, Some(BATCH - 1)));
        assert!(!wrote(&storage, 91, true, ROOM));
    }
}
