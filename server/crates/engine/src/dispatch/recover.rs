//! What an earlier run left behind, and the life of this node's epoch.
//!
//! Owns the honest end of claims that nobody can tell the end of. *Invariant:* runs before the
//! listener opens, and sends nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use carillon_domain::event::{Actor, Event, EventResult};
use carillon_domain::{JobState, Timestamp};
use carillon_store::{Occasion, Store, Unit};

use crate::Engine;
use crate::dispatch::facts::target_event;
use crate::dispatch::records::{end_event, readable};
use crate::error::Result;

/// How long a node may be silent before others take its claims for lost.
const LEASE: Duration = Duration::from_secs(15);

/// What the start found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// The epoch that begins now.
    pub epoch: i64,
    /// Requests that were under way when an earlier run ended: nobody can say.
    pub unknown: usize,
    /// Jobs left in the middle: they wait for somebody to resume them.
    pub interrupted: Vec<String>,
}

/// Begins an epoch and closes what older ones left open, in one transaction with its records.
pub(super) async fn recover(engine: &Engine, node: &str) -> Result<Recovered> {
    let now = engine.clock.now();
    let mut unit = engine.store.begin().await?;
    let epoch = unit.begin_epoch(node, now, now.plus(LEASE)).await?;
    let left = unit.recover(epoch, now, Occasion::Start).await?;
    let mut events = vec![start_event(
        now,
        (node, engine.store.run().id()),
        epoch,
        !left.dead.is_empty(),
    )];
    events.extend(settled(&mut unit, &left, now).await?);
    unit.record(&events).await?.commit().await?;
    Ok(Recovered {
        epoch,
        unknown: left.targets.len(),
        interrupted: left.interrupted,
    })
}

/// The records of what dead nodes left behind.
async fn settled(
    unit: &mut Unit,
    left: &carillon_store::Recovered,
    now: Timestamp,
) -> Result<Vec<Event>> {
    let labels = labels(unit, left).await?;
    let targets = left.targets.iter().map(|change| {
        let target = &change.target;
        let mut event = target_event(now, Actor::system(), "target.result", target);
        event.result = EventResult::of_target(target.state).unwrap_or(EventResult::Unknown);
        event.detail = serde_json::json!({
            "action": labels.get(&target.job), "state": target.state, "cause": target.cause,
            "attempt": target.attempt_id,
        });
        event
    });
    let interrupted = left.interrupted.iter().map(|job| {
        let mut event = Event::new(now, Actor::system(), "job.interrupted");
        event.job = Some(job.clone());
        event.detail = serde_json::json!({
            "action": labels.get(job), "state": JobState::Interrupted,
        });
        event
    });
    let mut events: Vec<Event> = targets.chain(interrupted).collect();
    for (job, state) in &left.ended {
        events.push(end_event(unit, job, *state, now).await?);
    }
    Ok(events)
}

/// What the jobs do, as far as they can be read.
async fn labels(
    unit: &mut Unit,
    left: &carillon_store::Recovered,
) -> Result<BTreeMap<String, String>> {
    let of_targets = left.targets.iter().map(|change| &change.target.job);
    let jobs: BTreeSet<&String> = of_targets.chain(&left.interrupted).collect();
    let mut labels = BTreeMap::new();
    for job in jobs {
        if let Some(row) = readable(unit, job).await? {
            labels.insert(job.clone(), row.label());
        }
    }
    Ok(labels)
}

/// Says that this node is still there, and looks after claims of nodes that are not.
pub(super) async fn keep_watch(engine: &Engine, store: &Store) -> Result<()> {
    if !store.is_shared() {
        return Ok(());
    }
    let (now, epoch) = (engine.clock.now(), engine.dispatch.epoch());
    let mut unit = store.begin().await?;
    if !unit.renew_lease(epoch, now.plus(LEASE)).await? {
        tracing::error!(
            epoch,
            "another node declared this run over: it sends nothing more until the program is started again"
        );
    }
    let left = unit.recover(epoch, now, Occasion::Watch).await?;
    let events = settled(&mut unit, &left, now).await?;
    unit.record(&events).await?.commit().await?;
    Ok(())
}

/// Ends this node's epoch cleanly.
pub(super) async fn end(engine: &Engine, now: Timestamp) -> Result<()> {
    let mut unit = engine.store.begin().await?;
    unit.end_epoch(engine.dispatch.epoch(), now).await?;
    let mut event = Event::new(now, Actor::system(), "server.stopped");
    event.detail = serde_json::json!({ "epoch": engine.dispatch.epoch() });
    unit.record(&[event]).await?.commit().await?;
    Ok(())
}

fn start_event(now: Timestamp, (node, boot): (&str, &str), epoch: i64, unclean: bool) -> Event {
    let mut event = Event::new(now, Actor::system(), "server.started");
    event.detail = serde_json::json!({
        "node": node, "boot": boot, "epoch": epoch, "after_unclean_stop": unclean,
    });
    event
}
