//! Whether what happens can be written down.
//!
//! Owns the last word of the database on writing, and the room that must stay on its disk.
//! *Invariant:* a trouble is forgotten only after a write that was confirmed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::Engine;
use crate::error::{EngineError, Result};

/// Looks without trouble between two tries to write.
const TRY_EVERY: u32 = 10;

/// How the database takes writes.
#[derive(Default)]
pub(super) struct Storage {
    trouble: Mutex<Option<String>>,
    looks: AtomicU32,
    pub(super) min_free: u64,
}

impl Storage {
    /// A write came to this.
    pub(super) fn note<T, E: std::error::Error>(&self, outcome: &Result<T, E>) {
        let trouble = outcome.as_ref().err().map(in_words);
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn is_due(&self) -> bool {
        let looks = self.looks.fetch_add(1, Ordering::Relaxed);
        looks.is_multiple_of(TRY_EVERY) || self.trouble().is_some()
    }
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
    engine.dispatch.storage.note(&tried.await);
}

impl Engine {
    /// Why nothing can be written down at present, in the database's words; nothing is sent
    /// meanwhile.
    pub fn storage_trouble(&self) -> Option<String> {
        self.dispatch.storage.trouble()
    }

    /// Free bytes beside the database and the least that must be free, where that is too little
    /// for new jobs.
    pub fn lack_of_room(&self) -> Option<(u64, u64)> {
        let needed = self.dispatch.storage.min_free;
        let free = self.store.free_bytes().filter(|_| needed > 0)?;
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
