//! The way to the recorder.
//!
//! Owns when it is woken: for so many entries as it waits for. Woken by each that comes, its thread
//! would be woken for every phone; and if it looked from time to time, the database and then the
//! phones would wait for the next look.

use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{Notify, mpsc};

use crate::dispatch::recorder::Entry;

/// Entries that may wait for the recorder. Phones wait before memory does.
const QUEUE: usize = 4096;

/// Where runners hand in what the recorder is to write.
pub(super) struct Inlet {
    entries: mpsc::Sender<Entry>,
    /// How many entries wake it; none do while it does not wait.
    awaited: AtomicUsize,
    enough: Notify,
}

impl Inlet {
    /// The way in, and its other end.
    pub(super) fn new() -> (Self, mpsc::Receiver<Entry>) {
        let (entries, inbox) = mpsc::channel(QUEUE);
        let inlet = Self {
            entries,
            awaited: AtomicUsize::new(usize::MAX),
            enough: Notify::new(),
        };
        (inlet, inbox)
    }

    /// Hands one in. Without a recorder this node is ending, and it goes nowhere.
    pub(super) async fn send(&self, entry: Entry) {
        let wish = matches!(entry, Entry::Wish(_));
        let _gone = self.entries.send(entry).await;
        let enough = self.waiting() >= self.awaited.load(Ordering::SeqCst);
        if (enough || wish) && self.awaited.swap(usize::MAX, Ordering::SeqCst) != usize::MAX {
            self.enough.notify_one();
        }
    }

    /// Resolves when so many entries wait, or a wish. It may have resolved for an earlier wait.
    pub(super) async fn has(&self, entries: usize) {
        self.awaited.store(entries, Ordering::SeqCst);
        if self.waiting() < entries {
            self.enough.notified().await;
        }
    }

    fn waiting(&self) -> usize {
        self.entries.max_capacity() - self.entries.capacity()
    }
}
