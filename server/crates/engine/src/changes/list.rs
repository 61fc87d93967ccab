//! The requests that wait.
//!
//! Changes nothing.

use carillon_domain::role::Permission;
use carillon_store::ChangeRequestRow;

use crate::Engine;
use crate::caller::Caller;
use crate::error::Result;

/// A request that waits, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingChange {
    /// The request.
    pub request: ChangeRequestRow,
    /// Whether this caller asked for it.
    pub own: bool,
}

impl Engine {
    /// The requests about which another administrator can decide, oldest first.
    ///
    /// # Errors
    /// Denied to all but who administers.
    pub async fn change_requests(&self, caller: &Caller) -> Result<Vec<WaitingChange>> {
        caller.require(Permission::Administer)?;
        let now = self.clock.now();
        let rows = self.store.waiting_change_requests().await?;
        self.tell_of_forged_rows().await;
        let rows = rows.into_iter().filter(|row| row.until > now);
        let waiting = rows.map(|request| WaitingChange {
            own: caller.user_id.as_deref() == Some(request.account.as_str()),
            request,
        });
        Ok(waiting.collect())
    }
}
