//! How the whole fleet is.

use carillon_domain::Timestamp;
use carillon_domain::role::Permission;
use carillon_store::{FleetHealth, Trends};

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

impl Engine {
    /// How many phones are how, by site and by cause.
    ///
    /// # Errors
    /// Denied.
    pub async fn fleet_health(&self, caller: &Caller) -> Result<FleetHealth> {
        let seen = caller.sight(Permission::ViewInventory, &self.store)?;
        Ok(seen.fleet_health().await?)
    }

    /// How many phones are how, what became of the jobs made since then, and the firmware of the
    /// phones.
    ///
    /// # Errors
    /// Denied.
    pub async fn fleet_health_and_trends(
        &self,
        caller: &Caller,
        since: Timestamp,
    ) -> Result<(FleetHealth, Trends)> {
        caller.require(Permission::ViewInventory)?;
        let seen = caller.sight(Permission::ViewJobs, &self.store)?;
        Ok(seen.fleet_health_and_trends(since).await?)
    }
}
