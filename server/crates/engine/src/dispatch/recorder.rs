//! The recorder: the one task that writes claims and results.
//!
//! Owns the batches, the wishes of runners and who gets the free places. *Invariants:* a claim is
//! answered only after its commit; a result is kept and tried again until it is stored, and while
//! one is kept nothing new is claimed; watchers hear of a batch only after its commit.

use std::sync::Arc;
use std::time::Duration;

use carillon_store::{Call, ClaimedTarget, Store, TargetResult, rows_that_fit};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::Engine;
use crate::dispatch::clock_watch;
use crate::dispatch::facts::JobFacts;
use crate::dispatch::refusals::Carried;
use crate::dispatch::settle::settle;
use crate::dispatch::window::{self, Place, Room};
use crate::ids::new_ids;

/// The most results in one transaction.
const BATCH: usize = 512;
/// Below so many it takes all there are: a commit costs the same for few as for many.
const FEW: usize = 64;
/// A batch carries this part of the results that are to come. It is written as soon as it has it,
/// and it takes no more: with all in one, all phones would wait for the disk at once, and then
/// the disk for all phones.
const FAIR_PART: usize = 3;
/// How long a smaller one waits for more.
const PATIENCE: Duration = Duration::from_millis(8);

/// What runners hand in.
pub(super) enum Entry {
    /// Wants phones.
    Wish(Wish),
    /// Tells what came of one; its place is free after the commit.
    Result {
        facts: Arc<JobFacts>,
        finding: Finding,
        place: Option<Place>,
    },
}

/// A wish for phones of a job, at most so many at once. It stays until there are places: then the
/// phones are claimed in the same transaction that stores the results whose places they get. It
/// is dropped when there is nothing to claim, which the runner hears.
pub(super) struct Wish {
    pub(super) facts: Arc<JobFacts>,
    pub(super) window: Arc<Room>,
    pub(super) most: usize,
    /// Whether it stays after phones were granted. Were it made anew each time, it would come too
    /// late for the batch that follows at once, and places would stay empty.
    pub(super) stays: bool,
    pub(super) reply: mpsc::UnboundedSender<Vec<Granted>>,
}

/// A phone to send to, with its place.
pub(super) struct Granted {
    pub(super) target: ClaimedTarget,
    /// How it is called; `None` when it was deleted since the job was made.
    pub(super) call: Option<Call>,
    pub(super) place: Place,
}

/// What came of one claim, with what follows from it.
pub(super) struct Finding {
    pub(super) result: TargetResult,
    /// A credential that was refused too often: the phones that get it must wait.
    pub(super) hold: Option<Carried>,
    /// The firmware that the phone told.
    pub(super) firmware: Option<String>,
}

impl Finding {
    /// A result from which nothing else follows.
    pub(super) const fn plain(result: TargetResult) -> Self {
        Self {
            result,
            hold: None,
            firmware: None,
        }
    }
}

/// A wish whose turn it is. Its attempts are named before anything is written, so that after an
/// unconfirmed commit it can be read back what became true.
pub(super) struct Claim {
    pub(super) wish: Wish,
    pub(super) attempts: Vec<String>,
}

/// What one transaction is to store.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) claims: Vec<Claim>,
    /// In the order of `reports`.
    pub(super) results: Vec<TargetResult>,
    pub(super) reports: Vec<Report>,
}

/// What belongs to a result and is no part of the target.
pub(super) struct Report {
    pub(super) facts: Arc<JobFacts>,
    pub(super) hold: Option<Carried>,
    pub(super) firmware: Option<String>,
    place: Option<Place>,
}

struct Recorder {
    engine: Engine,
    store: Store,
    inbox: mpsc::Receiver<Entry>,
    wishes: Vec<Wish>,
}

/// Starts the recorder on a thread of its own. Each step of a transaction wakes it again; among
/// the tasks of hundreds of phones it would wait for its turn each time.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start(engine: Engine, inbox: mpsc::Receiver<Entry>) -> std::io::Result<()> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time();
    // A database at the other end of a socket. SQLite's thread wakes this one more cheaply where
    // nobody waits for sockets.
    if engine.store.is_shared() {
        runtime.enable_io();
    }
    let runtime = runtime.build()?;
    let running = engine.dispatch.tasks.token();
    std::thread::Builder::new()
        .name("recorder".to_owned())
        .spawn(move || {
            runtime.block_on(super::or_end(run(engine, inbox)));
            drop(running);
        })?;
    Ok(())
}

