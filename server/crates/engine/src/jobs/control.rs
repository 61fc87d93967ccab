//! Pausing, resuming and cancelling.

use carillon_domain::role::Permission;
use carillon_domain::{JobState, TargetState};

use crate::Engine;
use crate::caller::Caller;
use crate::dispatch::left_out_events;
use crate::error::{EngineError, Result};
use crate::jobs::retry::{is_masked, no_longer_kept};
use crate::jobs::{check_reason, goes_on};
use crate::rows::phones_as_told;

impl Engine {
    /// Holds a job: what is in flight finishes, nothing more is claimed.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it does not run.
    pub async fn pause_job(&self, caller: &Caller, id: &str) -> Result<()> {
        self.move_job(
            caller,
            id,
            (&[JobState::Running], JobState::Paused),
            "job.paused",
        )
        .await
    }

    /// Lets a paused or interrupted job go on. A limit in time that has passed moves no further:
    /// what is past it expires.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it is neither paused nor interrupted, when the number
    /// that it dials was removed meanwhile, or when the caller would not start it.
    pub async fn resume_job(&self, caller: &Caller, id: &str) -> Result<()> {
        let from = [JobState::Paused, JobState::Interrupted];
        self.move_job(caller, id, (&from, JobState::Running), "job.resumed")
            .await
    }

    async fn move_job(
        &self,
        caller: &Caller,
        id: &str,
        (from, to): (&[JobState], JobState),
        action: &str,
    ) -> Result<()> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let now = self.clock.now();
        let mut unit = caller.begin(&seen).await?;
        let job = unit.job(id).await?.ok_or(EngineError::NotFound)?;
        if to == JobState::Running && !job.has_sealed_params && is_masked(&job.params_shown) {
            return Err(no_longer_kept());
        }
        if to == JobState::Running {
            phones_as_told(&mut unit, id).await?;
            // What does not rest is refused by its state, in words of its own.
            if from.contains(&job.state) {
                goes_on::check(self, &mut unit, caller, &job).await?;
            }
        }
        if !unit.set_job_state(id, from, to, now).await? {
            return Err(EngineError::Conflict(format!(
                "the job is {}",
                in_words(job.state)
            )));
        }
        let mut event = caller.event(now, action);
        event.job = Some(id.to_owned());
        event.detail = serde_json::json!({ "action": job.label(), "from": job.state, "to": to });
        if to == JobState::Running {
            event.detail["phones"] = job.counts.waiting.into();
        }
        unit.record(&[event]).await?.commit().await?;
        self.job_moved(id);
        self.dispatch.wake();
        Ok(())
    }

    /// Ends a job: its waiting phones are cancelled at once, what is in flight finishes.
    /// Answers how many phones were cancelled.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it is over already.
    pub async fn cancel_job(&self, caller: &Caller, id: &str) -> Result<usize> {
        self.cancel_job_because(caller, id, "").await
    }

    /// The same, with the reason of whoever stops it.
    ///
    /// # Errors
    /// Also [`EngineError::Invalid`] when the reason is too long.
    pub async fn cancel_job_because(
        &self,
        caller: &Caller,
        id: &str,
        reason: &str,
    ) -> Result<usize> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        check_reason(reason)?;
        let now = self.clock.now();
        let mut unit = caller.begin(&seen).await?;
        let job = unit.job(id).await?.ok_or(EngineError::NotFound)?;
        if unit.has_uncounted(id).await? {
            return Err(EngineError::Conflict(format!(
                "phones were added to this job outside Carillon: its list has to be accepted first, \
                 with carillon rows accept job-list {id} on the server"
            )));
        }
        let from = [
            JobState::Running,
            JobState::Paused,
            JobState::Interrupted,
            JobState::Scheduled,
            JobState::AwaitingApproval,
        ];
        if !unit
            .set_job_state(id, &from, JobState::Stopping, now)
            .await?
        {
            return Err(EngineError::Conflict(format!(
                "the job is {}",
                in_words(job.state)
            )));
        }
        let cancelled = unit.cancel_waiting(id, now).await?;
        let ended = unit.finish_job_if_done(id, now).await?;
        let mut event = caller.event(now, "job.cancelled");
        event.job = Some(id.to_owned());
        reason.clone_into(&mut event.reason);
        event.detail = serde_json::json!({
            "action": job.label(), "cancelled": cancelled.len(), "state": ended,
        });
        let mut events = vec![event];
        events.extend(left_out_events(caller, &job, &cancelled, now));
        unit.record(&events).await?.commit().await?;
        self.job_moved(id);
        self.dispatch.wake();
        Ok(cancelled
            .iter()
            .filter(|c| c.target.state == TargetState::Cancelled)
            .count())
    }
}

/// A job's state in a sentence.
pub(super) fn in_words(state: JobState) -> &'static str {
    match state {
        JobState::AwaitingApproval => "waiting for a second person",
        JobState::Scheduled => "scheduled for later",
        JobState::Running => "running already",
        JobState::Paused => "paused already",
        JobState::Stopping => "being stopped already",
        JobState::Interrupted => "interrupted: resume or cancel it",
        JobState::Finished => "finished",
        JobState::Cancelled => "cancelled",
        JobState::Denied => "denied",
        JobState::Expired => "expired",
    }
}
