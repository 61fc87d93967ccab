//! The kill switch.

use carillon_domain::role::Permission;
use carillon_store::StopAll;

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;
use crate::jobs::check_reason;

impl Engine {
    /// Stops all sending, on every node and over restarts, until it is released. What is in
    /// flight finishes.
    pub async fn stop_all(&self, caller: &Caller, reason: &str) -> Result<()> {
        caller.require(Permission::StopAll)?;
        check_reason(reason)?;
        let now = self.clock.now();
        let stop = StopAll {
            actor: caller.actor.name.clone(),
            at: now,
            reason: reason.to_owned(),
        };
        let mut unit = caller.begin(&self.store).await?;
        unit.set_stop_all(Some(&stop)).await?;
        let mut event = caller.event(now, "stop_all.set");
        reason.clone_into(&mut event.reason);
        unit.record(&[event]).await?.commit().await?;
        Ok(())
    }

    /// Lets jobs go on.
    pub async fn release_stop_all(&self, caller: &Caller, reason: &str) -> Result<()> {
        caller.require(Permission::ReleaseStop)?;
        check_reason(reason)?;
        let mut unit = caller.begin(&self.store).await?;
        unit.set_stop_all(None).await?;
        let mut event = caller.event(self.clock.now(), "stop_all.released");
        reason.clone_into(&mut event.reason);
        unit.record(&[event]).await?.commit().await?;
        self.dispatch.wake();
        Ok(())
    }

    /// Whether all sending is stopped, by whom and since when.
    pub async fn stop_all_state(&self) -> Result<Option<StopAll>> {
        Ok(self.store.stop_all().await?)
    }
}