/// Runs until every sender is gone or the dispatcher has stopped and nothing is in flight.
async fn run(engine: Engine, inbox: mpsc::Receiver<Entry>) {
    let mut recorder = Recorder {
        store: engine.store.apart(),
        engine,
        inbox,
        wishes: Vec::new(),
    };
    while let Some(batch) = recorder.next_batch().await {
        let staying = settle(&recorder.engine, &recorder.store, batch).await;
        recorder.wishes.extend(staying);
    }
    recorder.store.close_apart().await;
}

impl Recorder {
    /// Waits for something to do, and for company where a transaction would have little to carry.
    async fn next_batch(&mut self) -> Option<Batch> {
        let mut batch = Batch::default();
        if !self.can_claim() {
            let first = self.first().await?;
            self.take_in(first, &mut batch);
        }
        let patience = Instant::now() + PATIENCE;
        while let Some(entry) = self.next(&batch, patience).await {
            self.take_in(entry, &mut batch);
        }
        self.choose(&mut batch).await;
        Some(batch)
    }

    fn take_in(&mut self, entry: Entry, batch: &mut Batch) {
        match entry {
            Entry::Wish(wish) => self.wishes.push(wish),
            Entry::Result {
                facts,
                finding,
                place,
            } => {
                batch.results.push(finding.result);
                batch.reports.push(Report {
                    facts,
                    hold: finding.hold,
                    firmware: finding.firmware,
                    place,
                });
            }
        }
    }

    /// Whether a wish that waits could have phones now.
    fn can_claim(&self) -> bool {
        self.engine.dispatch.slots.free_with(0) > 0
            && self.wishes.iter().any(|wish| wish.window.free_with(0) > 0)
    }

    /// The next entry; `None` when there will be none.
    async fn first(&mut self) -> Option<Entry> {
        let stop = self.engine.dispatch.stop.clone();
        if !stop.is_cancelled() {
            tokio::select! {
                biased;
                entry = self.inbox.recv() => return entry,
                () = stop.cancelled() => {}
            }
        }
        // Dropped replies tell the runners that they get nothing more.
        self.wishes.clear();
        tokio::select! {
            biased;
            entry = self.inbox.recv() => entry,
            () = self.engine.dispatch.slots.until_empty() => None,
        }
    }

    async fn next(&mut self, batch: &Batch, patience: Instant) -> Option<Entry> {
        let (results, fair) = (batch.results.len(), self.fair_part());
        if results >= fair.clamp(FEW, BATCH) {
            return None;
        }
        match self.inbox.try_recv() {
            Ok(entry) => Some(entry),
            Err(_) if results >= fair => None,
            Err(_) => self.company(fair - results, patience).await,
        }
    }

    /// The next entry, once there are as many as are missing, or its patience ends.
    async fn company(&mut self, missing: usize, patience: Instant) -> Option<Entry> {
        while Instant::now() < patience && !self.inbox.is_closed() {
            let inlet = &self.engine.dispatch.inlet;
            tokio::select! {
                biased;
                () = inlet.has(missing) => {}
                () = sleep_until(patience) => {}
            }
            if let Ok(entry) = self.inbox.try_recv() {
                return Some(entry);
            }
        }
        None
    }

    /// A fair part of the results that are to come, as large as a statement that is kept.
    fn fair_part(&self) -> usize {
        rows_that_fit(self.engine.dispatch.slots.taken() / FAIR_PART)
    }

    /// Gives the places that are free, and those of the batch's results, to those who wish for
    /// them, in turns.
    async fn choose(&mut self, batch: &mut Batch) {
        self.wishes.retain(|wish| !wish.reply.is_closed());
        if self.wishes.is_empty() {
            return;
        }
        if self.engine.dispatch.is_stopping() || !clock_watch::may_claim(&self.engine).await {
            // Dropped replies tell the runners that they get nothing.
            self.wishes.clear();
            return;
        }
        let slots = &self.engine.dispatch.slots;
        let left = slots.free_with(places(batch, |_| true));
        let wishes = std::mem::take(&mut self.wishes);
        let wants = wishes.iter().map(|wish| {
            let coming = places(batch, |place| place.is_of(&wish.window));
            wish.window.free_with(coming).min(wish.most)
        });
        let shares = window::shares(left, &wants.collect::<Vec<_>>());
        for (wish, share) in wishes.into_iter().zip(shares) {
            if share == 0 {
                self.wishes.push(wish);
                continue;
            }
            // Without random bytes there are no attempts, and so nothing is claimed.
            let now = self.engine.clock.now();
            let attempts = new_ids(now, &self.engine.random, share).unwrap_or_default();
            batch.claims.push(Claim { wish, attempts });
        }
    }
}

/// How many places of its results a batch will free.
fn places(batch: &Batch, which: impl Fn(&Place) -> bool) -> usize {
    let places = batch.reports.iter().filter_map(|one| one.place.as_ref());
    places.filter(|place| which(place)).count()
}
