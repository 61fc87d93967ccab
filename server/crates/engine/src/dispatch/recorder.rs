//! The recorder: the one task that writes claims and results.
//!
//! Owns the batches. *Invariants:* a claim is answered only after its commit; a result is kept
//! and tried again until it is stored, and while one is kept nothing new is claimed; watchers
//! hear of a batch only after its commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use carillon_domain::event::{Event, EventResult};
use carillon_domain::{Cause, JobState, TargetState, Timestamp};
use carillon_store::{ClaimedTarget, JobRow, StoreError, TargetResult, TargetRow, Unit};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::Engine;
use crate::dispatch::clock_watch;
use crate::dispatch::facts::JobFacts;
use crate::dispatch::refusals::Carried;
use crate::dispatch::window::{self, Places};
use crate::dispatch::{again, pace};
use crate::ids::new_ids;

/// The most entries in one transaction.
const BATCH: usize = 512;
/// A batch is written at once when it has this part of the results that are still to come.
const FAIR_PART: usize = 3;
/// How long a smaller one waits for more.
const PATIENCE: Duration = Duration::from_millis(8);
/// The longest pause between two tries to store a result.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What runners hand in.
pub(super) enum Entry {
    /// Wants up to `limit` phones of a job.
    Claim {
        facts: Arc<JobFacts>,
        limit: usize,
        reply: oneshot::Sender<Vec<ClaimedTarget>>,
    },
    /// Tells what came of one; its place is free after the commit.
    Result {
        facts: Arc<JobFacts>,
        finding: Box<Finding>,
        place: Option<Places>,
    },
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

/// A wish for phones. Its attempts are named before anything is written, so that after an
/// unconfirmed commit it can be read back what became true.
struct Claim {
    facts: Arc<JobFacts>,
    limit: usize,
    attempts: Vec<String>,
    reply: oneshot::Sender<Vec<ClaimedTarget>>,
}

#[derive(Default)]
struct Batch {
    claims: Vec<Claim>,
    results: Vec<(Arc<JobFacts>, Box<Finding>, Option<Places>)>,
}

/// What one transaction did.
#[derive(Default)]
struct Written {
    claimed: Vec<Vec<ClaimedTarget>>,
    changed: BTreeMap<String, bool>,
}

impl Batch {
    fn push(&mut self, entry: Entry) {
        match entry {
            Entry::Claim {
                facts,
                limit,
                reply,
            } => self.claims.push(Claim {
                facts,
                limit,
                attempts: Vec::new(),
                reply,
            }),
            Entry::Result {
                facts,
                finding,
                place,
            } => self.results.push((facts, finding, place)),
        }
    }

    /// Whether it carries a fair part of what could come. Phones that are claimed now have
    /// nothing to tell yet.
    fn is_worth_it(&self, in_flight: usize) -> bool {
        let claiming: usize = self.claims.iter().map(|claim| claim.limit).sum();
        let talking = in_flight.saturating_sub(claiming);
        self.results.len() >= talking / FAIR_PART
    }

