//! The recorder: the one task that writes claims and results.
//!
//! Owns the batches, the wishes of runners and who gets the free places. *Invariants:* a claim is
//! answered only after its commit; a result is kept and tried again until it is stored, and while
//! one is kept nothing new is claimed; watchers hear of a batch only after its commit.

use std::sync::Arc;
use std::time::Duration;

use carillon_store::{Call, ClaimedTarget, StoreError, TargetResult};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::Engine;
use crate::dispatch::clock_watch;
use crate::dispatch::facts::JobFacts;
use crate::dispatch::refusals::Carried;
use crate::dispatch::window::{self, Place, Room};
use crate::dispatch::write::{Written, write};
use crate::ids::new_ids;

/// The most results in one transaction.
const BATCH: usize = 512;
/// A batch is written at once when it has this part of the results that are still to come.
const FAIR_PART: usize = 3;
/// How long a smaller one waits for more.
const PATIENCE: Duration = Duration::from_millis(8);
/// The longest pause between two tries to store a result.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

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

/// A wish for up to `most` phones of a job. It stays until there are places: then the phones are
/// claimed in the same transaction that stores the results whose places they get.
pub(super) struct Wish {
    pub(super) facts: Arc<JobFacts>,
    pub(super) window: Arc<Room>,
    pub(super) most: usize,
    pub(super) reply: oneshot::Sender<Vec<Granted>>,
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
    inbox: mpsc::Receiver<Entry>,
    wishes: Vec<Wish>,
}

/// Runs until every sender is gone or the dispatcher has stopped and nothing is in flight.
pub(super) async fn run(engine: Engine, inbox: mpsc::Receiver<Entry>) {
    let mut recorder = Recorder {
        engine,
        inbox,
        wishes: Vec::new(),
    };
    while let Some(batch) = recorder.next_batch().await {
        settle(&recorder.engine, batch).await;
    }
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
        if batch.results.len() >= BATCH {
            return None;
        }
        match self.inbox.try_recv() {
            Ok(entry) => Some(entry),
            Err(_) if self.is_worth_it(batch) => None,
            Err(_) => timeout_at(patience, self.inbox.recv()).await.ok().flatten(),
        }
    }

    /// Whether a batch carries a fair part of what could come.
    fn is_worth_it(&self, batch: &Batch) -> bool {
        batch.results.len() >= self.engine.dispatch.slots.taken() / FAIR_PART
    }

    /// Gives the places that are free, and those of the batch's results, to those who wish for
    /// them, in turns.
    async fn choose(&mut self, batch: &mut Batch) {
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

/// Writes a batch; its results are tried until they are stored, its claims once.
async fn settle(engine: &Engine, mut batch: Batch) {
    let mut pause = Duration::from_millis(50);
    loop {
        let outcome = write(engine, &mut batch).await;
        engine.dispatch.storage.note(&outcome);
        match outcome {
            Ok(written) => return publish(engine, batch, written),
            Err(error) => {
                tracing::error!(%error, results = batch.results.len(), "could not record; nothing more is sent until it is stored");
                let claims = std::mem::take(&mut batch.claims);
                if matches!(error, StoreError::Uncertain(_)) {
                    hand_over(engine, claims).await;
                }
                // A dropped reply tells the runner that it got nothing.
                if batch.results.is_empty() {
                    return;
                }
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// After a commit that was not confirmed: gives runners what their claims did become, read anew.
/// If there are any, the results of the batch are stored as well, and their places are as good as
/// free.
async fn hand_over(engine: &Engine, claims: Vec<Claim>) {
    for Claim { wish, attempts } in claims {
        let found = loop {
            match claimed_after_all(engine, &wish, &attempts).await {
                Ok(found) => break found,
                Err(error) => tracing::error!(%error, "cannot read what was claimed; waiting"),
            }
            tokio::time::sleep(LONGEST_PAUSE).await;
        };
        grant(engine, wish, found);
    }
}

/// Reads in a unit of its own, which waits until the unconfirmed one is decided: a server that
/// lost us may still be about to commit it.
async fn claimed_after_all(
    engine: &Engine,
    wish: &Wish,
    attempts: &[String],
) -> Result<Vec<(ClaimedTarget, Option<Call>)>, StoreError> {
    let mut unit = engine.store.begin().await?;
    let found = unit.claims_of(&wish.facts.id, attempts).await?;
    let claimed = found.into_iter().map(|target| ClaimedTarget {
        attempt_id: target.attempt_id.clone().unwrap_or_default(),
        target: Arc::new(target),
    });
    super::write::with_calls(&mut unit, claimed.collect(), engine.clock.now()).await
}

fn grant(engine: &Engine, wish: Wish, claimed: Vec<(ClaimedTarget, Option<Call>)>) {
    let granted = claimed.into_iter().map(|(target, call)| Granted {
        target,
        call,
        place: Place::take(&wish.window, &engine.dispatch.slots),
    });
    // A runner that went away leaves claims that recovery will call unknown.
    let _gone = wish.reply.send(granted.collect());
}

fn publish(engine: &Engine, batch: Batch, written: Written) {
    drop(batch.reports);
    for (claim, claimed) in batch.claims.into_iter().zip(written.claimed) {
        grant(engine, claim.wish, claimed);
    }
    for (job, state_changed) in written.changed {
        if state_changed {
            engine.feed.jobs_changed(&job);
        } else {
            engine.feed.job_changed(&job);
        }
    }
}
