//! Runs one job on this node: claims phones, sends to them, hands in what came of it.
//!
//! Owns the window of one job. *Invariant:* a phone counts against the window from its claim
//! until its result is stored.

use std::sync::Arc;
use std::time::Duration;

use carillon_domain::Cause;
use carillon_store::ClaimedTarget;
use tokio::sync::oneshot;

use crate::Engine;
use crate::dispatch::again;
use crate::dispatch::delivery::{self, Delivered, Desk, Prepared};
use crate::dispatch::facts::JobFacts;
use crate::dispatch::recorder::{Entry, Finding};
use crate::dispatch::refusals::Carried;
use crate::dispatch::verify;
use crate::dispatch::window::{Places, Window};

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
    let window = Window::new(desk.window());
    loop {
        let claimed = fill(engine, &desk, &window).await;
        if claimed > 0 {
            continue;
        }
        if window.is_unused() {
            // Paused, stopping, done, or its phones are busy elsewhere: the scheduler comes back.
            return;
        }
        window.one_more().await;
    }
}

/// Claims as many phones as the window and the node allow, and starts their deliveries.
async fn fill(engine: &Engine, desk: &Arc<Desk>, window: &Window) -> usize {
    let jitter = desk.facts().options.jitter_ms;
    rest(engine, jitter).await;
    let most = if jitter > 0 { 1 } else { CLAIM };
    let Some(places) = window.take(&engine.dispatch.slots, most).await else {
        return 0;
    };
    if engine.dispatch.is_stopping() {
        return 0;
    }
    let claimed = claim(engine, desk.facts(), places.count()).await;
    let count = claimed.len();
    start(engine, desk, claimed, places).await;
    count
}

/// A pause of a random length before the next phone. It comes before the claim: a phone that is
/// claimed is sent to at once.
async fn rest(engine: &Engine, jitter_ms: u32) {
    if jitter_ms == 0 {
        return;
    }
    let dice = engine.random.bytes().map_or(u32::MAX, u32::from_le_bytes);
    let most = Duration::from_millis(u64::from(jitter_ms));
    let pause = most.mul_f64(f64::from(dice) / f64::from(u32::MAX));
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = engine.dispatch.stopping() => {}
    }
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

async fn start(engine: &Engine, desk: &Arc<Desk>, claimed: Vec<ClaimedTarget>, mut places: Places) {
    let prepared = delivery::prepare(engine, desk, &claimed).await;
    for (target, prepared) in claimed.into_iter().zip(prepared) {
        let Some(place) = places.split_one() else {
            break;
        };
        let (engine, desk) = (engine.clone(), desk.clone());
        let tasks = engine.dispatch.tasks.clone();
        tasks.spawn(super::or_end(async move {
            send_one(&engine, &desk, target, prepared, place).await;
        }));
    }
}

/// One delivery; its place goes to the recorder with what came of it. What can be verified is
/// looked at without holding a place.
async fn send_one(
    engine: &Engine,
    desk: &Arc<Desk>,
    target: ClaimedTarget,
    prepared: Prepared,
    place: Places,
) {
    let Delivered {
        mut result,
        firmware,
    } = delivery::deliver(engine, desk, &target, prepared.delivery).await;
    let cause = result.cause;
    let open = verify::keep_open(desk.facts(), &mut result);
    again::keep_waiting(engine, desk.facts(), &target, &mut result);
    let hold = prepared
        .credential
        .filter(|carried| must_hold(engine, desk.facts(), carried, cause));
    let finding = Finding {
        result,
        hold,
        firmware,
    };
    hand_in(engine, desk.facts(), finding, Some(place)).await;
    if open && let Some(result) = verify::verify(engine, desk, &target, cause).await {
        hand_in(engine, desk.facts(), Finding::plain(result), None).await;
    }
}

/// Notes a result; true when its credential was refused so often in a row that nothing more is
/// sent with it.
fn must_hold(engine: &Engine, facts: &JobFacts, carried: &Carried, cause: Option<Cause>) -> bool {
    let limit = facts.options.max_auth_failed;
    let in_a_row = engine.dispatch.refusals.note(carried, cause);
    limit > 0 && in_a_row.is_some_and(|times| times >= limit)
}

/// Gives a finding to the recorder, which keeps it until it is stored.
async fn hand_in(engine: &Engine, facts: &Arc<JobFacts>, finding: Finding, place: Option<Places>) {
    let entry = Entry::Result {
        facts: facts.clone(),
        finding: Box::new(finding),
        place,
    };
    // Without a recorder this node is ending; the next start tells what became of the claim.
    let _gone = engine.dispatch.entries.send(entry).await;
}
