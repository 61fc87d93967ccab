//! What a runner and its claims believe of a job.
//!
//! Owns the lists of phones that were looked through, so that a runner that comes back to a job that
//! nobody changed does not read them again. *Invariant:* nothing is claimed of a job that is not
//! running by a row of our own and by the log, nor of a list that is not the one it was frozen to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use carillon_domain::JobState;
use carillon_domain::event::Event;
use carillon_store::{BelievedJob, FrozenList, Standing, StoreError, Unit};

use crate::Engine;
use crate::dispatch::facts::JobFacts;
use crate::error::Result;
use crate::rows::{job_as_told, phones_as_told};

/// How long a list that somebody changed is not looked at again.
const FORGED_FOR: Duration = Duration::from_secs(10);

type Code = Option<Vec<u8>>;
type List = Option<Arc<FrozenList>>;

/// A list as it was found, `None` if forged; at which change of its job, and when.
struct Found {
    code: Code,
    list: List,
    at: Duration,
}

/// The lists of the jobs that have something to do, and how many times one was forgotten.
#[derive(Default)]
pub(super) struct Lists(Mutex<(HashMap<String, Found>, u64)>);

impl Lists {
    fn all(&self) -> MutexGuard<'_, (HashMap<String, Found>, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn known(&self, job: &str, code: &Code, now: Duration) -> Option<List> {
        let all = self.all();
        let found = all.0.get(job).filter(|found| found.code == *code)?;
        let holds = found.list.is_some() || now.saturating_sub(found.at) < FORGED_FOR;
        holds.then(|| found.list.clone())
    }

    fn moves(&self) -> u64 {
        self.all().1
    }

    /// Unless a job moved meanwhile: what was read may be of before.
    fn learn(&self, job: &str, found: Found, moves: u64) {
        let mut all = self.all();
        if all.1 == moves {
            all.0.insert(job.to_owned(), found);
        }
    }

    /// It is read and held against the log anew.
    pub(super) fn forget(&self, job: &str) {
        let mut all = self.all();
        all.0.remove(job);
        all.1 += 1;
    }

    /// Forgets all but those of these jobs.
    pub(super) fn keep_only(&self, jobs: &[String]) {
        self.all().0.retain(|job, _| jobs.contains(job));
    }
}

impl Engine {
    /// Tells that a job changed its state, and that what was read of it is of before. Call after the
    /// commit.
    pub(crate) fn job_moved(&self, job: &str) {
        self.dispatch.lists.forget(job);
        self.feed.jobs_changed(job);
    }

    /// The same of the jobs that these records are of.
    pub(crate) fn jobs_moved(&self, events: &[Event]) {
        for job in events.iter().filter_map(|event| event.job.as_deref()) {
            self.job_moved(job);
        }
    }
}

/// The phones that a job was frozen to, read once for each change of the job, and what decides about it;
/// `None` where somebody else changed them.
pub(super) async fn list_of(
    engine: &Engine,
    job: &str,
    believed: BelievedJob,
) -> Result<Option<(Arc<FrozenList>, BelievedJob)>> {
    let (lists, now) = (&engine.dispatch.lists, engine.clock.passed());
    if let Some(known) = lists.known(job, &believed.code, now) {
        return Ok(known.map(|list| (list, believed)));
    }
    let moves = lists.moves();
    // Once for each change of the job: a row of before has a code that was good.
    let mut unit = engine.store.begin().await?;
    let told = phones_as_told(&mut unit, job).await;
    drop(unit);
    let Some(believed) = engine.believed(told).await? else {
        return Ok(None);
    };
    let read = engine.store.frozen_list(job).await;
    let list: List = engine.believed(read).await?.map(Arc::new);
    let found = Found {
        code: believed.code.clone(),
        list: list.clone(),
        at: now,
    };
    lists.learn(job, found, moves);
    Ok(list.map(|list| (list, believed)))
}

/// Whether a job runs, by a row of our own. While it stands as its runner believed it, nothing is
/// read for that.
pub(super) async fn runs(
    unit: &mut Unit,
    facts: &JobFacts,
    standing: &Standing,
) -> Result<bool, StoreError> {
    if let Some(state) = facts.believed_state(standing) {
        return Ok(state == JobState::Running);
    }
    match job_as_told(unit, &facts.id).await {
        Ok(Some(now)) => {
            let runs = now.state == JobState::Running;
            facts.believe(now);
            Ok(runs)
        }
        Ok(None) | Err(StoreError::Forged(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_known_until_its_job_changes_and_a_forged_one_for_a_while() {
        let (lists, second) = (Lists::default(), Duration::from_secs(1));
        let learn = |list| {
            let (code, at) = (Some(vec![1]), second);
            lists.learn("j", Found { code, list, at }, lists.moves());
        };
        let known = |code: u8, at| lists.known("j", &Some(vec![code]), at);
        assert!(known(1, second).is_none());
        learn(Some(Arc::default()));
        assert!(known(1, second * 1000).is_some_and(|list| list.is_some()));
        assert!(known(2, second).is_none());
        learn(None);
        assert!(known(1, second * 10).is_some_and(|list| list.is_none()));
        assert!(known(1, second * 11).is_none());
        let moves = lists.moves();
        lists.forget("i");
        let (code, list, at) = (Some(vec![1]), Some(Arc::default()), second);
        lists.learn("k", Found { code, list, at }, moves);
        assert!(lists.known("k", &Some(vec![1]), second).is_none());
        lists.keep_only(&["i".to_owned()]);
        assert!(known(1, second).is_none());
    }
}
