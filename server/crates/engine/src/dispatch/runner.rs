//! Runs one job on this node: claims phones, sends to them, hands in what came of it.
//!
//! Owns the window of one job. *Invariant:* a phone counts against the window from its claim
//! until its result is stored.

use std::sync::Arc;
use std::time::Duration;

use carillon_domain::Cause;
use carillon_store::ClaimedTarget;
use tokio::sync::mpsc;

use crate::Engine;
use crate::dispatch::again;
use crate::dispatch::delivery::{self, Desk, Prepared};
use crate::dispatch::facts::JobFacts;
use crate::dispatch::line;
use crate::dispatch::recorder::{Entry, Finding, Granted, Wish};
use crate::dispatch::refusals::Carried;
use crate::dispatch::send::{self, Delivered};
use crate::dispatch::sip_desks::SipDesks;
use crate::dispatch::verify;
use crate::dispatch::window::{Place, Room};

/// The most phones in one claim: what the recorder takes in one transaction.
const CLAIM: usize = 512;
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
    let mut sip = match SipDesks::open(engine).await {
        Ok(sip) => sip,
        Err(error) => {
            tracing::error!(%error, job.id = job, "the SIP profiles cannot be read; trying again");
            tokio::time::sleep(LOOK).await;
            return;
        }
    };
    let window = Arc::new(Room::new(desk.window()));
    let jitter = desk.facts().options.jitter_ms;
    loop {
        rest(engine, jitter).await;
        let mut wish = wish(engine, desk.facts(), &window, jitter == 0).await;
        let mut some = false;
        while let Some(granted) = wish.recv().await {
            some |= !granted.is_empty();
            match sip.again(engine).await {
                Ok(now) => sip = now,
                Err(error) => {
                    tracing::warn!(%error, job.id = job, "the SIP profiles cannot be read anew");
                }
            }
            if let Err(error) = desk.look_again(engine).await {
                tracing::warn!(%error, job.id = job, "the rules of sites cannot be read anew");
            }
            start(engine, &desk, &sip, granted);
        }
        if some && jitter > 0 {
            continue;
        }
        if window.is_empty() {
            // Paused, stopping, done, or its phones are busy elsewhere: the scheduler comes back.
            return;
        }
        window.one_freed().await;
    }
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

/// Wishes for phones, all that there are or one. They come as soon as there are places; the wish
/// ends when there is nothing to claim, or when it is not the time.
async fn wish(
    engine: &Engine,
    facts: &Arc<JobFacts>,
    window: &Arc<Room>,
    all: bool,
) -> mpsc::UnboundedReceiver<Vec<Granted>> {
    let (reply, granted) = mpsc::unbounded_channel();
    let wish = Wish {
        facts: facts.clone(),
        window: window.clone(),
        most: if all { CLAIM } else { 1 },
        stays: all,
        reply,
    };
    engine.dispatch.inlet.send(Entry::Wish(wish)).await;
    granted
}

fn start(engine: &Engine, desk: &Arc<Desk>, sip: &SipDesks, granted: Vec<Granted>) {
    let prepared = delivery::prepare(engine, desk, sip, &granted);
    for (granted, prepared) in granted.into_iter().zip(prepared) {
        // In a box: a task wrapped around it would hold it several times over.
        let sending = Box::pin(send_one(
            engine.clone(),
            desk.clone(),
            granted.target,
            prepared,
            granted.place,
        ));
        engine.dispatch.tasks.spawn(super::or_end(sending));
    }
}

/// One delivery; its place goes to the recorder with what came of it. What can be verified is
/// looked at without holding a place.
async fn send_one(
    engine: Engine,
    desk: Arc<Desk>,
    target: ClaimedTarget,
    prepared: Prepared,
    place: Place,
) {
    let Delivered {
        mut result,
        firmware,
    } = send::deliver(
        &engine,
        &desk,
        &target,
        (prepared.sending, prepared.credential.as_ref()),
    )
    .await;
    if result.given_back {
        let hold = prepared
            .credential
            .filter(|carried| line::is_full(&engine, desk.facts(), carried));
        let finding = Finding {
            result,
            hold,
            firmware,
        };
        hand_in(&engine, desk.facts(), finding, Some(place)).await;
        return;
    }
    let cause = result.cause;
    let open = verify::keep_open(desk.facts(), prepared.may_be_looked_at, &mut result);
    again::keep_waiting(&engine, desk.facts(), (&target, prepared.way), &mut result);
    let hold = prepared
        .credential
        .filter(|carried| must_hold(&engine, desk.facts(), carried, cause));
    let target = ClaimedTarget {
        target: if open.is_some() {
            Arc::new(result.after())
        } else {
            target.target
        },
        ..target
    };
    let finding = Finding {
        result,
        hold,
        firmware,
    };
    hand_in(&engine, desk.facts(), finding, Some(place)).await;
    let Some(afterwards) = open else { return };
    let looking = verify::verify(&engine, &desk, &target, (cause, afterwards));
    if let Some(result) = Box::pin(looking).await {
        hand_in(&engine, desk.facts(), Finding::plain(result), None).await;
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
async fn hand_in(engine: &Engine, facts: &Arc<JobFacts>, finding: Finding, place: Option<Place>) {
    let entry = Entry::Result {
        facts: facts.clone(),
        finding,
        place,
    };
    // Without a recorder the next start tells what became of the claim.
    engine.dispatch.inlet.send(entry).await;
}
