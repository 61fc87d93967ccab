//! One transaction of the recorder: results, what follows from them, and new claims.
//!
//! Owns the order of its steps. *Invariant:* what a batch changes and the audit records that tell
//! of it are one transaction; nothing here is seen before its commit.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use carillon_domain::event::Event;
use carillon_domain::{Cause, JobState, Mac, TargetState, Timestamp};
use carillon_store::{
    Call, ChangedTarget, ClaimedTarget, Standing, Store, StoreError, TargetResult, TargetRow, Unit,
};
use futures_util::future::join;

use crate::Engine;
use crate::dispatch::facts::JobFacts;
use crate::dispatch::recorder::{Batch, Claim};
use crate::dispatch::records::{
    end_event, given_back_event, held_event, intent_event, result_event,
};
use crate::dispatch::{again, believed, egress, pace};

type Result<T> = std::result::Result<T, StoreError>;
type Claimed = Vec<(ClaimedTarget, Option<Call>)>;

/// What one transaction did.
#[derive(Default)]
pub(super) struct Written {
    /// In the order of the batch's claims.
    pub(super) claimed: Vec<Claimed>,
    /// The jobs that changed, and whether more of them than their numbers did.
    pub(super) changed: BTreeMap<String, bool>,
}

/// A transaction being written.
struct Writing<'e> {
    engine: &'e Engine,
    unit: Unit,
    now: Timestamp,
    /// The clock was set since it was believed: by it nothing begins, and no time is over.
    jumped: bool,
    events: Vec<Event>,
    written: Written,
    /// What phones came to, for the sums.
    told: Vec<(TargetState, Option<Cause>)>,
    /// Where jobs stand after the results, as far as nothing changed since.
    standings: BTreeMap<String, Standing>,
    /// The jobs that surely have targets that can still change.
    open: BTreeSet<String>,
    /// The jobs that are being stopped and gave claims back.
    stopping: BTreeSet<String>,
}

/// What a job will still do.
enum Outlook {
    GoesOn,
    /// Somebody stops it.
    Stopping,
    /// It ended, or its time did.
    Over,
}

/// Writes a batch.
///
/// # Errors
/// Then nothing of it is true, except after [`StoreError::Uncertain`], when nobody knows.
pub(super) async fn write(engine: &Engine, store: &Store, batch: &mut Batch) -> Result<Written> {
    let jobs = jobs(batch);
    for facts in jobs.values() {
        facts.learn_source(store).await?;
    }
    let began = engine.clock.passed();
    let unit = store.begin_jobs().await?;
    let waited = engine.clock.passed().saturating_sub(began);
    let mut writing = Writing {
        engine,
        unit,
        now: engine.clock.now(),
        // After the time was read: what is written is by a clock that is believed.
        jumped: engine.dispatch.clock_watch.jumped(&engine.clock).is_some(),
        events: Vec::with_capacity(2 * batch.results.len() + 8),
        written: Written::default(),
        told: Vec::with_capacity(batch.results.len()),
        standings: BTreeMap::new(),
        open: BTreeSet::new(),
        stopping: BTreeSet::new(),
    };
    writing.no_more_tries(&mut batch.results).await?;
    writing.results(&batch.results, &jobs).await?;
    writing.follow(batch).await?;
    for claim in &batch.claims {
        let claimed = writing.claim(claim).await?;
        writing.written.claimed.push(claimed);
    }
    for facts in jobs.values() {
        writing.end_if_done(facts).await?;
    }
    let recorded = writing.unit.record(&writing.events).await?;
    // Nobody needs them any more; the disk takes longer.
    let events = std::mem::take(&mut writing.events);
    join(recorded.commit(), async { drop(events) }).await.0?;
    let took = engine.clock.passed().saturating_sub(began);
    let tallies = &engine.dispatch.tallies;
    tallies.wrote(&writing.told, waited, took);
    Ok(writing.written)
}

/// Every job in a batch, once.
fn jobs(batch: &Batch) -> BTreeMap<String, Arc<JobFacts>> {
    let claims = batch.claims.iter().map(|claim| &claim.wish.facts);
    let reports = batch.reports.iter().map(|report| &report.facts);
    let mut jobs = BTreeMap::new();
    let mut last = None;
    for facts in claims.chain(reports) {
        if !last.is_some_and(|last| Arc::ptr_eq(last, facts)) {
            jobs.insert(facts.id.clone(), facts.clone());
            last = Some(facts);
        }
    }
    jobs
}

