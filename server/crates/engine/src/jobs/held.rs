//! What becomes of phones that a refused password holds: a person decides.
//!
//! Owns the two ways out. Until then the phones wait; everything else of the job goes on.

use carillon_domain::role::Permission;
use carillon_domain::{Cause, Timestamp};
use carillon_store::{JobRow, Unit, Untried};

use crate::Engine;
use crate::caller::Caller;
use crate::dispatch::left_out_events;
use crate::error::{EngineError, Result};
use crate::jobs::goes_on;

impl Engine {
    /// Lets the phones of a job go on that a credential holds: somebody has corrected it.
    /// Refusals are counted anew. Answers how many phones.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it holds none, or when the caller would not start the job.
    pub async fn release_held(&self, caller: &Caller, id: &str, credential: &str) -> Result<i64> {
        let (mut unit, job, now) = self.open_held(caller, id).await?;
        goes_on::check(self, &mut unit, caller, &job).await?;
        let released = unit.release_held(id, credential).await?;
        if released == 0 {
            return Err(holds_none(credential));
        }
        let mut event = caller.event(now, "job.released");
        event.job = Some(id.to_owned());
        event.detail = serde_json::json!({
            "action": job.label(), "credential": credential, "phones": released,
        });
        unit.record(&[event]).await?.commit().await?;
        self.dispatch.forget_refusals(credential);
        self.job_moved(id);
        self.dispatch.wake();
        Ok(released)
    }

    /// Leaves the phones of a job out that a credential holds. Answers how many phones.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when it holds none.
    pub async fn skip_held(&self, caller: &Caller, id: &str, credential: &str) -> Result<usize> {
        let (mut unit, job, now) = self.open_held(caller, id).await?;
        let phones = unit.held_phones(id, credential).await?;
        if phones.is_empty() {
            return Err(holds_none(credential));
        }
        let how = Untried::Skipped(Cause::FailureLimit);
        let skipped = unit.end_waiting(id, Some(&phones), how, now).await?;
        let ended = unit.finish_job_if_done(id, now).await?;
        let mut event = caller.event(now, "job.held_skipped");
        event.job = Some(id.to_owned());
        event.detail = serde_json::json!({
            "action": job.label(), "credential": credential, "phones": skipped.len(),
            "state": ended,
        });
        let mut events = vec![event];
        events.extend(left_out_events(caller, &job, &skipped, now));
        unit.record(&events).await?.commit().await?;
        self.job_moved(id);
        self.dispatch.wake();
        Ok(skipped.len())
    }

    async fn open_held(&self, caller: &Caller, id: &str) -> Result<(Unit, JobRow, Timestamp)> {
        let seen = caller.sight(Permission::RunJobs, &self.store)?;
        let mut unit = caller.begin(&seen).await?;
        let job = unit.job(id).await?.ok_or(EngineError::NotFound)?;
        Ok((unit, job, self.clock.now()))
    }
}

fn holds_none(credential: &str) -> EngineError {
    EngineError::Conflict(format!(
        "the credential {credential} holds no phone of this job"
    ))
}
