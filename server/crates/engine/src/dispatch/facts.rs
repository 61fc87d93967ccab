//! What a runner knows about its job, read once.
//!
//! Owns the frozen command of a job while it runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use carillon_domain::action::CheckedAction;
use carillon_domain::event::{Actor, Event, EventResult};
use carillon_domain::job::EffectiveOptions;
use carillon_domain::{JobState, Timestamp};
use carillon_store::{
    BelievedJob, ChangedTarget, FrozenList, JobRow, Standing, Store, StoreError, TargetRow,
};
use secrecy::ExposeSecret;
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::Engine;
use crate::caller::Caller;
use crate::error::{EngineError, Result};
use crate::rows::opened_params;

/// A job as its runner and the recorder need it.
pub(super) struct JobFacts {
    pub(super) id: String,
    pub(super) action: CheckedAction,
    pub(super) options: EffectiveOptions,
    pub(super) actor: Actor,
    pub(super) reason: String,
    pub(super) not_after: Option<Timestamp>,
    /// What the record of its submission says of the address that it came from.
    source: OnceCell<Option<String>>,
    /// The phones that it was frozen to.
    pub(super) list: Arc<FrozenList>,
    /// How far its claims have come.
    pub(super) reached: Reached,
    /// What decides about it, as it was last read and found genuine.
    believed: Mutex<(BelievedJob, Instant)>,
}

/// So long a job is believed to stand where it was found: a row of before, put back at once after a
/// change, looks as if there had been none.
const BELIEVED_FOR: Duration = Duration::from_secs(1);

/// How far the claims of a job have come, for a while: what was left out, or waits again, is looked for
/// from the beginning.
#[derive(Default)]
pub(super) struct Reached(Mutex<Option<(i64, Instant)>>);

/// So long nobody looks for what lies before.
const LOOKED_FROM_HERE: Duration = Duration::from_secs(2);

impl Reached {
    /// From which position on a claim looks first.
    pub(super) fn look_from(&self) -> i64 {
        let mut reached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        reached.take_if(|(_, since)| since.elapsed() > LOOKED_FROM_HERE);
        reached.map_or(0, |(position, _)| position)
    }

    /// A claim found as many as it wished for, the last of them at this position; `None` = fewer.
    pub(super) fn found(&self, last: Option<i64>) {
        let mut reached = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let since = reached.map_or_else(Instant::now, |(_, since)| since);
        *reached = last.map(|position| (position + 1, since));
    }
}

impl JobFacts {
    /// Reads what a stored job says; its sealed parameters are opened here.
    pub(super) async fn read(
        engine: &Engine,
        (row, believed): (JobRow, BelievedJob),
        list: Arc<FrozenList>,
    ) -> Result<Self> {
        let params = full_params(engine, &row).await?;
        let action = CheckedAction::parse(&row.action, &params).map_err(EngineError::Invalid)?;
        let options = serde_json::from_value(row.options)
            .map_err(|_| EngineError::Internal("a job's options cannot be read"))?;
        Ok(Self {
            id: row.id,
            action,
            options,
            actor: row.actor,
            reason: row.reason,
            not_after: row.not_after,
            source: OnceCell::new(),
            list,
            reached: Reached::default(),
            believed: Mutex::new((believed, Instant::now())),
        })
    }

    /// Reads where the job came from, once, before the first record that says it. A record of the
    /// submission that is gone or cannot be read keeps no result from being told.
    ///
    /// # Errors
    /// When the storage is away: then nothing can be written either.
    pub(super) async fn learn_source(&self, store: &Store) -> Result<(), StoreError> {
        let read = || async {
            match store.submission_source(&self.id).await {
                Err(error @ StoreError::Unavailable(_)) => Err(error),
                Err(error) => {
                    tracing::error!(%error, job.id = self.id, "where a job came from cannot be read");
                    Ok(None)
                }
                found => found,
            }
        };
        self.source.get_or_try_init(read).await.map(drop)
    }

    /// The state of the job where it stands as it was believed.
    pub(super) fn believed_state(&self, standing: &Standing) -> Option<JobState> {
        let believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        let (believed, since) = &*believed;
        let is_same = since.elapsed() < BELIEVED_FOR
            && believed.code == standing.code
            && believed.state == standing.state
            && believed.not_after == standing.not_after;
        is_same.then_some(believed.state)
    }

    /// From now on this is what is believed.
    pub(super) fn believe(&self, now: BelievedJob) {
        let mut believed = self.believed.lock().unwrap_or_else(PoisonError::into_inner);
        *believed = (now, Instant::now());
    }

    /// Whether the phone's answer is what the job is for.
    pub(super) fn asks_for_settings(&self) -> bool {
        self.action.entry().name == "phonecfg"
    }

    /// An audit record about one target of this job, by the one who ordered it.
    pub(super) fn event(
        &self,
        at: Timestamp,
        action: &str,
        result: EventResult,
        target: &TargetRow,
    ) -> Event {
        let mut event = target_event(at, self.actor.clone(), action, target);
        event.result = result;
        event.reason.clone_from(&self.reason);
        event.source = self.source.get().cloned().flatten();
        event
    }
}

/// A record about one target, with its phone's name, site and groups as they were.
pub(super) fn target_event(at: Timestamp, actor: Actor, action: &str, target: &TargetRow) -> Event {
    let mut event = Event::new(at, actor, action);
    event.phone = Some(target.mac);
    event.phone_name.clone_from(&target.name);
    event.site.clone_from(&target.site);
    event.groups.clone_from(&target.groups);
    event.job = Some(target.job.clone());
    event
}

async fn full_params(engine: &Engine, row: &JobRow) -> Result<BTreeMap<String, Value>> {
    let value = if row.has_sealed_params {
        let sealed = engine.store.job_sealed_params(&row.id).await?;
        let (blob, _) = sealed.ok_or(EngineError::Internal("a job lost its parameters"))?;
        let bytes = opened_params(engine, &row.id, &blob).await?;
        serde_json::from_slice(bytes.expose_secret())
    } else {
        serde_json::from_value(row.params_shown.clone())
    };
    value.map_err(|_| EngineError::Internal("a job's parameters cannot be read"))
}

/// The records of phones that somebody took off a job.
pub(crate) fn left_out_events(
    caller: &Caller,
    job: &JobRow,
    left_out: &[ChangedTarget],
    at: Timestamp,
) -> Vec<Event> {
    let record = |change: &ChangedTarget| {
        let actor = caller.actor.clone();
        let mut event = target_event(at, actor, "target.result", &change.target);
        // One that had been tried ends as failed.
        event.result =
            EventResult::of_target(change.target.state).unwrap_or(EventResult::Cancelled);
        event.reason.clone_from(&job.reason);
        event.detail = serde_json::json!({
            "action": job.label(), "state": change.target.state, "cause": change.target.cause,
            "tries": change.target.attempts,
        });
        event
    };
    left_out.iter().map(record).collect()
}