    /// Every job in the batch, once.
    fn jobs(&self) -> BTreeMap<&str, &Arc<JobFacts>> {
        let claims = self.claims.iter().map(|claim| &claim.facts);
        let results = self.results.iter().map(|(facts, ..)| facts);
        claims
            .chain(results)
            .map(|facts| (facts.id.as_str(), facts))
            .collect()
    }
}

/// Runs until every sender is gone or the dispatcher has stopped and nothing is in flight.
pub(super) async fn run(engine: Engine, mut inbox: mpsc::Receiver<Entry>) {
    loop {
        let first = tokio::select! {
            biased;
            entry = inbox.recv() => entry,
            () = drained(&engine) => None,
        };
        let Some(first) = first else { break };
        let mut batch = Batch::default();
        batch.push(first);
        let patience = Instant::now() + PATIENCE;
        while let Some(entry) = next(&engine, &mut inbox, &batch, patience).await {
            batch.push(entry);
        }
        if !batch.claims.is_empty() && !clock_watch::may_claim(&engine).await {
            // A dropped reply tells the runner that it got nothing.
            batch.claims.clear();
        }
        name_attempts(&engine, &mut batch.claims);
        settle(&engine, batch).await;
    }
}

/// One entry more for a batch; waits a moment for company where a transaction would have little
/// to carry.
async fn next(
    engine: &Engine,
    inbox: &mut mpsc::Receiver<Entry>,
    batch: &Batch,
    patience: Instant,
) -> Option<Entry> {
    if batch.claims.len() + batch.results.len() >= BATCH {
        return None;
    }
    match inbox.try_recv() {
        Ok(entry) => Some(entry),
        Err(_) if batch.is_worth_it(engine.dispatch.in_flight()) => None,
        Err(_) => timeout_at(patience, inbox.recv()).await.ok().flatten(),
    }
}

fn name_attempts(engine: &Engine, claims: &mut [Claim]) {
    let now = engine.clock.now();
    for claim in claims {
        // Without random bytes there are no attempts, and so nothing is claimed.
        claim.attempts = new_ids(now, &engine.random, claim.limit).unwrap_or_default();
    }
}

/// Resolves once the dispatcher stops and no request is in flight any more.
async fn drained(engine: &Engine) {
    engine.dispatch.stop.cancelled().await;
    let all = u32::try_from(engine.dispatch.limit).unwrap_or(u32::MAX);
    let _all_slots = engine.dispatch.slots.acquire_many(all).await;
}

/// Writes a batch; its results are tried until they are stored, its claims once.
async fn settle(engine: &Engine, mut batch: Batch) {
    let mut pause = Duration::from_millis(50);
    loop {
        let outcome = write(engine, &batch).await;
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
async fn hand_over(engine: &Engine, claims: Vec<Claim>) {
    for claim in claims {
        let found = loop {
            match claimed_after_all(engine, &claim).await {
                Ok(found) => break found,
                Err(error) => tracing::error!(%error, "cannot read what was claimed; waiting"),
            }
            tokio::time::sleep(LONGEST_PAUSE).await;
        };
        let claimed = found.into_iter().map(|target| ClaimedTarget {
            attempt_id: target.attempt_id.clone().unwrap_or_default(),
            target,
        });
        let _gone = claim.reply.send(claimed.collect());
    }
}

/// Reads in a unit of its own, which waits until the unconfirmed one is decided: a server that
/// lost us may still be about to commit it.
async fn claimed_after_all(engine: &Engine, claim: &Claim) -> Result<Vec<TargetRow>, StoreError> {
    let mut unit = engine.store.begin().await?;
    unit.claims_of(&claim.facts.id, &claim.attempts).await
}

fn publish(engine: &Engine, batch: Batch, written: Written) {
    for (claim, claimed) in batch.claims.into_iter().zip(written.claimed) {
        // A runner that went away leaves claims that recovery will call unknown.
        let _gone = claim.reply.send(claimed);
    }
    window::free(batch.results.into_iter().filter_map(|(.., place)| place));
    for (job, state_changed) in written.changed {
        if state_changed {
            engine.feed.jobs_changed(&job);
        } else {
            engine.feed.job_changed(&job);
        }
    }
}

async fn write(engine: &Engine, batch: &Batch) -> Result<Written, StoreError> {
    let now = engine.clock.now();
    let mut events = Vec::new();
    let mut written = Written::default();
    let jobs = batch.jobs();
    let mut unit = engine.store.begin().await?;
    let mut results: Vec<TargetResult> = batch
        .results
        .iter()
        .map(|(_, finding, _)| finding.result.clone())
        .collect();
    no_more_tries(&mut unit, &mut results, now).await?;
    for change in unit.record_results(&results).await? {
        if let Some(facts) = jobs.get(change.target.job.as_str()) {
            events.push(result_event(facts, &change.target, now));
        }
        written.changed.entry(change.target.job).or_insert(false);
    }
    for facts in touched(&jobs, &written.changed) {
        if stop_itself(&mut unit, facts, now, &mut events).await? {
            written.changed.insert(facts.id.clone(), true);
        }
    }
    for (facts, finding, _) in &batch.results {
        if let Some(firmware) = &finding.firmware {
            unit.note_firmware(finding.result.mac, firmware, "").await?;
        }
        let Some(credential) = &finding.hold else {
            continue;
        };
        let held = unit.hold_waiting(&facts.id, &credential.name, now).await?;
        if held > 0 {
            events.push(held_event(facts, &credential.name, held, now));
            written.changed.insert(facts.id.clone(), true);
        }
    }
    for Claim {
        facts, attempts, ..
    } in &batch.claims
    {
        let claimed = claim(engine, &mut unit, (facts, attempts), now, &mut events).await?;
        if !claimed.is_empty() {
            written.changed.entry(facts.id.clone()).or_insert(false);
        }
        written.claimed.push(claimed);
    }
    for facts in jobs.values() {
        if let Some(state) = unit.finish_job_if_done(&facts.id, now).await? {
            events.push(end_event(facts, state, now));
            written.changed.insert(facts.id.clone(), true);
        }
    }
    unit.record(&events).await?.commit().await?;
    Ok(written)
}

fn touched<'a>(
    jobs: &BTreeMap<&str, &'a Arc<JobFacts>>,
    changed: &BTreeMap<String, bool>,
) -> Vec<&'a Arc<JobFacts>> {
    changed
        .keys()
        .filter_map(|id| jobs.get(id.as_str()).copied())
        .collect()
}

/// Claims the next phones of a job, unless this node is stopping or the job's time has passed.
async fn claim(
    engine: &Engine,
    unit: &mut Unit,
    (facts, attempts): (&JobFacts, &[String]),
    now: Timestamp,
    events: &mut Vec<Event>,
) -> Result<Vec<ClaimedTarget>, StoreError> {
    // While everything is stopped, time passes for nobody: what is past its limit then expires
    // when somebody lets it go on.
    if engine.dispatch.is_stopping() || unit.is_stopped().await? {
        return Ok(Vec::new());
    }
    let Some(job) = unit.job(&facts.id).await? else {
        return Ok(Vec::new());
    };
    if job.not_after.is_some_and(|limit| limit < now) {
        let expired = unit.expire_waiting(&facts.id, now).await?;
        events.extend(
            expired
                .iter()
                .map(|change| result_event(facts, &change.target, now)),
        );
        return Ok(Vec::new());
    }
    let claim = pace::claim(engine, unit, facts, (&job.counts, attempts), now).await?;
    let claimed = unit.claim(&claim).await?;
    events.extend(
        claimed
            .iter()
            .map(|target| intent_event(facts, target, now)),
    );
    Ok(claimed)
}

/// Ends a job's waiting phones when too many have failed. True when it did.
async fn stop_itself(
    unit: &mut Unit,
    facts: &Arc<JobFacts>,
    now: Timestamp,
    events: &mut Vec<Event>,
) -> Result<bool, StoreError> {
    let Some(JobRow { counts, .. }) = unit.job(&facts.id).await? else {
        return Ok(false);
    };
    if !pace::too_many_failed(facts, &counts) {
        return Ok(false);
    }
    let skipped = unit
        .skip_waiting(&facts.id, Cause::FailureLimit, now)
        .await?;
    events.extend(
        skipped
            .iter()
            .map(|change| result_event(facts, &change.target, now)),
    );
    Ok(true)
}

/// A job that is being stopped, or whose time is over, tries nothing again.
async fn no_more_tries(
    unit: &mut Unit,
    results: &mut [TargetResult],
    now: Timestamp,
) -> Result<(), StoreError> {
    for result in results {
        if result.state != TargetState::Waiting {
            continue;
        }
        let goes_on = unit.job(&result.job).await?.is_some_and(|job| {
            let may = !job.state.is_terminal() && job.state != JobState::Stopping;
            may && job.not_after.is_none_or(|limit| limit > now)
        });
        if !goes_on {
            again::give_up(result);
        }
    }
    Ok(())
}

fn intent_event(facts: &JobFacts, claimed: &ClaimedTarget, now: Timestamp) -> Event {
    let mut event = facts.event(now, "target.intent", EventResult::Intent, &claimed.target);
    event.detail = serde_json::json!({
        "action": facts.action.label(),
        "attempt": claimed.attempt_id,
        "try": claimed.target.attempts,
    });
    event
}

fn result_event(facts: &JobFacts, target: &TargetRow, now: Timestamp) -> Event {
    // Not over yet: it is tried again, or the effect is being looked for.
    let (action, result) = match (EventResult::of_target(target.state), target.cause) {
        (Some(result), _) => ("target.result", result),
        _ if target.state == TargetState::Waiting => ("target.retrying", EventResult::Failed),
        (None, None) => ("target.answered", EventResult::Ok),
        (None, Some(_)) => ("target.unanswered", EventResult::Unknown),
    };
    let mut event = facts.event(now, action, result, target);
    event.detail = serde_json::json!({
        "action": facts.action.label(),
        "state": target.state,
        "cause": target.cause,
        "http_status": target.http_status,
        "transport": target.transport,
        "duration_ms": target.duration_ms,
        "evidence": target.evidence,
        "attempt": target.attempt_id,
        "try": target.attempts,
        "again_at": target.retry_at,
    });
    event
}

/// The record of phones that wait because their password is refused again and again.
fn held_event(facts: &JobFacts, credential: &str, phones: i64, now: Timestamp) -> Event {
    let mut event = Event::new(now, carillon_domain::event::Actor::system(), "job.held");
    event.job = Some(facts.id.clone());
    event.detail = serde_json::json!({
        "action": facts.action.label(),
        "credential": credential,
        "phones": phones,
        "refused_in_a_row": facts.options.max_auth_failed,
    });
    event
}

fn end_event(facts: &JobFacts, state: JobState, now: Timestamp) -> Event {
    let mut event = Event::new(now, carillon_domain::event::Actor::system(), "job.ended");
    event.job = Some(facts.id.clone());
    event.reason.clone_from(&facts.reason);
    event.detail = serde_json::json!({ "action": facts.action.label(), "state": state });
    event
}
