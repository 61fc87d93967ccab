//! Taking a job's results away.

use carillon_domain::role::Permission;
use carillon_store::{JobSnapshot, TargetQuery};
use serde_json::json;

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

impl Engine {
    /// Begins an export of a job's targets, all or those of a state or a cause, and records that it was
    /// taken; its rows come from [`Engine::target_batch`].
    ///
    /// # Errors
    /// Not found.
    pub async fn begin_job_export(
        &self,
        caller: &Caller,
        id: &str,
        (format, wanted): (&str, &TargetQuery),
    ) -> Result<JobSnapshot> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        let snapshot = self.job(caller, id).await?;
        let mut event = caller.event(self.clock.now(), "job.exported");
        event.job = Some(id.to_owned());
        event.detail = json!({ "action": snapshot.job.label(), "format": format });
        if let Some(rows) = snapshot.count(wanted) {
            event.detail["rows"] = rows.into();
        }
        if !wanted.states.is_empty() {
            let states: Vec<&str> = wanted.states.iter().map(|state| state.as_str()).collect();
            event.detail["states"] = states.into();
        }
        if let Some(cause) = wanted.cause {
            event.detail["cause"] = cause.to_string().into();
        }
        let unit = caller.begin(&seen).await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(snapshot)
    }
}
