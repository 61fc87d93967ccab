//! Runs one job on this node: claims phones, sends to them, hands in what came of it.
//!
//! Owns the window of one job. *Invariant:* a phone counts against the window from its claim
//! until its result is stored.

use std::sync::Arc;
use std::time::Duration;

use carillon_store::ClaimedTarget;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::JoinSet;

use crate::Engine;
use crate::dispatch::delivery::{self, Delivered, Desk, Prepared};
use crate::dispatch::facts::JobFacts;
use crate::dispatch::recorder::{Entry, Finding};
use crate::dispatch::verify;

/// The most phones in one claim: what the recorder takes in one transaction.
const CLAIM: usize = 256;
/// How long to wait before asking again when there was nothing to claim.
const LOOK: Duration = Duration::from_millis(500);

/// Runs the job until it has nothing left to do on this node.
pub(super) async fn run(engine: &Engine, job: &str) {
    let desk = match Desk::open(engine, job).await {
        Ok(Some(desk)) => Arc::new(desk),
        Ok(None) => return,
        Err(error) => {
            tracing::error!(%error, job.id = job, "the job cannot be read; trying again");
            tokio::time::sleep(LOOK).await;
            return;
        }
    };
    let mut sending = JoinSet::new();
    loop {
        let claimed = fill(engine, &desk, &mut sending).await;
        if sending.is_empty() && (claimed == 0) {
            // Paused, stopping, done, or its phones are busy elsewhere: the scheduler comes back.
            return;
        }
        wait(&mut sending, desk.window()).await;
    }
}

/// Waits until a fair part of the window is free, so that claims come in batches.
async fn wait(sending: &mut JoinSet<()>, window: usize) {
    let part = (window / 8).max(1).min(sending.len().max(1));
    let _done = sending.join_next().await;
    for _ in 1..part {
        if sending.try_join_next().is_none() {
            break;
        }
    }
}

/// Claims as many phones as the window and the node allow, and starts their deliveries.
async fn fill(engine: &Engine, desk: &Arc<Desk>, sending: &mut JoinSet<()>) -> usize {
    let free = desk.window().saturating_sub(sending.len()).min(CLAIM);
    if free == 0 || engine.dispatch.is_stopping() {
        return 0;
    }
    let Some(slots) = take_slots(engine, free).await else {
        return 0;
    };
    let claimed = claim(engine, desk.facts(), slots.num_permits()).await;
    let count = claimed.len();
    start(engine, desk, claimed, slots, sending).await;
    count
}

/// Slots of the node's limit: at least one, at most `wanted`.
async fn take_slots(engine: &Engine, wanted: usize) -> Option<OwnedSemaphorePermit> {
    let slots = &engine.dispatch.slots;
    let mut taken = slots.clone().acquire_owned().await.ok()?;
    let more = wanted.saturating_sub(1).min(slots.available_permits());
    if let Ok(rest) = slots
        .clone()
        .try_acquire_many_owned(u32::try_from(more).unwrap_or(0))
    {
        taken.merge(rest);
    }
    Some(taken)
}

async fn claim(engine: &Engine, facts: &Arc<JobFacts>, limit: usize) -> Vec<ClaimedTarget> {
    let (reply, answer) = oneshot::channel();
    let entry = Entry::Claim {
        facts: facts.clone(),
        limit,
        reply,
    };
    if engine.dispatch.entries.send(entry).await.is_err() {
        return Vec::new();
    }
    answer.await.unwrap_or_default()
}

async fn start(
    engine: &Engine,
    desk: &Arc<Desk>,
    claimed: Vec<ClaimedTarget>,
    mut slots: OwnedSemaphorePermit,
    sending: &mut JoinSet<()>,
) {
    let prepared = delivery::prepare(engine, desk, &claimed).await;
    for (target, prepared) in claimed.into_iter().zip(prepared) {
        let Some(slot) = slots.split(1) else { break };
        let (engine, desk) = (engine.clone(), desk.clone());
        sending.spawn(super::or_end(async move {
            send_one(&engine, &desk, target, prepared).await;
            drop(slot);
        }));
    }
}

/// One delivery and its record; what can be verified goes on without holding its place.
async fn send_one(engine: &Engine, desk: &Arc<Desk>, target: ClaimedTarget, prepared: Prepared) {
    let Delivered {
        mut result,
        firmware,
    } = delivery::deliver(engine, desk, &target, prepared.delivery).await;
    let cause = result.cause;
    let open = verify::keep_open(desk.facts(), &mut result);
    let hold = desk.must_hold(prepared.credential.as_deref(), cause);
    let hold = prepared.credential.filter(|_| hold);
    let finding = Finding {
        result,
        hold,
        firmware,
    };
    hand_in(engine, desk.facts(), finding).await;
    if open {
        let (engine, desk) = (engine.clone(), desk.clone());
        let tasks = engine.dispatch.tasks.clone();
        tasks.spawn(async move {
            if let Some(result) = verify::verify(&engine, &desk, &target, cause).await {
                hand_in(&engine, desk.facts(), Finding::plain(result)).await;
            }
        });
    }
}

/// Returns once the result is stored.
async fn hand_in(engine: &Engine, facts: &Arc<JobFacts>, finding: Finding) {
    let (stored, kept) = oneshot::channel();
    let entry = Entry::Result {
        facts: facts.clone(),
        finding: Box::new(finding),
        stored,
    };
    if engine.dispatch.entries.send(entry).await.is_ok() {
        let _stored = kept.await;
    }
}