/// What was claimed, with how each phone is called.
pub(super) async fn with_calls(
    unit: &mut Unit,
    claimed: Vec<ClaimedTarget>,
    now: Timestamp,
) -> Result<Claimed> {
    if claimed.is_empty() {
        return Ok(Vec::new());
    }
    let calls = calls_of(unit, &claimed, now).await?;
    Ok(paired(claimed, calls))
}

async fn calls_of(
    unit: &mut Unit,
    claimed: &[ClaimedTarget],
    now: Timestamp,
) -> Result<HashMap<Mac, Call>> {
    let macs: Vec<Mac> = claimed.iter().map(ClaimedTarget::mac).collect();
    unit.calls(&macs, now).await
}

fn paired(claimed: Vec<ClaimedTarget>, mut calls: HashMap<Mac, Call>) -> Claimed {
    let with_call = |target: ClaimedTarget| {
        let call = calls.remove(&target.mac());
        (target, call)
    };
    claimed.into_iter().map(with_call).collect()
}

impl Writing<'_> {
    /// A job that is being stopped, or whose time is over, tries nothing again. Claims that a job
    /// under way gave back wait on; those of a job that is being stopped end with it.
    async fn no_more_tries(&mut self, results: &mut [TargetResult]) -> Result<()> {
        let mut known = BTreeMap::new();
        let waits = |result: &&mut TargetResult| result.state == TargetState::Waiting;
        for result in results.iter_mut().filter(waits) {
            let job = &result.before.job;
            if !known.contains_key(job) {
                let standing = self.unit.standing(job).await?;
                known.insert(job.clone(), self.outlook(standing.as_ref()));
            }
            match known.get(job) {
                Some(Outlook::GoesOn) => {}
                Some(Outlook::Stopping) if result.given_back => {
                    self.stopping.insert(job.clone());
                }
                _ if result.given_back => {}
                _ => again::give_up(result),
            }
        }
        Ok(())
    }

    fn outlook(&self, job: Option<&Standing>) -> Outlook {
        match job {
            Some(job) if job.state == JobState::Stopping => Outlook::Stopping,
            Some(job) if !job.state.is_terminal() => match job.not_after {
                Some(limit) if limit <= self.now && !self.jumped => Outlook::Over,
                _ => Outlook::GoesOn,
            },
            _ => Outlook::Over,
        }
    }

    async fn results(
        &mut self,
        results: &[TargetResult],
        jobs: &BTreeMap<String, Arc<JobFacts>>,
    ) -> Result<()> {
        let now = self.now;
        let record = |change: &ChangedTarget| {
            let facts = jobs.get(&change.target.job)?;
            Some(if change.given_back {
                given_back_event(facts, &change.target, now)
            } else {
                result_event(facts, &change.target, now)
            })
        };
        let records = |changed: &[ChangedTarget]| changed.iter().filter_map(record).collect();
        let recorded = self.unit.record_results_and(results, records).await?;
        let mut standing = recorded.standing;
        let records: Vec<Event> = recorded.made;
        self.events.extend(records);
        for change in &recorded.changed {
            if let Some(facts) = jobs.get(&change.target.job) {
                if !change.given_back {
                    self.told.push((change.target.state, change.target.cause));
                }
                self.numbers_changed(facts);
            }
        }
        for facts in std::mem::take(&mut self.stopping)
            .iter()
            .filter_map(|id| jobs.get(id))
        {
            let ended = self.unit.cancel_waiting(&facts.id, self.now).await?;
            for change in &ended {
                self.tell(facts, &change.target);
            }
        }
        let touched: Vec<_> = self.written.changed.keys().cloned().collect();
        for facts in touched.iter().filter_map(|id| jobs.get(id)) {
            // It came with the results where they are all of one job.
            let standing = match standing.take() {
                Some(standing) => Some(standing),
                None => self.unit.standing(&facts.id).await?,
            };
            self.stop_itself(facts, standing).await?;
        }
        Ok(())
    }

    /// Ends a job's waiting phones when too many have failed.
    async fn stop_itself(&mut self, facts: &JobFacts, standing: Option<Standing>) -> Result<()> {
        let Some(standing) = standing else {
            return Ok(());
        };
        if !pace::too_many_failed(facts, &standing) {
            self.stands(&facts.id, standing);
            return Ok(());
        }
        let skipped = self
            .unit
            .skip_waiting(&facts.id, Cause::FailureLimit, self.now)
            .await?;
        for change in &skipped {
            self.tell(facts, &change.target);
        }
        self.all_changed(facts);
        Ok(())
    }

    fn stands(&mut self, id: &str, standing: Standing) {
        let counts = &standing.counts;
        if counts.waiting + counts.sending + counts.verifying > 0 {
            self.open.insert(id.to_owned());
        }
        self.standings.insert(id.to_owned(), standing);
    }

    /// What follows from results: holds, and what phones told of themselves.
    async fn follow(&mut self, batch: &Batch) -> Result<()> {
        for (report, result) in batch.reports.iter().zip(&batch.results) {
            if let Some(firmware) = &report.firmware {
                self.unit.note_firmware(result.mac(), firmware, "").await?;
            }
            if let Some(credential) = &report.hold {
                self.hold(&report.facts, &credential.name).await?;
            }
        }
        Ok(())
    }

    async fn hold(&mut self, facts: &JobFacts, credential: &str) -> Result<()> {
        let held = self
            .unit
            .hold_waiting(&facts.id, credential, self.now)
            .await?;
        if held > 0 {
            self.events
                .push(held_event(facts, credential, held, self.now));
            self.all_changed(facts);
        }
        Ok(())
    }

    /// Claims the next phones of a job, unless this node is stopping or the job's time has passed.
    async fn claim(&mut self, claim: &Claim) -> Result<Claimed> {
        if self.jumped {
            return Ok(Vec::new());
        }
        let facts = &claim.wish.facts;
        let standing = match self.standings.remove(&facts.id) {
            Some(standing) => Some(standing),
            None => self.unit.standing(&facts.id).await?,
        };
        // While everything is stopped, time passes for nobody: what is past its limit then expires
        // when somebody lets it go on.
        let open = standing.filter(|standing| !standing.all_stopped);
        if let Some(open) = &open
            && !egress::follow(self.engine, &mut self.unit, open.egress).await?
        {
            return Ok(Vec::new());
        }
        let Some(standing) = open.filter(|_| !self.engine.dispatch.is_stopping()) else {
            return Ok(Vec::new());
        };
        if !believed::runs(&mut self.unit, facts, &standing).await? {
            return Ok(Vec::new());
        }
        if standing.not_after.is_some_and(|limit| limit < self.now) {
            self.expire(facts).await?;
            return Ok(Vec::new());
        }
        self.claim_next(facts, &standing, &claim.attempts).await
    }

    async fn expire(&mut self, facts: &JobFacts) -> Result<()> {
        self.open.remove(&facts.id);
        for change in &self.unit.expire_waiting(&facts.id, self.now).await? {
            self.tell(facts, &change.target);
            self.numbers_changed(facts);
        }
        Ok(())
    }

    async fn claim_next(
        &mut self,
        facts: &JobFacts,
        standing: &Standing,
        attempts: &[String],
    ) -> Result<Claimed> {
        let wanted = (&standing.counts, attempts);
        let claim = pace::claim(self.engine, &mut self.unit, facts, wanted, self.now).await?;
        let claimed = match self.unit.claim(&claim).await {
            Err(StoreError::Forged(_)) => {
                self.engine.dispatch.lists.forget(&facts.id);
                return Ok(Vec::new());
            }
            claimed => claimed?,
        };
        let all = claimed.len() == claim.attempts.len();
        let last = claimed.last().filter(|_| all);
        facts.reached.found(last.map(|one| one.target.position));
        if claimed.is_empty() {
            return Ok(Vec::new());
        }
        self.open.insert(facts.id.clone());
        self.numbers_changed(facts);
        let now = self.now;
        let records = async {
            let records = claimed
                .iter()
                .map(|target| intent_event(facts, target, now));
            self.events.extend(records);
        };
        let (calls, ()) = join(calls_of(&mut self.unit, &claimed, now), records).await;
        Ok(paired(claimed, calls?))
    }

    async fn end_if_done(&mut self, facts: &JobFacts) -> Result<()> {
        if self.open.contains(&facts.id) {
            return Ok(());
        }
        if let Some(state) = self.unit.finish_job_if_done(&facts.id, self.now).await? {
            let ended = end_event(&mut self.unit, &facts.id, state, self.now).await?;
            self.events.push(ended);
            self.all_changed(facts);
        }
        Ok(())
    }

    /// A phone came to something.
    fn tell(&mut self, facts: &JobFacts, target: &TargetRow) {
        self.events.push(result_event(facts, target, self.now));
        self.told.push((target.state, target.cause));
    }

    fn numbers_changed(&mut self, facts: &JobFacts) {
        if !self.written.changed.contains_key(&facts.id) {
            self.written.changed.insert(facts.id.clone(), false);
        }
    }

    fn all_changed(&mut self, facts: &JobFacts) {
        self.written.changed.insert(facts.id.clone(), true);
    }
}
