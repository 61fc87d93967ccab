//! Taking a job's results away.

use carillon_domain::role::Permission;
use carillon_store::JobSnapshot;

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

impl Engine {
    /// Begins an export of a job's targets and records that it was taken; its rows come from
    /// [`Engine::target_batch`].
    ///
    /// # Errors
    /// Not found.
    pub async fn begin_job_export(
        &self,
        caller: &Caller,
        id: &str,
        format: &str,
    ) -> Result<JobSnapshot> {
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        let snapshot = self.job(caller, id).await?;
        let mut event = caller.event(self.clock.now(), "job.exported");
        event.job = Some(id.to_owned());
        event.detail = serde_json::json!({
            "action": snapshot.job.label(), "format": format, "rows": snapshot.job.total,
        });
        let unit = caller.begin(&seen).await?;
        unit.record(&[event]).await?.commit().await?;
        Ok(snapshot)
    }
}
