//! Dispatch: from a durable list of waiting phones to recorded results.
//!
//! Owns the tasks that claim, send and record. *Invariants:* no socket is opened for a target
//! whose claim is not committed; a claim is sent at most once; only the recorder writes claims
//! and results, in batches, one transaction each.

mod again;
mod anchored;
mod believed;
mod clock_watch;
mod delivery;
mod due;
mod egress;
mod facts;
mod give_way;
mod guard;
mod identity;
mod inlet;
mod line;
mod looks;
mod pace;
pub(crate) mod picture;
mod recorder;
mod records;
mod recover;
mod refusals;
mod runner;
mod scheduler;
mod send;
mod settle;
mod sip_desks;
mod storage;
mod tally;
mod verify;
mod way;
mod window;
mod write;

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use carillon_domain::Timestamp;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::Engine;
use crate::error::{EngineError, Result};
use anchored::Anchored;
use believed::Lists;
use clock_watch::ClockWatch;
use guard::EndsTheProcess;
use inlet::Inlet;
use recorder::Entry;
use refusals::Refusals;
use storage::Storage;
use tally::Tallies;
use window::Room;

pub(crate) use facts::left_out_events;
pub use give_way::give_way;
pub(crate) use records::{came_to, end_event};
pub use recover::Recovered;
pub use tally::Tally;
pub use verify::Patience;

/// Phones that are looked at at once to see whether a command had its effect.
const LOOKS_AT_ONCE: usize = 128;

/// The dispatcher's desk: what its tasks share.
pub struct Dispatch {
    epoch: AtomicI64,
    inlet: Inlet,
    inbox: Mutex<Option<mpsc::Receiver<Entry>>>,
    slots: Arc<Room>,
    looks: Semaphore,
    refusals: Refusals,
    pub(crate) patience: Patience,
    limit: usize,
    clock_watch: ClockWatch,
    storage: Storage,
    tallies: Tallies,
    anchored: Anchored,
    lists: Lists,
    /// Up to which record the log was looked through for new orders.
    pub(crate) orders_seen: AtomicI64,
    wake: Notify,
    stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
}

impl Dispatch {
    /// A desk for at most `max_in_flight` requests at once on this node.
    pub fn new(max_in_flight: usize) -> Self {
        let (inlet, inbox) = Inlet::new();
        let limit = max_in_flight.clamp(1, Semaphore::MAX_PERMITS);
        Self {
            epoch: AtomicI64::new(0),
            inlet,
            inbox: Mutex::new(Some(inbox)),
            slots: Arc::new(Room::new(limit)),
            looks: Semaphore::new(LOOKS_AT_ONCE),
            refusals: Refusals::default(),
            patience: Patience::default(),
            limit,
            clock_watch: ClockWatch::default(),
            storage: Storage::default(),
            tallies: Tallies::default(),
            anchored: Anchored::default(),
            lists: Lists::default(),
            orders_seen: AtomicI64::new(0),
            wake: Notify::new(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
        }
    }

    /// The same desk with another rhythm of looking for effects.
    #[must_use]
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The same desk, taking no new jobs while less than so many bytes are free beside the
    /// database; 0 takes them always.
    #[must_use]
    pub fn with_min_free(mut self, bytes: u64) -> Self {
        self.storage.min_free = bytes;
        self
    }

    /// Tells the scheduler to look for work now. It looks by itself every second as well.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// How many requests may be in flight at once on this node.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// How many are in flight now.
    pub fn in_flight(&self) -> usize {
        self.slots.taken()
    }

    /// What this node recorded since its start.
    pub fn tally(&self) -> Tally {
        self.tallies.read()
    }

    /// Whether this node claims no more because it is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// The epoch of this run of this node; 0 before [`start`].
    pub fn epoch(&self) -> i64 {
        self.epoch.load(Ordering::SeqCst)
    }

    /// Forgets how often a credential was refused: a person lets it go on.
    pub(crate) fn forget_refusals(&self, credential: &str) {
        self.refusals.forget(credential);
    }

    /// Resolves when this node stops claiming.
    pub(crate) async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// A place among the phones that are looked at.
    async fn looking(&self) -> Option<SemaphorePermit<'_>> {
        self.looks.acquire().await.ok()
    }

    fn take_inbox(&self) -> Option<mpsc::Receiver<Entry>> {
        self.inbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// Begins a new epoch, tells the truth about what an earlier run left behind, and starts the
/// tasks. Call once, before the listener opens.
///
/// # Errors
/// When the database cannot say what was in flight; then nothing must be sent.
pub async fn start(engine: &Engine, node: &str) -> Result<Recovered> {
    let inbox = engine
        .dispatch
        .take_inbox()
        .ok_or(EngineError::Internal("started twice"))?;
    let recovered = recover::recover(engine, node).await?;
    engine
        .dispatch
        .epoch
        .store(recovered.epoch, Ordering::SeqCst);
    engine.dispatch.clock_watch.believe(&engine.clock);
    recorder::start(engine.clone(), inbox).map_err(|error| {
        tracing::error!(%error, "no thread for the recorder");
        EngineError::Internal("no thread for the recorder")
    })?;
    let tasks = &engine.dispatch.tasks;
    tasks.spawn(or_end(scheduler::run(engine.clone())));
    Ok(recovered)
}

/// A task without which the dispatcher would say nothing, or nothing true.
async fn or_end(task: impl Future<Output = ()>) {
    let _guard = EndsTheProcess;
    task.await;
}

/// Claims nothing more, lets what is in flight finish, records it, and ends the epoch.
///
/// # Errors
/// When the end could not be written; the next start then looks after what is left.
pub async fn stop(engine: &Engine, now: impl Fn() -> Timestamp) -> Result<()> {
    engine.dispatch.stop.cancel();
    engine.dispatch.tasks.close();
    engine.dispatch.tasks.wait().await;
    recover::end(engine, now()).await
}
